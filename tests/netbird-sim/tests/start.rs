//! What the server starts with, what it ends of, and what it does to its file.

mod common;

use common::{AUTHENTIK, COMBINED, authentik, embedded, knows, put, standalone};
use netbird_sim::NetBird;
use serde_json::{Value, json};

/// Starts the file and says why it does not, or nothing.
fn refusal(text: &str) -> String {
    let sim = authentik("2026.2");
    knows(NetBird::management(text), &sim)
        .start()
        .map_or_else(|refused| refused.0, |_| String::new())
}

#[test]
fn files_that_start() {
    for (why, text) in [
        ("embedded", embedded().to_string()),
        ("standalone", standalone().to_string()),
        ("no connector", put(embedded(), "/EmbeddedIdP/StaticConnectors", Value::Null)),
        (
            "a connector is the only way in",
            put(embedded(), "/EmbeddedIdP/LocalAuthDisabled", json!(true)),
        ),
        (
            "HttpConfig is ignored",
            put(embedded(), "/HttpConfig", json!({"OIDCConfigEndpoint": "http://127.0.0.1:9/"})),
        ),
        (
            "a manager is ignored",
            put(embedded(), "/IdpManagerConfig", json!({"ManagerType": "authentik"})),
        ),
        (
            "a password for a hash",
            put(embedded(), "/EmbeddedIdP/Owner/Hash", json!("owner-password-1")),
        ),
        (
            "a raw cookie key",
            put(embedded(), "/EmbeddedIdP/SessionCookieEncryptionKey", json!("0123456789abcdef")),
        ),
        (
            "a cookie key in base64",
            put(
                embedded(),
                "/EmbeddedIdP/SessionCookieEncryptionKey",
                json!("q83vASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4k="),
            ),
        ),
        (
            "a manager of nothing",
            put(standalone(), "/IdpManagerConfig", json!({"ManagerType": "none"})),
        ),
        ("unknown keys", put(standalone(), "/Nonsense", json!({"a": [1]}))),
        ("a key in another case", standalone().to_string().replace("HttpConfig", "httpCONFIG")),
        (
            "discovery",
            put(
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
        put(standalone(), "/IdpManagerConfig", manager)
    };
    for (says, text) in [
        ("err: ", "{".to_owned()),
        ("error parsing template", standalone().to_string().replace("netbird-public", "{{ x")),
        (
            "function \"password\" not defined",
            standalone().to_string().replace("netbird-public", "{{ password }}"),
        ),
        ("not base64 of 32 bytes", put(standalone(), key, json!("short"))),
        ("not base64 of 32 bytes", put(embedded(), key, json!("short"))),
        (
            "object into Go struct field Config.DataStoreEncryptionKey of type string",
            put(standalone(), key, json!({"$ref": "x"})),
        ),
        ("of type bool", put(standalone(), "/HttpConfig/IdpSignKeyRefreshEnabled", json!("true"))),
        ("nil pointer", put(standalone(), "/HttpConfig", Value::Null)),
        (
            "no other identity providers",
            put(
                json!({
                    "DataStoreEncryptionKey": embedded()["DataStoreEncryptionKey"],
                    "EmbeddedIdP": {"Enabled": true, "Issuer": "https://n.example/oauth2"},
                }),
                "/EmbeddedIdP/LocalAuthDisabled",
                json!(true),
            ),
        ),
        ("issuer is required", put(embedded(), "/EmbeddedIdP/Issuer", json!(""))),
        (
            "16, 24, or 32 bytes",
            put(embedded(), "/EmbeddedIdP/SessionCookieEncryptionKey", json!("short")),
        ),
        (
            "invalid manager type: ldap",
            put(standalone(), "/IdpManagerConfig", json!({"ManagerType": "LDAP"})),
        ),
        ("clientID is missing", manager("ClientID")),
        ("Username is missing", manager("Username")),
        ("Password is missing", manager("Password")),
        ("TokenEndpoint is missing", manager("TokenEndpoint")),
        ("Issuer is missing", manager("Issuer")),
        ("GrantType is missing", manager("GrantType")),
        (
            "404",
            put(
                standalone(),
                "/HttpConfig/OIDCConfigEndpoint",
                json!(format!("{AUTHENTIK}/application/o/absent/.well-known/openid-configuration")),
            ),
        ),
        (
            "no such host",
            put(
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
