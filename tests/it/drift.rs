//! Everything that drifts or breaks under a running `watch` is repaired, and logged as what it was; what must not be
//! repaired is reported, and repaired as soon as it may.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use authentik_sim::{Fault, FaultRule, Match, Stage};
use serde_json::{Value, json};

use crate::support::Case;
use crate::watch::Watch;

/// A sidecar after its first cycle, and files that must be the same in the end.
fn sidecar(profile: &str) -> (Case, Watch) {
    let mut case = Case::new(profile);
    case.env("SETUP_AUTH_GRACE", "0s");
    let watch = Watch::start(&mut case);
    (case, watch)
}

fn files(case: &Case) -> Vec<String> {
    ["setup.env", "management.json", "dashboard.env", "relay.env", "secrets.json"]
        .map(|name| case.read(name))
        .into()
}

/// A good cycle that says all of this and leaves nothing to do.
#[track_caller]
fn repairs(case: &Case, watch: &mut Watch, says: &[&str]) -> String {
    let log = watch.cycle();
    assert!(log.contains("ended: good"), "{log}");
    for text in says {
        assert!(log.contains(text), "expected {text:?} in:\n{log}");
    }
    case.assert_one_of_each();
    assert_eq!(case.run(&["plan"]).code, Some(0), "nothing is left to do");
    assert_eq!(case.run(&["healthcheck"]).code, Some(0));
    log
}

/// A cycle that fails, in three lines, with this code.
#[track_caller]
fn reports(case: &Case, watch: &mut Watch, code: u8, says: &[&str]) -> String {
    let log = watch.cycle();
    assert!(log.contains("ended: failed") && log.contains(&format!("exit={code}")), "{log}");
    for text in ["what to do: "].iter().chain(says) {
        assert!(log.contains(text), "expected {text:?} in:\n{log}");
    }
    assert_eq!(case.run(&["healthcheck"]).code, Some(1));
    log
}

#[test]
fn what_drifts_in_authentik_is_mended_and_named() {
    let (case, mut watch) = sidecar("2026.5");
    let before = files(&case);
    let fields: [(&str, Value, &str); 7] = [
        ("client_type", json!("confidential"), "client_type: confidential -> public"),
        ("access_code_validity", json!("minutes=1"), "access_code_validity: minutes=1 -> "),
        ("redirect_uris", json!([]), "redirect_uris: + http://localhost:53000"),
        ("signing_key", Value::Null, "signing_key: (none) -> "),
        ("property_mappings", json!([]), "property_mappings: + goauthentik.io/"),
        ("grant_types", json!([]), "grant_types: + authorization_code"),
        ("encryption_key", Value::Null, "encryption_key: "),
    ];
    for (field, value, line) in fields {
        {
            let mut state = case.sim.state();
            let value = match field {
                "encryption_key" => json!(state.add_rsa_key_pair("for encryption")),
                _ => value,
            };
            state.provider_mut("NetBird").unwrap()[field] = value;
        }
        repairs(&case, &mut watch, &["~ provider NetBird", line]);
    }

    case.sim.state().brand_default_mut()["flow_device_code"] = Value::Null;
    repairs(&case, &mut watch, &["flow_device_code: (none) -> default-device-code-flow"]);

    case.sim.state().applications[0]["provider"] = Value::Null;
    repairs(&case, &mut watch, &["~ application NetBird", "provider: (none) -> NetBird"]);

    case.sim.state().applications.clear();
    repairs(&case, &mut watch, &["+ application NetBird"]);

    {
        let mut state = case.sim.state();
        state.providers.clear();
        state.applications[0]["provider"] = Value::Null;
    }
    repairs(&case, &mut watch, &["+ provider NetBird", "~ application NetBird"]);

    {
        let mut state = case.sim.state();
        state.flows.retain(|flow| flow["slug"] != "default-device-code-flow");
        state.brand_default_mut()["flow_device_code"] = Value::Null;
    }
    repairs(&case, &mut watch, &["+ flow default-device-code-flow", "~ brand"]);

    {
        let mut state = case.sim.state();
        state.applications.clear();
        state.providers.clear();
    }
    repairs(&case, &mut watch, &["+ provider NetBird", "+ application NetBird"]);
    assert!(files(&case) == before, "NetBird notices nothing of it");
}

#[test]
fn files_that_vanish_or_are_edited_are_written_again() {
    let (case, mut watch) = sidecar("2026.2");
    let before = files(&case);
    for name in ["setup.env", "management.json", "dashboard.env", "relay.env"] {
        std::fs::remove_file(case.path(name)).unwrap();
        repairs(&case, &mut watch, &[&format!("{name} written")]);
    }
    let edited = case.read("setup.env").replace("'netbird.example.com'", "'elsewhere'");
    std::fs::write(case.path("setup.env"), edited).unwrap();
    let line = "~ setup.env: NETBIRD_DOMAIN: elsewhere -> netbird.example.com";
    repairs(&case, &mut watch, &[line, "setup.env written"]);
    let theirs = "NETBIRD_DOMAIN='elsewhere'\n";
    std::fs::write(case.path("setup.env"), theirs).unwrap();
    reports(&case, &mut watch, 65, &["setup.env was not written by this container"]);
    assert_eq!(case.read("setup.env"), theirs);
    std::fs::remove_file(case.path("setup.env")).unwrap();
    repairs(&case, &mut watch, &["setup.env written"]);
    let open = std::fs::Permissions::from_mode(0o666);
    std::fs::set_permissions(case.path("setup.env"), open).unwrap();
    repairs(&case, &mut watch, &[]);
    let mode = std::fs::metadata(case.path("setup.env")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    std::fs::set_permissions(case.path("secrets.json"), std::fs::Permissions::from_mode(0o666))
        .unwrap();
    repairs(&case, &mut watch, &[]);
    let mode = std::fs::metadata(case.path("secrets.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "the key is nobody else's to read");
    std::fs::remove_file(case.path("secrets.json")).unwrap();
    repairs(&case, &mut watch, &[]);
    // A link to the same bytes is not the file: elsewhere it would lead nowhere.
    std::fs::rename(case.path("relay.env"), case.dir.path().join("elsewhere")).unwrap();
    std::os::unix::fs::symlink("../elsewhere", case.path("relay.env")).unwrap();
    repairs(&case, &mut watch, &["relay.env written"]);
    assert!(std::fs::symlink_metadata(case.path("relay.env")).unwrap().is_file());
    assert!(files(&case) == before);
}

#[test]
fn secrets_that_vanish_from_every_file_are_put_back() {
    let mut case = Case::new("2026.2");
    case.env("NETBIRD_MGMT_IDP", "authentik");
    let mut watch = Watch::start(&mut case);
    let before = files(&case);
    for name in ["secrets.json", "management.json", "relay.env", "setup.env", "dashboard.env"] {
        std::fs::remove_file(case.path(name)).unwrap();
    }
    repairs(&case, &mut watch, &["management.json written"]);
    assert!(files(&case) == before, "NetBird still runs with them");
}

#[test]
fn an_authentik_that_is_away_is_waited_for() {
    let (case, mut watch) = sidecar("2026.2");
    let starting = Fault::Status(503, vec![("Retry-After".into(), "5".into())], "starting".into());
    for fault in [
        starting,
        Fault::Reset,
        Fault::ResetAfter,
        Fault::Html(502),
        Fault::TruncatedBody,
        Fault::InvalidJson,
        Fault::WrongShape,
    ] {
        case.sim.fault(FaultRule { when: Match::Any, fault, times: 3 });
        repairs(&case, &mut watch, &["waiting for ", "Authentik answers again after "]);
    }

    // A whole restart in the middle of a cycle, while something has drifted.
    case.sim.state().provider_mut("NetBird").unwrap()["client_type"] = "confidential".into();
    let hang = Fault::Hang(Duration::from_millis(50));
    case.sim.fault(FaultRule { when: Match::path("PATCH", "/api/"), fault: hang, times: 2 });
    repairs(&case, &mut watch, &["client_type: confidential -> public"]);
}

#[test]
fn an_authentik_that_stays_away_is_reported_and_waited_for_on() {
    let mut case = Case::new("2026.2");
    case.env("SETUP_TIMEOUT", "2s");
    let mut watch = Watch::start(&mut case);
    case.sim.set_stage(Stage::Refused);
    reports(&case, &mut watch, 69, &["waiting for Authentik to answer", "why: "]);
    case.sim.set_stage(Stage::Ready);
    // By itself, without SIGHUP: it goes on waiting, and notices.
    let log = watch.until("recovered: ") + &watch.until_ended();
    assert!(log.contains("ended: good"), "{log}");
}

#[test]
fn what_may_not_be_mended_is_reported_until_it_may() {
    let (case, mut watch) = sidecar("2026.2");
    let before = files(&case);

    case.sim.state().tokens.retain(|token| token["key"] != authentik_sim::DEFAULT_TOKEN);
    for _ in 0..2 {
        case.sim.clear_requests();
        reports(&case, &mut watch, 77, &["does not accept AUTHENTIK_TOKEN"]);
        assert!(case.sim.requests().len() <= 2, "one question a cycle");
    }
    case.sim.state().add_user_token("akadmin", authentik_sim::DEFAULT_TOKEN, &[]);
    repairs(&case, &mut watch, &["recovered: "]);

    // Somebody else's application takes NetBird's provider.
    {
        let mut state = case.sim.state();
        let pk = state.providers[0]["pk"].clone();
        state.applications[0]["provider"] = Value::Null;
        state.add_application(json!({"name": "Other", "slug": "other", "provider": pk}));
    }
    reports(&case, &mut watch, 65, &["NetBird"]);
    case.sim.state().applications.retain(|application| application["slug"] != "other");
    repairs(&case, &mut watch, &["~ application NetBird"]);

    for (name, text) in [("management.json", "{\"half\":"), ("secrets.json", "[]")] {
        let whole = case.read(name);
        std::fs::write(case.path(name), text).unwrap();
        reports(&case, &mut watch, 65, &[name]);
        assert_eq!(case.read(name), text, "nothing is overwritten");
        std::fs::write(case.path(name), whole).unwrap();
        repairs(&case, &mut watch, &[]);
    }

    let (here, away) = (case.path(""), case.dir.path().join("away"));
    std::fs::rename(&here, &away).unwrap();
    reports(&case, &mut watch, 73, &["SETUP_DIR"]);
    std::fs::remove_dir(&here).ok();
    std::fs::rename(&away, &here).unwrap();
    repairs(&case, &mut watch, &[]);

    // A directory where a file should be, as Docker makes for a bind mount of a missing file.
    std::fs::remove_file(case.path("relay.env")).unwrap();
    std::fs::create_dir(case.path("relay.env")).unwrap();
    reports(&case, &mut watch, 73, &["relay.env"]);
    std::fs::remove_dir(case.path("relay.env")).unwrap();
    repairs(&case, &mut watch, &["relay.env written"]);
    assert!(files(&case) == before);
}

#[test]
fn a_token_file_is_read_again_at_every_cycle() {
    let mut case = Case::new("2026.2");
    let path = case.token_by_file();
    let mut watch = Watch::start(&mut case);
    case.sim.state().add_user_token("akadmin", "the-next-token", &[]);
    case.sim.state().tokens.retain(|token| token["key"] != authentik_sim::DEFAULT_TOKEN);
    std::fs::remove_file(&path).unwrap();
    let log = watch.cycle();
    assert!(log.contains("exit=78") && log.contains("AUTHENTIK_TOKEN_FILE"), "{log}");
    std::fs::write(&path, "the-next-token\n").unwrap();
    repairs(&case, &mut watch, &["recovered: "]);
}
