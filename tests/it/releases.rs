//! What differs between releases, and a server whose number lies: shape and answer decide, not the number.

use authentik_sim::{Fault, FaultRule, Feature, Match, find};
use serde_json::{Value, json};

use crate::support::{Case, everywhere, release};

/// Makes the server call itself another release.
fn claim(case: &Case, version: &str) {
    let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    let body = json!({"version_current": version}).to_string();
    let path = Match::path("GET", "/api/v3/admin/version/");
    case.sim.fault(FaultRule::always(path, Fault::Status(200, headers, body)));
}

/// A first run that makes one of each, and a second one that finds nothing to do.
fn converges(case: &Case, what: &str) {
    let ended = case.run(&[]);
    assert_eq!(ended.code, Some(0), "{what}:\n{}", ended.err);
    case.assert_one_of_each();
    case.sim.clear_requests();
    let ended = case.run(&[]);
    assert_eq!(ended.code, Some(0), "{what}, second run:\n{}", ended.err);
    let writes: Vec<_> = case.sim.writes().iter().map(|w| w.body.clone()).collect();
    assert!(writes.is_empty(), "{what}: drift without end: {writes:?}");
}

#[test]
fn a_subject_that_the_release_does_not_know_ends_in_65_with_the_release_that_does() {
    everywhere(|profile| {
        for (mode, feature, since) in [
            ("user_id", Feature::SubUserId, "2023.2"),
            ("user_uuid", Feature::SubUserUuid, "2023.5"),
        ] {
            let mut case = Case::new(profile);
            case.env("AUTHENTIK_SUB_MODE", mode);
            if find(profile).unwrap().has(feature) {
                case.init();
                continue;
            }
            let sentence = format!("AUTHENTIK_SUB_MODE={mode} needs Authentik {since} or later");
            let version = find(profile).unwrap().version_current;
            case.run(&[]).expect(65).says(&[&sentence, version, "unset AUTHENTIK_SUB_MODE"]);
            let plan = case.run(&["plan"]).expect(65);
            assert!(plan.out.contains(&sentence), "{}", plan.out);
            assert_eq!(case.sim.writes().len(), 0, "{profile}");
        }
    });
}

#[test]
fn an_invalidation_flow_that_the_release_has_no_field_for_ends_in_65() {
    everywhere(|profile| {
        let mut case = Case::new(profile);
        case.env("AUTHENTIK_INVALIDATION_FLOW", "default-invalidation-flow");
        case.init();
        let mut case = Case::new(profile);
        case.sim.state().add_flow("good-bye", "invalidation", "none");
        case.env("AUTHENTIK_INVALIDATION_FLOW", "good-bye");
        if find(profile).unwrap().has(Feature::InvalidationFlow) {
            case.init();
        } else {
            let sentence = "AUTHENTIK_INVALIDATION_FLOW=good-bye needs Authentik 2024.10";
            case.run(&[]).expect(65).says(&[sentence]);
            assert_eq!(case.sim.writes().len(), 0, "{profile}");
        }
    });
}

#[test]
fn a_release_newer_than_all_known_ones_is_a_note() {
    for version in ["2027.2.0", "2026.11.0-rc3", "main", ""] {
        for profile in ["2025.12", "2026.2", "2026.5.0-rc1", "2026.5", "2026.8"] {
            let case = Case::new(profile);
            claim(&case, version);
            converges(&case, &format!("{profile} as {version:?}"));
        }
        let mut case = Case::new("2026.8");
        case.state_apart();
        claim(&case, version);
        case.sim.state().jwks_cache_control = Some("max-age=300".into());
        let log = case.init().says(&["newer than those this program was tested with"]);
        assert!(!log.err.contains("WARN") && !log.err.contains("ERROR"), "{}", log.err);
    }
}

#[test]
fn a_release_older_than_all_known_ones_is_a_warning() {
    let case = Case::new("2022.12");
    claim(&case, "2022.9.1");
    case.init().says(&["older than those this program was tested with"]);
}

#[test]
fn the_shape_of_redirect_uris_is_learnt_from_the_answer() {
    for (profile, version) in [
        ("2024.8.4", "2024.8.9"),
        ("2024.8", "2024.8.1"),
        ("2024.10.0", "2024.10.9"),
        ("2024.10.5", "2024.10.1"),
        ("2026.5", "2026.2.9"),
        ("2026.2", "2026.5.1"),
    ] {
        let case = Case::new(profile);
        claim(&case, version);
        converges(&case, &format!("{profile} as {version}"));
    }
}

#[test]
fn a_400_about_a_value_is_not_taken_for_one_about_the_shape() {
    let mut case = Case::new("2026.2");
    case.env("AUTHENTIK_REDIRECT_URIS", "regex:https://([");
    let ended = case.run(&[]);
    assert!(matches!(ended.code, Some(76 | 78)), "{}", ended.err);
    assert!(!ended.err.contains("Expected a list"), "the first refusal counts:\n{}", ended.err);
    // Another field beside it: nothing is learnt, and nothing sent twice.
    let case = Case::new("2026.2");
    let body = json!({"redirect_uris": ["no"], "sub_mode": ["no"]}).to_string();
    let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    let path = Match::path("POST", "/api/v3/providers/");
    case.sim.fault(FaultRule::always(path, Fault::Status(400, headers, body)));
    case.run(&[]).expect(76).says(&["redirect_uris: no", "sub_mode: no"]);
    let posted = |r: &&authentik_sim::Request| r.method == "POST" && r.path.ends_with("/oauth2/");
    let sent = case.sim.requests().iter().filter(posted).count();
    assert_eq!(sent, 1);
}

#[test]
fn moved_paths_are_found_whatever_the_number_says() {
    for (profile, version) in [
        ("2023.10", "2024.2.1"),
        ("2024.2", "2024.8.5"),
        ("2024.6", "2024.8.1"),
        ("2024.8", "2024.6.1"),
        ("2024.8.4", "2024.6.1"),
    ] {
        let mut case = Case::new(profile);
        // The one default object that the number alone promises.
        if !find(profile).unwrap().has(Feature::OfflineAccess) {
            let managed = "goauthentik.io/providers/oauth2/scope-offline_access";
            let mapping =
                json!({"managed": managed, "name": "offline", "scope_name": "offline_access"});
            case.sim.state().add_scope_mapping(mapping);
        }
        case.env("AUTHENTIK_REDIRECT_URIS", "https://x.example.com/cb");
        claim(&case, version);
        converges(&case, &format!("{profile} as {version}"));
        assert!(!case.sim.state().brand_default().unwrap()["flow_device_code"].is_null());
    }
}

#[test]
fn grant_types_are_sent_everywhere_and_none_is_drift() {
    let ours =
        ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"];
    everywhere(|profile| {
        let case = Case::new(profile);
        case.init();
        let writes = case.sim.writes();
        let creation = writes.iter().find(|w| w.path.ends_with("/providers/oauth2/")).unwrap();
        assert_eq!(creation.body["grant_types"], json!(ours), "{profile}");
        if !find(profile).unwrap().has(Feature::GrantTypes) {
            return;
        }
        for grants in [json!([]), json!(["implicit"]), json!(["a_grant_of_the_future"])] {
            case.sim.state().provider_mut("NetBird").unwrap()["grant_types"] = grants.clone();
            case.run(&["plan"]).expect(2);
            // A server refuses to keep what it does not know; this one is asked to keep what it knows.
            if grants == json!(["a_grant_of_the_future"]) {
                continue;
            }
            case.init();
            let state = case.sim.state();
            let repaired = &state.provider_by_name("NetBird").unwrap()["grant_types"];
            let has = |grant: &str| repaired.as_array().unwrap().iter().any(|g| g == grant);
            assert!(ours.iter().all(|grant| has(grant)), "{profile}: {repaired}");
            assert_eq!(has("implicit"), grants == json!(["implicit"]), "what was added stays");
        }
    });
}

#[test]
fn a_number_that_lies_about_grant_types_does_no_harm() {
    let case = Case::new("2026.5");
    claim(&case, "2026.2.9");
    converges(&case, "2026.5 as 2026.2.9");
    let grants = case.sim.state().provider_by_name("NetBird").unwrap()["grant_types"].clone();
    assert_eq!(grants.as_array().unwrap().len(), 3);
}

#[test]
fn both_forms_of_logout_are_typed_where_entries_have_a_type() {
    everywhere(|profile| {
        let case = Case::new(profile);
        case.init();
        let state = case.sim.state();
        let entries = state.provider_by_name("NetBird").unwrap()["redirect_uris"].clone();
        let count = |url: &str, kind: &str| {
            let is = |e: &&Value| {
                e["url"].as_str().unwrap().replace('\\', "") == url
                    && e["redirect_uri_type"].as_str().unwrap_or("authorization") == kind
            };
            entries.as_array().unwrap().iter().filter(is).count()
        };
        let typed = usize::from(release(profile) >= (2026, 5));
        for url in ["https://netbird.example.com", "https://netbird.example.com/"] {
            assert_eq!(count(url, "authorization"), 1, "{profile}: {url}");
            assert_eq!(count(url, "logout"), typed, "{profile}: {url}");
        }
    });
}

#[test]
fn entries_without_a_type_count_as_authorization() {
    let case = Case::new("2026.5");
    case.init();
    for entry in
        case.sim.state().provider_mut("NetBird").unwrap()["redirect_uris"].as_array_mut().unwrap()
    {
        if entry["redirect_uri_type"] == "authorization" {
            entry.as_object_mut().unwrap().shift_remove("redirect_uri_type");
        }
    }
    case.sim.clear_requests();
    case.init();
    assert_eq!(case.sim.writes().len(), 0);
}

#[test]
fn pages_that_are_clamped_are_all_read() {
    everywhere(|profile| {
        let case = Case::new(profile);
        {
            let mut state = case.sim.state();
            state.largest_page = 2;
            for n in 0..120 {
                state.add_scope_mapping(json!({"name": format!("a{n}"), "scope_name": "x"}));
            }
        }
        converges(&case, profile);
        let pages =
            case.sim.requests().iter().filter(|r| r.path.contains("propertymappings")).count();
        let clamped = find(profile).unwrap().has(Feature::SmallPages);
        assert!(if clamped { pages > 60 } else { pages == 2 }, "{profile}: {pages} pages");
    });
}

#[test]
fn the_list_of_applications_is_never_asked() {
    everywhere(|profile| {
        let case = Case::new(profile);
        case.run(&["plan"]).expect(2);
        case.init();
        case.init();
        let asked = |r: &authentik_sim::Request| {
            r.method == "GET" && r.path.ends_with("/core/applications/")
        };
        assert!(!case.sim.requests().iter().any(asked), "{profile}");
    });
}

#[test]
fn the_client_secret_is_neither_sent_nor_needed() {
    everywhere(|profile| {
        let case = Case::new(profile);
        case.init();
        for request in case.sim.requests() {
            let sent = format!("{} {} {}", request.path, request.query, request.body);
            assert!(!sent.contains("client_secret"), "{profile}: {sent}");
        }
        // A later release may answer with a reference, or with nothing.
        for secret in [json!({"pk": 1, "name": "a reference"}), Value::Null, json!(7)] {
            case.sim.state().provider_mut("NetBird").unwrap()["client_secret"] = secret;
            case.sim.state().provider_mut("NetBird").unwrap()["access_code_validity"] =
                json!("minutes=1");
            case.init();
        }
    });
}
