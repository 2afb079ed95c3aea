//! Checks for people and for machines.

use serde_json::{Value, json};

use crate::proof::{Check, Group, Outcome};
use crate::text::printable;

/// The version of the JSON document; it grows when a field changes its meaning or goes.
const DOCUMENT_VERSION: u32 = 1;

fn group(check: &Check) -> Group {
    check.id.entry().group
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Pass => "pass",
        Outcome::Warn => "warn",
        Outcome::Fail => "fail",
        Outcome::Skipped => "skipped",
    }
}

/// A line a check, the fix under each that did not pass, and a count.
pub fn text(checks: &[Check]) -> String {
    let mut out = String::new();
    let mut shown = None;
    for check in checks {
        let group = group(check);
        if shown != Some(group) {
            out.push_str(&format!("{}\n", group.name()));
            shown = Some(group);
        }
        // A line of its own for each, whatever a server put into it.
        let (outcome, name) = (word(check.outcome), check.id.name());
        let detail = printable::sentence(&check.detail);
        out.push_str(&format!("  {outcome:<8}{name:<19}{detail}\n"));
        if let Some(fix) = &check.fix {
            out.push_str(&format!("{:>29}{fix}\n", "-> "));
        }
    }
    let count = |outcome| checks.iter().filter(|c| c.outcome == outcome).count();
    out.push_str(&format!(
        "{} pass, {} warn, {} fail, {} skipped\n",
        count(Outcome::Pass),
        count(Outcome::Warn),
        count(Outcome::Fail),
        count(Outcome::Skipped)
    ));
    out
}

/// The document that `check --format json` prints.
pub fn json(checks: &[Check]) -> Value {
    let checks: Vec<Value> = checks
        .iter()
        .map(|check| {
            json!({
                "name": check.id.name(),
                "group": group(check).name(),
                "outcome": word(check.outcome),
                "detail": check.detail,
                "remedy": check.fix,
            })
        })
        .collect();
    json!({"version": DOCUMENT_VERSION, "checks": checks})
}
