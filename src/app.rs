//! The program from command line to exit code. `main`, the quick start and nothing else call it.

use std::ffi::OsString;
use std::io::Write;
use std::sync::Arc;

use tracing::{debug, info, warn};

use crate::authentik::transport::Transport;
use crate::check;
use crate::cli::{self, Command};
use crate::config::{self, Config, Output};
use crate::converge::Converge;
use crate::error::{Error, Exit, Result};
use crate::logging;
use crate::publish::{self, Document, Ownership, Published};
use crate::render::{self, Facts};
use crate::secrets::{self, Secrets};

/// Runs a command with these variables; what was asked for goes to `out`, everything else to the log.
pub async fn run(
    args: impl IntoIterator<Item = OsString>,
    vars: impl IntoIterator<Item = (OsString, OsString)>,
    out: &mut dyn Write,
) -> Exit {
    let command = match cli::parse(args) {
        Ok(command) => command,
        Err(error) => return complain(&error),
    };
    match command {
        Command::Version => {
            say(out, concat!("netbird-authentik-init ", env!("CARGO_PKG_VERSION"), "\n"))
        }
        Command::Help(variable) => match cli::help(variable.as_deref()) {
            Ok(text) => say(out, &text),
            Err(error) => complain(&error),
        },
        Command::Init => match load(vars) {
            Ok(config) => end(init(&config).await),
            Err(exit) => exit,
        },
        Command::Check { json } => match load(vars) {
            Ok(config) => end(check(&config, json, out).await),
            Err(exit) => exit,
        },
        Command::Plan { json } => match load(vars) {
            Ok(config) => end(plan(&config, json, out).await),
            Err(exit) => exit,
        },
    }
}

/// Reads the configuration and starts the log; all that is wrong is said at once.
fn load(vars: impl IntoIterator<Item = (OsString, OsString)>) -> Result<Config, Exit> {
    let loaded = config::load(vars);
    logging::start(&loaded.log);
    for warning in &loaded.warnings {
        warn!(stage = "config", "{warning}");
    }
    loaded.config.map_err(|problems| {
        for problem in &problems {
            tracing::error!(stage = "config", variable = %problem.variable, "{problem}");
        }
        let count = problems.len();
        let noun = if count == 1 { "variable is" } else { "variables are" };
        logging::failure(
            &Error::new(Exit::Config, format!("{count} {noun} wrong"))
                .remedy("correct what is listed above; `help` explains every variable"),
        );
        Exit::Config
    })
}

async fn init(config: &Config) -> Result<Exit> {
    let files = &config.files;
    publish::check_directory("SETUP_DIR", &files.dir)?;
    publish::check_directory("SETUP_STATE_DIR", &files.state_dir)?;
    // Before anything is asked or changed: a data store key in doubt must end the run here.
    let shared = Arc::new(config.clone());
    let for_secrets = Arc::clone(&shared);
    let secrets = beside(move || secrets::keep(&for_secrets)).await?;

    let transport = transport(config, &secrets)?;
    let mut converge = Converge::new(config, &transport, secrets.service_account.clone());
    let converged = converge.run().await?;

    let facts = converged.facts;
    let (written, total) = beside(move || publish_all(&shared, &facts, &secrets)).await?;

    let tally = converged.tally;
    info!(
        stage = "done",
        created = tally.created,
        changed = tally.changed,
        unchanged = converged.unchanged,
        files_written = written,
        files = total,
        seconds = (converge.seconds() * 10.0).round() / 10.0,
        requests = transport.sent(),
        "NetBird can start"
    );
    Ok(Exit::Ok)
}

/// Files wait for a disk: that happens beside, so that a signal is heard meanwhile. A run that ends in the
/// middle leaves old files or new ones, never half a file.
async fn beside<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let abnormal = |_| Error::new(Exit::Bug, "work on files ended abnormally");
    tokio::task::spawn_blocking(work).await.map_err(abnormal)?
}

/// Renders and publishes; answers how many were written, of how many.
fn publish_all(config: &Config, facts: &Facts, secrets: &Secrets) -> Result<(usize, usize)> {
    let files = &config.files;
    let ownership = Ownership { mode: files.mode, uid: files.uid, gid: files.gid };
    let base = secrets::read_object(&files.dir.join(Output::ManagementJson.file_name()))?;
    let rendered = render::files(config, facts, secrets, base);
    let total = rendered.len();
    let mut written = 0;
    for (output, text) in rendered {
        let path = files.dir.join(output.file_name());
        let shown = path.display().to_string();
        match publish::publish(&Document { path, content: text.into_bytes() }, ownership)? {
            Published::Written => {
                written += 1;
                info!(stage = "publish", path = %shown, "written");
            }
            Published::Unchanged => debug!(stage = "publish", path = %shown, "unchanged"),
        }
    }
    let names: Vec<&str> = Output::ALL.iter().map(|o| o.file_name()).collect();
    publish::sweep(&files.dir, &names);
    publish::sweep(&files.state_dir, &[secrets::FILE_NAME]);
    Ok((written, total))
}

async fn check(config: &Config, json: bool, out: &mut dyn Write) -> Result<Exit> {
    let password = secrets::password(config)?;
    let secrets = config.given_secrets().into_iter().chain(password.clone());
    let transport = Transport::new(&config.connection, secrets)?;
    let mut converge = Converge::new(config, &transport, password);
    let checks = check::run(config, &transport, &mut converge).await?;
    let text = if json { format!("{:#}\n", check::json(&checks)) } else { check::text(&checks) };
    say(out, &text);
    Ok(check::exit(&checks))
}

async fn plan(config: &Config, json: bool, out: &mut dyn Write) -> Result<Exit> {
    let password = secrets::password(config)?;
    let secrets = config.given_secrets().into_iter().chain(password.clone());
    let transport = Transport::new(&config.connection, secrets)?;
    let plan = Converge::new(config, &transport, password).look().await?.plan;
    let text = if json { format!("{:#}\n", plan.json()) } else { plan.to_string() };
    say(out, &text);
    if let Some(error) = plan.refused.first() {
        logging::failure(error);
        return Ok(error.exit);
    }
    Ok(if plan.is_empty() { Exit::Ok } else { Exit::Pending })
}

fn transport(config: &Config, secrets: &Secrets) -> Result<Transport> {
    let known = [&secrets.datastore_key, &secrets.relay, &secrets.turn].into_iter().cloned();
    Transport::new(&config.connection, known.chain(secrets.service_account.clone()))
}

fn end(result: Result<Exit>) -> Exit {
    result.unwrap_or_else(|error| {
        logging::failure(&error);
        error.exit
    })
}

/// A reader that went away (`help | head`) is nobody to complain to.
fn say(out: &mut dyn Write, text: &str) -> Exit {
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    Exit::Ok
}

/// Before the configuration is read there is no log: the command line is answered like any tool does.
fn complain(error: &Error) -> Exit {
    let remedy = error.remedy.as_deref().unwrap_or_default();
    let _ = writeln!(std::io::stderr(), "netbird-authentik-init: {error}; {remedy}");
    error.exit
}
