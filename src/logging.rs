//! Logs to stderr: lines for people, without colours, or one JSON object a line. Standard output is for what
//! was asked for.

use tracing::error;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::LogSettings;
use crate::error::Error;

/// Starts logging. A second call in one process changes nothing.
pub fn start(settings: &LogSettings) {
    // The text was checked when the configuration was read.
    let targets: Targets = settings
        .filter
        .parse()
        .unwrap_or_else(|_| Targets::new().with_default(tracing::Level::INFO));
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(false);
    let registry = tracing_subscriber::registry().with(targets);
    let _ = if settings.json {
        registry.with(layer.json().flatten_event(true).with_current_span(false)).try_init()
    } else {
        registry.with(layer.with_target(false)).try_init()
    };
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
