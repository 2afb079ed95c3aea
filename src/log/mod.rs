//! Logs to stderr: lines for people, without colours, or one JSON object a line; short lines on a terminal. Standard
//! output is for what was asked for.

mod format;
pub mod progress;
mod short;
pub mod story;

use std::io::IsTerminal;
use std::sync::OnceLock;
use std::time::Duration;

use tracing::{Level, error};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::error::Error;
use format::Line;
use short::Short;

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
    // Whoever asks for debug wants to see everything.
    let debug = targets.would_enable(env!("CARGO_CRATE_NAME"), &Level::DEBUG);
    let is_short = !settings.json && !debug && std::io::stderr().is_terminal();
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let layer = match is_short {
        true => layer.event_format(Short::default()).boxed(),
        false => layer.event_format(Line { json: settings.json }).boxed(),
    };
    if tracing_subscriber::registry().with(targets).with(layer).try_init().is_ok() {
        let _ = IS_SHORT.set(is_short);
    }
}

/// Whether somebody watches a terminal.
static IS_SHORT: OnceLock<bool> = OnceLock::new();

/// How often an unchanged reason to wait is told again: on a terminal it is one line that counts the seconds, elsewhere
/// each time is a line more.
fn repeat() -> Duration {
    match IS_SHORT.get() {
        Some(true) => Duration::from_secs(1),
        _ => Duration::from_secs(10),
    }
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
