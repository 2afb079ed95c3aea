//! Upgrades: what was made under one release is served by the next one, up the whole ladder. NetBird's users
//! must stay who they are, its secrets what they are, and its logins must go on.

use authentik_sim::{Sim, find};
use base64::Engine;
use serde_json::{Value, json};

use crate::http::request;
use crate::support::{Case, PROFILES, everywhere, release};

const CLIENT: &str = "netbird";

/// The same installation under another release, at another port.
fn upgrade(case: &mut Case, profile: &str) {
    let state = case.sim.state().clone();
    case.sim = Sim::builder(profile).state(state).start();
    let url = case.sim.url();
    case.env("AUTHENTIK_HOST", url);
}

/// One installation whose public URL does not change with the release that serves it.
fn installed(profile: &str) -> Case {
    let mut case = Case::new(profile);
    case.env("AUTHENTIK_HOST_BROWSER", "https://127.0.0.1:1");
    case
}

fn post(case: &Case, path: &str, fields: &[(&str, &str)]) -> (u16, Value) {
    let body: String =
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let kind = "Content-Type: application/x-www-form-urlencoded";
    request(&case.sim.url(), "POST", path, kind, &body)
}

/// Logs a person in as a headless NetBird client does; the token's answer.
fn login(case: &Case, client_id: &str) -> Value {
    let scope = "openid profile email offline_access";
    let fields = [("client_id", client_id), ("scope", scope)];
    // A release lives longer than the hour in which an address gets twenty codes.
    case.sim.state().forget_device_requests();
    let (status, begun) = post(case, "/application/o/device/", &fields);
    assert_eq!(status, 200, "{begun}");
    assert_eq!(begun["expires_in"], 600, "people have ten minutes");
    assert!(case.sim.state().approve_device(begun["user_code"].as_str().unwrap(), "akadmin"));
    let fields = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("client_id", client_id),
        ("device_code", begun["device_code"].as_str().unwrap()),
    ];
    let (status, token) = post(case, "/application/o/token/", &fields);
    assert_eq!(status, 200, "{token}");
    token
}

/// Asks for new tokens with an old refresh token.
fn refresh(case: &Case, token: &Value) -> Value {
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", CLIENT),
        ("refresh_token", token["refresh_token"].as_str().unwrap()),
    ];
    let (status, token) = post(case, "/application/o/token/", &fields);
    assert_eq!(status, 200, "{token}");
    token
}

/// A claim of the access token, which is what NetBird reads.
fn claim(token: &Value, name: &str) -> Value {
    let payload = token["access_token"].as_str().unwrap().split('.').nth(1).unwrap();
    let json = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).unwrap();
    serde_json::from_slice::<Value>(&json).unwrap()[name].clone()
}

/// What must never change.
fn identity(case: &Case) -> Value {
    let state = case.sim.state();
    let application = state.application("netbird").unwrap();
    let provider = state.provider(application["provider"].as_i64().unwrap()).unwrap();
    let management: Value = serde_json::from_str(&case.read("management.json")).unwrap();
    let secrets: Value = serde_json::from_str(&case.read("secrets.json")).unwrap();
    json!({
        "provider": provider["pk"], "client_id": provider["client_id"], "sub_mode": provider["sub_mode"],
        "name": provider["name"], "signing_key": provider["signing_key"],
        "application": [application["pk"], application["name"], application["slug"]],
        "issuer": management["HttpConfig"]["AuthIssuer"],
        "audience": management["HttpConfig"]["AuthAudience"],
        "data_store_key": management["DataStoreEncryptionKey"],
        "relay": management["Relay"]["Secret"],
        "turn": management["TURNConfig"]["Turns"],
        "secrets": secrets,
    })
}

/// A run after an upgrade, and a second one that finds nothing left to do.
fn settles(case: &Case, profile: &str) {
    let ended = case.run(&[]);
    assert_eq!(ended.code, Some(0), "{profile}:\n{}", ended.err);
    assert!(!ended.err.contains("INFO + "), "{profile}: nothing is made anew:\n{}", ended.err);
    case.assert_one_of_each();
    case.sim.clear_requests();
    let ended = case.run(&[]);
    assert_eq!(ended.code, Some(0), "{profile}, second run:\n{}", ended.err);
    let writes: Vec<_> = case.sim.writes().iter().map(|w| w.body.clone()).collect();
    assert!(writes.is_empty(), "{profile}: drift without end: {writes:?}");
}

#[test]
fn up_the_whole_ladder_users_keep_their_ids_and_netbird_its_secrets() {
    let mut case = installed(PROFILES[0]);
    case.init();
    let before = identity(&case);
    let mut token = login(&case, CLIENT);
    let subject = claim(&token, "sub");
    assert!(subject.as_str().is_some_and(|s| !s.is_empty()), "{subject}");
    for profile in &PROFILES[1..] {
        upgrade(&mut case, profile);
        // Before this program runs, people who are logged in stay so.
        let offline = token["refresh_token"].is_string();
        if offline {
            token = refresh(&case, &token);
            assert_eq!(claim(&token, "sub"), subject, "{profile}: by refresh");
        }
        settles(&case, profile);
        assert_eq!(identity(&case), before, "{profile}");
        token = login(&case, CLIENT);
        assert_eq!(claim(&token, "sub"), subject, "{profile}: by a new login");
        assert_eq!(claim(&token, "aud"), CLIENT, "{profile}");
    }
}

/// From this release on, Authentik refuses to start on the database of any but the release before it.
const REFUSES_SKIPPING: (u32, u32) = (2026, 8);

/// The newest release that can be reached from any older one.
pub fn last_reached_by_skipping() -> &'static str {
    PROFILES.iter().rfind(|profile| release(profile) < REFUSES_SKIPPING).unwrap()
}

#[test]
fn from_every_release_straight_to_the_last_that_takes_it() {
    let newest = last_reached_by_skipping();
    everywhere(|profile| {
        if release(profile) >= REFUSES_SKIPPING {
            return;
        }
        let mut case = installed(profile);
        case.init();
        let (before, subject) = (identity(&case), claim(&login(&case, CLIENT), "sub"));
        upgrade(&mut case, newest);
        settles(&case, &format!("{profile} to {newest}"));
        assert_eq!(identity(&case), before, "{profile}");
        assert_eq!(claim(&login(&case, CLIENT), "sub"), subject, "{profile}");
    });
}

#[test]
fn an_adopted_provider_stays_its_owners_up_the_ladder() {
    everywhere(|first| {
        let mut case = installed(first);
        {
            let mut state = case.sim.state();
            let flow = state.flow("default-provider-authorization-implicit-consent").unwrap()["pk"]
                .clone();
            let invalidation = match release(first) >= (2024, 10) {
                true => state.flow("default-invalidation-flow").unwrap()["pk"].clone(),
                false => Value::Null,
            };
            let custom = state.add_scope_mapping(json!({"name": "custom", "scope_name": "custom"}));
            let key = state.add_rsa_key_pair("company key");
            let old = !find(first).unwrap().has(authentik_sim::Feature::RedirectList);
            let entry = match old {
                true => json!({"matching_mode": "regex", "url": "http://localhost:53000"}),
                false => json!({"matching_mode": "strict", "url": "http://localhost:53000"}),
            };
            let pk = state.add_provider(json!({
                "name": "Our VPN", "client_id": "h4nd-m4d3", "client_type": "confidential",
                "authorization_flow": flow, "invalidation_flow": invalidation, "signing_key": key,
                "sub_mode": "user_email", "property_mappings": [custom],
                "redirect_uris": [
                    {"matching_mode": "regex", "url": "https://vpn\\.example\\.com/.*"}, entry,
                ],
            }));
            state
                .add_application(json!({"name": "Company VPN", "slug": "netbird", "provider": pk}));
        }
        case.init();
        let before = identity(&case);
        let subject = claim(&login(&case, "h4nd-m4d3"), "sub");
        let above = PROFILES.iter().skip_while(|p| **p != first).skip(1);
        for profile in above {
            upgrade(&mut case, profile);
            let what = format!("{first} to {profile}");
            settles(&case, &what);
            assert_eq!(identity(&case), before, "{what}");
            let state = case.sim.state();
            let provider = state.provider_by_name("Our VPN").unwrap();
            let urls = provider["redirect_uris"].to_string();
            assert!(urls.contains(r"vpn\\.example\\.com/.*"), "{what}: {urls}");
            assert_eq!(provider["client_type"], "public", "{what}");
        }
        assert_eq!(claim(&login(&case, "h4nd-m4d3"), "sub"), subject, "{first}");
    });
}
