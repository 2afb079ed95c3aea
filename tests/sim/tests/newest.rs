//! What the newest releases do otherwise, and what every release does when two clients meet.

mod common;

use std::time::Duration;

use authentik_sim::{DEFAULT_TOKEN, Fault, FaultRule, Feature, Match, SCOPE, Sim, profiles};
use common::netbird::{authority, cli, dashboard, provision};
use common::{api, send};
use serde_json::{Value, json};

fn ready(profile: &str) -> Sim {
    let sim = Sim::start(profile);
    provision(&sim);
    sim
}

fn get(sim: &Sim, path: &str) -> Value {
    api(&sim.url(), DEFAULT_TOKEN, "GET", path, &Value::Null).json()
}

#[test]
fn grant_types_and_managed_mappings_of_2026() {
    for (profile, grants, discovered, mappings) in [
        ("2026.2", false, false, 6),
        ("2026.5.0-rc1", false, false, 6),
        ("2026.5.0", true, false, 6),
        ("2026.8", true, true, 9),
    ] {
        let sim = ready(profile);
        let provider = get(&sim, "/providers/oauth2/?client_id=netbird")["results"][0].clone();
        assert_eq!(provider.get("grant_types").is_some(), grants, "{profile}");
        let list = get(&sim, "/propertymappings/provider/scope/?page_size=100");
        let managed = list["results"].as_array().into_iter().flatten().filter(|mapping| {
            mapping["managed"].as_str().is_some_and(|name| name.starts_with(SCOPE))
        });
        assert_eq!(managed.count(), mappings, "{profile}");
        let only = json!(["authorization_code", "refresh_token"]);
        sim.state().provider_mut("NetBird").expect("it")["grant_types"] = only.clone();
        let document = sim.browser().discover(&dashboard(&sim.url())).expect("a document");
        assert_eq!(document["grant_types_supported"] == only, discovered, "{profile}");
        let mut browser = sim.browser();
        browser.log_in("anna").expect("anna");
        let device = browser.device_log_in(&cli(&sim.url())).map_err(|failure| failure.to_string());
        match device {
            Ok(_) => assert!(!grants, "{profile}"),
            Err(why) => assert!(grants && why.contains("invalid_client"), "{profile}: {why}"),
        }
    }
}

#[test]
fn keys_that_came_with_2026_8() {
    for (profile, newer) in [("2026.5", false), ("2026.8", true)] {
        let sim = ready(profile);
        sim.state().add_group_of("vpn", &[]);
        sim.state().bind_group("netbird", "vpn");
        let has = |object: &Value, key: &str| {
            assert_eq!(object.get(key).is_some(), newer, "{profile} {key}")
        };
        let me = get(&sim, "/core/users/me/");
        has(&me, "users");
        has(&me["user"], "is_current");
        let brand = get(&sim, "/core/brands/")["results"][0].clone();
        ["branding_map_tiles", "flow_user_switch", "flow_request"]
            .iter()
            .for_each(|key| has(&brand, key));
        let binding = get(&sim, "/policies/bindings/")["results"][0].clone();
        ["expires", "expiring"].iter().for_each(|key| has(&binding, key));
        // Nobody can write when a binding ends.
        let path = format!("/policies/bindings/{}/", binding["pk"].as_str().expect("a key"));
        let body = json!({"expiring": true, "expires": "2020-01-01T00:00:00Z"});
        let patched = api(&sim.url(), DEFAULT_TOKEN, "PATCH", &path, &body);
        assert_eq!((patched.status, patched.json()["expiring"] == true), (200, false));
    }
}

#[test]
fn the_system_setting_closes_applications_without_bindings() {
    for profile in profiles() {
        let sim = ready(profile.name);
        let pk = sim.state().user("anna").expect("anna")["pk"].clone();
        let access = || {
            get(&sim, &format!("/core/applications/netbird/check_access/?for_user={pk}"))["passing"]
                == true
        };
        assert!(access(), "{}", profile.name);
        let body = json!({"flags": {"core_default_app_access": false}});
        let answer = api(&sim.url(), DEFAULT_TOKEN, "PATCH", "/admin/settings/", &body);
        let known = profile.has(Feature::SystemSettings);
        assert_eq!(answer.status, if known { 200 } else { 405 }, "{}", profile.name);
        let closes = profile.has(Feature::DefaultAccess);
        assert_eq!(answer.json()["flags"].get("core_default_app_access").is_some(), closes);
        assert_eq!(access(), !closes, "{}", profile.name);
        assert_eq!(sim.may_log_in("anna"), !closes);
    }
}

#[test]
fn a_lost_race_is_a_page_a_raw_text_or_a_field_error() {
    let texts = ["already exists", "must be unique", "duplicate key"];
    for profile in profiles() {
        let sim = ready(profile.name);
        let lost = |path: &str, body: Value| {
            sim.fault(FaultRule::once(
                Match::path("POST", &format!("/api/v3{path}")),
                Fault::LostRace,
            ));
            let answer = api(&sim.url(), DEFAULT_TOKEN, "POST", path, &body);
            (answer.status, String::from_utf8_lossy(&answer.body).into_owned())
        };
        let (status, text) = lost("/core/applications/", json!({"name": "x", "slug": "x"}));
        assert!(sim.state().application("x").is_some());
        if profile.has(Feature::RaceIsFieldError) {
            assert_eq!(status, 400, "{}", profile.name);
            assert!(
                text.starts_with("{\"slug\":") && !texts.iter().any(|known| text.contains(known))
            );
        } else {
            assert_eq!(status, 500, "{}", profile.name);
        }
        let (status, text) = lost("/core/users/service_account/", json!({"name": "account"}));
        let raw = profile.has(Feature::RaceIsRawText);
        assert_eq!(text.contains("duplicate key value"), raw, "{}: {status} {text}", profile.name);
        // Where a name is not unique nobody loses.
        let (status, _) = lost("/core/groups/", json!({"name": "group"}));
        let groups = sim.state().groups.iter().filter(|group| group["name"] == "group").count();
        let unique = profile.has(Feature::GroupNameUnique);
        assert_eq!(
            (status == 201, groups),
            (!unique, if unique { 1 } else { 2 }),
            "{}",
            profile.name
        );
    }
}

#[test]
fn texts_are_trimmed_before_they_are_compared() {
    for profile in profiles() {
        let sim = ready(profile.name);
        let make = |name: &str| {
            api(
                &sim.url(),
                DEFAULT_TOKEN,
                "POST",
                "/core/applications/",
                &json!({"name": name, "slug": " x "}),
            )
        };
        let made = make("  Net Bird ").json();
        assert_eq!(
            (&made["name"], &made["slug"]),
            (&json!("Net Bird"), &json!("x")),
            "{}",
            profile.name
        );
        assert_eq!(make("other").status, 400, "{}", profile.name);
        let user = json!({"username": "u", "name": "u", "groups": [], "attributes": {"a": " b "}});
        let made = api(&sim.url(), DEFAULT_TOKEN, "POST", "/core/users/", &user).json();
        assert_eq!(made["attributes"]["a"], " b ");
    }
}

#[test]
fn every_second_request_with_te_gets_no_answer_from_the_newest_router() {
    use std::io::{Read as _, Write as _};
    for (profile, stalls) in [("2026.5", false), ("2026.8", true)] {
        let sim = ready(profile);
        let send = |connection: &str| {
            let address = sim.url().trim_start_matches("http://").to_owned();
            let mut stream = std::net::TcpStream::connect(&address).expect("a connection");
            let head = "GET /-/health/ready/ HTTP/1.1\r\nHost: sim\r\n";
            let request = format!("{head}Connection: {connection}\r\n\r\n");
            stream.write_all(request.as_bytes()).expect("it is sent");
            stream
        };
        let answered = |mut stream: std::net::TcpStream| {
            let mut answer = vec![];
            stream.read_to_end(&mut answer).expect("an answer");
            assert!(answer.starts_with(b"HTTP/1.1 200"), "{profile}");
        };
        answered(send("close, TE"));
        let second = send("close, TE");
        while sim.requests().len() < 2 {
            std::thread::yield_now();
        }
        if !stalls {
            answered(second);
            continue;
        }
        // Later ones are answered while this one is not.
        answered(send("close, TE"));
        answered(send("close"));
        answered(send("close"));
        assert_eq!(sim.requests()[1].status, 0);
    }
}

#[test]
fn forwarded_headers_count_by_peer_and_release() {
    let issuer = |profile: &str, peer: &str, headers: &[(&str, &str)]| {
        let sim = Sim::builder(profile).peer(peer).start();
        provision(&sim);
        let path = "/application/o/netbird/.well-known/openid-configuration";
        let headers: Vec<(&str, &str)> =
            [("Host", "in.example")].iter().chain(headers).copied().collect();
        let document = send(&sim.url(), "GET", path, &headers, "").expect("an answer").json();
        document["issuer"]
            .as_str()
            .expect("an issuer")
            .trim_end_matches("/application/o/netbird/")
            .to_owned()
    };
    let both = [("X-Forwarded-Host", "pub.example"), ("X-Forwarded-Proto", "https")];
    for (peer, trusted) in
        [("127.0.0.1", true), ("172.18.0.2", true), ("100.64.0.7", false), ("fd00::1", false)]
    {
        let wanted = if trusted { "https://pub.example" } else { "https://in.example" };
        assert_eq!(issuer("2026.2", peer, &both), wanted, "{peer}");
        let wanted = if trusted { "https://pub.example" } else { "http://in.example" };
        assert_eq!(issuer("2026.8", peer, &both), wanted, "{peer}");
    }
    let forwarded = [("Forwarded", "for=1.2.3.4;host=pub.example;proto=https, for=5.6.7.8")];
    assert_eq!(issuer("2026.8", "10.0.0.1", &forwarded), "https://pub.example");
    assert_eq!(issuer("2026.2", "10.0.0.1", &forwarded), "http://in.example");
}

#[test]
fn the_issuer_is_the_providers_the_root_or_whatever_is_set() {
    let sim = Sim::builder("2026.8").issuer_override().start();
    provision(&sim);
    let pk = sim.state().provider_by_name("NetBird").expect("it")["pk"].clone();
    let patch = |body: Value| {
        let answer =
            api(&sim.url(), DEFAULT_TOKEN, "PATCH", &format!("/providers/oauth2/{pk}/"), &body);
        assert_eq!(answer.status, 200);
        answer.json()
    };
    let mut browser = sim.browser();
    browser.log_in("anna").expect("anna");
    let mut login = |issuer: &str| {
        let client = dashboard(&sim.url()).issuer(issuer);
        browser.log_in_to(&client).map(drop).map_err(|failure| failure.to_string())
    };
    assert_eq!(login(&authority(&sim.url())), Ok(()));
    patch(json!({"issuer_mode": "global"}));
    assert_eq!(login(&format!("{}/", sim.url())), Ok(()));
    assert!(login(&authority(&sim.url())).is_err());
    let shown = patch(json!({"issuer_override": "https://issuer.example/x"}));
    assert_eq!(shown["issuer_override"], "https://issuer.example/x");
    assert_eq!(login("https://issuer.example/x"), Ok(()));
    // Nothing is served at the root.
    let global = dashboard(&sim.url());
    let failure = sim.browser().discover(&authentik_sim::Client { authority: sim.url(), ..global });
    assert!(failure.expect_err("a failure").text.contains("404"));
    let plain = ready("2026.8");
    assert_eq!(get(&plain, "/providers/oauth2/")["results"][0].get("issuer_override"), None);
}

#[test]
fn the_cost_of_requests_is_a_sum_of_measured_figures() {
    for (profile, flow, keys) in [("2024.2", 390, 400), ("2026.2", 535, 40)] {
        let sim = ready(profile);
        get(&sim, "/flows/instances/default-invalidation-flow/");
        assert_eq!(sim.cost(), Duration::from_millis(flow), "{profile}");
        sim.clear_requests();
        get(&sim, "/crypto/certificatekeypairs/?has_key=true");
        assert_eq!(sim.cost(), Duration::from_millis(keys), "{profile}");
        sim.clear_requests();
        assert!(sim.browser().discover(&dashboard(&sim.url())).is_ok());
        assert_eq!(sim.cost(), Duration::ZERO, "the browser is not counted");
    }
}
