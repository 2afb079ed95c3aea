//! Logins and tokens without a browser, and what refuses them.

mod common;

use authentik_sim::{DEFAULT_TOKEN, SCOPE, SELF_SIGNED, Sim};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use common::{form, send};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use serde_json::{Value, json};

const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A server with a provider that allows everything, and its application.
fn server(profile: &str, grants: Value) -> Sim {
    let sim = Sim::start(profile);
    {
        let mut state = sim.state();
        let key = state.key_pair(SELF_SIGNED).expect("a key")["pk"].clone();
        let flow =
            state.flow("default-provider-authorization-implicit-consent").expect("a flow")["pk"]
                .clone();
        let mappings: Vec<Value> = state
            .scope_mappings
            .iter()
            .filter(|mapping| {
                mapping["managed"].as_str().is_some_and(|name| name.starts_with(SCOPE))
            })
            .map(|mapping| mapping["pk"].clone())
            .collect();
        let provider = state.add_provider(json!({
            "name": "NetBird", "client_id": "netbird", "client_type": "public", "authorization_flow": flow,
            "signing_key": key, "property_mappings": mappings, "access_code_validity": "minutes=10",
            "sub_mode": "user_id", "grant_types": grants,
            "redirect_uris": [{"matching_mode": "strict", "url": "http://localhost:53000"}],
        }));
        state.add_application(json!({"name": "NetBird", "slug": "netbird", "provider": provider}));
    }
    sim
}

fn all() -> Value {
    json!(authentik_sim::ALL_GRANTS)
}

/// The claims of a token, once its signature is that of the published key.
fn verified(sim: &Sim, token: &str) -> Value {
    let keys =
        send(&sim.url(), "GET", "/application/o/netbird/jwks/", &[], "").expect("keys").json();
    let part = |name: &str| {
        URL_SAFE_NO_PAD.decode(keys["keys"][0][name].as_str().unwrap_or_default()).expect("base64")
    };
    let (text, signature) = token.rsplit_once('.').expect("three parts");
    let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64");
    let key = RsaPublicKeyComponents { n: part("n"), e: part("e") };
    key.verify(&RSA_PKCS1_2048_8192_SHA256, text.as_bytes(), &signature).expect("a good signature");
    let payload = text.split('.').nth(1).unwrap_or_default();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("base64")).expect("JSON")
}

#[test]
fn a_code_with_pkce_becomes_a_verifiable_token_once() {
    let sim = server("2026.2", all());
    let challenge =
        URL_SAFE_NO_PAD.encode(ring::digest::digest(&ring::digest::SHA256, b"verifier"));
    let url = format!(
        "{}/application/o/authorize/?client_id=netbird&response_type=code&state=s&redirect_uri=http://localhost:53000\
         &scope=openid+email+profile+offline_access&code_challenge={challenge}&code_challenge_method=S256",
        sim.url()
    );
    let code = |url: &str| {
        url.split(['?', '&']).find_map(|pair| pair.strip_prefix("code=").map(str::to_owned))
    };
    let redeem = |code: &str, verifier: &str| {
        form(
            &sim.url(),
            "/application/o/token/",
            &[
                ("grant_type", "authorization_code"),
                ("client_id", "netbird"),
                ("code", code),
                ("redirect_uri", "http://localhost:53000"),
                ("code_verifier", verifier),
            ],
        )
    };
    let bad = code(&sim.login_code("akadmin", &url)).expect("a code");
    assert_eq!(redeem(&bad, "wrong").status, 400);
    let good = code(&sim.login_code("akadmin", &url)).expect("a code");
    let answer = redeem(&good, "verifier");
    assert_eq!(answer.status, 200);
    let claims = verified(&sim, answer.json()["id_token"].as_str().unwrap_or_default());
    assert_eq!(claims["iss"], format!("{}/application/o/netbird/", sim.url()));
    assert_eq!((claims["aud"].as_str(), claims["sub"].as_str()), (Some("netbird"), Some("4")));
    assert_eq!(claims["groups"], json!(["authentik Admins"]));
    assert_eq!(redeem(&good, "verifier").status, 400, "a code is good for once");
    let refresh = answer.json()["refresh_token"].as_str().unwrap_or_default().to_owned();
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", "netbird"),
        ("refresh_token", refresh.as_str()),
    ];
    assert_eq!(form(&sim.url(), "/application/o/token/", &fields).status, 200);
}

#[test]
fn a_device_waits_for_its_user() {
    let sim = server("2026.2", all());
    let begun = form(
        &sim.url(),
        "/application/o/device/",
        &[("client_id", "netbird"), ("scope", "openid")],
    )
    .json();
    assert_eq!(begun["expires_in"], 600);
    let device = begun["device_code"].as_str().unwrap_or_default().to_owned();
    let fields =
        [("grant_type", DEVICE), ("client_id", "netbird"), ("device_code", device.as_str())];
    let ask = || form(&sim.url(), "/application/o/token/", &fields);
    assert_eq!(ask().json()["error"], "authorization_pending");
    assert!(sim.state().approve_device(begun["user_code"].as_str().unwrap_or_default(), "akadmin"));
    let answer = ask();
    assert_eq!(answer.status, 200);
    assert_eq!(
        verified(&sim, answer.json()["access_token"].as_str().unwrap_or_default())["sub"],
        "4"
    );
}

#[test]
fn the_device_endpoint_has_enough_after_twenty() {
    let sim = server("2026.2", all());
    let begin = || form(&sim.url(), "/application/o/device/", &[("client_id", "netbird")]);
    assert!((0..20).all(|_| begin().status == 200));
    let answer = begin();
    assert_eq!((answer.status, answer.json()["error"].as_str()), (429, Some("slow_down")));
}

#[test]
fn without_grant_types_everything_is_refused() {
    let sim = server("2026.5", json!([]));
    let query = "client_id=netbird&response_type=code&scope=openid&redirect_uri=http://localhost:53000&prompt=none";
    let probe = send(&sim.url(), "GET", &format!("/application/o/authorize/?{query}"), &[], "")
        .expect("an answer");
    assert!(probe.header("location").is_some_and(|url| url.contains("error=invalid_request")));
    let begun = form(&sim.url(), "/application/o/device/", &[("client_id", "netbird")]);
    assert_eq!(begun.status, 400);
    let fields =
        [("grant_type", "refresh_token"), ("client_id", "netbird"), ("refresh_token", "x")];
    assert_eq!(form(&sim.url(), "/application/o/token/", &fields).status, 400);
}

#[test]
fn probes_tell_registered_redirects_from_others() {
    let sim = server("2026.2", all());
    let probe = |client: &str, uri: &str| {
        let query = format!(
            "client_id={client}&response_type=code&scope=openid&redirect_uri={uri}&prompt=none"
        );
        let target = format!("/application/o/authorize/?{query}");
        send(&sim.url(), "GET", &target, &[], "").expect("an answer").status
    };
    assert_eq!(probe("netbird", "http://localhost:53000"), 302);
    assert_eq!(probe("netbird", "http://localhost:53000/"), 400);
    assert_eq!(probe("nobody", "http://localhost:53000"), 400);
    sim.state().provider_mut("NetBird").expect("a provider")["redirect_uris"] = json!([]);
    assert_eq!(probe("netbird", "https://first.example"), 302);
    let adopted = sim.state().provider_by_name("NetBird").expect("a provider")["redirect_uris"][0]
        ["url"]
        .clone();
    assert_eq!(adopted, "https://first.example");
    assert_eq!(probe("netbird", "https://second.example"), 400);
}

#[test]
fn an_app_password_opens_the_api_by_release() {
    for (profile, expected) in [("2022.12", 403), ("2024.2", 200), ("2026.2", 200)] {
        let sim = server(profile, all());
        sim.state().add_token(
            json!({"identifier": "pw", "intent": "app_password", "user": 4, "key": "secret"}),
        );
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", "netbird"),
            ("username", "akadmin"),
            ("password", "secret"),
            ("scope", "goauthentik.io/api"),
        ];
        let token =
            form(&sim.url(), "/application/o/token/", &fields).json()["access_token"].clone();
        let bearer = format!("Bearer {}", token.as_str().unwrap_or_default());
        let answer =
            send(&sim.url(), "GET", "/api/v3/core/users/", &[("Authorization", &bearer)], "");
        assert_eq!(answer.expect("an answer").status, expected, "{profile}");
        assert!(!DEFAULT_TOKEN.is_empty());
    }
}
