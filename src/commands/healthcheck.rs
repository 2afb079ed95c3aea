//! `healthcheck`, for Docker's HEALTHCHECK: asks the `watch` of the same container whether it is well.

use std::ffi::OsString;
use std::io::{self, Read};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::net::sockopt::socket_peercred;

use super::watch::channel::{LONGEST, WELL, address};
use crate::config;

/// A sidecar answers within a moment, whatever it is doing, or it hangs.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks the sidecar of this container.
///
/// # Errors
/// Why it is not well, in one line.
pub fn ask(vars: impl IntoIterator<Item = (OsString, OsString)>) -> Result<(), String> {
    let state_dir = config::state_dir(vars);
    let answer = address(&state_dir).and_then(|address| {
        let stream = UnixStream::connect_addr(&address)?;
        match is_trusted(&stream)? {
            true => line(stream, Instant::now() + PATIENCE),
            false => Ok("another user's process answers in the place of watch".into()),
        }
    });
    match answer {
        Ok(answer) if answer == WELL => Ok(()),
        Ok(answer) if answer.is_empty() => Err("watch ends".into()),
        Ok(answer) => Err(answer),
        Err(e) if e.kind() == io::ErrorKind::ConnectionRefused => {
            let dir = state_dir.display();
            Err(format!("no watch is running in this container with its secrets in {dir}"))
        }
        Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
            Err(format!("watch does not answer within {} s", PATIENCE.as_secs()))
        }
        Err(e) => Err(format!("watch cannot be asked: {e}")),
    }
}

/// Whether a user answers who may say how this container is: the one that it runs as, or root. Any process in the same
/// network namespace can take the name first.
fn is_trusted(stream: &UnixStream) -> io::Result<bool> {
    let answering = socket_peercred(stream)?.uid;
    Ok(answering == rustix::process::geteuid() || answering.is_root())
}

/// The first line of the answer, as far as it is read.
fn line(mut stream: UnixStream, end: Instant) -> io::Result<String> {
    let mut line = Vec::new();
    let mut buffer = [0; LONGEST];
    while line.len() < LONGEST && !line.contains(&b'\n') {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        let room = LONGEST - line.len();
        match stream.read(&mut buffer[..room]) {
            Ok(0) => break,
            Ok(read) => line.extend_from_slice(&buffer[..read]),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    let first = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
    Ok(String::from_utf8_lossy(first).into_owned())
}
