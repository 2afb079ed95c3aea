//! What single endpoints answer: headers for web pages, which brand serves, secrets of confidential clients, logout.

mod common;

use authentik_sim::{Client, Feature, Sim, profiles};
use common::netbird::{REDIRECT, authority, dashboard, provision};
use common::{Answer, form, percent, send};
use serde_json::{Value, json};

const PAGE: &str = "https://netbird.example.com";

fn ready(profile: &str) -> Sim {
    let sim = Sim::start(profile);
    provision(&sim);
    sim
}

fn allowed(answer: &Answer) -> Option<&str> {
    answer.header("access-control-allow-origin")
}

#[test]
fn only_discovery_and_token_tell_a_registered_page_from_others() {
    for profile in profiles() {
        let sim = ready(profile.name);
        let url = sim.url();
        let ask = |method: &str, path: &str, origin: &str| {
            let headers =
                [("Origin", origin), ("Content-Type", "application/x-www-form-urlencoded")];
            let body = if method == "POST" { "client_id=netbird&grant_type=x" } else { "" };
            send(&url, method, path, &headers, body).expect("an answer")
        };
        let document = "/application/o/netbird/.well-known/openid-configuration";
        for origin in [PAGE, "https://other.example.com"] {
            let wanted = (origin == PAGE).then_some(PAGE);
            assert_eq!(allowed(&ask("GET", document, origin)), wanted, "{}", profile.name);
            let token = ask("POST", "/application/o/token/", origin);
            assert_eq!((token.status, allowed(&token)), (400, wanted), "{}", profile.name);
            for path in [document, "/application/o/token/", "/application/o/userinfo/"] {
                assert_eq!(allowed(&ask("OPTIONS", path, origin)), Some(origin), "{path}");
            }
            assert_eq!(allowed(&ask("GET", "/application/o/userinfo/", origin)), None);
            assert_eq!(allowed(&ask("GET", "/application/o/netbird/jwks/", origin)), Some("*"));
            for path in ["/application/o/revoke/", "/application/o/device/"] {
                assert_eq!(allowed(&ask("POST", path, origin)), None, "{path}");
            }
        }
    }
}

#[test]
fn the_current_brand_goes_by_host_and_port_and_needs_no_token() {
    let current = |sim: &Sim, host: &str| {
        let kind = if sim.profile().has(Feature::Brands) { "brands" } else { "tenants" };
        let path = format!("/api/v3/core/{kind}/current/");
        send(&sim.url(), "GET", &path, &[("Host", host)], "").expect("an answer").json()
    };
    for (profile, dotted, longest) in [
        ("2022.12", false, false),
        ("2024.12", false, false),
        ("2025.6", false, true),
        ("2026.2", true, true),
    ] {
        let sim = ready(profile);
        let domain = |host: &str| current(&sim, host)["matched_domain"].as_str().map(str::to_owned);
        let is = |host: &str, wanted: &str| {
            assert_eq!(domain(host).as_deref(), Some(wanted), "{profile} {host}")
        };
        let shown = current(&sim, "auth.example.com");
        assert_eq!(shown["flow_device_code"], "device-code");
        sim.state().add_brand("example.com", None);
        sim.state().add_brand("auth.example.com", None);
        sim.state().add_brand(".example.org", None);
        is("auth.example.com", if longest { "auth.example.com" } else { "example.com" });
        is("AUTH.example.com", if longest { "auth.example.com" } else { "example.com" });
        is("a.example.com", "example.com");
        is("auth.example.com:8443", "authentik-default");
        is("badexample.com", if dotted { "authentik-default" } else { "example.com" });
        is("x.example.org", if dotted { "authentik-default" } else { ".example.org" });
        let shown = current(&sim, "auth.example.com");
        assert_eq!(shown.get("flow_device_code"), None);
        sim.state().brands.clear();
        is("auth.example.com", "fallback");
    }
}

#[test]
fn whether_the_system_opens_applications_is_told_by_some_patches_only() {
    for (profile, told) in [
        ("2026.2", false),
        ("2026.5.0-rc1", false),
        ("2026.5.0", true),
        ("2026.5", true),
        ("2026.8", false),
    ] {
        let sim = ready(profile);
        let shown = send(&sim.url(), "GET", "/api/v3/core/brands/current/", &[], "")
            .expect("an answer")
            .json();
        assert_eq!(shown["flags"].get("core_default_app_access").is_some(), told, "{profile}");
    }
}

/// Makes the provider confidential and returns its secret.
fn confidential(sim: &Sim) -> String {
    let mut state = sim.state();
    let provider = state.provider_mut("NetBird").expect("the provider");
    provider["client_type"] = json!("confidential");
    provider["client_secret"].as_str().expect("a secret").to_owned()
}

#[test]
fn one_request_tells_whether_secret_and_redirect_uri_are_right() {
    for profile in profiles() {
        let sim = ready(profile.name);
        let secret = confidential(&sim);
        let error = |secret: &str, redirect: &str| {
            let fields = [
                ("grant_type", "authorization_code"),
                ("code", "nonsense"),
                ("client_id", "netbird"),
                ("client_secret", secret),
                ("redirect_uri", redirect),
            ];
            let answer = form(&sim.url(), "/application/o/token/", &fields);
            assert_eq!(answer.status, 400);
            answer.json()["error"].as_str().map(str::to_owned)
        };
        assert_eq!(error(&secret, REDIRECT).as_deref(), Some("invalid_grant"), "{}", profile.name);
        for (secret, redirect) in
            [("wrong", REDIRECT), ("", REDIRECT), (&secret, "https://other.example/")]
        {
            assert_eq!(
                error(secret, redirect).as_deref(),
                Some("invalid_client"),
                "{}",
                profile.name
            );
        }
    }
}

#[test]
fn a_confidential_client_logs_somebody_in() {
    for profile in profiles() {
        let sim = ready(profile.name);
        let secret = confidential(&sim);
        let client = |secret: &str| {
            Client::confidential(&authority(&sim.url()), "netbird", secret, REDIRECT)
        };
        let mut browser = sim.browser();
        browser.log_in("anna").expect("anna");
        let login = browser.log_in_to(&client(&secret));
        let login = login.unwrap_or_else(|failure| panic!("{}: {failure}", profile.name));
        assert_eq!(login.id["name"], "anna");
        let failure = browser.log_in_to(&client("wrong")).expect_err("a failure");
        assert_eq!((failure.step, failure.text.contains("invalid_client")), ("token", true));
        let provider =
            |key: &str, value: Value| sim.state().provider_mut("NetBird").expect("it")[key] = value;
        provider("include_claims_in_id_token", json!(false));
        let login = browser.log_in_to(&client(&secret)).expect("a login");
        assert_eq!((login.id.get("name"), &login.userinfo["name"]), (None, &json!("anna")));
        provider("signing_key", Value::Null);
        let document = browser.discover(&client(&secret)).expect("a document");
        assert_eq!(document["id_token_signing_alg_values_supported"], json!(["HS256"]));
    }
}

#[test]
fn the_way_back_from_a_logout_depends_on_the_release_and_on_logout_entries() {
    const BACK: &str = "https://netbird.example.com/oauth2/logout/callback";
    let run = |profile: &str, entries: &[&str], session_ends: bool| {
        let sim = ready(profile);
        {
            let mut state = sim.state();
            let invalidation = state.flow("default-invalidation-flow").expect("it")["pk"].clone();
            let provider = state.provider_mut("NetBird").expect("the provider");
            if session_ends {
                provider["invalidation_flow"] = invalidation;
            }
            let list = provider["redirect_uris"].as_array_mut().expect("a list");
            list.extend(entries.iter().map(
                |url| json!({"matching_mode": "strict", "url": url, "redirect_uri_type": "logout"}),
            ));
        }
        let mut browser = sim.browser();
        browser.log_in("anna").expect("anna");
        let login = browser.log_in_to(&dashboard(&sim.url())).expect("a login");
        browser
            .log_out(&login, BACK)
            .map(|out| (out.returned_to.is_some(), out.session_ended))
            .map_err(|f| f.step)
    };
    assert_eq!(run("2024.2", &[], false), Ok((false, true)), "the brand's flow ends the session");
    assert_eq!(run("2026.2", &[BACK], false), Ok((false, false)));
    assert_eq!(run("2026.2", &[BACK], true), Ok((false, true)));
    assert_eq!(run("2026.5.0-rc1", &[BACK], false), Ok((true, false)));
    assert_eq!(run("2026.5.0-rc1", &["https://other.example/"], false), Ok((false, false)));
    for profile in ["2026.5.0", "2026.5", "2026.8"] {
        assert_eq!(run(profile, &[BACK], true), Ok((true, true)), "{profile}");
        assert_eq!(run(profile, &["https://other.example/"], false), Err("logout"), "{profile}");
    }
    assert_eq!(run("2026.5.0", &[], false), Err("logout"));
    assert_eq!(run("2026.5", &[], false), Ok((false, false)));
}

#[test]
fn a_logout_without_a_session_is_a_login_before_2026_8() {
    for (profile, place) in [
        ("2026.5", "/if/flow/default-authentication-flow/"),
        ("2026.8", "/if/flow/default-provider-invalidation-flow/"),
    ] {
        let sim = ready(profile);
        let path = format!(
            "/application/o/netbird/end-session/?post_logout_redirect_uri={}",
            percent(PAGE)
        );
        let answer = send(&sim.url(), "GET", &path, &[], "").expect("an answer");
        assert!(answer.header("location").is_some_and(|to| to.starts_with(place)), "{profile}");
    }
}
