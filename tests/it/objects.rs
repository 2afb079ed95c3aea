//! Other objects that are found by name: providers of another type, flows of another kind, brands by host, mappings of
//! one's own, entries that an upgrade left dead.

use authentik_sim::{Fault, FaultRule, Feature, Match, OtherProvider, Sim, find};
use serde_json::{Value, json};

use crate::support::{Case, everywhere, release};

fn json_headers() -> Vec<(String, String)> {
    vec![("Content-Type".to_owned(), "application/json".to_owned())]
}

#[test]
fn a_provider_of_our_name_and_of_another_type_is_refused_at_once() {
    everywhere(|profile| {
        for kind in [OtherProvider::Proxy, OtherProvider::Ldap, OtherProvider::Saml] {
            let case = Case::new(profile);
            case.sim.state().add_other_provider("NetBird", kind);
            case.refused(&[
                "the name NetBird belongs to a provider of another type",
                "AUTHENTIK_PROVIDER_NAME",
            ]);
            // A new name for the one that NetBird uses.
            let mut case = Case::new(profile);
            case.init();
            case.sim.state().add_other_provider("Mesh", kind);
            case.env("AUTHENTIK_PROVIDER_NAME", "Mesh");
            case.refused(&["the name Mesh belongs", "AUTHENTIK_PROVIDER_NAME"]);
        }
        // A proxy provider is never adopted, nor changed as if it were NetBird's.
        let case = Case::new(profile);
        let pk = case.sim.state().add_other_provider("Proxy", OtherProvider::Proxy);
        case.sim.state().provider_mut("Proxy").unwrap()["client_id"] = json!("netbird");
        let before = case.sim.state().provider(pk).unwrap().clone();
        let _ = case.run(&[]);
        assert_eq!(case.sim.state().provider(pk).unwrap(), &before, "{profile}");
        let case = Case::new(profile);
        let pk = case.sim.state().add_other_provider("Door", OtherProvider::Proxy);
        let fields = json!({"name": "Door", "slug": "netbird", "provider": pk});
        case.sim.state().add_application(fields);
        case.refused(&["provider Door, a proxy provider", "AUTHENTIK_APPLICATION_SLUG"]);
    });
}

#[test]
fn a_proxy_shows_itself_where_types_may_not_be_asked_for() {
    let case = Case::new("2026.2");
    case.sim.state().add_other_provider("NetBird", OtherProvider::Proxy);
    let body = r#"{"detail":"You do not have permission to perform this action."}"#;
    let all = Match::path("GET", "/api/v3/providers/all/");
    case.sim.fault(FaultRule::always(all, Fault::Status(403, json_headers(), body.into())));
    case.refused(&["the name NetBird belongs to a provider of another type (Proxy Provider)"]);
}

#[test]
fn a_flow_of_another_kind_is_refused_whatever_its_slug() {
    everywhere(|profile| {
        let unfit = [
            ("enrollment", "none", "has designation enrollment, not stage_configuration"),
            ("stage_configuration", "require_unauthenticated", "require_unauthenticated"),
        ];
        for (designation, authentication, why) in unfit {
            let case = Case::new(profile);
            let slug = "default-device-code-flow";
            case.sim.state().add_flow(slug, designation, authentication);
            case.refused(&[slug, "AUTHENTIK_DEVICE_CODE_FLOW", why]);
        }
        for (variable, right) in [
            ("AUTHENTIK_AUTHORIZATION_FLOW", "authorization"),
            ("AUTHENTIK_INVALIDATION_FLOW", "invalidation"),
        ] {
            if right == "invalidation" && release(profile) < (2024, 10) {
                continue;
            }
            for linked in [false, true] {
                let mut case = Case::new(profile);
                if linked {
                    case.init();
                }
                case.sim.state().add_flow("wrong", "recovery", "none");
                case.sim.state().add_flow("shut", right, "require_unauthenticated");
                case.sim.state().add_flow("right", right, "require_authenticated");
                case.env(variable, "wrong");
                case.refused(&["flow wrong", variable, "has designation recovery"]);
                case.env(variable, "shut");
                case.refused(&["flow shut", variable, "require_unauthenticated"]);
                case.env(variable, "right");
                case.init_as_planned();
            }
        }
    });
}

#[test]
fn an_unfit_flow_that_the_brand_has_already_is_left_and_check_fails() {
    everywhere(|profile| {
        let case = Case::new(profile);
        let pk =
            case.sim.state().add_flow("shut", "stage_configuration", "require_unauthenticated");
        case.sim.state().brand_default_mut()["flow_device_code"] = json!(pk);
        let texts = ["device code flow shut", "require_unauthenticated"];
        case.init_as_planned().says(&texts);
        case.init().says(&texts);
        let check = case.run(&["check"]).expect(76);
        texts.iter().for_each(|text| assert!(check.out.contains(text), "{profile}: {}", check.out));
        assert_eq!(case.sim.state().brand_default().unwrap()["flow_device_code"], json!(pk));
    });
}

#[test]
fn an_unfit_flow_that_the_provider_has_already_is_left_and_check_fails() {
    everywhere(|profile| {
        let case = Case::new(profile);
        case.init();
        let pk = case.sim.state().add_flow("shut", "authorization", "require_unauthenticated");
        case.sim.state().provider_mut("NetBird").unwrap()["authorization_flow"] = json!(pk);
        let texts = ["authorization flow shut", "require_unauthenticated", "nobody can log in"];
        // It is told each time, as long as it is so.
        case.init_as_planned().says(&texts);
        case.init().says(&texts);
        let check = case.run(&["check"]).expect(76);
        texts.iter().for_each(|text| assert!(check.out.contains(text), "{profile}: {}", check.out));
        let flow =
            case.sim.state().provider_by_name("NetBird").unwrap()["authorization_flow"].clone();
        assert_eq!(flow, json!(pk));
    });
}

#[test]
fn an_object_that_was_replaced_meanwhile_is_looked_at_again() {
    for (path, field) in [
        ("/api/v3/providers/oauth2/", "signing_key"),
        ("/api/v3/providers/oauth2/", "property_mappings"),
        ("/api/v3/core/applications/", "provider"),
    ] {
        let case = Case::new("2026.2");
        let gone = "Invalid pk \"11111111-1111-4111-8111-111111111111\" - object does not exist.";
        let fault = Fault::Status(400, json_headers(), json!({field: [gone]}).to_string());
        case.sim.fault(FaultRule::once(Match::path("POST", path), fault.clone()));
        case.init();
        case.assert_one_of_each();
        // For good it is no race.
        let case = Case::new("2026.2");
        case.sim.fault(FaultRule::always(Match::path("POST", path), fault));
        case.run(&[]).expect(76).says(&["does not exist"]);
    }
}

#[test]
fn the_brand_that_serves_the_public_host_is_the_one_that_is_changed() {
    everywhere(|profile| {
        // (brand, public host, what serves it)
        let hosts = [
            ("auth.example.com", "auth.example.com:8443", "authentik-default"),
            ("auth.example.com", "auth.example.com", "auth.example.com"),
            ("example.com", "auth.example.com", "example.com"),
            ("other.example.com", "auth.example.com", "authentik-default"),
        ];
        for (domain, host, served) in hosts {
            let mut case = Case::new(profile);
            case.sim.state().add_brand(domain, None);
            // Nothing listens there; the answers come through the internal URL.
            case.env("AUTHENTIK_HOST_BROWSER", format!("https://{host}"));
            case.init_as_planned();
            let state = case.sim.state();
            for brand in &state.brands {
                let has = !brand["flow_device_code"].is_null();
                assert_eq!(has, brand["domain"] == served, "{profile} {host}: {brand}");
            }
        }
        let mut case = Case::new(profile);
        case.sim.state().add_brand("example.com", None);
        case.env("AUTHENTIK_HOST_BROWSER", "https://auth.example.com");
        let plan = case.run(&["plan"]).expect(2);
        let text = "brand example.com serves every host that ends in example.com";
        assert!(plan.out.contains(text), "{profile}: {}", plan.out);
    });
}

#[test]
fn a_scope_that_somebodys_own_mapping_serves_is_served() {
    everywhere(|profile| {
        let case = Case::new(profile);
        case.init();
        let own = {
            let mut state = case.sim.state();
            let fields = json!({"name": "few groups", "scope_name": "profile"});
            let own = json!(state.add_scope_mapping(fields));
            let managed =
                state.scope_mapping("goauthentik.io/providers/oauth2/scope-profile").unwrap()["pk"]
                    .clone();
            let mappings = &mut state.provider_mut("NetBird").unwrap()["property_mappings"];
            let mappings = mappings.as_array_mut().unwrap();
            mappings.retain(|pk| *pk != managed);
            mappings.push(own.clone());
            own
        };
        let before = case.sim.state().provider_mut("NetBird").unwrap().clone();
        case.init_as_planned();
        assert!(case.sim.writes().is_empty(), "{profile}");
        assert_eq!(case.sim.state().provider_mut("NetBird").unwrap(), &before);
        // Version 0.1.0 put the managed one beside it: check says so, and nothing is taken away.
        let name = "goauthentik.io/providers/oauth2/scope-profile";
        let managed = case.sim.state().scope_mapping(name).unwrap()["pk"].clone();
        case.sim.state().provider_mut("NetBird").unwrap()["property_mappings"]
            .as_array_mut()
            .unwrap()
            .push(managed);
        case.init_as_planned();
        assert!(case.sim.writes().is_empty(), "{profile}");
        let check = case.run(&["check"]).expect(0);
        assert!(check.out.contains("profile (few groups)"), "{profile}: {}", check.out);
        let mappings =
            case.sim.state().provider_mut("NetBird").unwrap()["property_mappings"].clone();
        assert!(mappings.as_array().unwrap().contains(&own));
    });
}

#[test]
fn the_issuer_is_what_the_provider_says() {
    everywhere(|profile| {
        let case = Case::new(profile);
        case.init();
        case.sim.state().provider_mut("NetBird").unwrap()["issuer_mode"] = json!("global");
        case.init_as_planned();
        let management: Value = serde_json::from_str(&case.read("management.json")).unwrap();
        let issuer = &management["HttpConfig"]["AuthIssuer"];
        assert_eq!(*issuer, format!("{}/", case.sim.url()), "{profile}");
        let authority = format!("AUTH_AUTHORITY='{}/application/o/netbird/'", case.sim.url());
        assert!(case.read("dashboard.env").contains(&authority), "{}", case.read("dashboard.env"));
    });
}

#[test]
fn a_create_that_is_refused_is_looked_at_again_whatever_the_words() {
    // It is there already, by another run, and the refusal says so in words that are not known.
    for (what, body) in [
        ("new words", json!({"non_field_errors": ["It is taken."]})),
        ("the words of 2026.2", json!({"slug": ["Application with this slug already exists."]})),
    ] {
        let case = Case::new("2026.2");
        case.init();
        let nobody = r#"{"pagination":{"next":0,"count":0},"results":[],"autocomplete":{}}"#;
        let missing = r#"{"detail":"No Application matches the given query."}"#;
        for (path, status, answer) in [
            (r"^/api/v3/providers/oauth2/\?", 200, nobody),
            (r"^/api/v3/core/applications/netbird/", 404, missing),
        ] {
            let fault = Fault::Status(status, json_headers(), answer.to_owned());
            let rule = FaultRule::once(Match::regex("GET", path), fault);
            case.sim.fault(rule.clone());
            if path.contains("providers") {
                case.sim.fault(rule);
            }
        }
        let post = Match::path("POST", "/api/v3/providers/oauth2/");
        case.sim.fault(FaultRule::once(post, Fault::Status(400, json_headers(), body.to_string())));
        let log = case.run(&[]);
        assert_eq!(log.code, Some(0), "{what}: {}", log.err);
        case.assert_one_of_each();
    }
    // Nothing of it is there: the field errors are the answer.
    let case = Case::new("2026.2");
    let body = json!({"name": ["No emoji, please."]});
    let post = Match::path("POST", "/api/v3/core/applications/");
    case.sim.fault(FaultRule::always(post, Fault::Status(400, json_headers(), body.to_string())));
    case.run(&[]).expect(76).says(&["name: No emoji, please."]);
    let posted = case.sim.requests();
    let posted = posted.iter().filter(|r| r.method == "POST" && r.path.ends_with("/applications/"));
    assert_eq!(posted.count(), 1);
}

#[test]
fn a_reference_that_is_gone_leads_to_another_look() {
    let case = Case::new("2026.2");
    let body = json!({"flow_device_code": ["Invalid pk \"00000000-0000-4000-8000-000000000000\" - object does not exist."]});
    let patch = Match::regex("PATCH", "^/api/v3/core/brands/");
    case.sim.fault(FaultRule::once(patch, Fault::Status(400, json_headers(), body.to_string())));
    case.init();
    case.assert_one_of_each();
}

#[test]
fn entries_that_an_upgrade_left_dead_are_replaced_and_others_stay() {
    for (from, to) in [("2024.2", "2024.12"), ("2024.8.4", "2024.8"), ("2024.10.0", "2026.8")] {
        let mut case = Case::new(from);
        case.init();
        {
            let mut state = case.sim.state();
            let uris = &mut state.provider_mut("NetBird").unwrap()["redirect_uris"];
            let theirs = r"https://theirs\.example\.com/.*";
            uris.as_array_mut().unwrap().push(json!({"matching_mode": "regex", "url": theirs}));
        }
        let state = case.sim.state().clone();
        case.sim = Sim::builder(to).state(state).start();
        let url = case.sim.url();
        case.env("AUTHENTIK_HOST", url);
        let plan = case.run(&["plan"]).expect(2);
        let dead = r"redirect_uris: - https://netbird\.example\.com/auth";
        assert!(plan.out.contains(dead), "{from} {to}: {}", plan.out);
        case.init_as_planned();
        let provider = case.sim.state().provider_mut("NetBird").unwrap().clone();
        let urls: Vec<&str> = provider["redirect_uris"]
            .as_array()
            .unwrap()
            .iter()
            .map(|uri| uri["url"].as_str().unwrap())
            .collect();
        let dead: Vec<&&str> = urls.iter().filter(|url| url.contains(r"netbird\.")).collect();
        assert!(dead.is_empty(), "{from} {to}: {dead:?}");
        assert!(urls.contains(&r"https://theirs\.example\.com/.*"), "{from} {to}: {urls:?}");
        assert!(urls.contains(&"https://netbird.example.com/auth"));
        case.sim.clear_requests();
        case.init();
        assert!(case.sim.writes().is_empty());
    }
}

#[test]
fn the_older_invalidation_flow_serves_where_the_newer_one_is_absent() {
    everywhere(|profile| {
        if !find(profile).unwrap().has(Feature::InvalidationFlow) {
            return;
        }
        let mut case = Case::new(profile);
        case.sim.state().flows.retain(|f| f["slug"] != "default-provider-invalidation-flow");
        case.init_as_planned();
        let state = case.sim.state();
        let flow = state.flow("default-invalidation-flow").unwrap()["pk"].clone();
        assert_eq!(state.providers[0]["invalidation_flow"], flow, "{profile}");
        drop(state);
        // One that was asked for is waited for.
        case.sim.state().providers.clear();
        case.sim.state().applications.clear();
        case.env("AUTHENTIK_INVALIDATION_FLOW", "default-provider-invalidation-flow")
            .env("SETUP_TIMEOUT", "2s");
        let ended = case.run(&[]);
        assert!(matches!(ended.code, Some(65 | 69)), "{profile}: {}", ended.err);
    });
}

/// `Origin` in a request, and whether its script may read the answer.
fn may_read(case: &Case, method: &str, path: &str, origin: &str) -> bool {
    let host = case.sim.url();
    let (_, answer) = raw(&host, method, path, origin);
    answer.to_ascii_lowercase().contains(&format!("access-control-allow-origin: {origin}"))
}

fn raw(url: &str, method: &str, path: &str, origin: &str) -> (String, String) {
    use std::io::{Read, Write};
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let body = if method == "POST" {
        "grant_type=authorization_code&client_id=netbird&code=x"
    } else {
        ""
    };
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nOrigin: {origin}\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    (address.to_owned(), answer)
}

#[test]
fn the_dashboards_scripts_may_read_where_redirect_uris_are_text_too() {
    everywhere(|profile| {
        let case = Case::new(profile);
        case.init();
        let discovery = "/application/o/netbird/.well-known/openid-configuration";
        for (method, path) in [("GET", discovery), ("POST", "/application/o/token/")] {
            assert!(
                may_read(&case, method, path, "https://netbird.example.com"),
                "{profile} {path}"
            );
            assert!(
                !may_read(&case, method, path, "https://other.example.com"),
                "{profile} {path}"
            );
        }
        case.run(&["check"]).expect(0);
        case.sim.clear_requests();
        case.init();
        assert!(case.sim.writes().is_empty(), "{profile}");
    });
}

#[test]
fn a_device_code_flow_that_was_named_and_is_not_used_is_said_or_refused() {
    for profile in ["2022.12", "2024.12", "2026.8"] {
        let mut case = Case::new(profile);
        case.init();
        {
            let mut state = case.sim.state();
            state.add_flow("my-enrollment", "enrollment", "none");
            state.add_flow("my-device", "stage_configuration", "require_authenticated");
        }
        case.env("AUTHENTIK_DEVICE_CODE_FLOW", "my-enrollment");
        case.refused(&[
            "my-enrollment",
            "has designation enrollment",
            "AUTHENTIK_DEVICE_CODE_FLOW",
        ]);
        let check = case.run(&["check"]).expect(65);
        assert!(check.out.contains("my-enrollment"), "{profile}: {}", check.out);
        for named in ["my-device", "no-such-flow"] {
            case.env("AUTHENTIK_DEVICE_CODE_FLOW", named);
            let text = format!("keeps device code flow default-device-code-flow, so {named}");
            case.init_as_planned().says(&[&text, "is not used"]);
            case.sim.clear_requests();
            case.init().says(&[&text]);
            let flows = |case: &Case| {
                let requests = case.sim.requests();
                requests.iter().filter(|r| r.path.contains("/flows/instances/")).count()
            };
            assert_eq!(flows(&case), 0, "{profile}: looked at once");
            assert!(case.sim.writes().is_empty(), "{profile}");
            let check = case.run(&["check"]).expect(0);
            assert!(check.out.contains(&text), "{profile}: {}", check.out);
        }
        case.unset("AUTHENTIK_DEVICE_CODE_FLOW");
        let log = case.init_as_planned();
        assert!(!log.err.contains("is not used"), "{profile}: {}", log.err);
    }
}
