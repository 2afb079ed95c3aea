//! `healthcheck`, for Docker's HEALTHCHECK: asks the `watch` of the same container whether it is well.

use std::ffi::OsString;
use std::io::{self, Read};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use super::watch::channel::{WELL, address};
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
        let mut stream = UnixStream::connect_addr(&address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
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
