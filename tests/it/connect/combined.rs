//! `connect` with the combined server: Authentik becomes a connector over NetBird's API, with the owner's login or a token.

use netbird_sim::{Fault, FaultRule, Image, Match};
use serde_json::json;

use super::world::{
    AUTHENTIK, OWNER, PASSWORD, QUICKSTART, case, enter, log_in, netbird, owner, quickstart,
    quickstart_with, remembered, role, token,
};
use crate::support::{Case, everywhere};

/// Connectors that NetBird has, but for the one for local users.
fn connectors(netbird: &netbird_sim::NetBird) -> Vec<(String, String)> {
    let state = netbird.state();
    let all = state.idp.connectors.iter().filter(|c| c.id != "local");
    all.map(|c| (c.id.clone(), c.config["clientID"].as_str().unwrap_or_default().to_owned()))
        .collect()
}

#[test]
fn the_quickstarts_netbird_gets_authentik_unattended_and_people_get_their_roles() {
    everywhere(|profile| {
        let (mut case, netbird) = quickstart(profile);
        let modes = crate::support::release(profile) >= (2023, 2);
        case.init();
        if modes {
            case.env("SETUP_ROLE_GROUPS", "staff:admin");
        }
        case.run(&["connect"]).expect(0).says(&["+ connector Authentik", "belongs to its owner"]);
        let made = connectors(&netbird);
        assert_eq!(made.len(), 1, "{profile}");
        assert_eq!(remembered(&case)["connector"]["id"], made[0].0, "{profile}");

        let alice = enter(&netbird, &case, "alice");
        assert!(alice.waits(), "{profile}: {alice:?}");
        if modes {
            case.run(&["connect"]).expect(0).says(&["pending_approval: true -> false"]);
            assert_eq!(role(&netbird, "alice@example.com"), "admin", "{profile}");
            assert_eq!(enter(&netbird, &case, "alice").role(), Some("admin"));
        }
        netbird.clear_requests();
        case.sim.clear_requests();
        case.init();
        case.run(&["connect"]).expect(0).says(&["changed=0"]);
        assert_eq!((netbird.writes().len(), case.sim.writes().len()), (0, 0), "{profile}");
    });
}

#[test]
fn from_empty_volumes_to_a_login_with_the_right_role_in_every_release() {
    everywhere(|profile| {
        let mut case = case(profile, "combined");
        let modes = crate::support::release(profile) >= (2023, 2);
        case.env("SETUP_TRUSTED_PROXIES", "172.30.0.0/24");
        if modes {
            case.env("SETUP_ROLE_GROUPS", "staff:admin");
        }
        case.init();
        let config = case.read("config.yaml");
        assert!(config.starts_with("# Written by netbird-authentik-init"), "{config}");
        assert!(config.contains("trustedHTTPProxies:\n      - \"172.30.0.0/24\""), "{config}");
        let netbird = netbird(&mut case, Image::Combined);
        case.run(&["connect"]).expect(0).says(&["+ connector Authentik", "belongs to its owner"]);
        assert!(log_in(&netbird, &case, "alice").waits(), "{profile}");
        if modes {
            case.run(&["connect"]).expect(0);
            assert_eq!(log_in(&netbird, &case, "alice").role(), Some("admin"), "{profile}");
        }
        netbird.clear_requests();
        case.sim.clear_requests();
        case.init().says(&["files_written=0"]);
        case.run(&["connect"]).expect(0).says(&["changed=0"]);
        assert_eq!((netbird.writes().len(), case.sim.writes().len()), (0, 0), "{profile}");
        assert_eq!(case.read("config.yaml"), config);
    });
}

#[test]
fn keys_come_back_from_the_file_when_the_state_is_lost() {
    let mut case = case("2026.2", "combined");
    case.init();
    let before = case.read("config.yaml");
    let netbird = netbird(&mut case, Image::Combined);
    case.run(&["connect"]).expect(0);
    let id = connectors(&netbird)[0].0.clone();
    std::fs::remove_dir_all(case.dir.path().join("state")).unwrap();
    std::fs::create_dir(case.dir.path().join("state")).unwrap();
    case.init().says(&["files_written=0"]);
    assert_eq!(case.read("config.yaml"), before);
    // The password is lost with the state: only its hash is left.
    case.run(&["connect"]).expect(77);
    assert_eq!(connectors(&netbird)[0].0, id);
}

#[test]
fn a_config_of_the_quickstart_is_neither_read_nor_written() {
    let mut case = case("2026.2", "combined");
    std::fs::write(case.path("config.yaml"), QUICKSTART).unwrap();
    // What the script wrote beside it, and what could be said about this container's own file, is no matter then.
    std::fs::write(case.path("dashboard.env"), "AUTH_CLIENT_ID=netbird-dashboard\n").unwrap();
    case.env("SETUP_LOCAL_AUTH", "false");
    let told = case.run(&[]).expect(65).says(&["SETUP_OUTPUTS=none"]);
    assert_eq!(told.err.matches("what to do").count(), 1, "{}", told.err);
    case.run(&["plan"]).expect(65);
    assert_eq!(case.sim.requests().len(), 0);
    assert_eq!(case.read("config.yaml"), QUICKSTART);
    let secrets = case.dir.path().join("state/secrets.json");
    assert!(!secrets.exists(), "no key is made for a NetBird that has its own");

    let (case, _netbird) = quickstart("2026.2");
    case.init();
    let kept = std::fs::read_to_string(case.dir.path().join("state/secrets.json")).unwrap();
    let kept: serde_json::Value = serde_json::from_str(&kept).unwrap();
    let keys: Vec<&String> = kept.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["version", "client_secret"]);
    assert_eq!(std::fs::read_dir(case.path("")).unwrap().count(), 0);
    case.run(&["check"]).expect(0);
}

#[test]
fn local_logins_go_only_after_the_connector_is_there() {
    let mut case = case("2026.2", "combined");
    case.env("SETUP_LOCAL_AUTH", "false");
    case.run(&[]).expect(78).says(&["has no connector yet"]);
    case.unset("SETUP_LOCAL_AUTH");
    case.init();
    let netbird = netbird(&mut case, Image::Combined);
    case.run(&["connect"]).expect(0);
    case.env("SETUP_LOCAL_AUTH", "false");
    case.init();
    netbird.restart().unwrap();
    assert!(log_in(&netbird, &case, "alice").waits());
}

/// As in `embedded`: what is not asked for any more is left as it is.
#[test]
fn local_logins_stay_off_when_the_variable_is_not_set_any_more() {
    let mut case = case("2026.2", "combined");
    case.init();
    let netbird = netbird(&mut case, Image::Combined);
    case.run(&["connect"]).expect(0);
    case.env("SETUP_LOCAL_AUTH", "false");
    case.init();
    case.unset("SETUP_LOCAL_AUTH");
    case.init().says(&["files_written=0"]);
    assert!(case.read("config.yaml").contains("localAuthDisabled: true"));
    netbird.restart().unwrap();
    case.run(&["connect"]).expect(77).says(&["SETUP_LOCAL_AUTH=true"]);
    case.env("SETUP_LOCAL_AUTH", "true");
    case.init().says(&["localAuthDisabled: true -> false"]);
}

/// netbird-server has one port for everything: only services of another host or port switch its own off.
#[test]
fn ports_of_configure_sh_switch_nothing_off() {
    let mut case = case("2026.2", "combined");
    let keys = ["signalUri", "relays:", "stuns:"];
    let has = |case: &Case| {
        let config = case.read("config.yaml");
        keys.map(|key| config.contains(key))
    };
    for (name, value) in [
        ("NETBIRD_MGMT_API_ENDPOINT", "https://netbird.example.com:33073"),
        ("NETBIRD_SIGNAL_PORT", "10000"),
        ("NETBIRD_MGMT_API_PORT", "33073"),
        ("NETBIRD_RELAY_PORT", "33080"),
    ] {
        case.env(name, value);
    }
    case.init();
    assert_eq!(has(&case), [false; 3]);
    assert!(
        case.read("config.yaml").contains(r#"exposedAddress: "https://netbird.example.com:33073""#)
    );
    case.unset("NETBIRD_SIGNAL_PORT").unset("NETBIRD_RELAY_PORT");
    case.env("NETBIRD_SIGNAL_ENDPOINT", "https://netbird.example.com:33073")
        .env("NETBIRD_RELAY_ENDPOINT", "rels://netbird.example.com:33073")
        .env("NETBIRD_STUN_ENDPOINTS", "stun:netbird.example.com:3478");
    case.init().says(&["files_written=0"]);
    case.env("NETBIRD_SIGNAL_ENDPOINT", "https://signal.example.com")
        .env("NETBIRD_RELAY_ENDPOINT", "rels://relay.example.com:443")
        .env("NETBIRD_STUN_ENDPOINTS", "stun:stun.example.com:3478");
    case.init();
    assert_eq!(has(&case), [true; 3]);
}

#[test]
fn nothing_of_what_is_secret_is_told_and_no_token_is_kept() {
    let (mut case, netbird) = quickstart("2026.2");
    case.env("SETUP_LOG", "trace");
    let init = case.run(&[]).expect(0);
    let connect = case.run(&["connect"]).expect(0);
    let secret = case.sim.state().providers[0]["client_secret"].as_str().unwrap().to_owned();
    let bearer = |r: &authentik_sim::Request| {
        r.header("authorization").map(|value| value.trim_start_matches("Bearer ").to_owned())
    };
    let tokens: Vec<String> = netbird.requests().iter().filter_map(bearer).collect();
    assert!(!tokens.is_empty());
    let mut files = String::new();
    for name in ["secrets.json", "state.json"] {
        let path = case.dir.path().join("state").join(name);
        files += &std::fs::read_to_string(path).unwrap();
    }
    for text in [&init.err, &connect.err] {
        for secret in tokens.iter().chain([&secret, &PASSWORD.to_owned()]) {
            assert!(!text.contains(secret.as_str()), "{text}");
        }
    }
    for token in &tokens {
        assert!(!files.contains(token.as_str()));
    }
    assert!(
        !std::fs::read_to_string(case.dir.path().join("state/state.json"))
            .unwrap()
            .contains(&secret)
    );
    for request in netbird.requests() {
        assert_eq!(request.header("cookie"), None);
    }
}

#[test]
fn a_rotated_secret_is_sent_and_the_restart_is_asked_for() {
    let (case, netbird) = quickstart("2026.2");
    case.init();
    case.run(&["connect"]).expect(0);
    case.sim.state().providers[0]["client_secret"] = json!("another-secret-of-letters-and-digits");
    case.init();
    case.run(&["connect"]).expect(0).says(&["client_secret: changed", "restart netbird-server"]);
    netbird.restart().unwrap();
    assert!(enter(&netbird, &case, "alice").waits());
    case.run(&["connect"]).expect(0).says(&["changed=0"]);
}

#[test]
fn a_connector_that_somebody_made_is_adopted_and_two_are_refused() {
    let (case, netbird) = quickstart("2026.2");
    case.init();
    let api_owner = owner(&netbird, &case);
    let api = netbird.api(&api_owner.token);
    let secret = case.sim.state().providers[0]["client_secret"].clone();
    let body = json!({
        "type": "authentik", "name": "By hand", "client_id": "netbird", "client_secret": secret,
        "issuer": format!("{AUTHENTIK}/application/o/netbird/"),
    });
    let first = api.call("POST", "/api/identity-providers", &body).body["id"].clone();
    case.run(&["connect"]).expect(0);
    assert_eq!(remembered(&case)["connector"]["id"], first);
    assert_eq!(connectors(&netbird).len(), 1);

    std::fs::remove_file(case.dir.path().join("state/state.json")).unwrap();
    case.init();
    let _ = api.call("POST", "/api/identity-providers", &body);
    netbird.clear_requests();
    case.run(&["connect"]).expect(65).says(&["several connectors", first.as_str().unwrap()]);
    assert!(!netbird.requests().iter().any(|r| matches!(r.method.as_str(), "PUT" | "DELETE")));
}

#[test]
fn a_wrong_password_a_netbird_without_users_and_another_owner_are_told() {
    let (mut case, netbird) = quickstart("2026.2");
    case.init();
    case.env("SETUP_OWNER_PASSWORD", "something-else");
    case.run(&["connect"]).expect(77).says(&["does not accept the password", "NB_PAT"]);
    assert!(netbird.state().accounts.is_empty(), "nobody owns it by that");
    case.env("SETUP_OWNER_PASSWORD", PASSWORD);

    let (mut bare, other) =
        quickstart_with("2026.2", &QUICKSTART.replace("    owner:", "    nobody:"));
    bare.init();
    bare.run(&["connect"]).expect(77).says(&["has no user yet", "/setup"]);
    assert_eq!(other.writes().len(), 0);
    bare.unset("SETUP_OWNER_PASSWORD");
    bare.run(&["connect"]).expect(77);
}

#[test]
fn who_came_first_keeps_the_network_and_a_token_of_theirs_works() {
    let (mut case, netbird) = quickstart("2026.2");
    case.init();
    // Another local user logs in before this container does.
    let first = {
        let mut state = netbird.state();
        let mut password = state.idp.passwords[0].clone();
        password.email = "first@example.com".to_owned();
        password.user_id = "11111111-1111-4111-8111-111111111111".to_owned();
        state.idp.passwords.push(password);
        drop(state);
        let person =
            netbird_sim::browser::Person::Local { email: "first@example.com", password: PASSWORD };
        let dashboard = netbird_sim::browser::Dashboard::of(&netbird);
        super::world::browser(&netbird, &case).log_in(&dashboard, person).unwrap()
    };
    assert_eq!(first.role(), Some("owner"));
    case.run(&["connect"]).expect(65).says(&["this NetBird has an owner: give NB_PAT"]);
    assert_eq!(connectors(&netbird).len(), 0);
    case.env("NB_PAT", token(&netbird, &first));
    case.run(&["connect"]).expect(0);
    assert_eq!(connectors(&netbird).len(), 1);
}

#[test]
fn an_owner_who_gave_the_network_away_may_still_keep_it_in_sync() {
    let (case, netbird) = quickstart("2026.2");
    case.init();
    case.run(&["connect"]).expect(0);
    let owner_id = netbird.state().user_by_email(OWNER).unwrap().id.clone();
    netbird.state().user_mut(&owner_id).unwrap().role = "admin".to_owned();
    case.run(&["connect"]).expect(0).says(&["changed=0"]);
}

#[test]
fn another_netbird_and_a_damaged_account_are_refused() {
    let elsewhere = QUICKSTART.replace("netbird.example.com", "other.example.com");
    let (case, _other) = quickstart_with("2026.2", &elsewhere);
    case.init();
    case.run(&["connect"]).expect(65).says(&["https://other.example.com/oauth2", "NETBIRD_DOMAIN"]);

    let (case, netbird) = quickstart("2026.2");
    case.init();
    owner(&netbird, &case);
    netbird.state().accounts[0].domain.clear();
    case.run(&["connect"]).expect(65).says(&["create_pat", "domain_category='private'"]);
    assert_eq!(connectors(&netbird).len(), 0);
}

#[test]
fn a_connect_that_comes_first_waits_for_init_and_for_netbird() {
    let (case, netbird) = quickstart("2026.2");
    netbird.stop();
    let connect = case.spawn_command(&["connect"]);
    case.init();
    netbird.restart().unwrap();
    connect.wait().expect(0).says(&["waiting for NetBird to answer", "+ connector Authentik"]);
    assert_eq!(connectors(&netbird).len(), 1);
}

/// The plan of a first `up`, as docs/combined.md shows it: with a token, and before `init` ran.
#[test]
fn the_first_plan_shows_netbirds_side() {
    let (mut case, netbird) = quickstart("2026.2");
    let token = token(&netbird, &owner(&netbird, &case));
    case.env("NB_PAT", token).env("SETUP_ROLE_GROUPS", "staff:admin");
    let plan = case.run(&["plan"]).expect(2);
    plan.prints(&["NetBird (by connect):", "+ connector Authentik", "known after init has run"]);
    let check = case.run(&["check"]);
    assert!(!check.out.contains("default objects"), "{}", check.out);
    case.init();
    case.run(&["connect"]).expect(0).says(&["+ connector Authentik"]);
}

#[test]
fn a_rotated_secret_is_in_the_plan() {
    let (case, netbird) = quickstart("2026.2");
    case.init();
    case.run(&["connect"]).expect(0);
    case.sim.state().providers[0]["client_secret"] = json!("another-secret-of-letters-and-digits");
    case.run(&["plan"]).expect(2).prints(&["~ secrets.json: client_secret: (secret) -> (secret)"]);
    case.init();
    case.run(&["plan"]).expect(0);
    drop(netbird);
}

#[test]
fn a_connect_without_init_says_that_it_waits_for_it() {
    let (mut case, _netbird) = quickstart("2026.2");
    case.env("SETUP_TIMEOUT", "3s");
    let told = case.run(&["connect"]).expect(69);
    let told = told.says(&["what init leaves in SETUP_STATE_DIR", "run init first"]);
    assert!(!told.err.contains("worker"), "{}", told.err);
}

/// Whose tokens would go on to work: who came through a connector that somebody deleted since.
#[test]
fn who_leaves_loses_the_role_at_a_former_connector_too() {
    let (mut case, netbird) = quickstart("2026.2");
    case.env("SETUP_ROLE_GROUPS", "staff:admin");
    case.init();
    case.run(&["connect"]).expect(0);
    enter(&netbird, &case, "alice");
    case.run(&["connect"]).expect(0).says(&["role: user -> admin"]);
    let (id, _) = connectors(&netbird)[0].clone();
    let login = owner(&netbird, &case);
    let path = format!("/api/identity-providers/{id}");
    assert_eq!(netbird.api(&login.token).call("DELETE", &path, &json!({})).status, 200);
    let mut state = case.sim.state();
    state.groups.iter_mut().find(|group| group["name"] == "staff").unwrap()["users"] = json!([]);
    drop(state);
    case.run(&["connect"]).expect(0).says(&["+ connector Authentik", "role: admin -> user"]);
    assert_eq!(remembered(&case)["roles"], json!({}));
}

#[test]
fn an_owner_by_another_name_is_told_from_somebody_who_was_first() {
    let (mut case, netbird) = quickstart("2026.2");
    case.init();
    case.run(&["connect"]).expect(0);
    let second = {
        let mut state = netbird.state();
        let mut password = state.idp.passwords[0].clone();
        password.email = "second@example.com".to_owned();
        password.user_id = "22222222-2222-4222-8222-222222222222".to_owned();
        state.idp.passwords.push(password.clone());
        password.email
    };
    case.env("SETUP_OWNER_EMAIL", &second);
    let told = case.run(&["connect"]).expect(65);
    told.says(&["SETUP_OWNER_EMAIL is not the login that claimed", "set SETUP_OWNER_EMAIL back"]);
    case.env("SETUP_OWNER_EMAIL", OWNER);
    let id = netbird.state().user_by_email(OWNER).unwrap().id.clone();
    netbird.state().user_mut(&id).unwrap().role = "auditor".to_owned();
    case.run(&["connect"]).expect(65).says(&["has the role auditor"]);
}

#[test]
fn a_netbird_of_another_kind_is_told_as_that() {
    let (mut case, netbird) = quickstart("2026.2");
    case.init();
    let document = Match::path("GET", "/oauth2/.well-known/openid-configuration");
    let fault = Fault::Status(404, Vec::new(), "404 page not found".to_owned());
    netbird.fault(FaultRule::always(document, fault));
    case.env("SETUP_TIMEOUT", "20s");
    case.run(&["connect"])
        .expect(65)
        .says(&["no provider of its own", "SETUP_NETBIRD to standalone"]);
}

#[test]
fn a_login_form_at_another_origin_gets_no_password() {
    let (mut case, netbird) = quickstart("2026.2");
    case.init();
    let elsewhere = "https://evil.example.com/login";
    let headers = vec![("Location".to_owned(), elsewhere.to_owned())];
    let fault = Fault::Status(302, headers, String::new());
    netbird.fault(FaultRule::always(Match::path("GET", "/oauth2/auth/local"), fault));
    case.env("SETUP_TIMEOUT", "20s");
    let told = case.run(&["connect"]).expect(76);
    told.says(&[elsewhere, "NB_MANAGEMENT_URL"]);
}

#[test]
fn two_at_once_make_one_connector() {
    let (case, netbird) = quickstart("2026.2");
    case.init();
    let runs: Vec<_> = (0..4).map(|_| case.spawn_command(&["connect"])).collect();
    for run in runs {
        run.wait().expect(0);
    }
    assert_eq!(connectors(&netbird).len(), 1);
}

#[test]
fn an_answer_that_is_lost_makes_no_second_connector() {
    let (case, netbird) = quickstart("2026.2");
    case.init();
    let post = Match::path("POST", "/api/identity-providers");
    netbird.fault(FaultRule::once(post, Fault::ResetAfter));
    case.run(&["connect"]).expect(0);
    assert_eq!(connectors(&netbird).len(), 1);
}

/// No file was written, so no secret but the client's was ever made: nothing was lost.
#[test]
fn outputs_may_come_after_a_run_that_had_none() {
    let mut case = case("2026.2", "combined");
    case.env("SETUP_OUTPUTS", "none");
    case.init();
    case.env("SETUP_OUTPUTS", "config.yaml,dashboard.env");
    case.run(&["plan"]).expect(2);
    case.init();
    assert!(case.read("config.yaml").contains("encryptionKey"));
}
