//! A first run that is refused leaves nothing behind that the next one would take for something in use, and a secret is on
//! disk before anything uses it.

use authentik_sim::{Fault, FaultRule, Match};
use serde_json::{Value, json};

use crate::support::Case;

const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

fn kept(case: &Case) -> Value {
    serde_json::from_str(&case.read("secrets.json")).unwrap()
}

fn names(case: &Case) -> Vec<String> {
    let entries = std::fs::read_dir(case.path("")).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// An issuer that nobody elsewhere reaches.
fn unreachable(case: &mut Case) {
    case.unset("AUTHENTIK_HOST_BROWSER");
}

#[test]
fn a_refused_first_run_writes_nothing_and_is_refused_again() {
    let mut case = Case::new("2026.2");
    let public = case.get("AUTHENTIK_HOST_BROWSER");
    unreachable(&mut case);
    for _ in 0..2 {
        case.run(&["plan"]).expect(78).says(&["AUTHENTIK_HOST_BROWSER"]);
        case.run(&[]).expect(78).says(&["AUTHENTIK_HOST_BROWSER"]);
        assert_eq!(names(&case), Vec::<String>::new());
    }
    // What is in use is found afterwards, and a key may still be brought.
    let file = json!({"Relay": {"Secret": "relay-secret-in-use"}, "DataStoreEncryptionKey": KEY});
    std::fs::write(case.path("management.json"), file.to_string()).unwrap();
    case.put_back("AUTHENTIK_HOST_BROWSER", public);
    case.env("NETBIRD_DATASTORE_ENC_KEY", KEY);
    case.init();
    assert_eq!(kept(&case)["relay_auth_secret"], "relay-secret-in-use");
    assert_eq!(kept(&case)["datastore_enc_key"], KEY);
}

#[test]
fn an_issuer_that_files_name_is_in_use_and_a_secrets_json_alone_is_not() {
    for output in ["management.json", "setup.env"] {
        let mut case = Case::new("2026.2");
        case.env("SETUP_OUTPUTS", output);
        case.init();
        unreachable(&mut case);
        case.init().says(&["is known to this machine or network only"]);
        std::fs::remove_file(case.path(output)).unwrap();
        case.run(&["plan"]).expect(78);
        case.run(&[]).expect(78);
    }
}

#[test]
fn an_app_password_is_on_disk_before_authentik_has_it() {
    let mut case = Case::new("2026.2");
    case.env("NETBIRD_MGMT_IDP", "authentik");
    let asked = Match::Regex("POST".into(), "/core/tokens/.*/set_key/".into());
    case.sim.fault(FaultRule::always(asked, Fault::Html(500)));
    case.env("SETUP_TIMEOUT", "5s");
    let ended = case.run(&[]);
    assert_ne!(ended.code, Some(0));
    let password = kept(&case)["service_account_password"].clone();
    assert!(password.as_str().is_some_and(|password| !password.is_empty()));
    case.sim.clear_faults();
    case.env("SETUP_TIMEOUT", "60s");
    case.init();
    assert_eq!(kept(&case)["service_account_password"], password);
}

#[test]
fn a_user_id_claim_that_no_token_has_is_refused_before_anything_is_written() {
    for (claim, says) in [("oid", "is oid"), ("{{ .CLAIM }}", "is a template")] {
        let case = Case::new("2026.2");
        let file = json!({"DataStoreEncryptionKey": KEY, "HttpConfig": {"AuthUserIDClaim": claim}});
        std::fs::write(case.path("management.json"), file.to_string()).unwrap();
        case.refused(&["HttpConfig.AuthUserIDClaim", says]);
        assert_eq!(names(&case), ["management.json"]);
    }
}

#[test]
fn a_secret_that_would_arrive_as_another_one_is_refused_at_once() {
    for value in ["two\nlines-of-it", "carriage\rreturn", "nul\0byte-inside"] {
        let mut case = Case::new("2026.2");
        case.env("NETBIRD_MGMT_IDP", "authentik");
        let issuer = format!("{}/application/o/netbird/", case.sim.url());
        let of = |relay: &str, password: &str| {
            json!({
                "DataStoreEncryptionKey": KEY,
                "Relay": {"Secret": relay},
                "IdpManagerConfig": {
                    "ManagerType": "authentik",
                    "ClientConfig": {"Issuer": issuer, "TokenEndpoint": "x", "ClientID": "netbird", "GrantType": "client_credentials"},
                    "ExtraConfig": {"Username": "Netbird", "Password": password},
                },
            })
            .to_string()
        };
        for (relay, password, file) in
            [(value, "plain-password", "relay.env"), ("plain-secret", value, "setup.env")]
        {
            std::fs::write(case.path("management.json"), of(relay, password)).unwrap();
            case.refused(&["cannot be written into", file, "line break"]);
            assert_eq!(names(&case), ["management.json"]);
        }
        case.env("SETUP_OUTPUTS", "management.json");
        case.init();
        let now: Value = serde_json::from_str(&case.read("management.json")).unwrap();
        assert_eq!(now["IdpManagerConfig"]["ExtraConfig"]["Password"], value);
    }
}

#[test]
fn two_client_ids_in_two_files_are_one_too_many() {
    let mut case = Case::new("2026.2");
    case.env("NETBIRD_MGMT_IDP", "authentik").env("NETBIRD_IDP_MGMT_CLIENT_ID", "other");
    for command in [vec!["plan"], vec![]] {
        let names = ["NETBIRD_IDP_MGMT_CLIENT_ID", "'other'", "NETBIRD_MGMT_IDP=authentik"];
        case.run(&command).expect(78).says(&names);
    }
    assert!(case.sim.writes().is_empty());
    case.env("NETBIRD_IDP_MGMT_CLIENT_ID", "netbird").init();
}
