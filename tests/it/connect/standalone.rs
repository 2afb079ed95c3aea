//! `connect` with a NetBird that takes Authentik's tokens: settings and roles, with a token.

use netbird_sim::Image;
use serde_json::json;

use super::world::{case, log_in, netbird, remembered, role, token};
use crate::support::{Case, PROFILES, release};
use crate::watch::Watch;

#[test]
fn without_a_wish_there_is_nothing_to_do_and_nothing_is_asked() {
    let case = case("2026.2", "standalone");
    case.run(&["connect"]).expect(0).says(&["nothing is asked for"]);
    assert_eq!(case.sim.requests().len(), 0);
}

#[test]
fn without_a_token_the_ways_are_told() {
    let mut case = case("2026.2", "standalone");
    case.init();
    let _netbird = netbird(&mut case, Image::Management);
    case.env("SETUP_USER_APPROVAL", "false");
    case.run(&["connect"]).expect(77).says(&["NB_PAT"]);
}

#[test]
fn settings_are_kept_and_the_rest_of_them_stays() {
    let mut case = case("2026.2", "standalone");
    case.init();
    let netbird = netbird(&mut case, Image::Management);
    let owner = log_in(&netbird, &case, "alice");
    case.env("NB_PAT", token(&netbird, &owner));
    case.env("SETUP_USER_APPROVAL", "no").env("SETUP_JWT_GROUPS", "yes");
    let settings = || netbird.api(&owner.token).get("/api/accounts").body[0]["settings"].clone();
    let mut expected = settings();
    netbird.clear_requests();

    let plan = case.run(&["plan", "--format", "json"]).expect(0);
    let plan: serde_json::Value = serde_json::from_str(&plan.out).unwrap();
    assert_eq!(plan["netbird"]["looked"], true);
    assert_eq!(plan["netbird"]["steps"][0]["object"], "account settings");
    assert_eq!(plan["in_sync"], true, "it is no part of the plan for Authentik and the files");
    assert_eq!(netbird.writes().len(), 0, "plan changes nothing");

    case.run(&["connect"]).expect(0).says(&["user_approval_required: true -> false"]);
    expected["extra"]["user_approval_required"] = json!(false);
    expected["jwt_groups_enabled"] = json!(true);
    expected["jwt_groups_claim_name"] = json!("groups");
    assert_eq!(settings(), expected);

    netbird.clear_requests();
    case.run(&["connect"]).expect(0).says(&["changed=0"]);
    assert_eq!(netbird.writes().len(), 0);
    log_in(&netbird, &case, "bob");
    assert_eq!(role(&netbird, "bob@example.com"), "user", "nobody has to wait any more");
}

fn with_roles(profile: &str) -> (Case, netbird_sim::NetBird) {
    let mut case = case(profile, "standalone");
    case.init();
    let netbird = netbird(&mut case, Image::Management);
    let owner = log_in(&netbird, &case, "carol");
    case.env("NB_PAT", token(&netbird, &owner));
    case.env("SETUP_ROLE_GROUPS", "staff:admin,vpn:auditor,net-ops:network_admin");
    (case, netbird)
}

#[test]
fn roles_follow_groups_in_every_release() {
    for profile in PROFILES.iter().filter(|profile| release(profile) >= (2024, 12)) {
        let (case, netbird) = with_roles(profile);
        assert!(log_in(&netbird, &case, "alice").waits());
        assert!(log_in(&netbird, &case, "bob").waits());
        case.run(&["connect"]).expect(0).says(&["+ group net-ops"]);
        assert_eq!(role(&netbird, "alice@example.com"), "admin", "{profile}: the first match wins");
        assert_eq!(role(&netbird, "bob@example.com"), "auditor", "{profile}");
        assert_eq!(role(&netbird, "carol@example.com"), "owner", "{profile}");
        assert_eq!(log_in(&netbird, &case, "alice").role(), Some("admin"));

        netbird.clear_requests();
        case.sim.clear_requests();
        case.run(&["connect"]).expect(0).says(&["changed=0"]);
        assert_eq!((netbird.writes().len(), case.sim.writes().len()), (0, 0), "{profile}");
    }
}

/// Everybody leaves the group.
fn empty(case: &Case, group: &str) {
    let mut state = case.sim.state();
    let found = state.groups.iter_mut().find(|found| found["name"] == group);
    found.unwrap()["users"] = json!([]);
}

#[test]
fn who_leaves_or_is_deactivated_becomes_a_user_and_other_peoples_gifts_stay() {
    let (case, netbird) = with_roles("2026.2");
    for name in ["alice", "bob"] {
        log_in(&netbird, &case, name);
    }
    case.run(&["connect"]).expect(0);
    case.sim.state().user_mut("bob").unwrap()["is_active"] = json!(false);
    empty(&case, "staff");
    case.run(&["connect"]).expect(0).says(&["role: auditor -> user", "role: admin -> auditor"]);
    assert_eq!(role(&netbird, "bob@example.com"), "user");
    assert_eq!(role(&netbird, "alice@example.com"), "auditor");
    assert_eq!(remembered(&case)["roles"], json!({"6": "auditor"}));

    // Somebody gives alice another role: from then on it is theirs.
    netbird.state().user_mut("6").unwrap().role = "network_admin".to_owned();
    case.run(&["connect"]).expect(0).says(&["somebody else gave"]);
    assert_eq!(role(&netbird, "alice@example.com"), "network_admin");
    assert_eq!(remembered(&case)["roles"], json!({}));
}

/// Also a role that was given a second time, because somebody had taken it away.
#[test]
fn a_role_that_is_given_again_goes_with_the_group() {
    let (case, netbird) = with_roles("2026.2");
    log_in(&netbird, &case, "alice");
    case.run(&["connect"]).expect(0);
    netbird.state().user_mut("6").unwrap().role = "user".to_owned();
    case.run(&["connect"]).expect(0).says(&["role: user -> admin"]);
    assert_eq!(remembered(&case)["roles"], json!({"6": "admin"}));
    empty(&case, "staff");
    empty(&case, "vpn");
    case.run(&["connect"]).expect(0).says(&["role: admin -> user"]);
    assert_eq!(role(&netbird, "alice@example.com"), "user");
    assert_eq!(remembered(&case)["roles"], json!({}));
}

/// The entries are gone, so the roles go; nobody needs to be asked in Authentik for that.
#[test]
fn roles_go_when_the_variable_is_not_set_any_more() {
    let (mut case, netbird) = with_roles("2026.2");
    log_in(&netbird, &case, "alice");
    case.run(&["connect"]).expect(0);
    case.unset("SETUP_ROLE_GROUPS").unset("NB_PAT");
    case.run(&["plan"]).expect(0).prints(&["not looked at: that takes NB_PAT"]);
    for _ in 0..2 {
        case.run(&["connect"]).expect(0).says(&["SETUP_ROLE_GROUPS is not set any more", "NB_PAT"]);
    }
    assert_eq!(role(&netbird, "alice@example.com"), "admin");

    let owner = log_in(&netbird, &case, "carol");
    case.env("NB_PAT", token(&netbird, &owner));
    case.run(&["plan"]).expect(0).prints(&["~ user alice@example.com", "role: admin -> user"]);
    let mut watch = Watch::begin(&mut case);
    let log = watch.until("NetBird is in sync");
    assert!(log.contains("role: admin -> user"), "{log}");
    drop(watch);
    assert_eq!(role(&netbird, "alice@example.com"), "user");
    assert_eq!(remembered(&case)["roles"], json!({}));
    netbird.clear_requests();
    case.run(&["connect"]).expect(0).says(&["nothing is asked for"]);
    assert!(netbird.requests().is_empty());
}

#[test]
fn without_memory_nothing_is_taken_away() {
    let (case, netbird) = with_roles("2026.2");
    log_in(&netbird, &case, "alice");
    case.run(&["connect"]).expect(0);
    std::fs::remove_file(case.dir.path().join("state/state.json")).unwrap();
    empty(&case, "staff");
    empty(&case, "vpn");
    case.run(&["connect"]).expect(0).says(&["does not remember"]);
    assert_eq!(role(&netbird, "alice@example.com"), "admin");
}

#[test]
fn an_expired_or_revoked_token_is_77_and_the_right_of_a_plain_user_too() {
    let (mut case, netbird) = with_roles("2026.2");
    let admin = log_in(&netbird, &case, "carol");
    let machine = json!({"role": "user", "auto_groups": [], "is_service_user": true, "name": "m"});
    let api = netbird.api(&admin.token);
    let id = api.call("POST", "/api/users", &machine).body["id"].as_str().unwrap().to_owned();
    let body = json!({"name": "m", "expires_in": 1});
    let plain = api.call("POST", &format!("/api/users/{id}/tokens"), &body).body["plain_token"]
        .as_str()
        .unwrap()
        .to_owned();
    log_in(&netbird, &case, "alice");
    for token in ["nbp_sCoBz2paPzgOn39CaIIrefrCN5mz2f453qxg", "nbp_nonsense", &plain] {
        case.env("NB_PAT", token);
        case.env("SETUP_LOG", "debug");
        let ended = case.run(&["connect"]).expect(77);
        // Its hash is in NetBird's own words.
        let told = ended.err.contains(token) || ended.err.contains("pat:");
        assert!(!told, "{}", ended.err);
    }
    assert_eq!(role(&netbird, "alice@example.com"), "user");
}

/// The secret is for NetBird's idp-migrate; somebody emptied it.
#[test]
fn a_public_client_gets_a_secret_where_one_is_needed() {
    let mut case = case("2026.2", "standalone");
    case.init();
    case.sim.state().providers[0]["client_secret"] = json!("");
    case.run(&["plan"]).expect(0);
    case.env("SETUP_OUTPUTS", "setup.env,management.json,dashboard.env,relay.env,idp-seed-info");
    case.run(&["plan"]).expect(2).prints(&["client_secret: (none) -> (secret)"]);
    case.init_as_planned();
    let secret = case.sim.state().providers[0]["client_secret"].as_str().unwrap().to_owned();
    assert_eq!(secret.len(), 128);
    case.init_as_planned().says(&["files_written=0"]);
}

#[test]
fn people_of_another_authentik_get_no_roles() {
    let (mut case, netbird) = with_roles("2026.2");
    log_in(&netbird, &case, "alice");
    // Its database was lost: other people have the numbers now.
    let other = authentik_sim::Sim::builder("2026.2").installation("another").start();
    case.env("AUTHENTIK_HOST", other.url());
    case.run(&["connect"]).expect(65).says(&["another Authentik"]);
    assert_eq!(role(&netbird, "alice@example.com"), "user");
}

#[test]
fn groups_of_one_name_and_modes_that_people_can_choose_are_refused() {
    let (mut case, netbird) = with_roles("2025.8");
    log_in(&netbird, &case, "alice");
    case.sim.state().add_group(json!({"name": "vpn"}));
    case.run(&["connect"]).expect(65).says(&["2 groups named vpn", "SETUP_ROLE_GROUPS"]);
    case.env("SETUP_ROLE_GROUPS", "staff:admin");
    let name = case.sim.state().providers[0]["name"].as_str().unwrap().to_owned();
    case.sim.state().provider_mut(&name).unwrap()["sub_mode"] = json!("user_email");
    case.run(&["connect"]).expect(65).says(&["sub_mode user_email"]);
    assert_eq!(role(&netbird, "alice@example.com"), "user");
}
