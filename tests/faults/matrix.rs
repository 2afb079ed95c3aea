//! Every request of a first and of a converged run, times every fault, met once and every time.

use std::time::Duration;

use authentik_sim::{FaultRule, Match};
use netbird_authentik_init::error::Exit;

use crate::faults::{self, Named};
use crate::world::{Left, World, all, in_simulated_time};

/// Longer than the ten tries that a wrong answer gets and than the longest Retry-After that is obeyed.
const TIMEOUT: Duration = Duration::from_secs(35);

/// A deadline is met if the run ends with it: what follows takes no simulated time.
const SLACK: Duration = Duration::from_secs(1);

#[derive(Clone, Debug, PartialEq)]
struct Target {
    method: String,
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
        let target = Target { method: request.method, pattern };
        if !targets.contains(&target) {
            targets.push(target);
        }
    }
    targets
}

fn escape(text: &str) -> String {
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
    let endings = if case.always { case.fault.always } else { case.fault.once };
    let only_informs = case.fault.name == "403 permission" && informs(case.target);
    let may_converge = !case.always || !is_essential(case.target) || only_informs;
    if !(endings.contains(&exit) || may_converge && exit == Exit::Ok) {
        return Err(format!("ended with {exit:?}"));
    }
    if elapsed > TIMEOUT + SLACK {
        return Err(format!("ended after {elapsed:?}"));
    }
    world.settled().await
}

/// Requests that only a warning or a choice depends on may fail for good.
fn is_essential(target: &Target) -> bool {
    target.pattern.contains("api/v3")
}

/// Questions that a token need not be allowed to ask: then it is said that the answer is not known.
fn informs(target: &Target) -> bool {
    ["providers/all/", "policies/bindings/", "admin/settings/"]
        .iter()
        .any(|path| target.method == "GET" && target.pattern.contains(path))
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
                if before.is_some() || !converged.contains(target) {
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
            let Target { method, pattern } = case.target;
            format!("{phase}, {method} {pattern}, {} {often}: {failure}", case.fault.name)
        })
    });
}
