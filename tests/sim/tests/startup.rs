//! The way from a refused connection to a usable server, and the way back.

mod common;

use authentik_sim::{Advance, DEFAULT_TOKEN, SELF_SIGNED, Sim, Stage, profiles};
use common::{api, send};
use serde_json::Value;

#[test]
fn a_refusing_server_keeps_its_port() {
    let sim = Sim::start("2026.2");
    let url = sim.url();
    let ask = || send(&url, "GET", "/-/health/live/", &[], "").map(|answer| answer.status);
    assert_eq!(ask().ok(), Some(200));
    sim.set_stage(Stage::Refused);
    assert!(ask().is_err());
    sim.set_stage(Stage::Ready);
    assert_eq!(ask().ok(), Some(200));
    assert_eq!(sim.url(), url);
}

#[test]
fn a_server_may_begin_by_refusing() {
    let sim = Sim::builder("2024.2").stage(Stage::Refused).start();
    assert!(send(&sim.url(), "GET", "/", &[], "").is_err());
    assert!(sim.requests().is_empty());
}

#[test]
fn starting_looks_different_before_and_after_2025_10() {
    let answers = |profile: &str, accept: &str, path: &str| {
        let sim = Sim::builder(profile).stage(Stage::Starting).start();
        let answer = send(&sim.url(), "GET", path, &[("Accept", accept)], "").expect("an answer");
        (answer.status, answer.media().to_owned(), answer.header("retry-after").map(str::to_owned))
    };
    let path = "/api/v3/core/users/me/";
    let five = Some("5".to_owned());
    assert_eq!(
        answers("2026.2", "application/json", path),
        (503, "application/json".into(), five.clone())
    );
    assert_eq!(answers("2026.2", "text/html", path), (503, "text/html".into(), five.clone()));
    assert_eq!(answers("2026.2", "*/*", path), (503, "text/plain".into(), five));
    assert_eq!(answers("2026.2", "*/*", "/-/health/live/").0, 502);
    assert_eq!(answers("2024.2", "application/json", path), (502, "application/json".into(), None));
    assert_eq!(answers("2024.2", "application/json, */*", path), (502, "text/plain".into(), None));
    assert_eq!(answers("2024.2", "*/*", "/-/health/live/").0, 204);
    assert_eq!(answers("2026.8", "*/*", "/-/health/live/").0, 503);
}

#[test]
fn before_the_worker_made_it_the_right_token_is_refused_like_a_wrong_one() {
    let sim = Sim::builder("2026.2").stage(Stage::TokenUnknown).start();
    let right = api(&sim.url(), DEFAULT_TOKEN, "GET", "/root/config/", &Value::Null);
    let wrong = api(&sim.url(), "wrong", "GET", "/root/config/", &Value::Null);
    assert_eq!((right.status, right.body), (403, wrong.body));
    assert_eq!(
        send(&sim.url(), "GET", "/api/v3/root/config/", &[], "").expect("an answer").status,
        200
    );
    sim.set_stage(Stage::Empty);
    let url = sim.url();
    let count = |path: &str| {
        let answer = api(&url, DEFAULT_TOKEN, "GET", path, &Value::Null);
        (answer.status, answer.json()["pagination"]["count"].as_u64())
    };
    assert_eq!(count("/flows/instances/"), (200, Some(0)));
    assert_eq!(count("/core/brands/"), (200, Some(0)));
    assert_eq!(
        count(
            "/propertymappings/provider/scope/?managed=goauthentik.io/providers/oauth2/scope-openid"
        )
        .0,
        400
    );
    sim.set_stage(Stage::partial(&[SELF_SIGNED]));
    assert_eq!(count("/flows/instances/"), (200, Some(14)));
    assert_eq!(count("/crypto/certificatekeypairs/"), (200, Some(0)));
    sim.set_stage(Stage::Ready);
    assert_eq!(count("/crypto/certificatekeypairs/"), (200, Some(1)));
}

#[test]
fn stages_end_after_as_many_requests_as_they_say() {
    let stages =
        vec![(Advance::Requests(2), Stage::Starting), (Advance::Requests(1), Stage::TokenUnknown)];
    let sim = Sim::builder("2026.2").startup(stages).start();
    let url = sim.url();
    let statuses: Vec<u16> = (0..4)
        .map(|_| api(&url, DEFAULT_TOKEN, "GET", "/core/users/me/", &Value::Null).status)
        .collect();
    assert_eq!(statuses, [503, 503, 403, 200]);
    assert_eq!(sim.stage(), Stage::Ready);
}

#[test]
fn every_release_gets_ready_on_its_ladder() {
    for profile in profiles() {
        let ladder: Vec<_> = Stage::cold_start(profile.name)
            .into_iter()
            .filter(|(_, stage)| *stage != Stage::Refused)
            .collect();
        let steps = ladder.len() * 2;
        let sim = Sim::builder(profile.name).startup(ladder).start();
        let url = sim.url();
        let mut version = Value::Null;
        for _ in 0..steps {
            let answer = api(&url, DEFAULT_TOKEN, "GET", "/admin/version/", &Value::Null);
            version = answer.json()["version_current"].clone();
        }
        assert_eq!(version, profile.version_current);
        assert_eq!(sim.stage(), Stage::Ready, "{}", profile.name);
        assert!(Stage::all(profile.name).len() > 10);
    }
}

#[test]
fn a_cold_start_by_time_and_requests_gets_ready() {
    let sim = Sim::builder("2026.2").startup(Stage::cold_start("2026.2")).start();
    let url = sim.url();
    let bearer = format!("Bearer {DEFAULT_TOKEN}");
    let mut statuses = vec![];
    while sim.stage() != Stage::Ready {
        // Refused connections end by time; everything after them by the requests themselves.
        match send(&url, "GET", "/api/v3/core/users/me/", &[("Authorization", &bearer)], "") {
            Ok(answer) => statuses.push(answer.status),
            Err(_) => std::thread::yield_now(),
        }
    }
    statuses.dedup();
    assert_eq!(statuses, [503, 403, 200]);
}
