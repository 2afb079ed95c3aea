//! What `init` promises with exit code 0: whatever had drifted, on every release, a person logs in with what the files say,
//! at the dashboard, with a client on their machine and with a device code; tokens are renewed, and a logout ends it.

use std::sync::Mutex;

use authentik_sim::{Client, State};
use serde_json::{Value, json};

use crate::support::{Case, PROFILES, release, side_by_side};

/// What has drifted, and how; nothing where the release knows no such thing.
pub type Drift = (&'static str, fn(&mut State));

pub fn provider(state: &mut State) -> &mut Value {
    state.provider_mut("NetBird").unwrap()
}

/// Redirect URIs in the release's own form.
fn redirects(state: &mut State, uris: &[&str]) {
    let list = &mut provider(state)["redirect_uris"];
    *list = match list.is_string() {
        true => uris.join("\n").into(),
        false => uris.iter().map(|url| json!({"matching_mode": "strict", "url": url})).collect(),
    };
}

/// What an administrator added, beside what is there.
fn further(state: &mut State, uri: &str, mode: &str) {
    match &mut provider(state)["redirect_uris"] {
        Value::String(text) => *text = format!("{uri}\n{text}"),
        list => {
            let entry = json!({"matching_mode": mode, "url": uri});
            list.as_array_mut().unwrap().insert(0, entry);
        }
    }
}

/// A field that the release's provider has.
pub fn set(state: &mut State, field: &str, value: Value) {
    if let Some(there) = provider(state).get_mut(field) {
        *there = value;
    }
}

pub const DRIFTS: &[Drift] = &[
    ("nothing", |_| {}),
    ("no signing key", |s| set(s, "signing_key", Value::Null)),
    ("an elliptic signing key", |s| {
        let pk = s.add_ec_key_pair("elliptic");
        set(s, "signing_key", pk.into());
    }),
    ("another RSA key", |s| {
        let pk = s.add_rsa_key_pair("another");
        set(s, "signing_key", pk.into());
    }),
    ("an encryption key", |s| {
        let key = provider(s)["signing_key"].clone();
        set(s, "encryption_key", key);
    }),
    ("a confidential client", |s| set(s, "client_type", "confidential".into())),
    ("another client id", |s| set(s, "client_id", "somebody-chose-this".into())),
    ("no scope mappings", |s| set(s, "property_mappings", json!([]))),
    ("no redirect URIs", |s| redirects(s, &[])),
    ("one redirect URI", |s| redirects(s, &["http://localhost:53000"])),
    ("a pattern before the others", |s| further(s, "https://.*\\.example\\.org/cb", "regex")),
    ("an URI of another page before the others", |s| {
        further(s, "https://other.example.org/callback", "strict");
    }),
    ("codes of a minute", |s| set(s, "access_code_validity", "minutes=1".into())),
    ("one issuer for all", |s| set(s, "issuer_mode", "global".into())),
    ("hashed users", |s| set(s, "sub_mode", "hashed_user_id".into())),
    ("no claims in the ID token", |s| set(s, "include_claims_in_id_token", false.into())),
    ("no grant types", |s| set(s, "grant_types", json!([]))),
    ("one grant type", |s| set(s, "grant_types", json!(["authorization_code"]))),
    ("another name", |s| set(s, "name", "Renamed".into())),
    ("no device code flow", |s| s.brand_default_mut()["flow_device_code"] = Value::Null),
    ("no provider for the application", |s| {
        s.application_mut("netbird").unwrap()["provider"] = Value::Null;
    }),
    ("no application", |s| s.applications.clear()),
    ("nothing left", |s| {
        s.applications.clear();
        s.providers.clear();
    }),
];

/// Every step of every kind of login, as the files say.
pub fn logs_in(case: &Case) -> Result<(), String> {
    let management: Value = serde_json::from_str(&case.read("management.json")).unwrap();
    let dashboard = case.read("dashboard.env");
    let word = |name: &str| {
        let line = dashboard.lines().find_map(|line| line.strip_prefix(&format!("{name}='")));
        line.unwrap().trim_end_matches('\'').to_owned()
    };
    let issuer = management["HttpConfig"]["AuthIssuer"].as_str().unwrap();
    let back = format!("https://netbird.example.com{}", word("AUTH_REDIRECT_URI"));
    let page = Client::page(&word("AUTH_AUTHORITY"), &word("AUTH_CLIENT_ID"), &back).issuer(issuer);
    let flow = &management["PKCEAuthorizationFlow"]["ProviderConfig"];
    let mut native = vec![];
    for uri in flow["RedirectURLs"].as_array().unwrap() {
        let (id, uri) = (flow["ClientID"].as_str().unwrap(), uri.as_str().unwrap());
        native.push(Client::native(&word("AUTH_AUTHORITY"), id, uri).issuer(issuer));
    }
    for client in native.iter().chain([&page]) {
        let mut browser = case.sim.browser();
        let told = |failure: authentik_sim::Failure| format!("{}: {failure}", client.redirect_uri);
        browser.log_in("akadmin").map_err(told)?;
        let login = browser.log_in_to(client).map_err(told)?;
        if login.access["aud"] != management["HttpConfig"]["AuthAudience"] {
            return Err(format!("audience {}", login.access["aud"]));
        }
        let login = browser.refresh(client, &login).map_err(told)?;
        browser.log_out(&login, "https://netbird.example.com/").map_err(told)?;
    }
    let device = &management["DeviceAuthorizationFlow"]["ProviderConfig"];
    let mut client = native.remove(0);
    client.client_id = device["ClientID"].as_str().unwrap().to_owned();
    case.sim.state().forget_device_requests();
    let mut browser = case.sim.browser();
    browser.log_in("akadmin").map_err(|failure| failure.to_string())?;
    browser.device_log_in(&client).map(|_| ()).map_err(|failure| failure.to_string())
}

/// Drifts each of the worlds and runs `init`: where that ends well, the promise holds. Answers how many drifts broke it before,
/// and how many were refused.
pub fn walk(
    all: &[(&str, &Drift)],
    begin: impl Fn(&str) -> Case + Sync,
    holds: impl Fn(&Case) -> Result<(), String> + Sync,
) -> (usize, usize) {
    let (failures, refused, broken) = (Mutex::new(Vec::new()), Mutex::new(0), Mutex::new(0));
    side_by_side(all, |(profile, (what, edit))| {
        let case = begin(profile);
        edit(&mut case.sim.state());
        *broken.lock().unwrap() += usize::from(holds(&case).is_err());
        case.sim.state().forget_device_requests();
        let ended = case.run(&[]);
        let failed = match ended.code {
            Some(0) => holds(&case).err(),
            Some(65) => {
                *refused.lock().unwrap() += 1;
                None
            }
            other => Some(format!("init ended with {other:?}\n{}", ended.err)),
        };
        failures.lock().unwrap().extend(failed.map(|why| format!("{profile}, {what}: {why}")));
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    (broken.into_inner().unwrap(), refused.into_inner().unwrap())
}

#[test]
fn after_a_run_that_ends_well_people_log_in_whatever_had_drifted() {
    let all: Vec<(&str, &Drift)> =
        PROFILES.iter().flat_map(|p| DRIFTS.iter().map(move |drift| (*p, drift))).collect();
    let begin = |profile: &str| {
        let case = Case::new(profile);
        case.init();
        case
    };
    let (broken, refused) = walk(&all, begin, logs_in);
    // What breaks nothing says nothing.
    assert!(broken * 2 > all.len(), "{broken} of {}", all.len());
    // Most of them are repaired: a run that refuses everything promises nothing.
    assert!(refused * 10 < all.len());
    assert!(release(all[0].0) < (2024, 8), "old releases are among them");
}

#[test]
fn the_dashboard_logs_in_at_the_origin_of_the_api_and_of_the_domain() {
    side_by_side(&PROFILES, |profile| {
        let mut case = Case::new(profile);
        let api = "https://api.netbird.example.com:8443";
        case.env("NETBIRD_MGMT_API_ENDPOINT", api);
        case.init();
        let authority = format!("{}/application/o/netbird/", case.sim.url());
        for origin in [api, "https://netbird.example.com"] {
            let page = Client::page(&authority, "netbird", &format!("{origin}/auth"));
            let mut browser = case.sim.browser();
            browser.log_in("akadmin").unwrap();
            let login = browser.log_in_to(&page);
            let login = login.unwrap_or_else(|failure| panic!("{profile}, {origin}: {failure}"));
            let out = browser.log_out(&login, &format!("{origin}/"));
            out.unwrap_or_else(|failure| panic!("{profile}, {origin}: {failure}"));
        }
        // Both were asked for, as scripts of their pages ask.
        let ended = case.run(&["check"]).expect(0);
        for origin in [api, "https://netbird.example.com"] {
            let line = format!("{origin} may read discovery and token");
            assert!(ended.out.contains(&line), "{profile}: {}", ended.out);
        }
    });
}
