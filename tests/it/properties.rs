//! Properties, with odd values: quoting survives bash, merging keeps what is foreign, and configuration never
//! panics.

use std::io::Write;
use std::process::{Command, Stdio};

use netbird_authentik_init::config::variables::VARIABLES;
use netbird_authentik_init::config::{Config, load};
use netbird_authentik_init::netbird::Registration;
use netbird_authentik_init::outputs::json::Node;
use netbird_authentik_init::outputs::management::places::Places;
use netbird_authentik_init::outputs::management::{self, File, embedded};
use netbird_authentik_init::outputs::shell;
use netbird_authentik_init::proof::{Endpoints, Keys, Proof};
use netbird_authentik_init::state::secrets::Secrets;
use netbird_authentik_init::text::Secret;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use serde_json::{Map, Value};

fn config(extra: &[(&str, &str)]) -> Config {
    let base = [
        ("AUTHENTIK_HOST", "http://authentik-server:9000"),
        ("AUTHENTIK_TOKEN", "token"),
        ("NETBIRD_DOMAIN", "netbird.example.com"),
    ];
    let vars = base.iter().chain(extra).map(|(k, v)| ((*k).into(), (*v).into()));
    load(vars).config.unwrap()
}

fn proof(text: &str) -> Proof {
    Proof {
        registration: Registration {
            client_id: "netbird".into(),
            secret: None,
            issuer: text.to_owned(),
        },
        endpoints: Endpoints {
            authorization: text.to_owned(),
            token: text.to_owned(),
            device: text.to_owned(),
            end_session: text.to_owned(),
        },
        keys: Keys {
            location: text.to_owned(),
            discovery_at_start: true,
            refresh: true,
            public_max_age: true,
        },
        authority: text.to_owned(),
        discovery_url: text.to_owned(),
        scope: "openid".into(),
        claims: Vec::new(),
        internal_issuer: None,
        logout_returns: true,
    }
}

fn secrets() -> Secrets {
    let key = Secret::new("BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=");
    let (relay, turn) = (Secret::new("relay"), Secret::new("turn"));
    let (datastore_key, relay, turn) = (Some(key), Some(relay), Some(turn));
    Secrets { datastore_key, relay, turn, ..Secrets::default() }
}

fn rendered(config: &Config, text: &str, before: Option<&File>) -> String {
    let places = Places::new(config, before, &Default::default());
    management::render(config, &proof(text), &secrets(), &places, before)
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            object(inner).prop_map(Value::Object),
        ]
    })
}

/// Objects with known keys in odd spellings and foreign ones.
fn object(inner: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
    let key = prop_oneof![
        Just("HttpConfig".to_owned()),
        Just("httpconfig".to_owned()),
        Just("Relay".to_owned()),
        Just("AuthIssuer".to_owned()),
        Just("StoreConfig".to_owned()),
        "x[a-z]{1,6}",
    ];
    prop::collection::btree_map(key, inner, 0..5).prop_map(|m| m.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn merging_twice_is_merging_once_and_keeps_what_is_foreign(base in object(json())) {
        let config = config(&[]);
        // Digits and escapes that no writer would choose.
        let odd = r#"{"xodd": ["caf\u00e9 \/ \u007b\u007b", 1e2, -0, 1.50, "{{ .X }}"]"#;
        let text = Value::Object(base).to_string().replacen('{', &format!("{odd},"), 1);
        let text = text.replace(",}", "}");
        let file = File::read("f", text.as_bytes());
        let Ok(file) = file else { return Ok(()) };
        if !management::refused(&file, &config).is_empty() {
            return Ok(());
        }
        let once = rendered(&config, "https://a/", Some(&file));
        let parsed = File::read("f", once.as_bytes()).unwrap();
        prop_assert_eq!(&once, &rendered(&config, "https://a/", Some(&parsed)));
        for (key, value) in file.root.members().iter().filter(|(key, _)| key.starts_with("\"x")) {
            let kept = parsed.root.members().iter().find(|(name, _)| name == key);
            prop_assert_eq!(kept.map(|(_, value)| value), Some(value));
        }
    }

    #[test]
    fn a_document_is_read_as_serde_json_reads_it(value in json()) {
        let node = Node::parse(&value.to_string()).unwrap();
        prop_assert_eq!(serde_json::from_str::<Value>(&node.pretty()).unwrap(), value);
    }

    #[test]
    fn the_same_holds_where_netbird_has_a_provider_of_its_own(base in object(json()), idp in object(json())) {
        let config = config(&[("SETUP_NETBIRD", "embedded"), ("SETUP_STATE_DIR", "/state")]);
        let mut base = base;
        base.insert("EmbeddedIdP".to_owned(), Value::Object(idp.clone()));
        let proof = proof("http://authentik-server:9000/application/o/netbird/");
        let render = |text: &str| {
            let file = File::read("management.json", text.as_bytes()).unwrap();
            let places = Places::new(&config, Some(&file), &Default::default());
            embedded::render(&config, &proof, &secrets(), &places, None, Some(&file)).unwrap()
        };
        let (once, id) = render(&Value::Object(base.clone()).to_string());
        prop_assert_eq!(id, "authentik");
        let parsed: Map<String, Value> = serde_json::from_str(&once).unwrap();
        let (twice, _) = render(&once);
        prop_assert_eq!(&once, &twice);
        for (key, value) in base.iter().filter(|(key, _)| key.starts_with('x')) {
            prop_assert_eq!(&parsed[key], value);
        }
        for (key, value) in idp.iter().filter(|(key, _)| key.starts_with('x')) {
            prop_assert_eq!(&parsed["EmbeddedIdP"][key], value);
        }
    }

    #[test]
    fn no_value_of_ours_becomes_a_template(text in "[{}a-z.\"\\\\ ]{0,20}") {
        let file = rendered(&config(&[]), &text, None);
        prop_assert!(!file.contains("{{"));
        let parsed: Value = serde_json::from_str(&file).unwrap();
        prop_assert_eq!(&parsed["HttpConfig"]["AuthIssuer"], &Value::from(text));
    }

    #[test]
    fn no_environment_makes_the_parser_panic(name in 0_usize..VARIABLES.len(), value in "\\PC{0,40}|.{0,20}") {
        let variable = &VARIABLES[name];
        if value.contains('\0') || variable.name.ends_with("_FILE") {
            return Ok(());
        }
        let vars = [(variable.name, value.as_str())].map(|(k, v)| (k.into(), v.into()));
        if let Err(problems) = load(vars).config {
            for problem in problems {
                let text = problem.to_string();
                prop_assert!(!text.chars().any(char::is_control), "{}", text);
                // A secret is not repeated (short ones may be part of any text by chance).
                if variable.secret && value.len() > 8 {
                    prop_assert!(!text.contains(&value));
                }
            }
        }
    }
}

/// One bash for many values: it prints what it understood.
#[test]
fn every_value_survives_bash() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let values: Vec<String> = (0..500)
        .map(|_| {
            let strategy = "[^\\x00]{0,30}|['\"\\\\$`!{}()\\n\\r\\t ~*?#;&|<>-]{0,20}";
            Strategy::new_tree(&strategy, &mut runner).unwrap().current()
        })
        .collect();
    let mut script = String::from("set -euo pipefail\n");
    for value in &values {
        script.push_str(&shell::assign("X", value));
        script.push_str("printf '%s\\0' \"$X\"\n");
    }
    let mut bash = Command::new("bash")
        .env_clear()
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = bash.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(script.as_bytes()).unwrap());
    let output = bash.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    let printed: Vec<&[u8]> = output.stdout.split(|b| *b == 0).collect();
    assert_eq!(printed.len(), values.len() + 1);
    for (printed, value) in printed.iter().zip(&values) {
        assert_eq!(*printed, value.as_bytes());
    }
}
