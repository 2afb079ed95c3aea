//! A plan for people and for machines. Nothing in it is secret: a public client has none, and what is secret
//! never becomes part of a plan.

use std::fmt;

use serde_json::{Value, json};

use super::{Action, Change, Level, Plan, Step};
use crate::outputs::step::{FileStep, KeyChange};
use crate::text::printable::{sentence, value};

/// The version of the JSON document; it grows when a field changes its meaning or goes.
const DOCUMENT_VERSION: u32 = 1;

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.steps {
            write!(f, "{step}")?;
        }
        for line in self.files.steps().into_iter().flat_map(FileStep::lines) {
            writeln!(f, "{}", sentence(&line))?;
        }
        for error in &self.refused {
            writeln!(f, "! refused: {error}")?;
        }
        for remark in self.remarks.iter().filter(|remark| remark.level != Level::Leftover) {
            writeln!(f, "* {}", sentence(&remark.line()))?;
        }
        let unchanged = self.unchanged + self.files.unchanged();
        if unchanged > 0 {
            writeln!(f, "= {unchanged} unchanged")?;
        }
        Ok(())
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.headline())?;
        for change in &self.changes {
            for line in change.lines(self.creates()) {
                writeln!(f, "    {line}")?;
            }
        }
        Ok(())
    }
}

impl Step {
    /// What is done to which object: `+ provider NetBird`.
    pub fn headline(&self) -> String {
        let sign = match self.action {
            Action::Create => '+',
            Action::Change => '~',
            Action::Remove => '-',
        };
        format!("{sign} {} {}", self.target.kind(), value(&self.name))
    }

    fn json(&self) -> Value {
        let changes: Vec<Value> = self.changes.iter().map(Change::json).collect();
        json!({
            "action": match self.action {
                Action::Create => "create",
                Action::Change => "change",
                Action::Remove => "remove",
            },
            "object": self.target.kind(),
            "name": self.name,
            "changes": changes,
        })
    }
}

impl Change {
    /// How `plan` and the log show it.
    pub fn lines(&self, create: bool) -> Vec<String> {
        match &self.after {
            Value::Array(items) if self.adds => {
                let added = items.iter().map(|item| format!("{}: + {}", self.field, text(item)));
                let taken =
                    self.taken.iter().map(|item| format!("{}: - {}", self.field, value(item)));
                added.chain(taken).collect()
            }
            after if create => vec![format!("{}: {}", self.field, text(after))],
            after => vec![format!("{}: {} -> {}", self.field, text(&self.before), text(after))],
        }
    }

    fn json(&self) -> Value {
        if self.adds && self.taken.is_empty() {
            json!({"field": self.field, "added": self.after})
        } else if self.adds {
            json!({"field": self.field, "added": self.after, "removed": self.taken})
        } else {
            json!({"field": self.field, "before": self.before, "after": self.after})
        }
    }
}

/// Of terminals (ECMA-48): what is new, what changes, what is refused.
const GREEN: &str = "\u{1b}[32m";
const YELLOW: &str = "\u{1b}[33m";
const RED: &str = "\u{1b}[31m";
const PLAIN: &str = "\u{1b}[0m";

/// The lines of a plan, for a terminal with colours.
pub fn coloured(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let colour = match line.trim_start().split(' ').next() {
            Some("+") => GREEN,
            Some("~") => YELLOW,
            Some("!" | "-") => RED,
            Some("*") => YELLOW,
            _ if line.contains(": - ") && line.starts_with(' ') => RED,
            _ if line.contains(": + ") && line.starts_with(' ') => GREEN,
            _ => "",
        };
        let end = if colour.is_empty() { "" } else { PLAIN };
        out.push_str(&format!("{colour}{line}{end}\n"));
    }
    out
}

impl Plan {
    /// The document that `plan --format json` prints.
    pub fn json(&self) -> Value {
        let objects = self.steps.iter().map(Step::json);
        let steps: Vec<Value> = objects.chain(self.files.steps().into_iter().map(file)).collect();
        let refused: Vec<Value> = self
            .refused
            .iter()
            .map(|e| json!({"what": e.what, "why": e.why, "remedy": e.remedy}))
            .collect();
        let told = self.remarks.iter().filter(|remark| remark.level != Level::Leftover);
        let remarks: Vec<Value> = told.map(|remark| json!(remark.line())).collect();
        json!({
            "version": DOCUMENT_VERSION,
            "in_sync": self.is_empty(),
            "steps": steps,
            "refused": refused,
            "remarks": remarks,
            "may_enter": self.admission.to_string(),
            "unchanged": self.unchanged + self.files.unchanged(),
        })
    }
}

fn file(step: &FileStep) -> Value {
    let change = |change: &KeyChange| json!({"field": change.key, "before": change.before, "after": change.after});
    json!({
        "action": if step.create { "create" } else { "change" },
        "object": "file",
        "name": step.name,
        "changes": step.changes.iter().map(change).collect::<Vec<_>>(),
    })
}

fn text(of: &Value) -> String {
    match of {
        Value::String(s) => value(s),
        Value::Null => "(none)".into(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Error, Exit};

    #[test]
    fn colours_are_around_lines_and_leave_the_text_as_it_is() {
        let refused = Error::new(Exit::Refused, "it is taken");
        let plan = Plan { refused: vec![refused], unchanged: 2, ..Plan::default() };
        let coloured = coloured(&plan.to_string());
        assert_eq!(coloured, "\u{1b}[31m! refused: it is taken\u{1b}[0m\n= 2 unchanged\n");
        let plain = [GREEN, YELLOW, RED, PLAIN].iter().fold(coloured, |t, c| t.replace(c, ""));
        assert_eq!(plain, plan.to_string());
    }
}
