//! Logins by the browser-like client, on every release, and each thing that makes one fail.

mod common;

use authentik_sim::{Client, Failure, Feature, Sim, profiles};
use common::netbird::{LOCAL, REDIRECT, cli, dashboard, provision, redirects};
use serde_json::json;

/// A server with NetBird's provider, and a browser with somebody logged in.
fn ready(profile: &str) -> Sim {
    let sim = Sim::start(profile);
    provision(&sim);
    sim
}

fn fails(sim: &Sim, client: &Client) -> Failure {
    let mut browser = sim.browser();
    browser.log_in("anna").expect("anna");
    browser.log_in_to(client).expect_err("a failure")
}

fn works(sim: &Sim, client: &Client) {
    let mut browser = sim.browser();
    browser.log_in("anna").expect("anna");
    browser.log_in_to(client).unwrap_or_else(|failure| panic!("{}: {failure}", sim.profile().name));
}

#[test]
fn somebody_logs_in_refreshes_and_logs_out_on_every_release() {
    for profile in profiles() {
        let sim = ready(profile.name);
        for client in [dashboard(&sim.url()), cli(&sim.url())] {
            let mut browser = sim.browser();
            browser.log_in("anna").expect("anna");
            let login = browser.log_in_to(&client);
            let login = login.unwrap_or_else(|failure| panic!("{}: {failure}", profile.name));
            assert_eq!(login.userinfo["preferred_username"], "anna");
            assert_eq!(login.id["email"], "anna@example.com");
            let next = browser.refresh(&client, &login);
            let next = next.unwrap_or_else(|failure| panic!("{}: {failure}", profile.name));
            assert!(browser.refresh(&client, &login).is_err(), "a refresh token is spent");
            let out = browser.log_out(&next, "https://netbird.example.com/");
            let ends = !profile.has(Feature::InvalidationFlow);
            match out {
                Ok(out) => assert_eq!((out.returned_to, out.session_ended), (None, ends)),
                Err(failure) => {
                    assert!(profile.has(Feature::LogoutNeedsEntry), "{}: {failure}", profile.name)
                }
            }
        }
        let mut browser = sim.browser();
        browser.log_in("anna").expect("anna");
        let device = browser.device_log_in(&cli(&sim.url()));
        device.unwrap_or_else(|failure| panic!("{}: {failure}", profile.name));
    }
}

#[test]
fn nobody_logged_in_gets_no_further_than_the_login_page() {
    let sim = ready("2026.2");
    let failure = sim.browser().log_in_to(&dashboard(&sim.url())).expect_err("a failure");
    assert_eq!(failure.to_string(), "consent: nobody is logged in");
    sim.state().user_mut("anna").expect("anna")["is_active"] = json!(false);
    let failure = sim.browser().log_in("anna").expect_err("a failure");
    assert_eq!(failure.to_string(), "log in: anna is deactivated");
}

#[test]
fn a_public_url_is_the_host_that_the_server_sees() {
    for profile in ["2022.12", "2026.2", "2026.8"] {
        let sim = Sim::builder(profile).web_path("/auth/").start();
        provision(&sim);
        let public = "https://auth.example.com:8443/auth";
        let mut browser = sim.browser_at(public);
        browser.log_in("anna").expect("anna");
        let login = browser.log_in_to(&dashboard(public)).expect("a login");
        assert_eq!(login.id["iss"], format!("{public}/application/o/netbird/"));
        browser.device_log_in(&cli(public)).expect("a login");
    }
}

#[test]
fn escaped_dots_keep_the_page_out_where_redirects_are_a_text() {
    for profile in ["2022.12", "2024.2", "2024.8.4", "2024.10.0"] {
        let sim = ready(profile);
        works(&sim, &dashboard(&sim.url()));
        let entries = redirects(&sim, &[REDIRECT, LOCAL]);
        sim.state().provider_mut("NetBird").expect("it")["redirect_uris"] = entries;
        let failure = fails(&sim, &dashboard(&sim.url()));
        assert_eq!(failure.step, "discovery", "{profile}: {failure}");
        assert!(failure.text.contains("Access-Control-Allow-Origin"), "{failure}");
        works(&sim, &cli(&sim.url()));
    }
}

#[test]
fn the_cure_matches_no_redirect_uri() {
    let sim = ready("2024.2");
    let elsewhere = Client {
        redirect_uri: "https://netbird.example.com/(?!)".to_owned(),
        ..dashboard(&sim.url())
    };
    let entries = sim.state().provider_by_name("NetBird").expect("it")["redirect_uris"].clone();
    assert!(!authentik_sim::redirect_matches(&entries, "https://netbird.example.com/", true));
    assert!(!authentik_sim::redirect_matches(&entries, "https://netbird.example.com/(", true));
    // But by the letter: the oldest rule compares the text too.
    let failure = fails(
        &sim,
        &Client { redirect_uri: "https://netbird.example.com/x".to_owned(), ..elsewhere },
    );
    assert_eq!(failure.step, "authorize");
}

#[test]
fn an_entry_that_is_no_url_ends_every_request_of_a_page() {
    let sim = ready("2026.2");
    let provider =
        |entries| sim.state().provider_mut("NetBird").expect("it")["redirect_uris"] = entries;
    provider(json!([
        {"matching_mode": "strict", "url": REDIRECT}, {"matching_mode": "strict", "url": LOCAL},
        {"matching_mode": "regex", "url": "https://[a-z]+.example.com/.*"},
    ]));
    let failure = fails(&sim, &dashboard(&sim.url()));
    assert_eq!((failure.step, failure.text.contains("500")), ("discovery", true), "{failure}");
    works(&sim, &cli(&sim.url()));
}

#[test]
fn each_setting_that_breaks_a_login_breaks_it_where_it_does() {
    type Break = fn(&mut authentik_sim::State);
    let cases: &[(&str, &str, Break)] = &[
        ("no signing key", "keys", |state| provider(state)["signing_key"] = json!(null)),
        ("elliptic key", "verify", |state| {
            let pair = state.add_ec_key_pair("ec");
            provider(state)["signing_key"] = json!(pair);
        }),
        ("redirect URI", "authorize", |state| {
            provider(state)["redirect_uris"] =
                json!([{"matching_mode": "strict", "url": format!("{REDIRECT}/")}]);
        }),
        ("another client id", "authorize", |state| provider(state)["client_id"] = json!("other")),
        ("no application", "discovery", |state| {
            state.applications.clear();
        }),
        ("nobody bound", "authorize", |state| {
            state.add_group_of("empty", &[]);
            state.bind_group("netbird", "empty");
        }),
        ("no grants", "authorize", |state| provider(state)["grant_types"] = json!([])),
        ("no code grant", "token", |state| {
            provider(state)["grant_types"] = json!(["authorization_code"]);
            provider(state)["client_type"] = json!("confidential");
        }),
        ("a flow for nobody logged in", "authorize", |state| {
            let flow = state.add_flow("x", "authorization", "require_unauthenticated");
            provider(state)["authorization_flow"] = json!(flow);
        }),
        ("no openid", "userinfo", |state| {
            let openid = state.scope_mapping("openid").expect("it")["pk"].clone();
            let mappings = provider(state)["property_mappings"].as_array_mut().expect("a list");
            mappings.retain(|mapping| *mapping != openid);
        }),
    ];
    for (what, step, edit) in cases {
        let sim = ready("2026.5");
        edit(&mut sim.state());
        let failure = fails(&sim, &dashboard(&sim.url()));
        assert_eq!(failure.step, *step, "{what}: {failure}");
        assert_eq!(
            sim.may_log_in("anna"),
            !["no application", "nobody bound"].contains(what),
            "{what}"
        );
    }
}

fn provider(state: &mut authentik_sim::State) -> &mut serde_json::Value {
    state.provider_mut("NetBird").expect("the provider")
}

#[test]
fn a_device_needs_a_flow_on_the_brand_that_serves() {
    let device = |sim: &Sim, public: &str| {
        let mut browser = sim.browser_at(public);
        browser.log_in("anna").expect("anna");
        browser.device_log_in(&cli(public)).map(drop)
    };
    let public = "https://auth.example.com:8443";
    for profile in profiles() {
        let sim = ready(profile.name);
        // A brand of its own for the public name, with the flow, while the default brand has none.
        let flow = sim.state().brand_default_mut()["flow_device_code"].take();
        let failure = device(&sim, public).expect_err("a failure");
        assert!(failure.text.contains("404"), "{}: {failure}", profile.name);
        sim.state().add_brand("auth.example.com", Some("device-code"));
        assert!(device(&sim, public).is_err(), "{}: the port counts", profile.name);
        device(&sim, "https://auth.example.com").expect("without a port the brand serves");
        sim.state().add_brand("auth.example.com:8443", Some("device-code"));
        device(&sim, public).expect("with its port the brand serves");
        sim.state().brands.iter_mut().for_each(|brand| brand["flow_device_code"] = flow.clone());
        for flow in sim.state().flows.iter_mut().filter(|flow| flow["slug"] == "device-code") {
            flow["authentication"] = json!("require_unauthenticated");
        }
        assert_eq!(device(&sim, public).expect_err("a failure").step, "device page");
    }
}

#[test]
fn devices_are_refused_to_the_unbound_from_2024_2_4_on() {
    for profile in profiles() {
        let sim = ready(profile.name);
        sim.state().add_group_of("empty", &[]);
        sim.state().bind_group("netbird", "empty");
        let mut browser = sim.browser();
        browser.log_in("anna").expect("anna");
        let let_in = browser.device_log_in(&cli(&sim.url())).is_ok();
        assert_eq!(let_in, !profile.has(Feature::DeviceChecksAccess), "{}", profile.name);
        assert!(browser.log_in_to(&dashboard(&sim.url())).is_err(), "{}", profile.name);
    }
}

#[test]
fn an_application_without_bindings_is_open_unless_the_settings_say_otherwise() {
    for profile in profiles() {
        let sim = ready(profile.name);
        assert!(sim.may_log_in("anna"));
        sim.state().default_app_access = false;
        let closed = profile.has(Feature::DefaultAccess);
        let mut browser = sim.browser();
        browser.log_in("anna").expect("anna");
        assert_eq!(browser.log_in_to(&dashboard(&sim.url())).is_err(), closed, "{}", profile.name);
        assert_eq!(browser.device_log_in(&cli(&sim.url())).is_err(), closed, "{}", profile.name);
        assert_eq!(!sim.may_log_in("anna"), closed, "{}", profile.name);
        sim.state().bind_user("netbird", "anna");
        browser.log_in_to(&dashboard(&sim.url())).expect("a bound user");
    }
}

#[test]
fn a_binding_that_has_expired_counts_for_nothing() {
    for (profile, ends) in [("2026.5", false), ("2026.8", true)] {
        let sim = ready(profile);
        sim.state().add_group_of("vpn", &["anna"]);
        let binding = sim.state().bind_group("netbird", "vpn");
        sim.state().add_person("otto");
        assert!(sim.may_log_in("anna") && !sim.may_log_in("otto"));
        sim.state().expire_binding(&binding, sim.now() + 3600);
        assert!(sim.may_log_in("anna"), "it has not ended yet");
        sim.state().expire_binding(&binding, sim.now() - 1);
        // Without a binding in force the application is open to all.
        assert_eq!((sim.may_log_in("anna"), sim.may_log_in("otto")), (true, ends));
        sim.state().default_app_access = false;
        assert_eq!(sim.may_log_in("anna"), !ends);
    }
}
