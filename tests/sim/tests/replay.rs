//! The contract: every recorded exchange with a real server, sent to the simulator in the same order, must come back
//! with the same status, media type, keys and errors. Ids are translated as they appear.

mod common;
mod compare;
mod translate;

use std::path::Path;

use authentik_sim::Sim;
use serde_json::Value;

use translate::Ids;

const TOKEN: &str = "throwaway-bootstrap-token";

/// A recording, the numbers at which its database was put back to the state after installation, and how many exchanges
/// are compared at least.
struct Recording {
    file: &'static str,
    fresh: &'static [u64],
    compared: usize,
}

const RECORDINGS: &[Recording] = &[
    Recording { file: "2022.12.3", fresh: &[304, 401], compared: 260 },
    Recording { file: "2023.10.7", fresh: &[304, 401], compared: 246 },
    Recording { file: "2024.2.4", fresh: &[], compared: 235 },
    Recording { file: "2024.12.5", fresh: &[304, 401], compared: 254 },
    Recording { file: "2025.12.4", fresh: &[304, 401], compared: 254 },
    Recording { file: "2026.2.2", fresh: &[], compared: 226 },
    Recording { file: "2026.5.0-rc1", fresh: &[304], compared: 254 },
];

/// Exchanges that are not compared: recording (empty for all), name, reason.
const SKIPPED: &[(&str, &str, &str)] = &[];

fn skip(file: &str, name: &str) -> bool {
    SKIPPED.iter().any(|(of, skipped, _)| *skipped == name && (of.is_empty() || *of == file))
}

fn read(file: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(format!("{file}.jsonl"));
    let text = std::fs::read_to_string(&path).expect("a fixture");
    text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

fn start(file: &str, trusted: bool) -> Sim {
    Sim::builder(file).token(TOKEN).trusted_proxy(trusted).start()
}

/// Replays one recording; returns how many exchanges were compared and what differed.
fn replay(recording: &Recording) -> (usize, Vec<String>) {
    let mut sim = start(recording.file, true);
    let mut ids = Ids::default();
    let mut compared = 0;
    let mut differences = vec![];
    for exchange in read(recording.file) {
        let seq = exchange["seq"].as_u64().unwrap_or_default();
        let name = exchange["name"].as_str().unwrap_or_default();
        if recording.fresh.contains(&seq) {
            sim = start(recording.file, true);
        }
        if name.starts_with("untrusted-") && recording.file == "2026.2.2" {
            let state = sim.state().clone();
            sim = Sim::builder(recording.file).state(state).trusted_proxy(false).start();
        }
        let answer = ids.ask(&sim, &exchange);
        ids.learn(&exchange, &answer);
        if skip(recording.file, name) {
            continue;
        }
        compared += 1;
        for difference in compare::differences(&exchange, &answer) {
            differences.push(format!("{} {seq} {name}: {difference}", recording.file));
        }
    }
    (compared, differences)
}

#[test]
// The counts are for whoever runs the test with its output shown.
#[allow(clippy::disallowed_macros)]
fn the_simulator_answers_as_the_recorded_servers_did() {
    let mut all = vec![];
    for recording in RECORDINGS {
        let (compared, differences) = replay(recording);
        println!("{}: {compared} compared, {} differences", recording.file, differences.len());
        assert!(
            compared >= recording.compared,
            "{}: only {compared} compared, {} before",
            recording.file,
            recording.compared
        );
        all.extend(differences);
    }
    assert!(all.is_empty(), "{} differences:\n{}", all.len(), all.join("\n"));
}

#[test]
fn every_skipped_exchange_exists() {
    for (file, name, reason) in SKIPPED {
        let files =
            RECORDINGS.iter().filter(|recording| file.is_empty() || recording.file == *file);
        let found = files
            .flat_map(|recording| read(recording.file))
            .any(|exchange| exchange["name"] == *name);
        assert!(found, "{name} ({reason}) is in no recording");
        assert!(!reason.is_empty());
    }
}
