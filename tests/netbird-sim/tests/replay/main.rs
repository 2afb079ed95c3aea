//! The contract: every recorded exchange with a real NetBird 0.77.1, sent to the simulator in the same order, must come
//! back the same. Behind it stands the simulated Authentik.

mod acts;
#[path = "../common/mod.rs"]
mod common;
mod compare;
mod scenes;
mod translate;

use std::path::Path;

use serde_json::Value;

use scenes::Stage;

/// Exchanges that are not replayed: name and reason.
const SKIPPED: &[(&str, &str)] = &[
    ("a-oauth2-discovery", "the dashboard's web server answered, not management"),
    ("d-alice-peers", "peers come by gRPC, which is not simulated"),
];

fn recording() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/netbird-0.77.1.jsonl");
    let text = std::fs::read_to_string(path).expect("the fixture");
    text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

#[test]
fn the_simulator_answers_as_the_recorded_servers_did() {
    let mut stage = Stage::new();
    let (mut compared, mut differences) = (0, vec![]);
    for exchange in recording() {
        let name = exchange["name"].as_str().unwrap_or_default();
        if SKIPPED.iter().any(|(skipped, _)| *skipped == name) {
            continue;
        }
        compared += 1;
        for difference in stage.play(&exchange) {
            differences.push(format!("{} {name}: {difference}", exchange["seq"]));
        }
    }
    assert_eq!(compared, 390 - SKIPPED.len(), "every exchange is compared");
    assert!(
        differences.is_empty(),
        "{} differences:\n{}",
        differences.len(),
        differences.join("\n")
    );
}

#[test]
fn every_skipped_exchange_exists() {
    let recording = recording();
    for (name, reason) in SKIPPED {
        assert!(recording.iter().any(|exchange| exchange["name"] == *name), "{name}: {reason}");
    }
}
