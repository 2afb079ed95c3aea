//! What a run is waiting for, told when it changes and every now and then; and remembered, so that a run that
//! reaches its deadline can say how far it got and what the last answer was.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};
use tracing::info;

use crate::deadline::Deadline;
use crate::error::{Error, Exit, Result};
use crate::http::patience::Phase;
use crate::log::story::Story;

#[derive(Debug)]
struct State {
    phase: Phase,
    reason: String,
    told: Option<Instant>,
}

/// Where a run stands.
#[derive(Debug)]
pub struct Progress {
    deadline: Deadline,
    state: Mutex<State>,
    story: Arc<Story>,
}

impl Progress {
    /// A run starts.
    pub fn new(deadline: Deadline, story: Arc<Story>) -> Self {
        let state = State { phase: Phase::Files, reason: String::new(), told: None };
        Self { deadline, state: Mutex::new(state), story }
    }

    /// How long the run lasts already.
    pub fn elapsed(&self) -> Duration {
        self.deadline.elapsed()
    }

    /// Does the work within the deadline, and tells every now and then what it waits for.
    ///
    /// # Errors
    /// Those of the work; [`Exit::NotReady`] when the deadline comes first.
    pub async fn during<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        // Boxed: a whole run is a large value, and a stack may be small.
        let mut work = Box::pin(self.deadline.bound(work));
        let mut tick = interval(super::repeat());
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                done = &mut work => return done.unwrap_or_else(|| Err(self.not_ready())),
                _ = tick.tick() => self.repeat(),
            }
        }
    }

    /// An attempt did not get through this phase, for this reason.
    pub fn waiting(&self, phase: Phase, reason: &str) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = state.phase != phase || state.reason != reason || state.told.is_none();
        state.phase = phase;
        if changed {
            reason.clone_into(&mut state.reason);
            self.tell(&mut state);
        }
    }

    /// Tells again what is waited for, if it was not told for a while.
    fn repeat(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.told.is_some_and(|told| told.elapsed() >= super::repeat()) {
            self.tell(&mut state);
        }
    }

    /// The phase is passed: nothing is waited for.
    pub fn passed(&self, phase: Phase) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.phase <= phase {
            state.phase = phase.next();
            state.reason.clear();
            state.told = None;
            self.story.set_waiting_for(None);
        }
    }

    fn tell(&self, state: &mut State) {
        state.told = Some(Instant::now());
        self.story.set_waiting_for(Some(describe(state.phase)));
        let seconds = self.deadline.elapsed().as_secs();
        info!(
            stage = "wait",
            phase = name(state.phase),
            waited_s = seconds,
            "waiting for {}: {}",
            describe(state.phase),
            state.reason
        );
    }

    /// The deadline has come.
    fn not_ready(&self) -> Error {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let what = format!(
            "not ready within {} s: still waiting for {} (phase: {})",
            self.deadline.limit().as_secs_f64(),
            describe(state.phase),
            name(state.phase)
        );
        let remedy = match state.phase {
            Phase::Files => {
                "see that the volumes of SETUP_DIR and SETUP_STATE_DIR answer, and that no other run holds their lock"
            }
            Phase::Reachable => {
                "see that Authentik's server is running and that AUTHENTIK_HOST is its URL as seen from this container"
            }
            Phase::Token => {
                "see that Authentik's worker is running: it creates the bootstrap token"
            }
            Phase::Objects => {
                "see that Authentik's worker is running (it creates these objects), and that the names in the variables are right"
            }
            Phase::NetBird => {
                "see that NetBird is running and that NB_MANAGEMENT_URL is its URL as seen from this container"
            }
            Phase::Connect => {
                "see the log of NetBird's server, and run again: what is done stays done"
            }
            Phase::Apply | Phase::Verify => {
                "see the log of Authentik's server, and run again: what is done stays done"
            }
        };
        let error = Error::new(Exit::NotReady, what)
            .remedy(format!("{remedy}; SETUP_TIMEOUT gives it longer"));
        if state.reason.is_empty() { error } else { error.because(&state.reason) }
    }
}

/// For people: what is waited for.
fn describe(phase: Phase) -> &'static str {
    match phase {
        Phase::Files => "the files on the volumes",
        Phase::Reachable => "Authentik to answer",
        Phase::Token => "Authentik to accept the token",
        Phase::Objects => "Authentik's default objects",
        Phase::Apply => "Authentik to take the changes",
        Phase::Verify => "discovery and keys",
        Phase::NetBird => "NetBird to answer",
        Phase::Connect => "NetBird to take the changes",
    }
}

/// For machines.
fn name(phase: Phase) -> &'static str {
    match phase {
        Phase::Files => "files",
        Phase::Reachable => "reachable",
        Phase::Token => "token",
        Phase::Objects => "objects",
        Phase::Apply => "apply",
        Phase::Verify => "verify",
        Phase::NetBird => "netbird",
        Phase::Connect => "connect",
    }
}
