//! Lines for somebody who watches a terminal: the time of day and the sentence. What is waited for is one line that is
//! written over, so that minutes of waiting leave one line behind and not dozens.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::format::Fields;

/// A line that is written over must not be wider than the terminal; every one has as many columns as this.
const COLUMNS: usize = 79;

/// Back to the line's beginning, and what stands there is erased.
const ANEW: &str = "\r\u{1b}[K";

/// One short line an event.
#[derive(Debug, Default)]
pub struct Short {
    /// A line about waiting stands there, without an end.
    open: AtomicBool,
}

impl<S, N> FormatEvent<S, N> for Short
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut now = String::new();
        SystemTime.format_time(&mut Writer::new(&mut now))?;
        let mut fields = Fields::default();
        event.record(&mut fields);
        // Of 2026-01-31T12:34:56.123456Z, in UTC.
        let time = now.get(11..19).unwrap_or(&now);
        let line = self.line(time, *event.metadata().level(), &fields.message, fields.waited());
        writer.write_str(&line)
    }
}

impl Short {
    fn line(&self, time: &str, level: Level, message: &str, waited: Option<u64>) -> String {
        let was_open = self.open.swap(waited.is_some(), Ordering::Relaxed);
        if let Some(seconds) = waited {
            let text: String =
                format!("{time} {seconds} s {message}").chars().take(COLUMNS).collect();
            return if was_open { format!("{ANEW}{text}") } else { text };
        }
        let end = if was_open { "\n" } else { "" };
        let mark = match level {
            Level::ERROR => "ERROR ",
            Level::WARN => "WARN ",
            _ => "",
        };
        format!("{end}{time} {mark}{message}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_is_one_line_and_all_else_follows_it() {
        let short = Short::default();
        let mut screen = String::new();
        for (level, message, waited) in [
            (Level::INFO, "begins", None),
            (Level::INFO, "waiting for Authentik to answer: refused", Some(0)),
            (Level::INFO, "waiting for Authentik to answer: refused", Some(1)),
            (Level::ERROR, "not ready", None),
            (Level::WARN, "look", None),
        ] {
            screen += &short.line("12:00:00", level, message, waited);
        }
        assert_eq!(
            screen,
            "12:00:00 begins\n12:00:00 0 s waiting for Authentik to answer: refused\
             \r\u{1b}[K12:00:00 1 s waiting for Authentik to answer: refused\n\
             12:00:00 ERROR not ready\n12:00:00 WARN look\n"
        );
    }

    #[test]
    fn a_line_that_is_written_over_fits_into_a_terminal() {
        let line = Short::default().line("12:00:00", Level::INFO, &"ö".repeat(200), Some(7));
        assert_eq!(line.chars().count(), COLUMNS);
    }
}
