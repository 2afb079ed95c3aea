//! A fixed budget of every fuzz target on stable: random bytes, and the seeds of the corpus with bytes changed.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

#[allow(clippy::duplicate_mod)]
#[path = "../../fuzz/fuzz_targets/common.rs"]
mod common;

/// Of each kind of input and each target.
const CASES: u32 = 300;

fn spend(target: &str, check: fn(&[u8])) {
    let path = format!("{}/fuzz/corpus/{target}", env!("CARGO_MANIFEST_DIR"));
    let mut seeds = Vec::new();
    for entry in std::fs::read_dir(path).unwrap().flatten() {
        if entry.file_name().to_string_lossy().starts_with("seed") {
            seeds.push(std::fs::read(entry.path()).unwrap());
        }
    }
    assert!(!seeds.is_empty(), "{target} has no seed");
    seeds.iter().for_each(|seed| check(seed));
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new(config);
    let random = prop::collection::vec(any::<u8>(), 0..200);
    let text = "\\PC{0,60}".prop_map(String::into_bytes);
    let edits = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6);
    let changed = (prop::sample::select(seeds), edits).prop_map(|(mut seed, edits)| {
        for (index, byte) in edits {
            let at = index.index(seed.len());
            seed[at] = byte;
        }
        seed
    });
    let inputs = prop_oneof![random, text, changed];
    runner
        .run(&inputs, |input| {
            check(&input);
            Ok(())
        })
        .unwrap();
}

#[test]
fn environment() {
    spend("environment", common::environment);
}

#[test]
fn decoders() {
    spend("decoders", common::decoders);
}

#[test]
fn management() {
    spend("management", common::management);
}

#[test]
fn shell() {
    spend("shell", common::shell);
}

#[test]
fn retry_after() {
    spend("retry_after", common::retry_after);
}

#[test]
fn url_join() {
    spend("url_join", common::url_join);
}
