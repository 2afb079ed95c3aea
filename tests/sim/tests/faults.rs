//! Misbehaviour on demand, and what it leaves behind.

mod common;

use std::time::Duration;

use authentik_sim::{DEFAULT_TOKEN, Fault, FaultRule, Match, Sim};
use common::{Answer, api, send};
use serde_json::{Value, json};

fn ask(sim: &Sim) -> std::io::Result<Answer> {
    let bearer = format!("Bearer {DEFAULT_TOKEN}");
    send(&sim.url(), "GET", "/api/v3/admin/version/", &[("Authorization", &bearer)], "")
}

fn create(sim: &Sim) -> std::io::Result<Answer> {
    let bearer = format!("Bearer {DEFAULT_TOKEN}");
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    send(&sim.url(), "POST", "/api/v3/core/groups/", &headers, r#"{"name":"made"}"#)
}

fn with(fault: Fault) -> Sim {
    let sim = Sim::start("2026.2");
    sim.fault(FaultRule::once(Match::Any, fault));
    sim
}

#[test]
fn a_reset_changes_nothing_and_a_late_one_does() {
    let sim = with(Fault::Reset);
    assert!(create(&sim).is_err());
    assert!(sim.state().group("made").is_none());
    let sim = with(Fault::ResetAfter);
    assert!(create(&sim).is_err());
    assert!(sim.state().group("made").is_some());
    assert_eq!(sim.requests()[0].status, 0);
}

#[test]
fn answers_can_be_spoilt_in_many_ways() {
    let status = Fault::Status(429, vec![("Retry-After".into(), "7".into())], "{}".into());
    let answer = ask(&with(status)).expect("an answer");
    assert_eq!((answer.status, answer.header("retry-after")), (429, Some("7")));
    assert_eq!(ask(&with(Fault::Html(500))).expect("an answer").media(), "text/html");
    let moved =
        ask(&with(Fault::Redirect("https://elsewhere.example/".into()))).expect("an answer");
    assert_eq!((moved.status, moved.header("location")), (302, Some("https://elsewhere.example/")));
    let plain = ask(&with(Fault::WrongContentType)).expect("an answer");
    assert_eq!(
        (plain.media(), plain.json()["version_current"].as_str()),
        ("text/plain", Some("2026.2.2"))
    );
    let broken = ask(&with(Fault::InvalidJson)).expect("an answer");
    assert_eq!((broken.media(), broken.json()), ("application/json", Value::Null));
    assert!(ask(&with(Fault::WrongShape)).expect("an answer").json().is_array());
    assert!(ask(&with(Fault::HugeBody(1 << 20))).expect("an answer").body.len() > 1 << 20);
    assert!(ask(&with(Fault::TruncatedBody)).is_err());
    assert!(ask(&with(Fault::Hang(Duration::from_millis(1)))).is_err());
    let slow = ask(&with(Fault::Trickle(Duration::from_millis(1)))).expect("an answer");
    assert_eq!(slow.json()["version_current"], "2026.2.2");
}

#[test]
fn a_spoilt_answer_to_a_change_leaves_nothing_changed() {
    for fault in [Fault::WrongContentType, Fault::InvalidJson, Fault::WrongShape, Fault::Html(502)]
    {
        let sim = with(fault);
        let _ = create(&sim);
        assert!(sim.state().group("made").is_none());
        assert_eq!(create(&sim).expect("an answer").status, 201, "the fault is used up");
    }
}

#[test]
fn rules_pick_their_requests() {
    let sim = Sim::start("2026.2");
    sim.fault(FaultRule {
        when: Match::path("GET", "/api/v3/core/"),
        fault: Fault::Html(500),
        times: 1,
    });
    let url = sim.url();
    let get = |path: &str| api(&url, DEFAULT_TOKEN, "GET", path, &Value::Null).status;
    assert_eq!(
        [get("/admin/version/"), get("/core/users/me/"), get("/core/users/me/")],
        [200, 500, 200]
    );
    sim.fault(FaultRule::always(Match::Any, Fault::Html(500)));
    assert_eq!(get("/admin/version/"), 500);
    sim.clear_faults();
    assert_eq!(get("/admin/version/"), 200);
    assert_eq!(
        api(&url, DEFAULT_TOKEN, "POST", "/core/groups/", &json!({"name": "x"})).status,
        201
    );
}

#[test]
fn a_server_that_hangs_can_still_be_stopped() {
    let sim = with(Fault::Hang(Duration::MAX));
    let url = sim.url();
    let waiting = std::thread::spawn(move || send(&url, "GET", "/", &[], "").is_err());
    while sim.requests().is_empty() {
        std::thread::yield_now();
    }
    drop(sim);
    assert!(waiting.join().expect("a thread"), "the connection ends with the server");
}
