//! The plan for people and for machines. What is secret never becomes part of it.

use std::fmt;

use serde_json::{Value, json};

use super::{Change, Plan, Step};
use crate::text::excerpt;

impl Plan {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.refused.is_empty()
    }

    /// The part of `plan --format json` about NetBird.
    pub fn json(&self) -> Value {
        let steps: Vec<Value> = self.steps.iter().map(Step::json).collect();
        let refused: Vec<Value> = self
            .refused
            .iter()
            .map(|e| json!({"what": e.what, "why": e.why, "remedy": e.remedy}))
            .collect();
        json!({
            "in_sync": self.is_empty(),
            "steps": steps,
            "refused": refused,
            "warnings": self.warnings,
            "unchanged": self.unchanged,
        })
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.steps {
            writeln!(f, "{}", step.headline())?;
            for change in step.changes() {
                writeln!(f, "    {change}")?;
            }
        }
        for warning in &self.warnings {
            writeln!(f, "! {}", excerpt(warning))?;
        }
        for error in &self.refused {
            writeln!(f, "! refused: {error}")?;
        }
        if self.unchanged > 0 {
            writeln!(f, "= {} unchanged", self.unchanged)?;
        }
        Ok(())
    }
}

impl Step {
    /// Every [`Step::object`] that there is.
    pub const OBJECTS: [&str; 4] = ["group", "connector", "account settings", "user"];

    /// In NetBird's terms, but for a group, which is Authentik's.
    pub fn object(&self) -> &'static str {
        match self {
            Self::CreateGroup(_) => "group",
            Self::CreateConnector(_) | Self::ChangeConnector(..) => "connector",
            Self::ChangeSettings { .. } => "account settings",
            Self::ChangeUser { .. } => "user",
        }
    }

    /// Whether it makes something new.
    pub fn creates(&self) -> bool {
        matches!(self, Self::CreateGroup(_) | Self::CreateConnector(_))
    }

    fn name(&self) -> String {
        excerpt(match self {
            Self::CreateGroup(name) => name,
            Self::CreateConnector(connector) => &connector.name,
            Self::ChangeConnector(connector, _) => &connector.id,
            Self::ChangeSettings { id, .. } => id,
            Self::ChangeUser { user, .. } => user.shown(),
        })
    }

    /// What is done to which object: `~ user alice@example.com`.
    pub fn headline(&self) -> String {
        let sign = if self.creates() { '+' } else { '~' };
        format!("{sign} {} {}", self.object(), self.name())
    }

    /// The fields.
    pub fn changes(&self) -> Vec<Change> {
        match self {
            Self::CreateGroup(_) => Vec::new(),
            Self::CreateConnector(connector) => vec![
                Change::set("issuer", Value::Null, connector.issuer.clone()),
                Change::set("client_id", Value::Null, connector.client_id.clone()),
            ],
            Self::ChangeConnector(_, changes) | Self::ChangeSettings { changes, .. } => {
                changes.clone()
            }
            Self::ChangeUser { user, approve, role } => {
                let approval = approve.then(|| Change::set("pending_approval", true, false));
                let role = role.as_ref().map(|r| Change::set("role", user.role.clone(), r.clone()));
                approval.into_iter().chain(role).collect()
            }
        }
    }

    fn json(&self) -> Value {
        let changes: Vec<Value> = self
            .changes()
            .into_iter()
            .map(|c| json!({"field": c.field, "before": c.before, "after": c.after}))
            .collect();
        json!({
            "action": if self.creates() { "create" } else { "change" },
            "object": self.object(),
            "name": self.name(),
            "changes": changes,
        })
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |value: &Value| match value {
            Value::String(text) => excerpt(text),
            Value::Null => "(none)".to_owned(),
            other => excerpt(&other.to_string()),
        };
        match (&self.before, &self.after) {
            // Both secret.
            (before, after) if before == after => write!(f, "{}: changed", self.field),
            (Value::Null, after) => write!(f, "{}: {}", self.field, text(after)),
            (before, after) => write!(f, "{}: {} -> {}", self.field, text(before), text(after)),
        }
    }
}
