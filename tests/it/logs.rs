//! The log is an interface too: its lines have stable fields, tell a run's story shortly, and end in what to do.

use authentik_sim::{Fault, FaultRule, Match};
use serde_json::Value;

use crate::support::{Case, Ended};

fn lines(ended: &Ended) -> Vec<Value> {
    ended.err.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

#[test]
fn every_line_has_a_level_and_a_stage_and_requests_have_all_of_theirs() {
    let mut case = Case::new("2026.2");
    case.env("SETUP_LOG_FORMAT", "json").env("SETUP_LOG", "debug").env("SETUP_TIMOUT", "1s");
    case.sim.fault(FaultRule::once(
        Match::path("POST", "/api/"),
        Fault::Status(503, vec![], "".into()),
    ));
    case.sim.fault(FaultRule::once(Match::path("GET", "/application/"), Fault::Reset));
    let first = case.init();
    case.sim.state().provider_mut("NetBird").unwrap()["encryption_key"] =
        "11111111-2222-3333-4444-555555555555".into();
    case.env("AUTHENTIK_SUB_MODE", "user_email");
    let refused = case.run(&[]).expect(65);
    let mut attempts = Vec::new();
    for line in lines(&first).iter().chain(&lines(&refused)) {
        for key in ["timestamp", "level", "stage", "message", "target"] {
            assert!(line[key].is_string(), "no {key} in {line}");
        }
        assert!(!line["message"].as_str().unwrap().is_empty(), "{line}");
        if line["stage"] == "request" {
            for key in ["method", "path"] {
                assert!(line[key].is_string(), "no {key} in {line}");
            }
            assert!(line["status"].is_number() || line["status"] == "none", "{line}");
            assert!(line["ms"].is_number(), "{line}");
            attempts.push(line["attempt"].as_u64().unwrap());
        }
    }
    assert!(attempts.contains(&1) && attempts.contains(&3), "two setbacks: {attempts:?}");
    assert_eq!(attempts.len(), case.sim.requests().len(), "each request once");
}

#[test]
fn a_run_tells_its_story_in_about_fifteen_lines_and_a_converged_one_in_a_few() {
    let mut case = Case::new("2026.2");
    case.state_apart();
    case.sim.state().jwks_cache_control = Some("max-age=300".into());
    let story: Vec<String> = case.init().err.lines().map(str::to_owned).collect();
    assert!((10..=16).contains(&story.len()), "{story:#?}");
    assert!(story.iter().all(|line| line.contains(" INFO ")), "{story:#?}");
    let again = case.init();
    assert!(again.err.lines().count() <= 5, "{}", again.err);
    assert!(again.err.contains("in sync: NetBird can start"));
}

/// The last three lines: what, why, what to do.
#[track_caller]
fn ends_in_three(ended: &Ended) {
    let errors: Vec<&str> = ended.err.lines().filter(|line| line.contains("ERROR")).collect();
    let [.., what, why, remedy] = errors[..] else { panic!("{}", ended.err) };
    assert!(!what.contains("why: ") && !what.contains("what to do: "), "{}", ended.err);
    assert!(why.contains("why: ") && remedy.contains("what to do: "), "{}", ended.err);
    assert_eq!(ended.err.lines().last(), Some(remedy), "nothing after it: {}", ended.err);
}

#[test]
fn every_failure_ends_in_what_why_and_what_to_do() {
    for (code, name, value) in [
        (78, "SETUP_INTERVAL", "soon"),
        (78, "NETBIRD_RELAY_AUTH_SECRET", "a b"),
        (73, "SETUP_DIR", "/does/not/exist"),
        (69, "AUTHENTIK_HOST", "http://127.0.0.1:1"),
        (77, "AUTHENTIK_TOKEN", "wrong-token"),
    ] {
        let mut case = Case::new("2026.2");
        case.env("SETUP_TIMEOUT", "300ms").env("SETUP_AUTH_GRACE", "0s").env(name, value);
        ends_in_three(&case.run(&[]).expect(code));
    }
}

#[test]
fn refusals_and_odd_answers_end_in_three_lines_too() {
    let mut case = Case::new("2022.12");
    case.env("AUTHENTIK_SUB_MODE", "user_id");
    ends_in_three(&case.run(&[]).expect(65));

    let case = Case::new("2026.2");
    {
        let mut state = case.sim.state();
        for name in ["NetBird", "Other"] {
            let pk = state.add_provider(serde_json::json!({"name": name, "client_id": name}));
            let slug = name.to_lowercase();
            let application =
                serde_json::json!({"name": name, "slug": format!("{slug}-x"), "provider": pk});
            state.add_application(application);
        }
    }
    ends_in_three(&case.run(&[]).expect(65));

    let case = Case::new("2026.2");
    let elsewhere = Fault::Redirect("http://127.0.0.1:1/".into());
    case.sim.fault(FaultRule::always(Match::path("GET", "/api/"), elsewhere));
    ends_in_three(&case.run(&[]).expect(76));

    let case = Case::new("2026.2");
    let broken = Fault::Status(500, vec![], "boom \u{1b}[31m".into());
    case.sim.fault(FaultRule::always(Match::path("POST", "/api/"), broken));
    let ended = case.run(&[]).expect(69);
    ends_in_three(&ended);
    assert!(!ended.err.contains('\u{1b}'));
}

#[test]
fn levels_are_set_for_all_and_by_module() {
    let mut case = Case::new("2026.2");
    case.state_apart();
    case.env("SETUP_LOG", "warn");
    case.sim.state().jwks_cache_control = Some("max-age=300".into());
    assert_eq!(case.init().err, "");
    case.env("SETUP_LOG", "warn,netbird_authentik_init::http=debug");
    let log = case.init().err;
    assert!(log.lines().count() >= 9, "{log}");
    assert!(log.lines().all(|line| line.contains("stage=\"request\"")), "{log}");
    case.env("SETUP_LOG", "debug");
    let log = case.init().err;
    assert!(!log.contains("hyper"), "libraries are another matter: {log}");
    case.env("SETUP_LOG", "netbird_authentik_init=off,hyper_util=trace");
    assert!(case.init().err.contains("TRACE"));
}

/// `script` gives a command a terminal of its own, and copies what it shows.
#[test]
fn on_a_terminal_lines_are_short_and_waiting_is_one_line() {
    let mut case = Case::new("2026.2");
    case.state_apart();
    let shown = |case: &Case, level: &str| {
        let mut command = std::process::Command::new("script");
        let program = case.command(&[]);
        for (name, value) in program.get_envs() {
            command.env(name, value.unwrap_or_default());
        }
        let program = program.get_program().to_str().unwrap();
        command.env("SETUP_LOG", level).args(["-qec", program, "/dev/null"]);
        command.stdin(std::process::Stdio::null());
        match command.output() {
            Ok(output) => Some(String::from_utf8(output.stdout).unwrap()),
            Err(error) => {
                assert!(std::env::var_os("REQUIRE_TOOLS").is_none(), "script: {error}");
                eprintln!("NOT RUN: script is not installed (apt-get install bsdutils)");
                None
            }
        }
    };
    let Some(first) = shown(&case, "info") else { return };
    assert!(first.contains(" + provider NetBird\r\n"), "{first}");
    assert!(!first.contains("stage=") && first.lines().count() > 10, "{first}");
    let debug = shown(&case, "debug").unwrap();
    assert!(debug.contains("stage=\"done\""), "{debug}");
    case.sim.fault(FaultRule::always(
        Match::path("GET", "/api/"),
        Fault::Status(503, vec![], "".into()),
    ));
    case.env("SETUP_TIMEOUT", "3s");
    let waits = shown(&case, "info").unwrap();
    let waiting: Vec<&str> = waits.split("\r\n").filter(|l| l.contains("waiting for ")).collect();
    assert_eq!(waiting.len(), 2, "one line, and the failure: {waits:?}");
    assert!(waiting[0].contains("\r\u{1b}[K"), "written over: {waits:?}");
}
