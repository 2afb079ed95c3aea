//! `watch`: CPU of a cycle, and memory after a thousand of them.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use authentik_sim::Sim;
use rustix::process::{Pid, Signal, kill_process};

use crate::{PROFILE, Result, variables};

/// Looks at the server this often.
const POLL: Duration = Duration::from_millis(1);
/// A cycle that takes longer than this has gone wrong.
const TOO_LONG: Duration = Duration::from_secs(30);

/// Prints the table.
pub fn table(binary: &str) -> Result<()> {
    println!("\n### `watch`, cycles started by SIGHUP\n");
    println!("| cycles | requests a cycle | CPU ms a cycle | resident MiB | peak MiB |");
    println!("|--:|--:|--:|--:|--:|");
    let sim = Sim::builder(PROFILE).start();
    let dir = tempfile::tempdir()?;
    let mut env = variables(&sim.url(), &sim, dir.path())?;
    env.push(("SETUP_INTERVAL".to_owned(), "1h".to_owned()));
    let child = Command::new(binary)
        .arg("watch")
        .env_clear()
        .envs(env)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let mut child = Killed(child);
    let pid = Pid::from_child(&child.0);
    settled(&sim, 1)?;
    let mut before = cpu(pid)?;
    let mut done = 0;
    for upto in [10, 100, 1000] {
        let mut asked = 0;
        for _ in done..upto {
            sim.clear_requests();
            kill_process(pid, Signal::HUP)?;
            asked += settled(&sim, 1)?;
        }
        let now = cpu(pid)?;
        let cycles = f64::from(upto - done);
        #[allow(clippy::cast_precision_loss)]
        let requests = asked as f64 / cycles;
        println!(
            "| {upto} | {requests:.1} | {:.2} | {:.1} | {:.1} |",
            (now - before) * 1e3 / cycles,
            memory(pid, "VmRSS:")?,
            memory(pid, "VmHWM:")?,
        );
        (before, done) = (now, upto);
    }
    let asked = Instant::now();
    kill_process(pid, Signal::TERM)?;
    let status = child.0.wait()?;
    println!(
        "\nSIGTERM to exit, between two cycles: {:.1} ms",
        asked.elapsed().as_secs_f64() * 1e3
    );
    if !status.success() {
        return Err(format!("watch ended with {status}").into());
    }
    Ok(())
}

/// Waits until requests came and then none for a while: a cycle is over. How many there were.
fn settled(sim: &Sim, least: usize) -> Result<usize> {
    let start = Instant::now();
    let (mut seen, mut since) = (0, Instant::now());
    loop {
        let now = sim.requests().len();
        if now != seen {
            (seen, since) = (now, Instant::now());
        }
        if seen >= least && since.elapsed() > Duration::from_millis(40) {
            return Ok(seen);
        }
        if start.elapsed() > TOO_LONG {
            return Err("watch does not begin a cycle on SIGHUP".into());
        }
        sleep(POLL);
    }
}

/// Seconds of CPU of all threads so far, those that have ended included, in the kernel's clock ticks of 10 ms
/// (proc_pid_stat(5): utime and stime).
fn cpu(pid: Pid) -> Result<f64> {
    let path = format!("/proc/{}/stat", pid.as_raw_nonzero());
    let text = std::fs::read_to_string(Path::new(&path))?;
    // The name, in parentheses, may hold anything.
    let (_, rest) = text.rsplit_once(") ").ok_or("no name in stat")?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let [user, system] = [11, 12].map(|at| fields.get(at).and_then(|f| f.parse::<f64>().ok()));
    let (Some(user), Some(system)) = (user, system) else { return Err("stat is short".into()) };
    Ok((user + system) / 100.0)
}

/// A line of the process's status, in MiB.
fn memory(pid: Pid, line: &str) -> Result<f64> {
    let text = std::fs::read_to_string(format!("/proc/{}/status", pid.as_raw_nonzero()))?;
    let rest = text.lines().find_map(|l| l.strip_prefix(line)).ok_or("no such line")?;
    let kib: f64 = rest.trim().trim_end_matches(" kB").parse()?;
    Ok(kib / 1024.0)
}

/// A process that does not outlive the benchmark.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
