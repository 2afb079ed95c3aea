//! The ladder of waiting: from every stage of a start, and with answers that proxies and restarts give.

use std::time::Duration;

use authentik_sim::{Advance, Fault, FaultRule, Match, Sim, Stage};

use crate::support::{Case, PROFILES, all_at_once};

#[test]
fn a_run_succeeds_from_every_stage_of_the_start() {
    all_at_once(&PROFILES, |profile| {
        Stage::all(profile).into_iter().for_each(|stage| from(profile, stage));
    });
}

fn from(profile: &str, stage: Stage) {
    let advance = match stage {
        Stage::Refused => Advance::After(Duration::from_millis(20)),
        _ => Advance::Requests(3),
    };
    let sim = Sim::builder(profile).startup(vec![(advance, stage.clone())]).start();
    let case = Case::with(sim);
    let ended = case.run(&[]);
    assert_eq!(ended.code, Some(0), "{profile} from {stage:?}:\n{}", ended.err);
    case.assert_one_of_each();
}

#[test]
fn a_whole_cold_start_is_waited_out_and_told() {
    all_at_once(&PROFILES, |profile| {
        let sim = Sim::builder(profile).startup(Stage::cold_start(profile)).start();
        let case = Case::with(sim);
        let log = case.init().says(&[
            "waiting for Authentik to answer",
            "waiting for Authentik's default objects: not there yet:",
        ]);
        // Up to 2023.6 the token is there as soon as anything answers.
        let token_later =
            authentik_sim::find(profile).unwrap().has(authentik_sim::Feature::TokenLater);
        assert_eq!(log.err.contains("waiting for Authentik to accept the token"), token_later);
        case.assert_one_of_each();
        assert!(case.sim.writes().len() <= 5, "no write before everything is there");
    });
}

#[test]
fn nothing_is_written_while_an_object_is_missing() {
    for missing in [
        "default-provider-authorization-explicit-consent",
        "goauthentik.io/providers/oauth2/scope-offline_access",
    ] {
        let sim = Sim::builder("2026.2").stage(Stage::partial(&[missing])).start();
        let mut case = Case::with(sim);
        case.env("SETUP_TIMEOUT", "1500ms");
        case.run(&[]).expect(69).says(&["phase: objects", missing]);
        assert_eq!(case.sim.writes().len(), 0);
    }
}

#[test]
fn a_deadline_names_the_phase_and_the_last_answer() {
    for (stage, phase, last) in [
        (Stage::Starting, "phase: reachable", "authentik starting"),
        (Stage::TokenUnknown, "phase: token", "Token invalid/expired"),
        (Stage::Empty, "phase: objects", "not there yet"),
    ] {
        let sim = Sim::builder("2026.2").stage(stage).start();
        let mut case = Case::with(sim);
        case.env("SETUP_TIMEOUT", "1500ms");
        case.run(&[]).expect(69).says(&[phase, last, "what to do:"]);
    }
    let mut case = Case::new("2026.2");
    case.env("SETUP_TIMEOUT", "1s").env("AUTHENTIK_HOST", "http://127.0.0.1:1");
    case.run(&[]).expect(69).says(&["phase: reachable", "refused"]);
}

#[test]
fn a_server_that_never_answers_is_left_at_the_deadline() {
    let mut case = Case::new("2026.2");
    case.sim.fault(FaultRule::always(Match::Any, Fault::Hang(Duration::MAX)));
    case.env("SETUP_TIMEOUT", "1s");
    case.run(&[]).expect(69).says(&["phase: reachable"]);
}

#[test]
fn every_passing_trouble_is_waited_out_wherever_it_happens() {
    let status = |code: u16, headers: &[(&str, &str)]| {
        let headers = headers.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        Fault::Status(code, headers, "upstream".into())
    };
    let faults = [
        status(503, &[("Retry-After", "5")]),
        status(429, &[("Retry-After", "1")]),
        status(502, &[]),
        status(404, &[]),
        Fault::Reset,
        Fault::ResetAfter,
        Fault::TruncatedBody,
        Fault::InvalidJson,
        Fault::WrongShape,
        Fault::Html(200),
        Fault::Html(500),
    ];
    let reference = Case::new("2026.2");
    reference.init();
    let count = reference.sim.requests().len();
    // Each case waits for its retry most of the time: one thread a fault.
    let tried: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = faults
            .iter()
            .map(|fault| scope.spawn(move || (1..=count).map(|nth| passes(fault, nth)).count()))
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(tried, count * faults.len());
    eprintln!("{tried} faults were waited out");
}

fn passes(fault: &Fault, nth: usize) {
    let case = Case::new("2026.2");
    case.sim.fault(FaultRule { when: Match::Nth(nth), fault: fault.clone(), times: 1 });
    let ended = case.run(&[]);
    let asked: Vec<String> = case
        .sim
        .requests()
        .iter()
        .map(|r| format!("{} {} {}", r.method, r.path, r.status))
        .collect();
    assert_eq!(ended.code, Some(0), "{fault:?} at request {nth}:\n{}", ended.err);
    let found = case.sim.state().flow("default-device-code-flow").is_some();
    assert!(found, "{fault:?} at request {nth}:\n{}\n{asked:#?}", ended.err);
    case.assert_one_of_each();
}

#[test]
fn an_absurd_retry_after_does_not_keep_us() {
    let mut case = Case::new("2026.2");
    let headers = vec![("Retry-After".to_owned(), "86400".to_owned())];
    let fault = Fault::Status(503, headers, String::new());
    case.sim.fault(FaultRule::once(Match::Any, fault));
    case.env("SETUP_TIMEOUT", "20s");
    case.init();
}
