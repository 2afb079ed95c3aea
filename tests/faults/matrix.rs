//! Every request of a first and of a converged run, times every fault, met once and every time.

use std::time::Duration;

use authentik_sim::{FaultRule, Match};
use netbird_authentik_init::error::Exit;

use crate::endings::{self, Place};
use crate::faults::{self, Named};
use crate::world::{Left, World, all, in_simulated_time};

/// Longer than the ten tries that a wrong answer gets and than the longest Retry-After that is obeyed.
const TIMEOUT: Duration = Duration::from_secs(35);

/// A deadline is met if the run ends with it: what follows takes no simulated time.
const SLACK: Duration = Duration::from_secs(1);

#[derive(Clone, Debug, PartialEq)]
struct Target {
    method: String,
    path: String,
    pattern: String,
}

struct Case<'a> {
    before: Option<&'a Left>,
    target: &'a Target,
    fault: &'a Named,
    always: bool,
}

fn targets(world: &World) -> Vec<Target> {
    let mut targets: Vec<Target> = Vec::new();
    for request in world.sim.requests() {
        let pattern = format!("^{}$", escape(&format!("{}?{}", request.path, request.query)));
        let target = Target { method: request.method, path: request.path, pattern };
        if !targets.contains(&target) {
            targets.push(target);
        }
    }
    targets
}

pub fn escape(text: &str) -> String {
    text.chars()
        .flat_map(|c| r".+*?()|[]{}^$\".contains(c).then_some('\\').into_iter().chain([c]))
        .collect()
}

async fn run(case: &Case<'_>) -> Result<(), String> {
    let mut world = match case.before {
        Some(left) => World::after(left).await,
        None => World::new().await,
    };
    world.env.insert("SETUP_TIMEOUT".into(), format!("{}s", TIMEOUT.as_secs()));
    world.env.insert("SETUP_AUTH_GRACE".into(), "5s".into());
    world.env.insert("SETUP_REQUEST_TIMEOUT".into(), "8s".into());
    let when = Match::Regex(case.target.method.clone(), case.target.pattern.clone());
    let fault = case.fault.fault.clone();
    world.sim.fault(FaultRule { when, fault, times: if case.always { usize::MAX } else { 1 } });
    let (exit, elapsed) = world.init().await;
    let place = Place { method: &case.target.method, path: &case.target.path };
    let expected = match case.always {
        true => endings::for_good(&place, &case.fault.name),
        false => endings::once(&place, &case.fault.name),
    };
    if exit != expected {
        return Err(format!("ended with {exit:?}, not {expected:?}"));
    }
    if elapsed > TIMEOUT + SLACK {
        return Err(format!("ended after {elapsed:?}"));
    }
    world.settled().await
}

#[test]
fn every_request_times_every_fault() {
    let (first, converged, left) = in_simulated_time(async {
        let world = World::new().await;
        assert_eq!(world.init().await.0, Exit::Ok);
        let first = targets(&world);
        world.sim.clear_requests();
        assert_eq!(world.init().await.0, Exit::Ok);
        (first, targets(&world), world.leave())
    });
    assert!(first.len() > converged.len() && converged.len() > 8, "{first:?} {converged:?}");
    let faults = faults::all();
    let mut cases = Vec::new();
    for (targets, before) in [(&first, None), (&converged, Some(&left))] {
        for target in targets {
            for fault in &faults {
                cases.push(Case { before, target, fault, always: false });
                // For good: the reads once, where they are all that a run does, and every write.
                let is_new = before.is_some() || !converged.contains(target);
                if is_new && !fault.is_like_another {
                    cases.push(Case { before, target, fault, always: true });
                }
            }
        }
    }
    let requests = first.len() + converged.len();
    eprintln!(
        "matrix: {requests} requests x {} faults, once and for good: {} cases",
        faults.len(),
        cases.len()
    );
    all(&cases, |case| {
        in_simulated_time(run(case)).map_err(|failure| {
            let phase = if case.before.is_some() { "converged" } else { "first" };
            let often = if case.always { "always" } else { "once" };
            let Target { method, pattern, .. } = case.target;
            format!("{phase}, {method} {pattern}, {} {often}: {failure}", case.fault.name)
        })
    });
}
