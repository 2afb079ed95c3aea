//! What is there already: hand-made objects keep what is their owner's and gain what NetBird needs, orphans of a run
//! that died are adopted.

use serde_json::{Value, json};

use authentik_sim::{Fault, FaultRule, Match};

use crate::support::{Case, everywhere, release};

/// A hand-made provider in the newest form; the simulator serves it in its release's own.
fn hand_made(case: &Case) -> i64 {
    let mut state = case.sim.state();
    let flow = state.flow("default-provider-authorization-implicit-consent").unwrap()["pk"].clone();
    let custom = state.add_scope_mapping(json!({"name": "custom", "scope_name": "custom"}));
    let key = state.add_rsa_key_pair("company key");
    state.add_provider(json!({
        "name": "Our VPN",
        "client_id": "h4nd-m4d3",
        "client_type": "confidential",
        "authorization_flow": flow,
        "signing_key": key,
        "sub_mode": "hashed_user_id",
        "access_code_validity": "minutes=1",
        "access_token_validity": "hours=8",
        "property_mappings": [custom],
        "redirect_uris": [
            {"matching_mode": "regex", "url": "https://vpn\\.example\\.com/.*"},
            {"matching_mode": "strict", "url": "http://localhost:53000"},
        ],
    }))
}

#[test]
fn a_hand_made_provider_keeps_what_is_its_owners_and_gains_what_is_ours() {
    everywhere(|profile| {
        let case = Case::new(profile);
        let pk = hand_made(&case);
        case.sim.state().add_application(json!({
            "name": "Company VPN", "slug": "netbird", "provider": pk,
            "meta_description": "ask Bob", "meta_launch_url": "https://intranet.example.com/",
        }));
        let before = case.sim.state().provider(pk).unwrap().clone();
        let application = case.sim.state().application("netbird").unwrap().clone();
        case.init().says(&["~ provider Our VPN"]);

        let state = case.sim.state();
        let after = state.provider(pk).unwrap();
        for kept in [
            "name",
            "client_id",
            "authorization_flow",
            "signing_key",
            "sub_mode",
            "access_token_validity",
        ] {
            assert_eq!(after[kept], before[kept], "{profile}: {kept}");
        }
        assert_eq!(after["client_type"], "public");
        assert_eq!(after["access_code_validity"], "minutes=10");
        for list in ["property_mappings", "redirect_uris"] {
            let (before, after) =
                (before[list].as_array().unwrap(), after[list].as_array().unwrap());
            assert!(after.len() > before.len(), "{profile}: {list}");
            let urls = |items: &[Value]| {
                items.iter().map(|i| i.get("url").unwrap_or(i).clone()).collect::<Vec<_>>()
            };
            let (before, after) = (urls(before), urls(after));
            assert!(
                before.iter().all(|entry| after.contains(entry)),
                "{profile}: {list} {after:?}"
            );
        }
        let names: Vec<Value> = ["openid", "profile", "email", "offline_access"]
            [..if release(profile) < (2024, 2) { 3 } else { 4 }]
            .iter()
            .map(|s| {
                state.scope_mapping(&format!("goauthentik.io/providers/oauth2/scope-{s}")).unwrap()
                    ["pk"]
                    .clone()
            })
            .collect();
        assert!(names.iter().all(|pk| after["property_mappings"].as_array().unwrap().contains(pk)));
        assert_eq!(
            state.application("netbird").unwrap(),
            &application,
            "{profile}: the application"
        );
        drop(state);
        assert!(case.read("setup.env").contains("NETBIRD_AUTH_CLIENT_ID='h4nd-m4d3'"));

        case.sim.clear_requests();
        case.init();
        assert_eq!(case.sim.writes().len(), 0, "{profile}: drift where there is none");
    });
}

#[test]
fn an_orphan_is_adopted_by_name_or_by_client_id() {
    for (name, client_id) in
        [("NetBird", "something"), ("Something", "netbird"), ("NetBird", "netbird")]
    {
        let case = Case::new("2026.2");
        let pk = case.sim.state().add_provider(json!({"name": name, "client_id": client_id}));
        case.init();
        case.assert_one_of_each();
        let state = case.sim.state();
        let provider = state.provider(pk).unwrap();
        assert_eq!(provider["name"], name);
        assert_eq!(provider["client_id"], client_id);
    }
}

#[test]
fn an_application_without_a_provider_gets_one() {
    let case = Case::new("2026.2");
    case.sim.state().add_application(json!({"name": "Mesh", "slug": "netbird", "provider": null}));
    case.init().says(&["+ provider NetBird", "~ application Mesh"]);
    case.assert_one_of_each();
}

#[test]
fn an_application_with_a_provider_of_another_type_is_refused() {
    let case = Case::new("2026.2");
    case.sim.state().add_application(json!({"name": "Mesh", "slug": "netbird", "provider": 4711}));
    case.run(&[])
        .expect(65)
        .says(&["application netbird has provider 4711", "AUTHENTIK_APPLICATION_SLUG"]);
    assert_eq!(case.sim.writes().len(), 0);
}

#[test]
fn other_providers_and_applications_are_left_alone() {
    let case = Case::new("2026.2");
    for n in 0..3 {
        let fields = json!({"name": format!("app {n}"), "client_id": format!("client-{n}")});
        let pk = case.sim.state().add_provider(fields);
        let application =
            json!({"name": format!("app {n}"), "slug": format!("app-{n}"), "provider": pk});
        case.sim.state().add_application(application);
    }
    let before = case.sim.state().clone();
    case.init();
    let state = case.sim.state();
    assert_eq!(state.providers[..3], before.providers[..]);
    assert_eq!(state.applications[..3], before.applications[..]);
    assert_eq!(state.providers.len(), 4);
}

/// Two runs at once: the other one makes provider and application between two questions.
#[test]
fn an_application_that_appears_while_we_look_is_ours_all_the_same() {
    let case = Case::new("2026.2");
    case.init();
    let json = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    let nobody = r#"{"pagination":{"next":0,"count":0},"results":[],"autocomplete":{}}"#;
    let missing = r#"{"detail":"No Application matches the given query."}"#;
    for (path, status, body) in [
        (r"^/api/v3/providers/oauth2/\?.*client_id=", 200, nobody),
        (r"^/api/v3/core/applications/netbird/", 404, missing),
    ] {
        let answer = Fault::Status(status, json.clone(), body.to_owned());
        case.sim.fault(FaultRule::once(Match::regex("GET", path), answer));
    }
    case.sim.clear_requests();
    case.init();
    assert!(case.sim.writes().is_empty());
    case.assert_one_of_each();
}
