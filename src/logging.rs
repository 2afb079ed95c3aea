//! Logs to stderr: lines for people, without colours, or one JSON object a line. Standard output is for what
//! was asked for.

use tracing::error;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::LogSettings;
use crate::error::Error;

/// Starts logging. A second call in one process changes nothing.
pub fn start(settings: &LogSettings) {
    let targets = targets(&settings.filter);
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(false);
    let registry = tracing_subscriber::registry().with(targets);
    let _ = if settings.json {
        registry.with(layer.json().flatten_event(true).with_current_span(false)).try_init()
    } else {
        registry.with(layer.with_target(false)).try_init()
    };
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

/// A failure in three lines: what, why, what to do.
pub fn failure(error: &Error) {
    error!(exit = error.exit as u8, "{}", error.what);
    if let Some(why) = &error.why {
        error!("why: {why}");
    }
    if let Some(remedy) = &error.remedy {
        error!("what to do: {remedy}");
    }
}
