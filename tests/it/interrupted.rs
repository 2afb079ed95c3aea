//! Runs that die: by a signal in any state, and between any two requests.

use std::time::Duration;

use authentik_sim::{Fault, FaultRule, Match, Sim, Stage};
use rustix::process::Signal;

use crate::support::{Case, everywhere, side_by_side};

#[test]
fn signals_end_every_state_of_waiting() {
    for stage in [Stage::Starting, Stage::TokenUnknown, Stage::Empty] {
        for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
            let sim = Sim::builder("2026.2").stage(stage.clone()).start();
            let case = Case::with(sim);
            let running = case.spawn();
            case.await_requests(1);
            running.signal(signal);
            running.wait().expect(code);
        }
    }
}

#[test]
fn a_signal_ends_a_request_that_hangs() {
    let case = Case::new("2026.2");
    case.sim.fault(FaultRule::always(Match::Any, Fault::Hang(Duration::MAX)));
    let running = case.spawn();
    case.await_requests(1);
    running.signal(Signal::TERM);
    running.wait().expect(143);
}

/// Hangs at the nth request and kills the run there: everything before it happened, it did not.
fn kill_at(case: &Case, nth: usize) {
    case.sim.fault(FaultRule::always(Match::Nth(nth), Fault::Hang(Duration::MAX)));
    let running = case.spawn();
    case.await_requests(nth);
    running.signal(Signal::KILL);
    let _ = running.wait();
    case.sim.clear_faults();
    case.sim.clear_requests();
}

#[test]
fn a_run_killed_at_any_request_is_completed_by_the_next_one() {
    everywhere(|profile| {
        let reference = Case::new(profile);
        reference.init();
        let count = reference.sim.requests().len();
        for nth in 1..=count {
            let case = Case::new(profile);
            kill_at(&case, nth);
            let ended = case.run(&[]);
            assert_eq!(ended.code, Some(0), "{profile}, killed at {nth}:\n{}", ended.err);
            case.assert_one_of_each();
            assert!(case.read("setup.env").ends_with('\n'));
        }
    });
}

#[test]
fn a_write_whose_answer_is_lost_and_then_the_run_is_completed_by_the_next_one() {
    for write in ["/api/v3/flows/", "/api/v3/providers/", "/api/v3/core/applications/"] {
        let case = Case::new("2026.2");
        case.sim.fault(FaultRule::once(Match::path("POST", write), Fault::ResetAfter));
        let first = case.run(&[]);
        assert_eq!(first.code, Some(0), "{write}:\n{}", first.err);
        case.assert_one_of_each();
    }
}

#[test]
fn runs_at_the_same_time_converge_to_one_of_each_and_the_same_secrets() {
    for runs in [2, 3, 8] {
        let case = Case::new("2026.2");
        let running: Vec<_> = (0..runs).map(|_| case.spawn()).collect();
        for run in running {
            run.wait().expect(0);
        }
        case.assert_one_of_each();
        let kept: serde_json::Value = serde_json::from_str(&case.read("secrets.json")).unwrap();
        let management: serde_json::Value =
            serde_json::from_str(&case.read("management.json")).unwrap();
        assert_eq!(management["DataStoreEncryptionKey"], kept["datastore_enc_key"]);
        let left: Vec<_> = std::fs::read_dir(case.path("")).unwrap().flatten().collect();
        assert_eq!(left.len(), 6, "{left:?}");
    }
}

#[test]
fn runs_at_the_same_time_on_several_volumes_converge() {
    let case = Case::new("2026.2");
    let mut others: Vec<tempfile::TempDir> = Vec::new();
    let mut running = Vec::new();
    for _ in 0..4 {
        let dir = crate::support::tempdir().unwrap();
        let mut command = case.command(&[]);
        command.env("SETUP_DIR", dir.path());
        running.push(command.spawn().unwrap());
        others.push(dir);
    }
    for child in running {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    case.assert_one_of_each();
}

#[test]
fn a_provider_that_an_interrupted_run_left_is_remembered_by_the_run_that_takes_it() {
    let everything = [("NETBIRD_MGMT_IDP", "authentik"), ("AUTHENTIK_ACCESS_GROUPS", "vpn")];
    let places = [
        (&[] as &[_], "POST", "/api/v3/core/applications/"),
        (&everything, "PATCH", "/api/v3/core/applications/netbird/"),
        (&everything, "POST", "/api/v3/core/users/service_account/"),
        (&everything, "POST", "/api/v3/policies/bindings/"),
    ];
    side_by_side(&places, |(variables, method, path)| {
        let mut case = Case::new("2026.2");
        for (variable, value) in *variables {
            case.env(variable, *value);
        }
        case.env("SETUP_TIMEOUT", "15s");
        case.sim.fault(FaultRule::always(Match::path(method, path), Fault::Reset));
        case.run(&[]).expect(69);
        case.sim.clear_faults();
        case.init_as_planned();
        let remembered = case.read("state.json");
        case.init_as_planned();
        assert_eq!(case.read("state.json"), remembered, "{method} {path}");
    });
}

/// An address gets twenty codes an hour.
#[test]
fn a_run_that_tries_again_asks_for_one_device_code() {
    let mut case = Case::new("2026.2");
    case.env("SETUP_TIMEOUT", "5s");
    let keys = Match::path("GET", "/application/o/netbird/jwks/");
    case.sim.fault(FaultRule::always(keys, Fault::Reset));
    case.run(&[]).expect(69);
    let asked = |case: &Case, end: &str| {
        case.sim.requests().iter().filter(|request| request.path.ends_with(end)).count()
    };
    assert!(asked(&case, "/jwks/") > 2, "it tried again");
    assert_eq!(asked(&case, "/device/"), 1);
}
