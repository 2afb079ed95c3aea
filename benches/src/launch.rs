//! What a process cost, from `wait4`. Through a small process in between: Linux carries the peak memory of the process
//! that forks over to the child, so a child of the benchmark itself would be charged with the simulator's.

use std::io;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use wait4::Wait4 as _;

/// First argument of the process in between.
pub const FLAG: &str = "--launch";

/// What one run cost.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// User and system time of the process and of those it waited for.
    pub cpu: Duration,
    /// From start to exit.
    pub wall: Duration,
    /// Peak resident memory in KiB, of the largest process among them.
    pub peak_kib: u64,
}

/// The process in between: runs the rest of the command line and prints what it cost.
pub fn launched(mut args: impl Iterator<Item = String>) -> io::Result<ExitCode> {
    let program = args.next().ok_or(io::ErrorKind::InvalidInput)?;
    let start = Instant::now();
    let mut child =
        Command::new(program).args(args).stdout(Stdio::null()).stderr(Stdio::inherit()).spawn()?;
    let ended = child.wait4()?;
    let wall = start.elapsed();
    let cpu = ended.rusage.utime + ended.rusage.stime;
    // wait4 reports bytes on every system.
    println!("{} {} {}", cpu.as_micros(), wall.as_micros(), ended.rusage.maxrss / 1024);
    Ok(if ended.status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs the command with exactly these variables and tells what it cost.
///
/// # Errors
/// If it does not start or does not succeed.
pub fn cost(command: &[&str], env: &[(String, String)]) -> io::Result<Cost> {
    let output = Command::new(std::env::current_exe()?)
        .arg(FLAG)
        .args(command)
        .env_clear()
        .envs(env.iter().map(|(k, v)| (k, v)))
        .stdin(Stdio::null())
        .output()?;
    if !output.status.success() {
        let log = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(io::Error::other(format!("{command:?} failed:\n{log}")));
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut numbers = text.split_whitespace().map(str::parse::<u64>);
    let mut next = || numbers.next().and_then(Result::ok).ok_or(io::ErrorKind::InvalidData);
    Ok(Cost {
        cpu: Duration::from_micros(next()?),
        wall: Duration::from_micros(next()?),
        peak_kib: next()?,
    })
}
