//! `connect` as a part of each cycle of `watch`, and NetBird as a part of `check`.

use netbird_sim::Image;
use serde_json::json;

use super::world::{case, enter, log_in, netbird, quickstart, role, token};
use crate::sidecar::samples;
use crate::watch::Watch;

#[test]
fn netbird_may_start_later_and_health_does_not_wait_for_it() {
    let (mut case, netbird) = quickstart("2026.2");
    netbird.stop();
    case.env("SETUP_ROLE_GROUPS", "staff:admin");
    let mut watch = Watch::begin(&mut case);
    watch.until("waiting for NetBird to answer");
    assert_eq!(watch.page("/healthz"), (200, "ok\n".into()));
    assert_eq!(watch.page("/readyz").0, 200);
    case.run(&["healthcheck"]).expect(0);
    netbird.restart().unwrap();
    let log = watch.until("NetBird is in sync");
    assert!(log.contains("+ connector Authentik"), "{log}");
    let numbers = samples(&watch);
    assert_eq!(numbers["netbird_changes_total object=connector"], 1.0);
    assert!(numbers["connect_last_success_timestamp_seconds"] > 0.0);

    enter(&netbird, &case, "alice");
    let log = { watch.cycle() + &watch.until("NetBird is in sync") };
    assert!(log.contains("role: user -> admin"), "{log}");
    assert_eq!(role(&netbird, "alice@example.com"), "admin");
}

#[test]
fn what_fails_in_netbird_is_told_once_and_touches_no_health() {
    let mut case = case("2026.2", "embedded");
    case.init();
    let netbird = netbird(&mut case, Image::Management);
    log_in(&netbird, &case, "alice");
    let mut watch = Watch::begin(&mut case);
    watch.until("this NetBird has an owner: give NB_PAT");
    watch.until("what to do");
    let asked = netbird.requests().len();
    let log = watch.cycle() + &watch.until("not tried");
    assert!(!log.contains("ERROR"), "{log}");
    assert_eq!(netbird.requests().len(), asked, "it is not tried again");
    assert_eq!(watch.page("/healthz"), (200, "ok\n".into()));
    let numbers = samples(&watch);
    assert_eq!(numbers["connect_failures_total reason=refused"], 1.0);
    assert_eq!(numbers["cycle_failures_total reason=refused"], 0.0);
}

#[test]
fn a_watch_with_nothing_to_do_in_netbird_does_not_speak_of_it() {
    let mut case = case("2026.2", "standalone");
    let watch = Watch::start(&mut case);
    assert!(!watch.first.contains("NetBird: nothing"), "{}", watch.first);
}

#[test]
fn check_asks_a_running_netbird_and_changes_nothing() {
    let mut case = case("2026.2", "embedded");
    case.init();
    let before = case.run(&["check"]).expect(0).out;
    assert!(before.contains("is NetBird started?"), "{before}");
    let netbird = netbird(&mut case, Image::Management);
    // The public URL leads to this NetBird.
    case.env("NETBIRD_MGMT_API_ENDPOINT", netbird.url());
    let elsewhere = case.run(&["check"]);
    assert_eq!(elsewhere.code, Some(76), "{}", elsewhere.out);
    assert!(elsewhere.out.contains("netbird-provider"), "{}", elsewhere.out);
    case.unset("NETBIRD_MGMT_API_ENDPOINT");

    let well = case.run(&["check"]).expect(0).out;
    assert!(well.contains("logins through authentik come to Authentik"), "{well}");
    assert!(netbird.state().accounts.is_empty(), "it did not log in");
    assert!(netbird.writes().is_empty());

    let owner = log_in(&netbird, &case, "alice");
    case.env("NB_PAT", token(&netbird, &owner)).env("SETUP_ROLE_GROUPS", "vpn:auditor");
    log_in(&netbird, &case, "bob");
    let pending = case.run(&["check"]);
    assert!(pending.out.contains("~ user bob@example.com"), "{}", pending.out);
    assert_ne!(pending.code, Some(0));
    case.run(&["connect"]).expect(0);
    case.run(&["check"]).expect(0);
}

#[test]
fn check_says_in_netbirds_words_what_people_see() {
    let mut case = case("2026.2", "embedded");
    case.init();
    let good = case.read("management.json");
    let spoil = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut file: serde_json::Value = serde_json::from_str(&good).unwrap();
        change(&mut file["EmbeddedIdP"]);
        std::fs::write(case.path("management.json"), file.to_string()).unwrap();
    };
    spoil(&|idp| {
        idp["StaticConnectors"][0]["config"]["issuer"] = json!("https://nowhere.example.com/");
    });
    let one = netbird(&mut case, Image::Management);
    let ended = case.run(&["check"]);
    assert_ne!(ended.code, Some(0));
    assert!(ended.out.contains("FAIL  connector"), "{}", ended.out);
    drop(one);

    std::fs::write(case.path("management.json"), &good).unwrap();
    let provider = case.sim.state().providers[0]["name"].as_str().unwrap().to_owned();
    case.sim.state().provider_mut(&provider).unwrap()["include_claims_in_id_token"] = json!(false);
    let ended = case.run(&["check"]);
    assert!(ended.out.contains("FAIL  claims"), "{}", ended.out);
    case.init();
    let after = case.run(&["check"]);
    assert!(after.out.contains("claims"), "{}", after.out);
    assert!(!after.out.contains("FAIL  claims"), "{}", after.out);
}
