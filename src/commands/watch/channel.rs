//! How `healthcheck`, a second process in the same container, asks the sidecar: by an abstract Unix socket. It
//! needs no writable place, no shell and no particular user, leaves nothing behind, and a sidecar that hangs or is
//! gone does not answer, which a file could not tell.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tracing::warn;

use super::Status;
use crate::text::printable::{head, sentence};

/// The longest line that is answered and read, in bytes with its end.
pub const LONGEST: usize = 1024;

/// What a sidecar that is well answers.
pub const WELL: &str = "ok";

/// Answers everybody who asks, from now on. A sidecar works without: only its health check then says that there
/// is none.
pub fn open(state_dir: &Path, status: Arc<Status>) {
    let listener = address(state_dir).and_then(|a| UnixListener::bind_addr(&a)).and_then(|l| {
        l.set_nonblocking(true)?;
        tokio::net::UnixListener::from_std(l)
    });
    let listener = match listener {
        Ok(listener) => listener,
        Err(error) => {
            warn!(
                stage = "watch",
                "healthcheck will not work: {error}; does another watch use this SETUP_STATE_DIR here?"
            );
            return;
        }
    };
    tokio::spawn(async move {
        loop {
            let Ok((mut stream, _)) = listener.accept().await else {
                // Out of file descriptors, most likely: others have to give some back first.
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            // Where containers share a network they share these names: details are for the same user and for root.
            let own = rustix::process::geteuid().as_raw();
            let trusted = stream.peer_cred().is_ok_and(|peer| peer.uid() == own || peer.uid() == 0);
            let answer = match status.verdict() {
                Ok(()) => WELL.to_owned(),
                Err(unwell) if trusted => unwell.to_string(),
                Err(unwell) => unwell.why,
            };
            // One line, and smaller than any socket's buffer: this does not wait for the reader.
            let line = format!("{}\n", head(&sentence(&answer), LONGEST - 1));
            let _ = stream.write_all(line.as_bytes()).await;
        }
    });
}

/// Where the `watch` of this container answers. The namespace of mounts is the container's own even where several share a network (and with it the names of
/// abstract sockets); the directory tells sidecars apart that run without containers.
///
/// # Errors
/// Where the system knows no such sockets.
pub fn address(state_dir: &Path) -> io::Result<SocketAddr> {
    let container = std::fs::read_link("/proc/self/ns/mnt").unwrap_or_default();
    let mut hasher = DefaultHasher::new();
    (container, state_dir).hash(&mut hasher);
    SocketAddr::from_abstract_name(format!("netbird-authentik-init/{:016x}", hasher.finish()))
}
