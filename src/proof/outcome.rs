//! How a check came out: one line for people, one object for machines, and the code that `check` ends with.

use super::CheckId;
use crate::authentik::advice;
use crate::error::{Error, Exit};
use crate::http::Trouble;

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Not asked.
    Skipped,
    /// It works.
    Pass,
    /// It works now, or from here, but something will be felt.
    Warn,
    /// NetBird would not work.
    Fail,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Which check it is.
    pub id: CheckId,
    /// How it came out.
    pub outcome: Outcome,
    /// What was seen.
    pub detail: String,
    /// What to do, unless it passed.
    pub fix: Option<String>,
    /// The code that `check` ends with if this is the first failure.
    pub exit: Exit,
}

impl Check {
    /// It works.
    pub fn pass(id: CheckId, detail: impl Into<String>) -> Self {
        Self { id, outcome: Outcome::Pass, detail: detail.into(), fix: None, exit: Exit::Ok }
    }

    /// Not asked, and why.
    pub fn skipped(id: CheckId, why: impl Into<String>) -> Self {
        Self { outcome: Outcome::Skipped, ..Self::pass(id, why) }
    }

    /// A plan that is refused.
    pub fn refused(error: &Error) -> Self {
        let id = error.about.and_then(CheckId::named).unwrap_or(CheckId::Refused);
        Self::about(id, error)
    }

    /// An error that this check is about.
    pub fn about(id: CheckId, error: &Error) -> Self {
        let fix = error.remedy.clone().unwrap_or_default();
        Self::fail(id, error.to_string(), fix).exiting(error.exit)
    }

    /// With another exit code than that of an answer that does not fit.
    #[must_use]
    pub fn exiting(self, exit: Exit) -> Self {
        Self { exit, ..self }
    }

    /// It works, with a remark.
    pub fn warn(id: CheckId, detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { outcome: Outcome::Warn, fix: Some(fix.into()), ..Self::pass(id, detail) }
    }

    /// NetBird would not work, for a cause that has a fix of its own.
    pub fn fail(id: CheckId, detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { outcome: Outcome::Fail, exit: Exit::Protocol, ..Self::warn(id, detail, fix) }
    }

    /// NetBird would not work, and the check's general fix helps.
    pub fn failed(id: CheckId, detail: impl Into<String>) -> Self {
        Self::fail(id, detail, id.fix())
    }

    /// A question that was not answered.
    pub fn unanswered(id: CheckId, trouble: &Trouble) -> Self {
        Self::fail(id, trouble.to_string(), advice::remedy(trouble)).exiting(advice::exit(trouble))
    }

    /// The error that a failed check ends the run with.
    pub fn error(&self) -> Option<Error> {
        (self.outcome == Outcome::Fail).then(|| Error {
            remedy: self.fix.clone(),
            ..Error::new(self.exit, format!("check {} failed", self.id.name()))
                .because(&self.detail)
        })
    }
}
