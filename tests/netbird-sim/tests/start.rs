//! What the server starts with, what it ends of, and what it does to its file.

mod common;

use std::time::Duration;

use authentik_sim::{Fault, FaultRule, Match, Stage};
use common::{AUTHENTIK, COMBINED, authentik, embedded, knows, standalone};
use netbird_sim::{Image, Kind, NetBird};
use serde_json::{Value, json};

/// Starts the file and says why it does not, or nothing.
fn refusal(text: &str) -> String {
    let sim = authentik("2026.2");
    knows(NetBird::management(text), &sim)
        .start()
        .map_or_else(|refused| refused.0, |_| String::new())
}

/// The file with a value put in, or taken out by null.
fn with(mut file: Value, pointer: &str, value: Value) -> String {
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    file.pointer_mut(parent).expect("the parent")[key] = value;
    file.to_string()
}

#[test]
fn files_that_start() {
    for (why, text) in [
        ("embedded", embedded().to_string()),
        ("standalone", standalone().to_string()),
        ("no connector", with(embedded(), "/EmbeddedIdP/StaticConnectors", Value::Null)),
        (
            "a connector is the only way in",
            with(embedded(), "/EmbeddedIdP/LocalAuthDisabled", json!(true)),
        ),
        (
            "HttpConfig is ignored",
            with(embedded(), "/HttpConfig", json!({"OIDCConfigEndpoint": "http://127.0.0.1:9/"})),
        ),
        (
            "a manager is ignored",
            with(embedded(), "/IdpManagerConfig", json!({"ManagerType": "authentik"})),
        ),
        (
            "a password for a hash",
            with(embedded(), "/EmbeddedIdP/Owner/Hash", json!("owner-password-1")),
        ),
        (
            "a raw cookie key",
            with(embedded(), "/EmbeddedIdP/SessionCookieEncryptionKey", json!("0123456789abcdef")),
        ),
        (
            "a cookie key in base64",
            with(
                embedded(),
                "/EmbeddedIdP/SessionCookieEncryptionKey",
                json!("q83vASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4k="),
            ),
        ),
        (
            "a manager of nothing",
            with(standalone(), "/IdpManagerConfig", json!({"ManagerType": "none"})),
        ),
        ("unknown keys", with(standalone(), "/Nonsense", json!({"a": [1]}))),
        ("a key in another case", standalone().to_string().replace("HttpConfig", "httpCONFIG")),
        (
            "discovery",
            with(
                standalone(),
                "/HttpConfig/OIDCConfigEndpoint",
                json!(format!(
                    "{AUTHENTIK}/application/o/netbird-public/.well-known/openid-configuration"
                )),
            ),
        ),
    ] {
        assert_eq!(refusal(&text), "", "{why}");
    }
}

#[test]
fn files_that_end_the_start() {
    let key = "/DataStoreEncryptionKey";
    let manager = |without: &str| {
        let mut manager = json!({
            "ManagerType": "authentik",
            "ClientConfig": {
                "Issuer": AUTHENTIK, "TokenEndpoint": "x", "ClientID": "x", "GrantType": "client_credentials",
            },
            "ExtraConfig": {"Username": "Netbird", "Password": "x"},
        });
        for part in ["ClientConfig", "ExtraConfig"] {
            if let Some(fields) = manager[part].as_object_mut() {
                fields.remove(without);
            }
        }
        with(standalone(), "/IdpManagerConfig", manager)
    };
    for (says, text) in [
        ("err: ", "{".to_owned()),
        ("error parsing template", standalone().to_string().replace("netbird-public", "{{ x")),
        (
            "function \"password\" not defined",
            standalone().to_string().replace("netbird-public", "{{ password }}"),
        ),
        ("not base64 of 32 bytes", with(standalone(), key, json!("short"))),
        ("not base64 of 32 bytes", with(embedded(), key, json!("short"))),
        (
            "object into Go struct field Config.DataStoreEncryptionKey of type string",
            with(standalone(), key, json!({"$ref": "x"})),
        ),
        ("of type bool", with(standalone(), "/HttpConfig/IdpSignKeyRefreshEnabled", json!("true"))),
        ("nil pointer", with(standalone(), "/HttpConfig", Value::Null)),
        (
            "no other identity providers",
            with(
                json!({
                    "DataStoreEncryptionKey": embedded()["DataStoreEncryptionKey"],
                    "EmbeddedIdP": {"Enabled": true, "Issuer": "https://n.example/oauth2"},
                }),
                "/EmbeddedIdP/LocalAuthDisabled",
                json!(true),
            ),
        ),
        ("issuer is required", with(embedded(), "/EmbeddedIdP/Issuer", json!(""))),
        (
            "16, 24, or 32 bytes",
            with(embedded(), "/EmbeddedIdP/SessionCookieEncryptionKey", json!("short")),
        ),
        (
            "invalid manager type: ldap",
            with(standalone(), "/IdpManagerConfig", json!({"ManagerType": "LDAP"})),
        ),
        ("clientID is missing", manager("ClientID")),
        ("Username is missing", manager("Username")),
        ("Password is missing", manager("Password")),
        ("TokenEndpoint is missing", manager("TokenEndpoint")),
        ("Issuer is missing", manager("Issuer")),
        ("GrantType is missing", manager("GrantType")),
        (
            "404",
            with(
                standalone(),
                "/HttpConfig/OIDCConfigEndpoint",
                json!(format!("{AUTHENTIK}/application/o/absent/.well-known/openid-configuration")),
            ),
        ),
        (
            "no such host",
            with(
                standalone(),
                "/HttpConfig/OIDCConfigEndpoint",
                json!("https://absent.example.com/"),
            ),
        ),
    ] {
        let refused = refusal(&text);
        assert!(refused.contains(says), "{says}: {refused:?} for {text}");
    }
}

#[test]
fn variables_of_the_environment_are_put_in() {
    let sim = authentik("2026.2");
    let text = with(
        embedded(),
        "/EmbeddedIdP/StaticConnectors/0/config/clientSecret",
        json!("{{ .AUTHENTIK_SECRET }}"),
    );
    let netbird =
        knows(NetBird::management(&text), &sim).env("AUTHENTIK_SECRET", "a-secret").start();
    let netbird = netbird.expect("it starts");
    let secret = |netbird: &NetBird| {
        netbird.state().idp.connector("authentik").expect("it is there").config["clientSecret"]
            .clone()
    };
    assert_eq!(secret(&netbird), "a-secret");
    let unset = knows(NetBird::management(&text), &sim).start().expect("it starts");
    assert_eq!(secret(&unset), "<no value>");
    let escaped = text.replace("{{ .AUTHENTIK_SECRET }}", "\\u007b{ x");
    let kept = knows(NetBird::management(&escaped), &sim).start().expect("it starts");
    assert_eq!(secret(&kept), "{{ x");
}

#[test]
fn without_a_key_the_file_is_written_anew_with_one() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("management.json");
    let sim = authentik("2026.2");
    let mut file = standalone();
    file["DataStoreEncryptionKey"] = json!("");
    file["Nonsense"] = json!(1);
    file["HttpConfig"]["AuthUserIDClaim"] = json!("{{ .CLAIM }}");
    std::fs::write(&path, file.to_string()).expect("written");
    let start =
        || knows(NetBird::with_file(Image::Management, &path), &sim).env("CLAIM", "sub").start();
    let netbird = start().expect("it starts");
    let written: Value = serde_json::from_str(&netbird.config_text()).expect("JSON");
    assert_eq!(written["DataStoreEncryptionKey"].as_str().map(str::len), Some(44));
    assert_eq!(written["HttpConfig"]["AuthUserIDClaim"], "sub", "expanded");
    assert!(
        written["Nonsense"].is_null() && !written["StoreConfig"].is_null(),
        "by its own fields"
    );
    drop(netbird);
    let again = start().expect("it starts");
    let kept: Value = serde_json::from_str(&again.config_text()).expect("JSON");
    assert_eq!(kept, written, "the second start has nothing to write");
    drop(again);
    std::fs::remove_file(&path).expect("removed");
    assert!(start().is_err_and(|refused| refused.0.contains("open ")));
}

#[test]
fn authentik_away_at_the_start() {
    let sim = authentik("2026.2");
    let discovery =
        json!(format!("{AUTHENTIK}/application/o/netbird-public/.well-known/openid-configuration"));
    let with_discovery = with(standalone(), "/HttpConfig/OIDCConfigEndpoint", discovery);
    sim.set_stage(Stage::Refused);
    let refused = knows(NetBird::management(&with_discovery), &sim).start().err();
    assert!(refused.is_some_and(|refused| refused.0.contains("connection refused")));
    let kept =
        knows(NetBird::management(&standalone().to_string()), &sim).start().expect("it starts");
    assert!(kept.logged("could not get keys from location"));
    let inside =
        knows(NetBird::management(&embedded().to_string()), &sim).start().expect("it starts");
    assert!(inside.logged("Failed to open connector"));

    sim.set_stage(Stage::Ready);
    sim.fault(FaultRule::always(Match::Any, Fault::Hang(Duration::MAX)));
    let patience = Duration::from_millis(50);
    let silent = knows(NetBird::management(&with_discovery), &sim).patience(patience).start().err();
    assert!(silent.is_some_and(|refused| refused.0.contains("deadline exceeded")));
}

#[test]
fn a_server_that_ended_refuses_and_says_why_and_may_be_started_again() {
    let sim = authentik("2026.2");
    let netbird =
        knows(NetBird::management(&embedded().to_string()), &sim).start().expect("it starts");
    assert_eq!(netbird.kind(), Some(Kind::Embedded));
    netbird.set_config("{{");
    assert!(netbird.restart().is_err());
    assert_eq!((netbird.open_api().get("/api/instance").status, netbird.kind()), (0, None));
    assert!(netbird.logged("FATL failed reading provided config file: error parsing template"));
    netbird.set_config(&standalone().to_string());
    assert_eq!(netbird.restart(), Ok(()));
    assert_eq!(netbird.kind(), Some(Kind::Standalone));
    assert_eq!(netbird.open_api().get("/oauth2/keys").status, 404, "no provider of its own");
}

#[test]
fn the_combined_image_demands_what_it_needs() {
    let owner = |password: &str| {
        COMBINED.replace("    cliRedirectURIs", &format!("    owner:\n      email: o@x.example\n      password: '{password}'\n    cliRedirectURIs"))
    };
    for (says, text) in [
        ("exposedAddress", COMBINED.replace("exposedAddress", "exposed")),
        ("authSecret", COMBINED.replace("authSecret", "secret")),
        ("issuer is required", COMBINED.replace("issuer:", "issue:")),
        (
            "no other identity providers",
            COMBINED.replace("signKeyRefreshEnabled: true", "localAuthDisabled: true"),
        ),
        ("yaml", COMBINED.replace("stunPorts:", "stunPorts: [")),
        ("duplicate", COMBINED.replace("- 3478", "- 3478\n    - 3478")),
        ("not base64 of 32 bytes", COMBINED.replace("q83vASNFZ4mrze8B", "x")),
    ] {
        let refused = NetBird::start_combined(&text).err().map_or_else(String::new, |r| r.0);
        assert!(refused.contains(says), "{says}: {refused:?}");
    }
    let netbird = NetBird::start_combined(&owner("plain")).expect("it starts");
    assert_eq!(netbird.open_api().get("/api/instance").body, json!({"setup_required": false}));
    let elsewhere = COMBINED.replace("example.com/oauth2", "example.com/dex");
    let netbird = NetBird::start_combined(&elsewhere).expect("it starts");
    let path = "/oauth2/.well-known/openid-configuration";
    assert_eq!(netbird.open_api().get(path).status, 404, "the provider is not where it thinks");
}

#[test]
fn without_the_internet_only_with_geolocation_off() {
    let start = |off: &str| {
        NetBird::combined(COMBINED).offline().env("NB_DISABLE_GEOLOCATION", off).start()
    };
    assert!(start("").is_err_and(|refused| refused.0.contains("geolocation")));
    assert!(start("true").is_ok());
}

#[test]
fn debug_shows_the_secret_and_no_other_level_does() {
    let sim = authentik("2026.2");
    let file = embedded().to_string();
    let shows = |netbird: &NetBird| netbird.logged(common::SECRET);
    assert!(!shows(&knows(NetBird::management(&file), &sim).start().expect("it starts")));
    assert!(shows(&knows(NetBird::management(&file), &sim).debug().start().expect("it starts")));
}
