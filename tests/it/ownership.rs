//! Whose value wins: invariants are repaired, wishes enforced, defaults left alone, identity never changed in
//! silence.

use serde_json::{Value, json};

use crate::support::{Case, everywhere, release};

/// A converged server, and then an edit of the provider.
fn edited(profile: &str, edit: impl FnOnce(&mut Value)) -> Case {
    let case = Case::new(profile);
    case.init();
    edit(case.sim.state().provider_mut("NetBird").unwrap());
    case.sim.clear_requests();
    case
}

fn provider(case: &Case) -> Value {
    case.sim.state().provider_by_name("NetBird").unwrap().clone()
}

#[test]
fn invariants_are_repaired_each_alone() {
    everywhere(|profile| {
        let reference = edited(profile, |_| ());
        let sound = provider(&reference);
        let ec = |case: &Case| case.sim.state().add_ec_key_pair("elliptic");
        let broken: Vec<(&str, Value)> = vec![
            ("client_type", json!("confidential")),
            ("signing_key", Value::Null),
            ("signing_key", json!("ec")),
            ("encryption_key", json!("rsa")),
            ("access_code_validity", json!("minutes=1")),
            ("redirect_uris", json!([])),
            ("property_mappings", json!([])),
        ];
        for (field, value) in broken {
            let case = edited(profile, |_| ());
            let value = match value.as_str() {
                Some("ec") => json!(ec(&case)),
                Some("rsa") => sound["signing_key"].clone(),
                _ => value,
            };
            if field == "encryption_key" && release(profile) < (2024, 10) {
                continue; // Releases before 2024.10 have none.
            }
            case.sim.state().provider_mut("NetBird").unwrap()[field] = value.clone();
            let log = case.init();
            assert_eq!(case.sim.writes().len(), 1, "{profile} {field} {value}\n{}", log.err);
            let repaired = provider(&case);
            let set = |v: &Value| {
                let mut items: Vec<String> = match v {
                    Value::Array(items) => {
                        items.iter().map(|i| i.get("url").unwrap_or(i).to_string()).collect()
                    }
                    other => vec![other.to_string()],
                };
                items.sort();
                items
            };
            let want = if field == "signing_key" {
                case.sim.state().key_pair("authentik Self-signed Certificate").unwrap()["pk"]
                    .clone()
            } else {
                sound[field].clone()
            };
            assert_eq!(set(&repaired[field]), set(&want), "{profile} {field}");
        }
    });
}

#[test]
fn defaults_are_left_alone_and_wishes_are_enforced() {
    let mut case = edited("2026.2", |p| {
        p["name"] = json!("NetBird");
        p["include_claims_in_id_token"] = json!(false);
        p["access_code_validity"] = json!("hours=1");
        p["refresh_token_validity"] = json!("days=7");
    });
    let implicit = {
        let mut state = case.sim.state();
        let pk =
            state.flow("default-provider-authorization-implicit-consent").unwrap()["pk"].clone();
        state.provider_mut("NetBird").unwrap()["authorization_flow"] = pk.clone();
        pk
    };
    case.init();
    assert_eq!(case.sim.writes().len(), 0, "all of these are an administrator's to choose");

    case.env("AUTHENTIK_AUTHORIZATION_FLOW", "default-provider-authorization-explicit-consent")
        .env("AUTHENTIK_PROVIDER_NAME", "Mesh")
        .env("AUTHENTIK_APPLICATION_NAME", "Mesh VPN");
    case.init().says(&["~ provider NetBird", "~ application NetBird"]);
    let state = case.sim.state();
    let provider = state.provider_by_name("Mesh").unwrap();
    assert_ne!(provider["authorization_flow"], implicit);
    assert_eq!(provider["refresh_token_validity"], "days=7");
    assert_eq!(state.application("netbird").unwrap()["name"], "Mesh VPN");
    drop(state);
    case.sim.clear_requests();
    case.init();
    assert_eq!(case.sim.writes().len(), 0);
}

#[test]
fn identity_is_refused_unless_allowed() {
    for (variable, value, field) in [
        ("AUTHENTIK_SUB_MODE", "user_email", "sub_mode"),
        ("NETBIRD_AUTH_CLIENT_ID", "other", "client_id"),
    ] {
        let mut case = edited("2026.2", |_| ());
        case.env(variable, value);
        case.run(&[]).expect(65).says(&[
            variable,
            "a new user of NetBird",
            "SETUP_ALLOW_IDENTITY_CHANGE",
        ]);
        assert_eq!(case.sim.writes().len(), 0);
        case.env("SETUP_ALLOW_IDENTITY_CHANGE", "true");
        case.init();
        assert_eq!(provider(&case)[field], value);
    }
}

#[test]
fn redirect_uris_of_a_wish_are_added_and_patterns_stay_patterns() {
    everywhere(|profile| {
        let mut case = edited(profile, |_| ());
        case.env(
            "AUTHENTIK_REDIRECT_URIS",
            r"https://x.example.com/cb, regex:https://y\.example\.com/.*",
        )
        .env("NETBIRD_AUTH_PKCE_REDIRECT_URL_PORTS", "53000,54000");
        case.init();
        let text = provider(&case)["redirect_uris"].to_string();
        for part in ["54000/", "localhost:54000", r"https://y\\.example\\.com/.*"] {
            assert!(text.contains(part), "{profile}: {part} in {text}");
        }
        case.sim.clear_requests();
        case.init();
        assert_eq!(case.sim.writes().len(), 0, "{profile}");
    });
}

#[test]
fn a_brand_that_has_a_device_code_flow_keeps_it() {
    let case = Case::new("2026.2");
    let pk = case.sim.state().flow("default-authentication-flow").unwrap()["pk"].clone();
    case.sim.state().brand_default_mut()["flow_device_code"] = pk.clone();
    case.init();
    let state = case.sim.state();
    assert_eq!(state.brand_default().unwrap()["flow_device_code"], pk);
    assert!(state.flow("default-device-code-flow").is_none());
}

#[test]
fn the_brand_of_the_public_host_is_the_one_that_gets_the_flow() {
    let mut case = Case::new("2026.2");
    let mut brand = case.sim.state().brand_default().unwrap().clone();
    brand["brand_uuid"] = json!("00000000-0000-4000-8000-00000000b7a4");
    brand["domain"] = json!("example.test");
    brand["default"] = json!(false);
    case.sim.state().brands.push(brand);
    // Nothing listens there; the answers come through the internal URL.
    case.env("AUTHENTIK_HOST_BROWSER", "http://auth.example.test");
    let _ = case.run(&["plan"]).expect(2);
    assert!(case.run(&["plan"]).out.contains("~ brand example.test"));
}

#[test]
fn none_leaves_flow_and_brand_alone() {
    let mut case = Case::new("2026.2");
    case.env("AUTHENTIK_DEVICE_CODE_FLOW", "none");
    case.init();
    assert!(case.sim.state().flow("default-device-code-flow").is_none());
    // The default one is remembered, as a mark of this Authentik.
    assert!(case.sim.writes().iter().all(|r| !r.path.contains("/brands/")));
}
