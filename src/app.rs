//! The program from command line to exit code. `main`, the quick start and nothing else call it.

use std::ffi::OsString;
use std::io::Write;
use std::sync::Arc;

use tracing::warn;

use crate::authentik::transport::Transport;
use crate::check;
use crate::cli::{self, Command};
use crate::config::{self, Config};
use crate::converge::Converge;
use crate::error::{Error, Exit, Result};
use crate::init;
use crate::logging;
use crate::secrets;
use crate::watch;

/// Runs a command with these variables; what was asked for goes to `out` (in colours if it is for eyes),
/// everything else to the log.
pub async fn run(
    args: impl IntoIterator<Item = OsString>,
    vars: impl IntoIterator<Item = (OsString, OsString)>,
    out: &mut dyn Write,
    colours: bool,
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
        Command::Watch => {
            let vars: Vec<(OsString, OsString)> = vars.into_iter().collect();
            match load(vars.iter().cloned()) {
                Ok(config) => end(watch::run(config, &vars).await),
                Err(exit) => exit,
            }
        }
        Command::Healthcheck => match watch::ask(vars) {
            Ok(()) => Exit::Ok,
            Err(why) => {
                say(out, &format!("{why}\n"));
                Exit::Unwell
            }
        },
        Command::Plan { json } => match load(vars) {
            Ok(config) => end(plan(&config, json, out, colours).await),
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
        let error = logging::problems(&problems);
        logging::failure(&error);
        error.exit
    })
}

async fn init(config: &Config) -> Result<Exit> {
    init::run(config, &Arc::default(), &mut init::Record::default()).await?;
    Ok(Exit::Ok)
}

async fn check(config: &Config, json: bool, out: &mut dyn Write) -> Result<Exit> {
    let password = secrets::password(config)?;
    let secrets = config.given_secrets().into_iter().chain(password.clone());
    let transport = Transport::new(&config.connection, secrets)?;
    let mut converge = Converge::new(config, &transport, password, Arc::default());
    let checks = check::run(config, &transport, &mut converge).await?;
    let text = if json { format!("{:#}\n", check::json(&checks)) } else { check::text(&checks) };
    say(out, &text);
    Ok(check::exit(&checks))
}

async fn plan(config: &Config, json: bool, out: &mut dyn Write, colours: bool) -> Result<Exit> {
    let password = secrets::password(config)?;
    let secrets = config.given_secrets().into_iter().chain(password.clone());
    let transport = Transport::new(&config.connection, secrets)?;
    let plan = Converge::new(config, &transport, password, Arc::default()).look().await?.plan;
    let text = match (json, colours) {
        (true, _) => format!("{:#}\n", plan.json()),
        (false, true) => plan.coloured(),
        (false, false) => plan.to_string(),
    };
    say(out, &text);
    if let Some(error) = plan.refused.first() {
        logging::failure(error);
        return Ok(error.exit);
    }
    Ok(if plan.is_empty() { Exit::Ok } else { Exit::Pending })
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
