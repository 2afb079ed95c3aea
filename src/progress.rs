//! What a run is waiting for, told when it changes and every ten seconds; and remembered, so that a run that
//! reaches its deadline can say how far it got and what the last answer was.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tracing::info;

use crate::error::{Error, Exit};
use crate::patience::Rung;
use crate::story::Story;

/// How often an unchanged reason is told again.
pub const REPEAT: Duration = Duration::from_secs(10);

#[derive(Debug)]
struct State {
    rung: Rung,
    reason: String,
    told: Option<Instant>,
}

/// Where a run stands.
#[derive(Debug)]
pub struct Progress {
    start: Instant,
    state: Mutex<State>,
    story: Arc<Story>,
}

impl Progress {
    /// A run starts.
    pub fn new(story: Arc<Story>) -> Self {
        let state = State { rung: Rung::Reachable, reason: String::new(), told: None };
        Self { start: Instant::now(), state: Mutex::new(state), story }
    }

    /// How long the run lasts already.
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// An attempt did not get over this rung, for this reason.
    pub fn waiting(&self, rung: Rung, reason: &str) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = state.rung != rung || state.reason != reason || state.told.is_none();
        state.rung = rung;
        if changed {
            reason.clone_into(&mut state.reason);
            self.tell(&mut state);
        }
    }

    /// Tells again what is waited for, if it was not told for a while.
    pub fn repeat(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.told.is_some_and(|told| told.elapsed() >= REPEAT) {
            self.tell(&mut state);
        }
    }

    /// The rung is passed: nothing is waited for.
    pub fn passed(&self, rung: Rung) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.rung <= rung {
            state.rung = rung;
            state.told = None;
            self.story.set_waiting_for(None);
        }
    }

    fn tell(&self, state: &mut State) {
        state.told = Some(Instant::now());
        self.story.set_waiting_for(Some(state.rung.describe()));
        let seconds = self.start.elapsed().as_secs();
        info!(
            stage = "wait",
            rung = state.rung.name(),
            waited_s = seconds,
            "waiting for {}: {}",
            state.rung.describe(),
            state.reason
        );
    }

    /// The deadline has come.
    pub fn not_ready(&self, timeout: Duration) -> Error {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let what = format!(
            "not ready within {} s: still waiting for {} (rung: {})",
            timeout.as_secs_f64(),
            state.rung.describe(),
            state.rung.name()
        );
        let remedy = match state.rung {
            Rung::Reachable => {
                "see that Authentik's server is running and that AUTHENTIK_HOST is its URL as seen from this container"
            }
            Rung::Token => "see that Authentik's worker is running: it creates the bootstrap token",
            Rung::Objects => {
                "see that Authentik's worker is running (it creates these objects), and that the names in our variables are right"
            }
            Rung::Apply | Rung::Verify => {
                "see the log of Authentik's server, and run again: what is done stays done"
            }
        };
        let error = Error::new(Exit::NotReady, what)
            .remedy(format!("{remedy}; SETUP_TIMEOUT gives it longer"));
        if state.reason.is_empty() { error } else { error.because(&state.reason) }
    }
}
