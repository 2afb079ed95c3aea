//! Setting up: the damage that a token at setup does, the race for it, and the flag that is found out once.

mod common;

use common::{COMBINED, OWNER, PASSWORD, authentik, claimed, come, embedded, knows, management};
use netbird_sim::{Connector, NetBird};
use serde_json::{Value, json};

#[test]
fn a_network_made_with_a_token_at_setup_is_damaged() {
    let sim = authentik("2026.2");
    let builder = NetBird::combined(COMBINED).env("NB_SETUP_PAT_ENABLED", "true");
    let netbird = knows(builder, &sim).start().expect("it starts");
    let setup = json!({"email": OWNER, "password": PASSWORD, "name": "O", "create_pat": true});
    let made = netbird.open_api().call("POST", "/api/setup", &setup);
    let token = made.body["personal_access_token"].as_str().expect("a token").to_owned();
    assert_eq!(netbird.api(&token).get("/api/accounts").body[0]["domain"], "");
    let from = common::connector();
    let config = from["config"].clone();
    let connector =
        Connector { id: "authentik".into(), kind: "authentik".into(), name: "A".into(), config };
    netbird.state().idp.connectors.push(connector);
    for name in ["alice", "bob"] {
        assert_eq!(come(&netbird, &sim, name).role(), Some("owner"), "{name} of an own network");
    }
    assert_eq!(netbird.state().accounts.len(), 3);
    netbird.restart().expect("it starts");
    assert!(netbird.logged("single account mode disabled, accounts number 3"));
    assert_eq!(come(&netbird, &sim, "carol").role(), Some("owner"));
}

#[test]
fn the_damage_can_be_repaired_while_there_is_one_account() {
    let sim = authentik("2026.2");
    for strays in [false, true] {
        let (netbird, _) = claimed(&sim);
        {
            let mut state = netbird.state();
            (state.accounts[0].domain, state.accounts[0].domain_category) =
                (String::new(), String::new());
            state.accounts[0].primary = false;
        }
        if strays {
            assert_eq!(come(&netbird, &sim, "alice").role(), Some("owner"));
        }
        {
            let mut state = netbird.state();
            state.accounts[0].domain = "netbird.example.com".to_owned();
            state.accounts[0].domain_category = "private".to_owned();
            state.accounts[0].primary = true;
        }
        netbird.restart().expect("it starts");
        assert_eq!(come(&netbird, &sim, "bob").waits(), !strays);
    }
}

#[test]
fn without_the_variable_the_token_at_setup_is_forgotten() {
    let netbird = NetBird::start_combined(COMBINED).expect("it starts");
    let setup = json!({"email": OWNER, "password": PASSWORD, "name": "O", "create_pat": true, "pat_expire_in": 999});
    let made = netbird.open_api().call("POST", "/api/setup", &setup);
    assert_eq!((made.status, &made.body["personal_access_token"]), (200, &Value::Null));
    assert!(netbird.state().accounts.is_empty(), "the account comes with the first login");
    assert_eq!(netbird.open_api().call("POST", "/api/setup", &setup).status, 412);
}

#[test]
fn of_two_that_set_up_at_once_one_wins() {
    let netbird = NetBird::start_combined(COMBINED).expect("it starts");
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let ask = |email: &'static str| {
            let body = json!({"email": email, "password": PASSWORD, "name": "O"});
            netbird.open_api().call("POST", "/api/setup", &body).status
        };
        let both =
            [scope.spawn(move || ask("a@x.example")), scope.spawn(move || ask("b@x.example"))];
        both.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    let mut sorted = statuses.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, [200, 412], "{statuses:?}");
    assert_eq!(netbird.state().idp.passwords.len(), 1);
}

#[test]
fn whether_setup_is_required_is_found_out_at_the_start_only() {
    let sim = authentik("2026.2");
    let mut file = embedded();
    file["EmbeddedIdP"]["Owner"] = Value::Null;
    let netbird = management(&file, &sim);
    let asked = || netbird.open_api().get("/api/instance").body["setup_required"].clone();
    assert_eq!(come(&netbird, &sim, "alice").role(), Some("owner"));
    assert_eq!(asked(), true, "though there is an owner");
    netbird.restart().expect("it starts");
    assert_eq!(asked(), false);
}
