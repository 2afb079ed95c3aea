//! Which signed tokens the API takes, what is wrong with the others, and when the issuer's keys are fetched. The issuer
//! is a small one of the test's own, so that its tokens can be bad in every way.

mod common;
mod issuer;

use common::standalone;
use issuer::Issuer;
use netbird_sim::NetBird;
use serde_json::{Value, json};

fn server(issuer: &Issuer, refreshes: bool) -> NetBird {
    let mut file = standalone();
    file["HttpConfig"]["AuthIssuer"] = json!(issuer.url());
    file["HttpConfig"]["AuthKeysLocation"] = json!(format!("{}jwks/", issuer.url()));
    file["HttpConfig"]["IdpSignKeyRefreshEnabled"] = json!(refreshes);
    NetBird::management(&file.to_string()).start().expect("it starts")
}

fn claims(issuer: &Issuer, with: Value) -> Value {
    let mut claims = json!({
        "iss": issuer.url(), "aud": "netbird-public", "sub": "6", "iat": issuer::now() - 5,
        "exp": issuer::now() + 600,
    });
    for (key, value) in with.as_object().into_iter().flatten() {
        claims[key.as_str()] = value.clone();
    }
    claims
}

#[test]
fn claims_that_are_wrong_are_named_in_the_log() {
    let issuer = Issuer::start();
    let netbird = server(&issuer, true);
    let unslashed = issuer.url().trim_end_matches('/').to_owned();
    for (says, with) in [
        ("", json!({})),
        ("", json!({"aud": ["other", "netbird-public"]})),
        ("", json!({"exp": null})),
        ("token used before issued", json!({"iat": issuer::now() + 60})),
        ("token is expired", json!({"exp": issuer::now() - 1})),
        ("token is not valid yet", json!({"nbf": issuer::now() + 60})),
        ("token has invalid issuer", json!({"iss": unslashed})),
        ("token has invalid audience", json!({"aud": "other"})),
        ("user ID claim token value is empty", json!({"sub": 6})),
        ("user ID claim token value is empty", json!({"sub": null})),
    ] {
        let token = issuer.sign(&claims(&issuer, with.clone()));
        let told = netbird.api(&token).me();
        let lines = netbird.log();
        let last = lines.last().map_or("", String::as_str);
        if says.is_empty() {
            assert_eq!(told.status, 200, "{with}: {last}");
        } else {
            assert_eq!((told.status, told.message()), (401, "token invalid"), "{with}");
            assert!(last.contains(says), "{with}: {last}");
        }
    }
}

#[test]
fn keys_that_do_not_fit_are_named_in_the_log() {
    let issuer = Issuer::start();
    let netbird = server(&issuer, true);
    let good = claims(&issuer, json!({}));
    let by = |header: Value| issuer.sign_with(&header, &good);
    for (says, token) in [
        ("unable to find appropriate key", by(json!({"alg": "RS256", "kid": "other"}))),
        ("unable to find appropriate key", by(json!({"alg": "RS256"}))),
        ("unable to find appropriate key", by(json!({"alg": "HS256"}))),
        ("HMAC verify expects []byte", by(json!({"alg": "HS256", "kid": "key"}))),
        (
            "token signature is invalid",
            format!("{}AAAA", by(json!({"alg": "RS256", "kid": "key"}))),
        ),
        ("invalid number of segments", "a.b.c.d.e".to_owned()),
    ] {
        assert_eq!(netbird.api(&token).me().status, 401, "{says}");
        assert!(
            netbird.log().last().is_some_and(|line| line.contains(says)),
            "{says}: {:?}",
            netbird.log().last()
        );
    }
}

#[test]
fn elliptic_keys_are_refused_when_they_come_with_a_certificate() {
    let sim = common::authentik("2026.2");
    let netbird = common::management(&standalone(), &sim);
    let key = sim.state().add_ec_key_pair("elliptic");
    sim.state().provider_mut("netbird-public").expect("the provider")["signing_key"] = json!(key);
    let dashboard =
        netbird_sim::browser::Dashboard::from_env(&common::dashboard_env(), common::NETBIRD);
    let alice = netbird_sim::browser::Person::Authentik("alice");
    let login = common::browser(&netbird, &sim).log_in(&dashboard, alice).expect("tokens");
    assert_eq!(login.me.status, 401);
    assert!(netbird.logged("key is not a valid RSA public key"));
}

#[test]
fn with_refresh_keys_are_fetched_as_often_as_the_issuer_says() {
    let issuer = Issuer::start();
    let netbird = server(&issuer, true);
    let token = issuer.sign(&claims(&issuer, json!({})));
    let ask = |times: usize| {
        let before = issuer.fetches();
        for _ in 0..times {
            assert_eq!(netbird.api(&token).me().status, 200);
        }
        issuer.fetches() - before
    };
    assert_eq!(ask(2), 2, "without Cache-Control every request fetches");
    issuer.cache("max-age=300");
    assert_eq!(ask(25), 1, "the first fetch tells how long it lasts");
    let before = issuer.fetches();
    let unknown =
        issuer.sign_with(&json!({"alg": "RS256", "kid": "x"}), &claims(&issuer, json!({})));
    assert_eq!(netbird.api(&unknown).me().status, 401);
    assert_eq!(issuer.fetches() - before, 1, "an unknown key forces one fetch");
    assert_eq!(netbird.api(&unknown).me().status, 401);
    assert_eq!(issuer.fetches() - before, 1, "and no other one soon after");
    issuer.stop();
    assert_eq!(netbird.api(&token).me().status, 200, "the keys are known");
}

#[test]
fn without_refresh_keys_that_were_missed_are_missed_for_ever() {
    let issuer = Issuer::start();
    let token = issuer.sign(&claims(&issuer, json!({})));
    issuer.answers(false);
    let netbird = server(&issuer, false);
    let refreshing = server(&issuer, true);
    issuer.answers(true);
    assert_eq!(netbird.api(&token).me().status, 401);
    assert!(
        netbird.logged(
            "You can enable key refresh by setting HttpServerConfig.IdpSignKeyRefreshEnabled"
        )
    );
    assert_eq!(refreshing.api(&token).me().status, 200, "with refresh the next request fetches");
    netbird.restart().expect("it starts");
    assert_eq!(netbird.api(&token).me().status, 200);
}

#[test]
fn groups_come_and_go_with_the_claim() {
    let issuer = Issuer::start();
    let netbird = server(&issuer, true);
    let with =
        |groups: Value| issuer.sign(&claims(&issuer, json!({"groups": groups, "name": "A"})));
    let api = netbird.api(&with(json!(["vpn"])));
    let account = api.get("/api/accounts").body[0].clone();
    let put = |name: &str, value: Value| {
        let mut settings = account["settings"].clone();
        settings["jwt_groups_enabled"] = json!(true);
        settings["jwt_groups_claim_name"] = json!("groups");
        settings[name] = value;
        let path = format!("/api/accounts/{}", account["id"].as_str().expect("an id"));
        assert_eq!(api.call("PUT", &path, &json!({"settings": settings})).status, 200);
    };
    put("jwt_allow_groups", json!([]));
    let count = |token: &str| netbird.api(token).me().body["auto_groups"].as_array().map(Vec::len);
    assert_eq!(count(&with(json!(["vpn", "staff"]))), Some(2));
    assert_eq!(count(&with(json!("vpn"))), Some(1), "one group as a text");
    assert_eq!(
        count(&issuer.sign(&claims(&issuer, json!({})))),
        Some(0),
        "a token without the claim"
    );
    put("jwt_allow_groups", json!(["staff"]));
    assert_eq!(netbird.api(&with(json!(["vpn"]))).me().status, 401);
    assert_eq!(netbird.api(&with(json!(["staff"]))).me().status, 200);
}
