//! `connect` at every point at which something can go wrong: an answer that is lost, a server that fails or restarts, a
//! process that is killed. What comes out is one connector and the roles that were asked for.

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use netbird_sim::{Fault, FaultRule, Match, NetBird, State};
use tempfile::TempDir;

use crate::people::{AUTHENTIK, QUICKSTART, enter, quickstart, role};
use crate::support::Case;

/// A point to begin from again and again: what lies on the volumes of both, and an Authentik that is only read.
struct Start {
    case: Case,
    state: State,
}

impl Start {
    /// Nothing was done yet.
    fn fresh() -> Self {
        let (mut case, netbird) = quickstart("2026.2");
        case.init();
        case.env("SETUP_USER_APPROVAL", "false");
        let state = netbird.state().clone();
        Self { case, state }
    }

    /// Two people wait, and roles and settings are asked for.
    fn waiting() -> Self {
        let (mut case, netbird) = quickstart("2026.2");
        case.init();
        case.run(&["connect"]).expect(0);
        enter(&netbird, &case, "alice");
        enter(&netbird, &case, "bob");
        case.env("SETUP_ROLE_GROUPS", "staff:admin,vpn:auditor").env("SETUP_JWT_GROUPS", "true");
        let state = netbird.state().clone();
        Self { case, state }
    }

    /// A NetBird of its own, and a state directory.
    fn again(&self) -> (Attempt<'_>, NetBird) {
        let netbird = NetBird::combined(QUICKSTART)
            .resolve(AUTHENTIK, &self.case.sim.url())
            .state(self.state.clone())
            .start()
            .unwrap();
        let dir = crate::support::tempdir().unwrap();
        for name in ["secrets.json", "state.json"] {
            let from = self.case.dir.path().join("state").join(name);
            std::fs::copy(from, dir.path().join(name)).unwrap();
        }
        (Attempt { case: &self.case, dir, url: netbird.url() }, netbird)
    }

    /// How many requests a good run sends to NetBird.
    fn requests(&self) -> usize {
        let (attempt, netbird) = self.again();
        assert_eq!(attempt.run().0, Some(0));
        netbird.requests().len()
    }
}

/// `connect` with that NetBird and that directory.
struct Attempt<'a> {
    case: &'a Case,
    dir: TempDir,
    url: String,
}

impl Attempt<'_> {
    fn command(&self) -> Command {
        let mut command = self.case.command(&["connect"]);
        command.env("NB_MANAGEMENT_URL", &self.url).env("SETUP_STATE_DIR", self.dir.path());
        command
    }

    fn run(&self) -> (Option<i32>, String) {
        let output = self.command().output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    }

    /// There is one connector, and nothing is left to do.
    #[track_caller]
    fn settled(&self, netbird: &NetBird, what: &str) {
        let connectors = netbird.state().idp.connectors.iter().filter(|c| c.id != "local").count();
        assert_eq!(connectors, 1, "{what}");
        netbird.clear_requests();
        let (code, log) = self.run();
        assert!(code == Some(0) && log.contains("changed=0"), "{what}:\n{log}");
        assert_eq!(netbird.writes().len(), 0, "{what}");
    }
}

/// Each number up to this, several at a time.
fn each(count: usize, run: impl Fn(usize) + Sync) {
    let next = AtomicUsize::new(1);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    match next.fetch_add(1, Ordering::Relaxed) {
                        n if n <= count => run(n),
                        _ => return,
                    }
                }
            });
        }
    });
}

#[test]
fn every_request_may_fail_in_every_way() {
    let api = |status, text: &str| {
        let body = format!(r#"{{"message":"{text}","code":{status}}}"#);
        let json = vec![("Content-Type".to_owned(), "application/json".to_owned())];
        Fault::Status(status, json, body)
    };
    let faults = [
        Fault::ResetAfter,
        Fault::TruncatedBody,
        Fault::InvalidJson,
        Fault::Html(502),
        api(500, "internal server error"),
    ];
    for start in [Start::fresh(), Start::waiting()] {
        each(start.requests(), |n| {
            for fault in &faults {
                let what = format!("request {n}, {fault:?}");
                let (attempt, netbird) = start.again();
                netbird.fault(FaultRule::once(Match::Nth(n), fault.clone()));
                let (code, log) = attempt.run();
                assert!(code == Some(0), "{what}:\n{log}");
                attempt.settled(&netbird, &what);
            }
        });
    }
}

#[test]
fn a_run_that_is_killed_anywhere_is_completed_by_the_next() {
    for start in [Start::fresh(), Start::waiting()] {
        each(start.requests(), |n| {
            // Before the request is carried out, and before its answer arrives.
            for fault in [Fault::Hang(Duration::MAX), Fault::Trickle(Duration::from_secs(60))] {
                let what = format!("killed at request {n}, {fault:?}");
                let (attempt, netbird) = start.again();
                netbird.fault(FaultRule::once(Match::Nth(n), fault));
                let mut run = attempt.command().spawn().unwrap();
                netbird.wait_until(|netbird| netbird.requests().len() >= n);
                run.kill().unwrap();
                run.wait().unwrap();
                netbird.clear_faults();
                let (code, log) = attempt.run();
                assert!(code == Some(0), "{what}:\n{log}");
                attempt.settled(&netbird, &what);
            }
        });
    }
}

/// With an id that nobody was told, and a secret that is known: there is nothing to change, and nobody has to restart.
#[test]
fn a_connector_whose_maker_was_killed_is_as_it_is_to_be() {
    let start = Start::fresh();
    let (attempt, netbird) = start.again();
    let post = Match::path("POST", "/api/identity-providers");
    netbird.fault(FaultRule::once(post, Fault::Trickle(Duration::from_secs(60))));
    let mut run = attempt.command().spawn().unwrap();
    netbird.wait_until(|n| n.state().idp.connectors.iter().any(|c| c.id != "local"));
    run.kill().unwrap();
    run.wait().unwrap();
    netbird.clear_faults();
    netbird.clear_requests();
    let (code, log) = attempt.run();
    assert!(code == Some(0) && !log.contains("restart"), "{log}");
    let is_put = |r: &authentik_sim::Request| r.path.starts_with("/api/identity-providers/");
    assert!(!netbird.writes().iter().any(is_put), "{log}");
    attempt.settled(&netbird, "killed while it made the connector");
}

#[test]
fn a_role_is_taken_back_even_if_the_run_that_gave_it_was_killed() {
    let start = Start::waiting();
    let (attempt, netbird) = start.again();
    let put = Match::path("PUT", "/api/users/");
    netbird.fault(FaultRule::once(put, Fault::Trickle(Duration::from_secs(60))));
    let mut run = attempt.command().spawn().unwrap();
    let people = ["alice@example.com", "bob@example.com"];
    netbird.wait_until(|netbird| people.iter().any(|who| role(netbird, who) != "user"));
    run.kill().unwrap();
    run.wait().unwrap();
    netbird.clear_faults();
    let emptied =
        |group: &&mut serde_json::Value| group["name"] == "staff" || group["name"] == "vpn";
    for group in start.case.sim.state().groups.iter_mut().filter(emptied) {
        group["users"] = serde_json::json!([]);
    }
    assert_eq!(attempt.run().0, Some(0));
    for who in people {
        assert_eq!(role(&netbird, who), "user");
    }
}

#[test]
fn netbird_may_restart_in_the_middle() {
    let start = Start::waiting();
    let (attempt, netbird) = start.again();
    let mut run = attempt.command().spawn().unwrap();
    netbird.wait_until(|netbird| netbird.requests().len() >= 6);
    netbird.restart().unwrap();
    assert!(run.wait().unwrap().success());
    attempt.settled(&netbird, "a restart");
}
