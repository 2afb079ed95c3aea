//! Recorded exchanges with real servers, and how they are sent to the simulator in the same order.

// Each test binary uses a part of this.
#![allow(dead_code)]

use std::path::Path;

use authentik_sim::Sim;
use serde_json::Value;

use crate::common::Answer;
use crate::translate::Ids;

const TOKEN: &str = "throwaway-bootstrap-token";

/// A recording, the numbers at which its database was put back to the state after installation, and how many exchanges
/// are compared at least.
pub struct Recording {
    pub file: &'static str,
    fresh: &'static [u64],
    pub compared: usize,
}

pub const RECORDINGS: &[Recording] = &[
    Recording { file: "2022.12.3", fresh: &[304, 401], compared: 260 },
    Recording { file: "2023.10.7", fresh: &[304, 401], compared: 246 },
    Recording { file: "2024.2.4", fresh: &[], compared: 235 },
    Recording { file: "2024.12.5", fresh: &[304, 401], compared: 254 },
    Recording { file: "2025.12.4", fresh: &[304, 401], compared: 254 },
    Recording { file: "2026.2.2", fresh: &[], compared: 226 },
    Recording { file: "2026.5.0-rc1", fresh: &[304], compared: 254 },
];

pub fn read(file: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(format!("{file}.jsonl"));
    let text = std::fs::read_to_string(&path).expect("a fixture");
    text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

fn start(file: &str, trusted: bool) -> Sim {
    Sim::builder(file).token(TOKEN).trusted_proxy(trusted).start()
}

/// Sends one recording to the simulator; `each` sees every recorded exchange with the simulator's answer.
pub fn replay(recording: &Recording, mut each: impl FnMut(&Value, &Answer)) {
    let mut sim = start(recording.file, true);
    let mut ids = Ids::default();
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
        each(&exchange, &answer);
    }
}
