//! What the log has told already. A single run tells everything; `watch` runs for months, and what it found at
//! every cycle before is no news: such lines are for debug then.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What was told, by subject; and what is being waited for now.
#[derive(Debug, Default)]
pub struct Story(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    before: BTreeMap<String, String>,
    now: BTreeMap<String, String>,
    waiting_for: Option<&'static str>,
}

impl Story {
    /// Whether this text differs from what the last run said about the subject.
    pub fn is_news(&self, subject: &str, text: &str) -> bool {
        let mut state = self.state();
        let news = state.before.get(subject).is_none_or(|told| told != text);
        state.now.insert(subject.to_owned(), text.to_owned());
        news
    }

    /// A run has ended. What a complete one did not say again is over, and news when it comes back; one that
    /// failed did not get to say everything.
    pub fn turn(&self, complete: bool) {
        let mut state = self.state();
        let now = std::mem::take(&mut state.now);
        if complete {
            state.before = now;
        } else {
            state.before.extend(now);
        }
        state.waiting_for = None;
    }

    /// What the run waits for from now on; nothing when it goes on.
    pub fn set_waiting_for(&self, what: Option<&'static str>) {
        self.state().waiting_for = what;
    }

    /// What the run waits for.
    pub fn waiting_for(&self) -> Option<&'static str> {
        self.state().waiting_for
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Logs at this level if it is news, else at debug: `news!(story, info, "subject", { fields }, "text {x}")`.
macro_rules! news {
    ($story:expr, $level:ident, $subject:expr, { $($fields:tt)* }, $($text:tt)+) => {{
        let text = format!($($text)+);
        if $story.is_news($subject, &text) {
            tracing::$level!($($fields)*, "{text}");
        } else {
            tracing::debug!($($fields)*, "{text}");
        }
    }};
}
pub(crate) use news;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_told_once_and_again_after_it_was_gone() {
        let story = Story::default();
        assert!(story.is_news("a", "x"));
        story.turn(true);
        assert!(!story.is_news("a", "x"));
        assert!(story.is_news("a", "y"), "something else is news");
        story.turn(true);
        story.turn(true);
        assert!(story.is_news("a", "y"), "it was not said by the run in between");
    }

    #[test]
    fn a_failed_run_makes_nothing_be_forgotten() {
        let story = Story::default();
        story.is_news("a", "x");
        story.turn(true);
        story.is_news("b", "x");
        story.turn(false);
        assert!(!story.is_news("a", "x"));
        assert!(!story.is_news("b", "x"));
    }
}
