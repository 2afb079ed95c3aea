//! Secrets that are in use: never replaced in silence, whatever is lost, edited or moved; and rotation by variable.

use serde_json::{Value, json};

use crate::support::Case;

const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
const OTHER: &str = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=";

fn kept(case: &Case) -> Value {
    serde_json::from_str(&case.read("secrets.json")).unwrap()
}

fn remove(case: &Case, names: &[&str]) {
    names.iter().for_each(|name| std::fs::remove_file(case.path(name)).unwrap());
}

/// Nothing is written, neither by a run nor by the same run again, and the log shows no secret.
#[track_caller]
fn refused(case: &Case, says: &[&str]) {
    let tree = || -> Vec<_> {
        let entries = std::fs::read_dir(case.path("")).unwrap().map(|e| e.unwrap().path());
        let mut tree: Vec<_> = entries.map(|p| (p.clone(), std::fs::read(p).unwrap())).collect();
        tree.sort();
        tree
    };
    let before = tree();
    for command in [vec![], vec!["plan"], vec!["check"]] {
        let ended = case.run(&command).expect(65);
        let told = ended.err.clone() + &ended.out;
        says.iter().for_each(|text| assert!(told.contains(text), "{text:?} in:\n{told}"));
        assert!(!told.contains(KEY) && !told.contains(OTHER), "{told}");
    }
    assert_eq!(tree(), before);
}

#[test]
fn what_an_output_holds_comes_back_when_secrets_json_is_lost() {
    let all = "setup.env,management.json,dashboard.env,relay.env,turnserver.conf";
    for outputs in ["setup.env", "management.json", "setup.env,relay.env,turnserver.conf", all] {
        let mut case = Case::new("2026.2");
        case.env("SETUP_OUTPUTS", outputs)
            .env("NETBIRD_TURN_DOMAIN", "turn.example.com")
            .env("NETBIRD_MGMT_IDP", "authentik");
        case.init().says(&["no trace of a data store key was found: a new one is made"]);
        let before = kept(&case);
        let files = outputs.split(',').map(|name| case.read(name)).collect::<Vec<_>>();
        remove(&case, &["secrets.json", "state.json"]);
        let plan = case.run(&["plan"]).expect(2);
        assert!(plan.out.contains("+ secrets.json"), "{}", plan.out);
        let again = case.init().says(&["the data store key is taken from"]);
        assert!(!again.err.contains("no trace"));
        assert_eq!(kept(&case)["datastore_enc_key"], before["datastore_enc_key"], "{outputs}");
        let same = outputs.split(',').map(|name| case.read(name)).collect::<Vec<_>>();
        assert!(files == same, "{outputs}");
    }
}

#[test]
fn a_secrets_json_that_is_not_what_it_must_be_makes_no_new_key() {
    for (text, says) in [
        ("null", "not a JSON object"),
        ("[]", "not a JSON object"),
        ("\"x\"", "not a JSON object"),
        ("", "not a JSON object"),
        ("{", "not a JSON object"),
        ("{\"version\": 2}", "not of version 1"),
        ("{\"version\": \"1\"}", "not of version 1"),
        ("{\"version\": 1, \"datastore_enc_key\": 7}", "datastore_enc_key is not a text"),
        ("{\"version\": 1, \"relay_auth_secret\": {\"a\": 1}}", "relay_auth_secret is not a text"),
    ] {
        let case = Case::new("2026.2");
        case.init();
        std::fs::write(case.path("secrets.json"), text).unwrap();
        refused(&case, &["secrets.json", says]);
    }
    // Nothing has the key any more, and the file says that there was one.
    for text in ["{}", "{\"version\": 1}", "{\"version\": 1, \"datastore_enc_key\": \"\"}"] {
        let case = Case::new("2026.2");
        std::fs::write(case.path("secrets.json"), text).unwrap();
        refused(&case, &["secrets.json", "data store key", "NETBIRD_DATASTORE_ENC_KEY"]);
    }
}

#[test]
fn a_key_that_secrets_json_lacks_is_taken_from_an_output_and_said() {
    let case = Case::new("2026.2");
    case.init();
    let before = kept(&case);
    for key in ["datastore_enc_key", "relay_auth_secret"] {
        let mut without = before.clone();
        without.as_object_mut().unwrap().remove(key);
        without["later_key"] = json!({"kept": 1e2});
        std::fs::write(case.path("secrets.json"), without.to_string()).unwrap();
        let plan = case.run(&["plan"]).expect(2);
        assert!(plan.out.contains(&format!("~ secrets.json: {key}: (none) -> (secret)")));
        case.init().says(&["is taken from"]);
        assert_eq!(kept(&case)[key], before[key]);
        assert_eq!(kept(&case)["later_key"], without["later_key"]);
    }
    let mut without = before.clone();
    without.as_object_mut().unwrap().remove("turn_password");
    std::fs::write(case.path("secrets.json"), without.to_string()).unwrap();
    refused(&case, &["secrets.json holds no turn_password", "TURN_PASSWORD"]);
}

#[test]
fn what_later_versions_keep_in_secrets_json_stays_as_it_is_written() {
    let mut case = Case::new("2026.2");
    case.init();
    let later = r#""later": {"n": 123456789012345678901234567890, "e": 1e2, "z": 1.10}"#;
    let text = case.read("secrets.json").replacen('{', &format!("{{{later},"), 1);
    std::fs::write(case.path("secrets.json"), text).unwrap();
    case.env("TURN_PASSWORD", "the-rotated-turn-password").init_as_planned();
    let now = case.read("secrets.json");
    assert!(now.contains("the-rotated-turn-password"));
    for number in ["123456789012345678901234567890", "1e2", "1.10"] {
        assert!(now.contains(number), "{now}");
    }
}

#[test]
fn a_file_of_the_kind_without_a_key_is_a_trace() {
    for (name, text) in [
        ("management.json", "{}"),
        ("management.json", "{\"DataStoreEncryptionKey\": \"\"}"),
        ("management.json", "{\"DataStoreEncryptionKey\": null}"),
        ("setup.env", "# Written by netbird-authentik-init, and edited\nNETBIRD_DOMAIN='x'\n"),
    ] {
        let mut case = Case::new("2026.2");
        std::fs::write(case.path(name), text).unwrap();
        refused(&case, &[name, "holds no data store key", "NETBIRD_DATASTORE_ENC_KEY"]);
        case.env("NETBIRD_DATASTORE_ENC_KEY", KEY).init();
        assert_eq!(kept(&case)["datastore_enc_key"], KEY);
    }
    let case = Case::new("2026.2");
    std::os::unix::fs::symlink("/nowhere/management.json", case.path("management.json")).unwrap();
    case.run(&[]).expect(65).says(&["management.json", "a link", "NETBIRD_DATASTORE_ENC_KEY"]);
}

#[test]
fn two_data_store_keys_are_one_too_many_wherever_they_are() {
    let setup = format!(
        "# Written by netbird-authentik-init\nexport NETBIRD_DATASTORE_ENC_KEY='{OTHER}'\n"
    );
    let management = json!({"DataStoreEncryptionKey": KEY}).to_string();
    let secrets = json!({"version": 1, "datastore_enc_key": OTHER}).to_string();
    let files = [("setup.env", setup), ("management.json", management), ("secrets.json", secrets)];
    for (first, second) in [(0, 1), (1, 2)] {
        let mut case = Case::new("2026.2");
        for n in [first, second] {
            std::fs::write(case.path(files[n].0), &files[n].1).unwrap();
        }
        let names = [files[first].0, files[second].0, "different data store keys"];
        refused(&case, &names);
        // A variable does not decide which of them NetBird's users are encrypted with.
        case.env("NETBIRD_DATASTORE_ENC_KEY", KEY);
        refused(&case, &names);
    }
    let mut case = Case::new("2026.2");
    std::fs::write(case.path("setup.env"), &files[0].1).unwrap();
    case.env("NETBIRD_DATASTORE_ENC_KEY", KEY);
    refused(&case, &["NETBIRD_DATASTORE_ENC_KEY differs", "setup.env"]);
}

#[test]
fn outputs_that_differ_are_settled_by_secrets_json_or_the_variable_and_else_refused() {
    let mut case = Case::new("2026.2");
    case.init();
    let whole = case.read("secrets.json");
    let secret = kept(&case)["relay_auth_secret"].as_str().unwrap().to_owned();
    let relay = case.read("relay.env");
    std::fs::write(case.path("relay.env"), relay.replace(&secret, "an-older-secret")).unwrap();
    let plan = case.run(&["plan"]).expect(2);
    assert_eq!(plan.out, "~ relay.env: NB_AUTH_SECRET: (secret) -> (secret)\n= 6 unchanged\n");
    remove(&case, &["secrets.json"]);
    refused(&case, &["Relay.Secret", "relay.env", "differ", "NETBIRD_RELAY_AUTH_SECRET"]);
    case.env("NETBIRD_RELAY_AUTH_SECRET", &secret).init();
    assert_eq!(case.read("relay.env"), relay);
    case.unset("NETBIRD_RELAY_AUTH_SECRET");
    std::fs::write(case.path("secrets.json"), whole).unwrap();
    assert_eq!(case.run(&["plan"]).expect(0).out, "= 7 unchanged\n");
}

#[test]
fn rotation_by_variable_works_also_when_it_was_interrupted_half_way() {
    let rotated = [
        ("NETBIRD_RELAY_AUTH_SECRET", "the-next-relay-secret"),
        ("TURN_PASSWORD", "the-next-turn-password"),
        ("NETBIRD_IDP_MGMT_EXTRA_PASSWORD", "the-next-app-password"),
    ];
    let outputs = ["management.json", "relay.env", "turnserver.conf", "setup.env"];
    // A run that was killed left the first so many files new, and secrets.json always.
    for done in 0..=outputs.len() {
        let mut case = Case::new("2026.2");
        case.env("SETUP_OUTPUTS", outputs.join(","))
            .env("NETBIRD_TURN_DOMAIN", "turn.example.com")
            .env("NETBIRD_MGMT_IDP", "authentik");
        case.init();
        let old: Vec<String> = outputs.iter().map(|name| case.read(name)).collect();
        for (name, value) in rotated {
            case.env(name, value);
        }
        case.init();
        let new: Vec<String> = outputs.iter().map(|name| case.read(name)).collect();
        for (n, name) in outputs.iter().enumerate().skip(done) {
            std::fs::write(case.path(name), &old[n]).unwrap();
        }
        if done % 2 == 0 {
            // The variable is taken away again: what secrets.json has goes on to apply.
            for (name, _) in rotated {
                case.unset(name);
            }
        }
        case.init();
        let now: Vec<String> = outputs.iter().map(|name| case.read(name)).collect();
        assert!(now == new, "{done}");
        for (_, value) in rotated {
            assert!(case.read("secrets.json").contains(value));
        }
    }
}

#[test]
fn an_app_or_turn_password_of_theirs_stays() {
    for password in ["p$ss'w\"ord", "{{x}}$1", "longer-and-plain"] {
        let mut case = Case::new("2026.2");
        case.env("NETBIRD_MGMT_IDP", "authentik");
        let issuer = format!("{}/application/o/netbird/", case.sim.url());
        let file = json!({
            "DataStoreEncryptionKey": KEY,
            "TURNConfig": {"Turns": [{"Proto": "udp", "URI": "turn:t.example.org:1", "Username": "self", "Password": password}]},
            "IdpManagerConfig": {
                "ManagerType": "authentik",
                "ClientConfig": {"Issuer": issuer, "TokenEndpoint": "x", "ClientID": "netbird", "GrantType": "client_credentials"},
                "ExtraConfig": {"Username": "Netbird", "Password": password},
            },
        });
        let text = file.to_string().replace("{{", "\\u007b\\u007b");
        std::fs::write(case.path("management.json"), &text).unwrap();
        case.init();
        let now: Value = serde_json::from_str(&case.read("management.json")).unwrap();
        assert_eq!(now["IdpManagerConfig"]["ExtraConfig"]["Password"], password);
        assert_eq!(now["TURNConfig"], file["TURNConfig"]);
        assert_eq!(kept(&case)["service_account_password"], password);
        assert_eq!(kept(&case)["turn_password"], password);
        // coturn's file has no quotes: what would not arrive is refused, not replaced.
        case.env("SETUP_OUTPUTS", "turnserver.conf").env("NETBIRD_TURN_DOMAIN", "t.example.org");
        match password.contains(['\'', '"']) {
            true => refused(&case, &["TURN password", "TURN_PASSWORD", "SETUP_OUTPUTS"]),
            false => {
                case.init();
                assert!(case.read("turnserver.conf").contains(&format!("user=self:{password}\n")));
            }
        }
    }
}

#[test]
fn a_secrets_json_that_was_left_behind_is_evidence_and_named() {
    let mut case = Case::new("2026.2");
    case.env("SETUP_OUTPUTS", "dashboard.env");
    case.init();
    let before = kept(&case);
    let state = case.dir.path().join("moved");
    std::fs::create_dir(&state).unwrap();
    case.env("SETUP_STATE_DIR", state.display().to_string());
    case.init()
        .says(&["secrets.json is left from before SETUP_STATE_DIR was set", "is taken from"]);
    let moved = std::fs::read_to_string(state.join("secrets.json")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&moved).unwrap(), before);
    let mut other = before.clone();
    other["datastore_enc_key"] = OTHER.into();
    std::fs::write(case.path("secrets.json"), other.to_string()).unwrap();
    refused(&case, &["moved/secrets.json", "setup/secrets.json", "different data store keys"]);
    remove(&case, &["secrets.json"]);
    assert!(!case.init().err.contains("left from before"));
}
