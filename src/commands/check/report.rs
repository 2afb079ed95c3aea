//! Checks for people and for machines.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::commands::plan::Format;
use crate::error::Exit;
use crate::proof::{Check, Group, Outcome};

/// The version of the JSON document; it grows when a field changes its meaning or goes.
const DOCUMENT_VERSION: u32 = 2;

fn group(check: &Check) -> Group {
    check.id.entry().group
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "PASS",
        Outcome::Warn => "WARN",
        Outcome::Fail => "FAIL",
        Outcome::Skipped => "SKIP",
    }
}

/// Select Graphic Rendition: green, yellow, red, faint.
fn colour(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "32",
        Outcome::Warn => "33",
        Outcome::Fail => "31",
        Outcome::Skipped => "2",
    }
}

/// The whole answer.
pub fn render(checks: &[Check], exit: Exit, format: Format) -> String {
    match format {
        Format::Json => format!("{:#}\n", json(checks, exit)),
        Format::Text => text(checks, false),
        Format::Coloured => text(checks, true),
    }
}

/// A line a check, the fix under each that did not pass, and a count.
fn text(checks: &[Check], colours: bool) -> String {
    let mut out = String::new();
    let mut shown = None;
    for check in checks {
        let group = group(check);
        if shown != Some(group) {
            let _ = writeln!(out, "{}", group.name());
            shown = Some(group);
        }
        let detail: String = check.detail.chars().filter(|c| !c.is_control()).collect();
        let word = match colours {
            true => format!("\x1b[{}m{}\x1b[0m", colour(check.outcome), word(check.outcome)),
            false => word(check.outcome).to_owned(),
        };
        let _ = writeln!(out, "{word}  {:<18}{detail}", check.id.name());
        if let Some(fix) = check.fix.as_ref().filter(|fix| !fix.is_empty()) {
            let _ = writeln!(out, "{:>24}{fix}", "-> ");
        }
    }
    let count = |outcome| checks.iter().filter(|c| c.outcome == outcome).count();
    let _ = writeln!(
        out,
        "{} pass, {} warn, {} fail, {} skip",
        count(Outcome::Pass),
        count(Outcome::Warn),
        count(Outcome::Fail),
        count(Outcome::Skipped)
    );
    out
}

/// The document that `check --format json` prints.
fn json(checks: &[Check], exit: Exit) -> Value {
    let checks: Vec<Value> = checks
        .iter()
        .map(|check| {
            json!({
                "name": check.id.name(),
                "group": group(check).name(),
                "outcome": word(check.outcome).to_ascii_lowercase(),
                "detail": check.detail,
                "remedy": check.fix,
            })
        })
        .collect();
    json!({"version": DOCUMENT_VERSION, "exit": exit as u8, "checks": checks})
}
