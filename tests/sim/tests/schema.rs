//! The published schema as second judge: of what real servers were recorded to answer, of what the simulator answers to
//! the same, and of every kind of answer it gives on every release that has a table.

mod common;
mod drive;
mod recordings;
mod translate;

use std::collections::BTreeSet;

use authentik_sim::schema::{self, KNOWN, PENDING, judged_by};
use authentik_sim::{Evidence, Profile, Sim, profiles};
use drive::drive;
use recordings::RECORDINGS;
use serde_json::{Value, json};

fn path(exchange: &Value) -> &str {
    let path = exchange["request"]["path"].as_str().unwrap_or_default();
    path.split('?').next().unwrap_or_default()
}

/// Judges a recorded answer.
fn recorded(file: &str, exchange: &Value) -> schema::Verdict {
    let answer = &exchange["response"];
    let json = answer["headers"]["Content-Type"].as_str().is_some_and(|kind| kind.contains("json"));
    let method = exchange["request"]["method"].as_str().unwrap_or_default();
    let status = answer["status"].as_u64().and_then(|n| u16::try_from(n).ok()).unwrap_or_default();
    if !json && status != 204 {
        return schema::Verdict::default();
    }
    // A recording writes no body as an empty text.
    let body = Some(&answer["body"]).filter(|body| *body != "").unwrap_or(&Value::Null);
    schema::judge_answer(file, method, path(exchange), status, body)
}

#[test]
fn recorded_servers_answer_as_their_schema_says() {
    let mut complaints = BTreeSet::new();
    let mut excused = BTreeSet::new();
    for recording in RECORDINGS.iter().filter(|recording| judged_by(recording.file).is_some()) {
        for exchange in recordings::read(recording.file) {
            let verdict = recorded(recording.file, &exchange);
            complaints.extend(verdict.complaints);
            excused.extend(verdict.excused.iter().map(|known| (known.model, known.field)));
        }
    }
    let list: Vec<String> = complaints.into_iter().collect();
    assert!(list.is_empty(), "{}", list.join("\n"));
    for known in KNOWN.iter().filter(|known| known.evidence == Evidence::Recorded) {
        let found = excused.contains(&(known.model, known.field));
        assert!(found, "{} {} differs in no recording: {}", known.model, known.field, known.reason);
    }
}

#[test]
fn the_simulator_answers_recorded_questions_as_the_schema_says() {
    let mut complaints = BTreeSet::new();
    for recording in RECORDINGS.iter().filter(|recording| judged_by(recording.file).is_some()) {
        recordings::replay(recording, |exchange, answer| {
            let method = exchange["request"]["method"].as_str().unwrap_or_default();
            let (path, body) = (path(exchange), answer.json());
            if answer.media() == "application/json" || answer.status == 204 {
                complaints.extend(schema::validate_answer(
                    recording.file,
                    method,
                    path,
                    answer.status,
                    &body,
                ));
            }
        });
    }
    let list: Vec<String> = complaints.into_iter().collect();
    assert!(list.is_empty(), "{}", list.join("\n"));
}

/// Profiles that a table speaks of.
fn judged() -> impl Iterator<Item = &'static Profile> {
    profiles().into_iter().filter(|profile| judged_by(profile.version_current).is_some())
}

#[test]
// The list is for whoever runs the test with its output shown.
#[allow(clippy::disallowed_macros)]
fn every_kind_of_answer_is_as_the_schema_says() {
    let mut complaints = vec![];
    let mut excused = BTreeSet::new();
    for profile in judged() {
        let sim = drive(Sim::start(profile.name));
        let verdict = schema::judge_log(profile.version_current, &sim.requests());
        complaints.extend(verdict.complaints);
        excused.extend(verdict.excused.iter().map(|known| (known.model, known.field)));
    }
    for known in PENDING {
        let still = if excused.contains(&(known.model, known.field)) { "" } else { " (no longer)" };
        println!(
            "PENDING{still}: {} {} {:?}: {}",
            known.model, known.field, known.difference, known.reason
        );
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    for known in KNOWN.iter().filter(|known| known.evidence == Evidence::Read) {
        let found = excused.contains(&(known.model, known.field));
        assert!(found, "{} {} differs nowhere: {}", known.model, known.field, known.reason);
    }
}

#[test]
fn a_judge_that_finds_nothing_would_be_useless() {
    let request = |query: &str, body: Value| {
        schema::validate_request("2026.2.2", "POST", "/api/v3/core/groups/", query, &body)
    };
    let answer = |path: &str, body: Value| {
        schema::validate_answer("2026.2.2", "GET", &format!("/api/v3{path}"), 200, &body)
    };
    assert_eq!(request("", json!({"name": "x"})), Vec::<String>::new());
    for (wrong, says) in [
        (request("page=1", json!({"name": "x"})), "unknown query parameter page"),
        (request("", json!({})), "name is missing"),
        (request("", json!({"name": 7})), "Text is expected"),
        (request("", json!({"name": null})), "name is null"),
        (request("", json!({"name": "x", "parent": null})), "parent is not in the schema"),
        (request("", Value::Null), "the body is missing"),
        (answer("/rbac/roles/x/", json!({"pk": "x", "name": "x"})), "Uuid is expected"),
        (answer("/core/groups/x/add_user/", Value::Null), "is not in the schema"),
        (answer("/flows/instances/x/", json!({"designation": "x"})), "is missing"),
        (answer("/core/tokens/x/", json!({"intent": "x"})), "IntentEnum"),
        (
            schema::validate_answer("2026.2.2", "GET", "/api/v3/core/users/", 201, &json!({})),
            "status 201",
        ),
        (
            schema::validate_request("2026.2.2", "GET", "/api/v3/core/tenants/", "", &Value::Null),
            "not in the schema",
        ),
        (
            schema::validate_request("2023.5.6", "GET", "/api/v3/core/users/", "", &Value::Null),
            "no table",
        ),
        (
            schema::validate_request(
                "2026.2.2",
                "GET",
                "/api/v3/core/users/",
                "is_active=x",
                &Value::Null,
            ),
            "Bool is expected",
        ),
    ] {
        assert!(wrong.iter().any(|complaint| complaint.contains(says)), "{says}: {wrong:?}");
    }
}
