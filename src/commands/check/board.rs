//! What checks came to so far: filled as answers come, so that there is something to tell whenever time is up.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::explain;
use crate::error::Exit;
use crate::proof::{Check, CheckId, Outcome, because};

/// The checks so far, and the one that is being worked on.
#[derive(Debug)]
pub struct Board(Mutex<State>);

#[derive(Debug)]
struct State {
    checks: Vec<Check>,
    stage: CheckId,
    refusal: Option<Exit>,
}

impl Default for Board {
    fn default() -> Self {
        Self(Mutex::new(State { checks: Vec::new(), stage: CheckId::Secrets, refusal: None }))
    }
}

impl Board {
    /// One more came out. Of several of one check the worst count.
    pub fn add(&self, check: Check) {
        self.state().checks.push(check);
    }

    /// Several more.
    pub fn extend(&self, checks: impl IntoIterator<Item = Check>) {
        self.state().checks.extend(checks);
    }

    /// What is worked on from now on.
    pub fn begin(&self, stage: CheckId) {
        self.state().stage = stage;
    }

    /// What is worked on.
    pub fn stage(&self) -> CheckId {
        self.state().stage
    }

    /// `init` would end with this code before it looked at anything.
    pub fn refuse(&self, exit: Exit) {
        self.state().refusal.get_or_insert(exit);
    }

    /// Whether `init` would.
    pub fn is_refused(&self) -> bool {
        self.state().refusal.is_some()
    }

    /// What came out of checks of which some failed already, or of a question that was not answered before: that is not
    /// told again.
    pub fn extend_untold(&self, later: Vec<Check>) {
        let mut state = self.state();
        let failed = state.checks.iter().filter(|check| check.outcome == Outcome::Fail);
        let failed: Vec<(CheckId, String)> =
            failed.map(|check| (check.id, check.detail.clone())).collect();
        let is_told = |later: &Check| {
            let is_failure = later.outcome == Outcome::Fail;
            failed.iter().any(|(id, what)| *id == later.id || is_failure && *what == later.detail)
        };
        state.checks.extend(later.into_iter().filter(|check| !is_told(check)));
    }

    /// The code that `check` ends with: that of the first failure; one with which `init` would end before it changed
    /// anything goes first.
    pub fn exit(&self, checks: &[Check]) -> Exit {
        let mut failures = checks.iter().filter(|c| c.outcome == Outcome::Fail).map(|c| c.exit);
        let refused = failures.clone().find(|exit| *exit == Exit::Refused);
        let first = self.state().refusal.or(refused);
        first.or_else(|| failures.next()).unwrap_or(Exit::Ok)
    }

    /// Everything, in the order in which it is shown: a line for every check, failures that others explain told as that.
    pub fn finished(&self) -> Vec<Check> {
        let mut checks = self.state().checks.clone();
        explain::consequences(&mut checks);
        let order = |id: CheckId| (id.entry().group, id);
        let failed = checks.iter().filter(|check| check.outcome == Outcome::Fail);
        let first = failed.map(|check| check.id).min_by_key(|id| order(*id));
        for id in CheckId::ALL {
            if checks.iter().all(|check| check.id != *id) {
                let why = first.map_or_else(|| "nothing to check".to_owned(), because);
                checks.push(Check::skipped(*id, why));
            }
        }
        checks.sort_by_key(|check| order(check.id));
        merge(&mut checks);
        checks
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One line a check: of several of one id (a served key and a wished one, many redirect URIs) the worst stay, if they
/// are bad, else the last; of the dashboard's origins each.
fn merge(checks: &mut Vec<Check>) {
    let all = checks.clone();
    let mut place = 0;
    checks.retain(|check| {
        let later = &all[place + 1..];
        place += 1;
        if check.id == CheckId::Cors {
            return true;
        }
        let same = all.iter().filter(|other| other.id == check.id);
        let worst = same.map(|other| other.outcome).max().unwrap_or(Outcome::Skipped);
        let is_last =
            !later.iter().any(|other| other.id == check.id && other.outcome == check.outcome);
        check.outcome == worst && (worst >= Outcome::Warn || is_last)
    });
    checks.dedup();
}
