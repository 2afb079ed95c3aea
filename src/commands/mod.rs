//! Each command's story.

pub mod check;
pub mod connect;
pub mod healthcheck;
pub mod init;
pub mod plan;
mod print;
mod publishing;
mod volumes;
pub mod watch;

use std::ffi::OsString;

use crate::authentik::Server;
use crate::config::{self, Config, Loaded};
use crate::deadline::Deadline;
use crate::error::{Error, Exit, Result};
use crate::http::Transport;

/// Work that may block a thread, on a disk or a lock: it happens beside, so that a signal is heard meanwhile and a
/// deadline can leave it behind.
///
/// # Errors
/// Those of the work.
pub async fn beside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let abnormal = |_| Error::new(Exit::Bug, "work on files ended abnormally");
    tokio::task::spawn_blocking(work).await.map_err(abnormal)?
}

/// Reads the configuration. A file that is named by a variable may lie on a disk that hangs.
///
/// # Errors
/// [`Exit::NotReady`] if the deadline comes first.
pub async fn load(vars: &[(OsString, OsString)], deadline: Deadline) -> Result<Loaded> {
    let vars = vars.to_vec();
    let reading = beside(move || Ok(config::load(vars)));
    let limit = deadline.limit().as_secs_f64();
    deadline.bound(reading).await.unwrap_or_else(|| {
        let what = format!("the files that variables name could not be read within {limit} s");
        let remedy =
            "see that the paths in AUTHENTIK_CA_FILE and in each X_FILE are on a disk that answers";
        Err(Error::new(Exit::NotReady, what).remedy(remedy))
    })
}

/// The Authentik that the variables name.
///
/// # Errors
/// [`Exit::Config`] when a certificate of `AUTHENTIK_CA_FILE` cannot be used as a root.
fn server(config: &Config) -> Result<Server> {
    let connection = &config.connection;
    let (internal, public) = (connection.internal.clone(), connection.public.clone());
    Ok(Server::new(transport(config)?, internal, public, connection.token.clone()))
}

/// How requests are sent.
///
/// # Errors
/// See [`server`].
fn transport(config: &Config) -> Result<Transport> {
    Transport::new(&config.connection.tls).map_err(|why| {
        Error::new(Exit::Config, "AUTHENTIK_CA_FILE holds a certificate that cannot be a root")
            .because(why)
            .remedy("put the CA certificate that signed Authentik's certificate into the file")
    })
}
