//! Logs to stderr: lines for people, without colours, or one JSON object a line. Standard output is for what
//! was asked for.

mod format;
pub mod progress;
pub mod story;

use tracing::error;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::error::Error;
use format::Line;

/// How to log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// One JSON object a line.
    pub json: bool,
    /// Level, or levels by module, as `tracing_subscriber::filter::Targets` reads them.
    pub filter: String,
}

/// Starts logging. A second call in one process changes nothing.
pub fn start(settings: &Settings) {
    let targets = targets(&settings.filter);
    let line = Line { json: settings.json };
    let layer = tracing_subscriber::fmt::layer().event_format(line).with_writer(std::io::stderr);
    let _ = tracing_subscriber::registry().with(targets).with(layer).try_init();
}

/// A bare level is about this program: what its libraries do is another matter, asked for by name
/// (`hyper_util=debug`).
fn targets(filter: &str) -> Targets {
    match filter.parse::<LevelFilter>() {
        Ok(level) => Targets::new()
            .with_default(LevelFilter::WARN.min(level))
            .with_target(env!("CARGO_CRATE_NAME"), level),
        // The text was checked when the configuration was read.
        Err(_) => filter.parse().unwrap_or_default(),
    }
}

/// Where nothing better is known, which is a bug's case.
const MORE: &str = "run again with SETUP_LOG=debug, and report it with what the log says";

/// A failure in three lines: what, why, what to do.
pub fn failure(error: &Error) {
    let exit = error.exit as u8;
    error!(stage = "failed", exit, "{}", error.what);
    let why = error.why.as_deref().unwrap_or(error.exit.meaning());
    error!(stage = "failed", exit, "why: {why}");
    let remedy = error.remedy.as_deref().unwrap_or(MORE);
    error!(stage = "failed", exit, "what to do: {remedy}");
}
