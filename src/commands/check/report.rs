//! Checks for people and for machines.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::error::Exit;
use crate::proof::{Check, Group, Outcome};
use crate::text::printable;

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

/// The words that lines begin with in colours, for a terminal.
pub fn coloured(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let all = [Outcome::Pass, Outcome::Warn, Outcome::Fail, Outcome::Skipped];
        let found = all.into_iter().find_map(|o| Some((o, line.strip_prefix(word(o))?)));
        let _ = match found {
            Some((outcome, rest)) => {
                writeln!(out, "\x1b[{}m{}\x1b[0m{rest}", colour(outcome), word(outcome))
            }
            None => writeln!(out, "{line}"),
        };
    }
    out
}

/// A line a check, the fix under each that did not pass, and a count.
pub fn text(checks: &[Check]) -> String {
    let mut out = String::new();
    let mut shown = None;
    for check in checks {
        let group = group(check);
        if shown != Some(group) {
            let _ = writeln!(out, "{}", group.name());
            shown = Some(group);
        }
        // A line of its own for each, whatever a server put into it.
        let (word, detail) = (word(check.outcome), printable::sentence(&check.detail));
        let _ = writeln!(out, "{word}  {:<18}{detail}", check.id.name());
        if let Some(fix) = check.fix.as_ref().filter(|fix| !fix.is_empty()) {
            let _ = writeln!(out, "{:>24}{}", "-> ", printable::sentence(fix));
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
pub fn json(checks: &[Check], exit: Exit) -> Value {
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
