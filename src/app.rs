//! The program from command line to exit code. `main`, the quick start and nothing else call it.

use std::ffi::OsString;
use std::io::Write;
use std::sync::Arc;

use tokio::time::Instant;
use tracing::warn;

use crate::cli::{self, Command};
use crate::commands::plan::Format;
use crate::commands::{self, check, connect, healthcheck, init, plan, watch};
use crate::config::{self, Config, Problem};
use crate::connect::Tally;
use crate::deadline::Deadline;
use crate::error::{Error, Exit, Result};
use crate::log;
use crate::text::printable::sentence;

/// Environment variables, as the system has them.
type Variables = Vec<(OsString, OsString)>;

/// Runs a command with these variables; what was asked for goes to `out` (in colours if it is for eyes),
/// everything else to the log.
pub async fn run(
    args: impl IntoIterator<Item = OsString>,
    vars: impl IntoIterator<Item = (OsString, OsString)>,
    out: &mut dyn Write,
    colours: bool,
) -> Exit {
    let start = Instant::now();
    let command = match cli::parse(args) {
        Ok(command) => command,
        Err(error) => return complain(&error),
    };
    let vars: Variables = vars.into_iter().collect();
    match command {
        Command::Version => {
            say(out, concat!("netbird-authentik-init ", env!("CARGO_PKG_VERSION"), "\n"))
        }
        Command::Help(variable) => match cli::help(variable.as_deref()) {
            Ok(text) => say(out, &text),
            Err(error) => complain(&error),
        },
        Command::Healthcheck => match healthcheck::ask(vars) {
            Ok(()) => Exit::Ok,
            Err(why) => {
                say(out, &format!("{}\n", sentence(&why)));
                Exit::Unwell
            }
        },
        Command::Init
        | Command::Check { .. }
        | Command::Connect
        | Command::Plan { .. }
        | Command::Watch => {
            let deadline = Deadline::new(start, config::timeout(&vars));
            let deadline = match command {
                Command::Check { .. } => deadline.at_most(check::LIMIT),
                _ => deadline,
            };
            let result = configured(command, vars, deadline, out, colours).await;
            result.unwrap_or_else(|error| {
                log::failure(&error);
                error.exit
            })
        }
    }
}

/// The commands that the environment configures.
async fn configured(
    command: Command,
    vars: Variables,
    deadline: Deadline,
    out: &mut dyn Write,
    colours: bool,
) -> Result<Exit> {
    let loaded = load(&vars, deadline).await;
    if let Command::Check { json } = command {
        match &loaded {
            Err(error) => check::not_read(error, format(json, colours), out),
            Ok(Err(problems)) => check::not_configured(problems, format(json, colours), out),
            Ok(Ok(_)) => {}
        }
    }
    let config = loaded?.map_err(|problems| config::tell(&problems))?;
    match command {
        Command::Init => {
            let mut record = init::Record::default();
            init::run(&config, deadline, &Arc::default(), &mut record).await?;
            Ok(Exit::Ok)
        }
        Command::Plan { json } => plan::run(config, deadline, format(json, colours), out).await,
        Command::Connect => {
            connect::run(&config, deadline, &Arc::default(), &mut Tally::default()).await?;
            Ok(Exit::Ok)
        }
        Command::Check { json } => check::run(config, deadline, format(json, colours), out).await,
        Command::Watch => watch::run(config, &vars).await,
        Command::Healthcheck | Command::Help(_) | Command::Version => Ok(Exit::Ok),
    }
}

fn format(json: bool, colours: bool) -> Format {
    match (json, colours) {
        (true, _) => Format::Json,
        (false, true) => Format::Coloured,
        (false, false) => Format::Text,
    }
}

/// Reads the configuration and starts the log; all that is wrong is said at once.
async fn load(vars: &Variables, deadline: Deadline) -> Result<Result<Config, Vec<Problem>>> {
    let loaded = commands::load(vars, deadline).await?;
    log::start(&loaded.log);
    for warning in &loaded.warnings {
        warn!(stage = "config", "{warning}");
    }
    Ok(loaded.config)
}

/// A reader that went away (`help | head`) is nobody to complain to.
fn say(out: &mut dyn Write, text: &str) -> Exit {
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    Exit::Ok
}

/// Before the configuration is read there is no log: the command line is answered like any tool does.
fn complain(error: &Error) -> Exit {
    let remedy = error.remedy.as_deref().unwrap_or_default();
    let line = sentence(&format!("{error}; {remedy}"));
    let _ = writeln!(std::io::stderr(), "netbird-authentik-init: {line}");
    error.exit
}
