//! What people should know about what is there, although nothing may be done about it: `init` logs it, `plan` prints it,
//! and `check` counts it.

use crate::proof::CheckId;

/// How much a remark matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// To know.
    Info,
    /// To look at, by `check` alone: `init` would say it at every start.
    Leftover,
    /// To look at.
    Warning,
    /// Something does not work, and this container may not change it: `check` fails.
    Failure,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// The check that it belongs to.
    pub check: CheckId,
    /// How much it matters.
    pub level: Level,
    /// What was found, and why it matters.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

impl Remark {
    /// A remark of this level.
    pub fn new(check: CheckId, level: Level, what: String, remedy: impl Into<String>) -> Self {
        Self { check, level, what, remedy: remedy.into() }
    }

    /// In one line.
    pub fn line(&self) -> String {
        match self.remedy.is_empty() {
            true => self.what.clone(),
            false => format!("{}; {}", self.what, self.remedy),
        }
    }
}
