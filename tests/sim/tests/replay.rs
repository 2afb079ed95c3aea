//! The contract: every recorded exchange with a real server, sent to the simulator in the same order, must come back
//! with the same status, media type, keys and errors. Ids are translated as they appear.

mod common;
mod compare;
mod recordings;
mod translate;

use recordings::{RECORDINGS, Recording, read};

/// Exchanges that are not compared: recording (empty for all), name, reason.
const SKIPPED: &[(&str, &str, &str)] = &[];

fn skip(file: &str, name: &str) -> bool {
    SKIPPED.iter().any(|(of, skipped, _)| *skipped == name && (of.is_empty() || *of == file))
}

/// Replays one recording; returns how many exchanges were compared and what differed.
fn replay(recording: &Recording) -> (usize, Vec<String>) {
    let mut compared = 0;
    let mut differences = vec![];
    recordings::replay(recording, |exchange, answer| {
        let name = exchange["name"].as_str().unwrap_or_default();
        if skip(recording.file, name) {
            return;
        }
        compared += 1;
        for difference in compare::differences(exchange, answer) {
            differences
                .push(format!("{} {} {name}: {difference}", recording.file, exchange["seq"]));
        }
    });
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
