//! The program from command line to exit code. `main`, the quick start and nothing else call it.

use std::ffi::OsString;
use std::io::Write;

use tracing::{info, warn};

use crate::authentik::transport::Transport;
use crate::cli::{self, Command};
use crate::config::{self, Config};
use crate::converge::Converge;
use crate::error::{Error, Exit, Result};
use crate::logging;
use crate::publish::{self, Document, Ownership, Published};
use crate::render::setup_env;

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
    let transport = transport(config)?;
    let mut converge = Converge::new(config, &transport);
    let converged = converge.run().await?;

    let documents = vec![Document {
        path: files.dir.join("setup.env"),
        content: setup_env::render(config, &converged.facts).into_bytes(),
    }];
    let ownership = Ownership { mode: files.mode, uid: files.uid, gid: files.gid };
    let (written, total) = publish_all(documents, ownership).await?;

    let tally = converged.tally;
    info!(
        stage = "done",
        created = tally.created,
        changed = tally.changed,
        unchanged = converged.unchanged,
        files_written = written,
        files = total,
        seconds = format!("{:.1}", converge.seconds()),
        requests = transport.sent(),
        "NetBird can start"
    );
    Ok(Exit::Ok)
}

/// Writing waits for a disk: it happens beside, so that a signal is heard meanwhile. A run that ends in the
/// middle leaves old files or new ones, never half a file.
async fn publish_all(documents: Vec<Document>, ownership: Ownership) -> Result<(usize, usize)> {
    let total = documents.len();
    let work = tokio::task::spawn_blocking(move || {
        let mut written = 0;
        for document in &documents {
            let published = publish::publish(document, ownership)?;
            let path = document.path.display().to_string();
            match published {
                Published::Written => info!(stage = "publish", %path, "written"),
                Published::Unchanged => tracing::debug!(stage = "publish", %path, "unchanged"),
            }
            written += usize::from(published == Published::Written);
            if let (Some(dir), Some(name)) = (document.path.parent(), document.path.file_name()) {
                publish::sweep(dir, &[&name.to_string_lossy()]);
            }
        }
        Ok(written)
    });
    let written =
        work.await.map_err(|_| Error::new(Exit::Bug, "writing files ended abnormally"))??;
    Ok((written, total))
}

async fn plan(config: &Config, json: bool, out: &mut dyn Write) -> Result<Exit> {
    let transport = transport(config)?;
    let plan = Converge::new(config, &transport).plan().await?;
    let text = if json { format!("{:#}\n", plan.json()) } else { plan.to_string() };
    say(out, &text);
    if let Some(error) = plan.refused.first() {
        logging::failure(error);
        return Ok(error.exit);
    }
    Ok(if plan.is_empty() { Exit::Ok } else { Exit::Pending })
}

fn transport(config: &Config) -> Result<Transport> {
    let netbird = &config.netbird;
    let secrets = [
        &netbird.service_account_password,
        &netbird.datastore_key,
        &netbird.relay_secret,
        &netbird.turn_password,
    ];
    Transport::new(&config.connection, secrets.into_iter().flatten().cloned())
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
