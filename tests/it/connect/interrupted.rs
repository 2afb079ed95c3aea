//! `connect` at every point at which something can go wrong: an answer that is lost, a server that fails or restarts, a
//! process that is killed. What comes out is one connector and the roles that were asked for.

use std::time::Duration;

use netbird_sim::{Fault, FaultRule, Match, NetBird};
use rustix::process::Signal;

use super::world::{enter, owner, quickstart, remembered, role};
use crate::support::Case;

/// Two people wait, and everything is asked for.
fn waiting() -> (Case, NetBird) {
    let (mut case, netbird) = quickstart("2026.2");
    case.init();
    case.run(&["connect"]).expect(0);
    enter(&netbird, &case, "alice");
    enter(&netbird, &case, "bob");
    case.env("SETUP_ROLE_GROUPS", "staff:admin,vpn:auditor")
        .env("SETUP_USER_APPROVAL", "false")
        .env("SETUP_JWT_GROUPS", "true");
    (case, netbird)
}

/// Nothing was done yet.
fn fresh() -> (Case, NetBird) {
    let (mut case, netbird) = quickstart("2026.2");
    case.init();
    case.env("SETUP_USER_APPROVAL", "false");
    (case, netbird)
}

fn one_connector(netbird: &NetBird) -> bool {
    netbird.state().idp.connectors.iter().filter(|c| c.id != "local").count() == 1
}

#[track_caller]
fn settled(case: &Case, netbird: &NetBird, what: &str) {
    assert!(one_connector(netbird), "{what}");
    netbird.clear_requests();
    case.run(&["connect"]).expect(0).says(&["changed=0"]);
    assert_eq!(netbird.writes().len(), 0, "{what}: a second run has nothing to do");
}

/// How many requests a good run sends to NetBird.
fn requests(make: fn() -> (Case, NetBird)) -> usize {
    let (case, netbird) = make();
    netbird.clear_requests();
    case.run(&["connect"]).expect(0);
    netbird.requests().len()
}

#[test]
fn every_request_may_fail_in_every_way() {
    let faults = [
        Fault::Reset,
        Fault::ResetAfter,
        Fault::TruncatedBody,
        Fault::InvalidJson,
        Fault::Html(502),
        Fault::Status(503, Vec::new(), String::new()),
        Fault::Status(500, Vec::new(), r#"{"message":"internal server error","code":500}"#.into()),
        Fault::Status(429, Vec::new(), r#"{"message":"too many requests","code":429}"#.into()),
    ];
    for make in [fresh, waiting] {
        let count = requests(make);
        let next = std::sync::atomic::AtomicUsize::new(1);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    loop {
                        let n = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                        if n > count {
                            return;
                        }
                        for fault in &faults {
                            let (case, netbird) = make();
                            netbird.fault(FaultRule::once(Match::Nth(n), fault.clone()));
                            let what = format!("request {n}, {fault:?}");
                            let ended = case.run(&["connect"]);
                            assert!(ended.code == Some(0), "{what}:\n{}", ended.err);
                            settled(&case, &netbird, &what);
                        }
                    }
                });
            }
        });
    }
}

#[test]
fn a_run_that_is_killed_anywhere_is_completed_by_the_next() {
    for make in [fresh, waiting] {
        let count = requests(make);
        for n in 1..=count {
            for fault in [Fault::Hang(Duration::MAX), Fault::Trickle(Duration::from_secs(60))] {
                let (case, netbird) = make();
                netbird.clear_requests();
                netbird.fault(FaultRule::once(Match::Nth(n), fault.clone()));
                let run = case.spawn_command(&["connect"]);
                while netbird.requests().len() < n {
                    std::thread::yield_now();
                }
                run.signal(Signal::KILL);
                run.wait();
                netbird.clear_faults();
                let what = format!("killed at request {n}, {fault:?}");
                case.run(&["connect"]).expect(0);
                settled(&case, &netbird, &what);
            }
        }
    }
}

#[test]
fn a_role_is_taken_back_even_if_the_run_that_gave_it_was_killed() {
    let (case, netbird) = waiting();
    let put = Match::path("PUT", "/api/users/");
    netbird.clear_requests();
    netbird.fault(FaultRule::once(put, Fault::Trickle(Duration::from_secs(60))));
    let run = case.spawn_command(&["connect"]);
    let is_put = |r: &authentik_sim::Request| r.method == "PUT" && r.path.contains("/users/");
    while !netbird.requests().iter().any(is_put) {
        std::thread::yield_now();
    }
    while role(&netbird, "alice@example.com") == "user"
        && role(&netbird, "bob@example.com") == "user"
    {
        std::thread::yield_now();
    }
    run.signal(Signal::KILL);
    run.wait();
    netbird.clear_faults();
    let given = remembered(&case)["roles"].as_object().unwrap().len();
    assert_eq!(given, 1, "it was remembered before it was done");
    {
        let mut state = case.sim.state();
        for group in state.groups.iter_mut().filter(|g| g["name"] == "staff" || g["name"] == "vpn")
        {
            group["users"] = serde_json::json!([]);
        }
    }
    case.run(&["connect"]).expect(0);
    assert_eq!(role(&netbird, "alice@example.com"), "user");
    assert_eq!(role(&netbird, "bob@example.com"), "user");
}

#[test]
fn netbird_may_restart_in_the_middle() {
    let (case, netbird) = waiting();
    owner(&netbird, &case);
    netbird.clear_requests();
    let put = Match::path("PUT", "/api/accounts/");
    netbird.fault(FaultRule::once(put, Fault::Reset));
    netbird.fault(FaultRule::always(Match::path("GET", "/api/instance"), Fault::Html(502)));
    netbird.clear_faults();
    let run = case.spawn_command(&["connect"]);
    while netbird.requests().len() < 6 {
        std::thread::yield_now();
    }
    netbird.stop();
    netbird.restart().unwrap();
    run.wait().expect(0);
    settled(&case, &netbird, "a restart");
}
