//! The files: what is in them, that they agree, that nothing in them is ever lost.

use std::process::Command;

use serde_json::{Value, json};

use crate::support::Case;

const PUBLIC: &str = "https://127.0.0.1:1";
const KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

fn case() -> Case {
    let mut case = Case::new("2026.2");
    case.env("AUTHENTIK_HOST_BROWSER", PUBLIC)
        .env("NETBIRD_DATASTORE_ENC_KEY", KEY)
        .env("NETBIRD_RELAY_AUTH_SECRET", "relay-secret-for-tests")
        .env("TURN_PASSWORD", "turn-password-for-tests");
    case
}

/// A file without what differs from run to run: the simulator's port.
fn stable(case: &Case, name: &str) -> String {
    case.read(name).replace(&case.sim.url(), "http://authentik-server:9000")
}

fn management(case: &Case) -> Value {
    serde_json::from_str(&case.read("management.json")).unwrap()
}

#[test]
fn the_files_of_a_first_run() {
    let mut case = case();
    case.env("SETUP_OUTPUTS", "setup.env,management.json,dashboard.env,relay.env,turnserver.conf")
        .env("NETBIRD_TURN_DOMAIN", "turn.example.com")
        .env("NETBIRD_MGMT_DNS_DOMAIN", "mesh.example.com");
    case.init();
    for name in ["setup.env", "management.json", "dashboard.env", "relay.env", "turnserver.conf"] {
        insta::assert_snapshot!(name, stable(&case, name));
    }
}

#[test]
fn only_the_wished_files_are_written() {
    let mut case = case();
    case.env("SETUP_OUTPUTS", "setup.env");
    case.init();
    assert!(case.path("setup.env").exists() && !case.path("management.json").exists());
}

#[test]
fn secrets_live_apart_if_asked_and_every_file_has_the_same() {
    let mut case = case();
    let state = case.dir.path().join("state");
    std::fs::create_dir(&state).unwrap();
    case.env("SETUP_STATE_DIR", state.display().to_string());
    case.unset("NETBIRD_DATASTORE_ENC_KEY").unset("NETBIRD_RELAY_AUTH_SECRET");
    case.init();
    assert!(!case.path("secrets.json").exists());
    let kept: Value =
        serde_json::from_str(&std::fs::read_to_string(state.join("secrets.json")).unwrap())
            .unwrap();
    let file = management(&case);
    assert_eq!(file["DataStoreEncryptionKey"], kept["datastore_enc_key"]);
    assert_eq!(file["Relay"]["Secret"], kept["relay_auth_secret"]);
    let relay = case.read("relay.env");
    assert!(
        relay
            .contains(&format!("NB_AUTH_SECRET='{}'", kept["relay_auth_secret"].as_str().unwrap()))
    );
    let setup = case.read("setup.env");
    let export = format!(
        "export NETBIRD_DATASTORE_ENC_KEY='{}'",
        kept["datastore_enc_key"].as_str().unwrap()
    );
    assert!(setup.contains(&export), "{setup}");
}

#[test]
fn an_existing_file_is_the_base_and_keeps_foreign_keys() {
    let mut case = case();
    case.unset("NETBIRD_DATASTORE_ENC_KEY").unset("NETBIRD_RELAY_AUTH_SECRET");
    let base = json!({
        "DataStoreEncryptionKey": KEY,
        "Custom": {"keep": ["{{ .NB_SOMETHING }}", 1]},
        "HttpConfig": {"ExtraAuthAudience": "x", "AuthIssuer": "https://old.example.com/"},
        "relay": {"Secret": "an-old-relay-secret", "Addresses": ["rel://old:33080"]},
        "StoreConfig": {"Engine": "postgres"},
        "IdpManagerConfig": {
            "ManagerType": "authentik",
            "ClientConfig": {"Issuer": "https://auth.example.com/application/o/netbird/",
                "TokenEndpoint": "https://auth.example.com/application/o/token/",
                "ClientID": "netbird", "GrantType": "client_credentials"},
            "ExtraConfig": {"Username": "hand-made", "Password": "an-app-password"},
        },
    });
    std::fs::write(case.path("management.json"), base.to_string()).unwrap();
    case.init();
    let file = management(&case);
    assert_eq!(file["DataStoreEncryptionKey"], KEY);
    assert_eq!(file["Custom"], base["Custom"], "foreign values stay, templates in them too");
    assert_eq!(file["HttpConfig"]["ExtraAuthAudience"], "x");
    assert_eq!(file["HttpConfig"]["AuthIssuer"], format!("{PUBLIC}/application/o/netbird/"));
    assert_eq!(file["relay"]["Secret"], "an-old-relay-secret", "Go compares names without case");
    assert!(file.get("Relay").is_none());
    assert_eq!(file["StoreConfig"]["Engine"], "postgres");
    assert_eq!(
        file["IdpManagerConfig"], base["IdpManagerConfig"],
        "what a person made is not removed"
    );
    assert!(case.read("relay.env").contains("an-old-relay-secret"));
    let kept: Value = serde_json::from_str(&case.read("secrets.json")).unwrap();
    assert_eq!(kept["datastore_enc_key"], KEY);
}

#[test]
fn a_key_in_doubt_ends_in_65_and_nothing_is_touched() {
    let other = "CAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg=";
    let refuse = |case: &Case, texts: &[&str]| {
        let before: Vec<_> = std::fs::read_dir(case.path(""))
            .unwrap()
            .flatten()
            .map(|e| (e.path(), std::fs::read(e.path()).unwrap()))
            .collect();
        let ended = case.run(&[]).expect(65).says(texts);
        assert!(!ended.err.contains(KEY) && !ended.err.contains(other), "{}", ended.err);
        for (path, content) in before {
            assert_eq!(std::fs::read(path).unwrap(), content);
        }
        assert_eq!(case.sim.requests().len(), 0, "before anything is asked");
    };
    // Given differs from the one in use.
    let case_a = case();
    std::fs::write(
        case_a.path("management.json"),
        json!({"DataStoreEncryptionKey": other}).to_string(),
    )
    .unwrap();
    refuse(&case_a, &["NETBIRD_DATASTORE_ENC_KEY differs", "management.json"]);
    // Two files differ.
    let mut case_b = case();
    case_b.unset("NETBIRD_DATASTORE_ENC_KEY");
    std::fs::write(
        case_b.path("management.json"),
        json!({"datastoreencryptionkey": other}).to_string(),
    )
    .unwrap();
    std::fs::write(case_b.path("secrets.json"), json!({"datastore_enc_key": KEY}).to_string())
        .unwrap();
    refuse(&case_b, &["management.json", "secrets.json", "different data store keys"]);
    // Not JSON.
    let case_c = case();
    std::fs::write(case_c.path("management.json"), "{\"DataStoreEncryptionKey\": ").unwrap();
    refuse(&case_c, &["management.json is not a JSON object", "at line 1"]);
    let case_d = case();
    std::fs::write(case_d.path("secrets.json"), "").unwrap();
    refuse(&case_d, &["secrets.json is not a JSON object"]);
    // Not a key.
    let mut case_e = case();
    case_e.unset("NETBIRD_DATASTORE_ENC_KEY");
    std::fs::write(
        case_e.path("management.json"),
        json!({"DataStoreEncryptionKey": "{{ .KEY }}"}).to_string(),
    )
    .unwrap();
    refuse(&case_e, &["management.json, DataStoreEncryptionKey, is a template", "setup.env"]);
    std::fs::write(
        case_e.path("management.json"),
        json!({"DataStoreEncryptionKey": "too-short"}).to_string(),
    )
    .unwrap();
    refuse(&case_e, &["not base64 of 32 bytes"]);
}

#[test]
fn an_empty_key_is_filled_since_management_would_rewrite_the_file() {
    let case = case();
    std::fs::write(case.path("management.json"), json!({"DataStoreEncryptionKey": ""}).to_string())
        .unwrap();
    case.init();
    assert_eq!(management(&case)["DataStoreEncryptionKey"], KEY);
}

#[test]
fn a_lost_or_edited_file_comes_back_with_the_same_secrets() {
    let mut case = case();
    case.unset("NETBIRD_DATASTORE_ENC_KEY")
        .unset("NETBIRD_RELAY_AUTH_SECRET")
        .unset("TURN_PASSWORD");
    case.init();
    let names = ["setup.env", "management.json", "dashboard.env", "relay.env"];
    let before: Vec<String> = names.iter().map(|n| case.read(n)).collect();
    for name in names {
        std::fs::remove_file(case.path(name)).unwrap();
        case.init();
    }
    std::fs::remove_file(case.path("secrets.json")).unwrap();
    case.init();
    let after: Vec<String> = names.iter().map(|n| case.read(n)).collect();
    assert_eq!(before[..3], after[..3], "the data store key comes back from management.json");
    assert_eq!(before, after);
}

#[test]
fn plain_http_makes_plain_endpoints() {
    let mut case = case();
    case.env("NETBIRD_MGMT_API_ENDPOINT", "http://netbird.example.com:8080");
    case.init();
    let file = management(&case);
    assert_eq!(file["Signal"], json!({"Proto": "http", "URI": "netbird.example.com:8080"}));
    assert_eq!(file["Relay"]["Addresses"], json!(["rel://netbird.example.com:8080"]));
    assert!(case.read("relay.env").contains("NB_EXPOSED_ADDRESS='rel://netbird.example.com:8080'"));
}

#[test]
fn management_fetches_discovery_only_where_that_heals_by_itself() {
    let source = |answers: bool, cached: bool, wish: Option<&str>| {
        let mut case = Case::new("2026.2");
        if !answers {
            case.env("AUTHENTIK_HOST_BROWSER", PUBLIC);
        }
        if cached {
            case.sim.state().jwks_cache_control = Some("max-age=300".into());
        }
        if let Some(wish) = wish {
            case.env("SETUP_MANAGEMENT_DISCOVERY", wish);
        }
        case.init().says(&["management.json: "]);
        let http = management(&case)["HttpConfig"].clone();
        let internal = http["AuthKeysLocation"].as_str().unwrap().starts_with(&case.sim.url());
        let discovery = http["OIDCConfigEndpoint"] != "";
        (discovery, internal, http["IdpSignKeyRefreshEnabled"].as_bool().unwrap())
    };
    assert_eq!(source(true, true, None), (true, true, true), "one URL for both");
    assert_eq!(
        source(true, false, None),
        (true, true, false),
        "a refresh at every request is dear"
    );
    assert_eq!(
        source(false, false, None),
        (false, true, true),
        "without discovery it must refresh"
    );
    assert_eq!(source(false, false, Some("true")), (true, false, false));
    assert_eq!(source(true, true, Some("false")), (false, true, true));
}

/// What NetBird's configure.sh does: `set -e`, source, then export the names that its list has.
#[test]
fn setup_env_arrives_whole_the_way_configure_sh_reads_it() {
    let mut case = case();
    let odd = r"it's $HOME `id` $(id) & ; # * ? ~ é";
    case.env("NETBIRD_LETSENCRYPT_EMAIL", odd).env("NETBIRD_IDP_MGMT_EXTRA_NOTE", r#"a "b" \c"#);
    case.init();
    let script = "source ./setup.env\n\
        export NETBIRD_LETSENCRYPT_EMAIL NETBIRD_AUTH_SUPPORTED_SCOPES NETBIRD_IDP_MGMT_EXTRA_NOTE\n\
        env -0";
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", script])
        .current_dir(case.path(""))
        .env_clear()
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty());
    let env = String::from_utf8(output.stdout).unwrap();
    let vars: Vec<&str> = env.split('\0').collect();
    for expected in [
        format!("NETBIRD_LETSENCRYPT_EMAIL={odd}"),
        r#"NETBIRD_IDP_MGMT_EXTRA_NOTE=a "b" \c"#.to_owned(),
        "NETBIRD_AUTH_SUPPORTED_SCOPES=openid profile email offline_access".to_owned(),
        format!("NETBIRD_DATASTORE_ENC_KEY={KEY}"),
    ] {
        assert!(vars.contains(&expected.as_str()), "{expected:?} in {vars:?}");
    }
}

/// A directory in the way of any file is met before anything is asked or written.
#[test]
fn a_directory_in_the_way_of_any_file_ends_a_run_before_it_begins() {
    for name in ["management.json", "dashboard.env", "relay.env", "setup.env", "secrets.json"] {
        let case = case();
        std::fs::create_dir(case.path(name)).unwrap();
        for command in [vec![], vec!["plan"]] {
            case.run(&command).expect(73).says(&[name, "a directory", "what to do:"]);
        }
        assert!(case.sim.requests().is_empty(), "nothing was asked");
        // Which does not keep check from looking at the rest.
        let checked = case.run(&["check"]).expect(73).out;
        assert!(checked.contains(name) && checked.contains("a directory"), "{checked}");
        assert!(checked.contains("PASS  reachable"), "{checked}");
        assert_eq!(std::fs::read_dir(case.path("")).unwrap().count(), 1, "nothing was written");
        std::fs::remove_dir(case.path(name)).unwrap();
        case.init();
    }
}
