//! NetBird's provider, application, device flow and a person, as a correct set-up leaves them, straight into the state.

use authentik_sim::{ALL_GRANTS, Client, Feature, SCOPE, SELF_SIGNED, Sim};
use serde_json::{Value, json};

pub const REDIRECT: &str = "https://netbird.example.com/nb-auth";
pub const LOCAL: &str = "http://localhost:53000";

/// The redirect URIs in the form of the release, as they are stored; dots escaped where they are patterns.
pub fn redirects(sim: &Sim, urls: &[&str]) -> Value {
    let list = sim.profile().has(Feature::RedirectList);
    urls.iter()
        .map(|url| match list {
            true => json!({"matching_mode": "strict", "url": url}),
            false => json!({"matching_mode": "regex", "url": url.replace('.', r"\.")}),
        })
        .collect()
}

/// Sets everything up; people may log in unless the test binds somebody.
pub fn provision(sim: &Sim) {
    let legacy = !sim.profile().has(Feature::RedirectList);
    let mut entries = redirects(sim, &[REDIRECT, LOCAL]);
    if legacy {
        let cure = json!({"matching_mode": "regex", "url": "https://netbird.example.com/(?!)"});
        entries.as_array_mut().expect("a list").push(cure);
    }
    let mut state = sim.state();
    let flow = |slug: &str| state.flow(slug).map(|flow| flow["pk"].clone());
    let mappings: Vec<Value> = state
        .scope_mappings
        .iter()
        .filter(|mapping| mapping["managed"].as_str().is_some_and(|name| name.starts_with(SCOPE)))
        .map(|mapping| mapping["pk"].clone())
        .collect();
    let fields = json!({
        "name": "NetBird", "client_id": "netbird", "client_type": "public",
        "authorization_flow": flow("default-provider-authorization-explicit-consent"),
        "invalidation_flow": flow("default-provider-invalidation-flow"),
        "signing_key": state.key_pair(SELF_SIGNED).map(|pair| pair["pk"].clone()),
        "property_mappings": mappings, "access_code_validity": "minutes=10",
        "sub_mode": if sim.profile().has(Feature::SubUserId) { "user_id" } else { "hashed_user_id" },
        "grant_types": ALL_GRANTS, "redirect_uris": entries,
    });
    let pk = state.add_provider(fields);
    state.add_application(json!({"name": "NetBird", "slug": "netbird", "provider": pk}));
    let device = state.add_flow("device-code", "stage_configuration", "require_authenticated");
    state.brand_default_mut()["flow_device_code"] = json!(device);
    state.add_person("anna");
}

pub fn authority(base: &str) -> String {
    format!("{base}/application/o/netbird/")
}

/// The dashboard.
pub fn dashboard(base: &str) -> Client {
    Client::page(&authority(base), "netbird", REDIRECT)
}

/// NetBird's command line.
pub fn cli(base: &str) -> Client {
    Client::native(&authority(base), "netbird", LOCAL)
}
