//! No secret appears in any output at any level, whatever the server says back.

use authentik_sim::{Fault, FaultRule, Match};
use base64::Engine;

use crate::support::Case;

#[test]
fn no_secret_is_in_any_output_at_any_level() {
    let key = base64::engine::general_purpose::STANDARD.encode([7_u8; 32]);
    let secrets = [
        ("AUTHENTIK_TOKEN", "secret-api-token-1234567890"),
        ("NETBIRD_IDP_MGMT_EXTRA_PASSWORD", "secret-app-password-123"),
        ("NETBIRD_DATASTORE_ENC_KEY", key.as_str()),
        ("NETBIRD_RELAY_AUTH_SECRET", "secret-relay-value-123"),
        ("TURN_PASSWORD", "secret-turn-password-123"),
    ];
    for format in ["text", "json"] {
        for args in [&["init"][..], &["plan"], &["plan", "--format", "json"]] {
            let sim = authentik_sim::Sim::builder("2026.2").token(secrets[0].1).start();
            let mut case = Case::with(sim);
            for (name, value) in secrets {
                case.env(name, value);
            }
            case.env("SETUP_LOG", "trace").env("SETUP_LOG_FORMAT", format);
            // A server that says the token back, in a refusal that is retried and one that is final.
            let echo = format!("bad token {} \u{1b}[31m", secrets[0].1);
            let busy = Fault::Status(503, vec![], echo.clone());
            case.sim.fault(FaultRule::once(Match::Any, busy));
            let first = case.run(args);
            assert!(matches!(first.code, Some(0 | 2)), "{}", first.err);
            let refusal = serde_json::json!({"name": [echo]}).to_string();
            let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
            let fault = Fault::Status(400, headers, refusal);
            case.sim.fault(FaultRule::always(Match::Any, fault));
            let second = case.run(args).expect(76);

            let generated = case
                .sim
                .state()
                .providers
                .iter()
                .map(|p| p["client_secret"].clone())
                .collect::<Vec<_>>();
            for text in [&first.out, &first.err, &second.out, &second.err] {
                for (name, value) in secrets {
                    assert!(!text.contains(value), "{name} is in:\n{text}");
                }
                for secret in generated.iter().filter_map(|s| s.as_str()).filter(|s| !s.is_empty())
                {
                    assert!(!text.contains(secret), "the client secret is in:\n{text}");
                }
                assert!(!text.contains('\u{1b}'), "a terminal code of the server in:\n{text}");
            }
        }
    }
}

#[test]
fn generated_secrets_are_not_logged_either() {
    let mut case = Case::new("2026.2");
    case.env("SETUP_LOG", "trace");
    let ended = case.init();
    let kept: serde_json::Value = serde_json::from_str(&case.read("secrets.json")).unwrap();
    for secret in kept.as_object().unwrap().values().filter_map(|v| v.as_str()) {
        assert!(secret.len() > 20 && !ended.err.contains(secret));
    }
}

#[test]
fn the_token_goes_to_one_origin_only() {
    let other = authentik_sim::Sim::start("2026.2");
    let mut case = Case::new("2026.2");
    case.env("AUTHENTIK_HOST_BROWSER", other.url());
    // The other server knows no such application: it answers, and not with what is expected.
    let _ = case.run(&[]);
    assert!(!other.requests().is_empty());
    assert!(other.requests().iter().all(|r| r.header("authorization").is_none()));
}

/// A file of theirs, changed by a variable or a file that is completed: what only they know to be no secret is not shown.
#[test]
fn what_others_keep_in_their_files_is_not_shown() {
    const SECRET: &str = "foreign-secret-77";
    let manager = |extra: &str| {
        format!(
            r#""IdpManagerConfig": {{"ManagerType": "authentik", "ClientConfig": {{"Issuer": "ISSUER", "TokenEndpoint": "x",
            "ClientID": "netbird", "GrantType": "client_credentials", "Note": "{SECRET}"}},
            "ExtraConfig": {{"Username": "u", "Password": "their-app-password"{extra}}}}}"#
        )
    };
    let none = ("NETBIRD_MGMT_IDP", "none");
    let cases = [
        (manager(&format!(r#", "ApiToken": "{SECRET}""#)), none),
        (manager(&format!(r#", "ServiceAccountKey": "{SECRET}", "Pin": "pin-of-theirs""#)), none),
        (
            format!(r#""Relay": {{"Addresses": ["rels://u:{SECRET}@h.example.org:443"]}}"#),
            ("NETBIRD_RELAY_ENDPOINT", "rels://r.example.com:443"),
        ),
        (
            format!(
                r#""TURNConfig": {{"Turns": [{{"URI": "turn:u:{SECRET}@h:1", "Credential": "{SECRET}", "Username": "x"}}]}}"#
            ),
            ("NETBIRD_TURN_DOMAIN", "t.example.com"),
        ),
        (
            format!(r#""Stuns": [{{"URI": "stun:u:{SECRET}@h:1"}}]"#),
            ("NETBIRD_STUN_ENDPOINTS", "stun:s.example.com:3478"),
        ),
        (format!(r#""HttpConfig": {{"AuthIssuer": "https://u:{SECRET}@id.example.org/x"}}"#), none),
    ];
    for (members, (name, value)) in cases {
        let mut case = Case::new("2026.2");
        let key = base64::engine::general_purpose::STANDARD.encode([7_u8; 32]);
        let issuer = format!("{}/application/o/netbird/", case.sim.url());
        let text = format!(r#"{{"DataStoreEncryptionKey": "{key}", {members}}}"#);
        case.init();
        std::fs::remove_file(case.path("secrets.json")).unwrap();
        for output in ["setup.env", "relay.env"] {
            std::fs::remove_file(case.path(output)).unwrap();
        }
        std::fs::write(case.path("management.json"), text.replace("ISSUER", &issuer)).unwrap();
        case.env(name, value);
        for args in [&["plan"][..], &["plan", "--format", "json"], &["check"], &[]] {
            let ended = case.run(args);
            let told = format!("{}{}", ended.out, ended.err);
            assert!(!told.contains(SECRET) && !told.contains("pin-of-theirs"), "{members}: {told}");
            if args == ["plan"] {
                ended.expect(2);
            }
        }
    }
}

/// What is compared is compared as it is: only what is shown is filtered.
#[test]
fn a_secret_that_is_a_part_of_a_name_and_a_long_name_break_nothing() {
    let label = "a".repeat(60);
    let long = format!("{label}.{label}.{label}.example.com");
    for (name, value) in [
        ("TURN_PASSWORD", "netbird"),
        ("NETBIRD_RELAY_AUTH_SECRET", "example"),
        ("NETBIRD_IDP_MGMT_EXTRA_PASSWORD", "application"),
        ("NETBIRD_DOMAIN", long.as_str()),
    ] {
        let mut case = Case::new("2026.2");
        case.env("NETBIRD_MGMT_IDP", "authentik").env(name, value);
        case.init();
        case.init().says(&["in sync"]);
        case.run(&["check"]).expect(0);
    }
}
