//! From the moment at which Authentik can answer to the first request that the program sends after it.

use std::process::{Command, Stdio};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use authentik_sim::{Sim, Stage};

use crate::{PROFILE, Result, quantile, variables};

/// Starts of each kind.
const STARTS: u32 = 100;
/// Side by side: they wait most of the time.
const SIDE_BY_SIDE: u32 = 25;

/// Prints median and 95th percentile of each way in which Authentik is not ready.
pub fn table(binary: &str) -> Result<()> {
    println!("\n### From \"can answer\" to noticed ({STARTS} starts each, ready after 2 to 7 s)\n");
    println!("| before | median ms | p95 ms | most ms |");
    println!("|---|--:|--:|--:|");
    let stages = [
        ("connection refused", Stage::Refused),
        ("503, starting", Stage::Starting),
        ("token not made yet", Stage::TokenUnknown),
        ("objects missing", Stage::Empty),
    ];
    for (name, stage) in stages {
        let mut times: Vec<Duration> = vec![];
        for batch in 0..STARTS / SIDE_BY_SIDE {
            times.extend(scope(|scope| {
                let runs: Vec<_> = (0..SIDE_BY_SIDE)
                    .map(|i| {
                        let stage = stage.clone();
                        // Spread evenly, in no step with the program's own delays.
                        let ready =
                            Duration::from_millis(2000 + u64::from(batch * SIDE_BY_SIDE + i) * 50);
                        scope.spawn(move || once(binary, stage, ready).map_err(|e| e.to_string()))
                    })
                    .collect();
                runs.into_iter()
                    .map(|run| run.join().map_err(|_| "a start panicked".to_owned())?)
                    .collect::<std::result::Result<Vec<_>, String>>()
            })?);
        }
        times.sort();
        let ms = |share| quantile(&times, share).as_millis();
        println!("| {name} | {} | {} | {} |", ms(0.5), ms(0.95), ms(1.0));
    }
    Ok(())
}

fn once(binary: &str, stage: Stage, ready: Duration) -> Result<Duration> {
    let sim = Sim::builder(PROFILE).stage(stage).start();
    let dir = tempfile::tempdir()?;
    let mut child = Command::new(binary)
        .env_clear()
        .envs(variables(&sim.url(), &sim, dir.path())?)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    sleep(ready);
    let since = Instant::now();
    sim.set_stage(Stage::Ready);
    let status = child.wait()?;
    let first = sim.requests().into_iter().map(|r| r.arrived()).filter(|at| *at >= since).min();
    if !status.success() {
        return Err(format!("init ended with {status}").into());
    }
    Ok(first.ok_or("no request after it was ready")? - since)
}
