//! What a run is waiting for, told when it changes and every now and then; and remembered, so that a run that
//! reaches its deadline can say how far it got and what the last answer was.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use tracing::info;

use crate::deadline::Deadline;
use crate::error::{Error, Exit, Result};
use crate::http::setback::Phase;
use crate::log::story::Story;

#[derive(Debug)]
struct State {
    phase: Phase,
    reason: String,
    remedy: String,
    since: Option<Instant>,
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
        let state = State {
            phase: Phase::Files,
            reason: String::new(),
            remedy: String::new(),
            since: None,
            told: None,
        };
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
        loop {
            tokio::select! {
                done = &mut work => return done.unwrap_or_else(|| Err(self.not_ready())),
                () = sleep_until(self.due()) => self.repeat(),
            }
        }
    }

    /// An attempt did not get through this phase, for this reason; and what to do if it goes on like that.
    pub fn waiting(&self, phase: Phase, reason: &str, remedy: String) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = state.phase != phase || state.reason != reason || state.told.is_none();
        if state.phase != phase || state.since.is_none() {
            state.since = Some(Instant::now());
        }
        state.phase = phase;
        state.remedy = remedy;
        if changed {
            reason.clone_into(&mut state.reason);
            self.tell(&mut state);
        }
    }

    /// When an unchanged reason is to be told again.
    fn due(&self) -> Instant {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.told.unwrap_or_else(Instant::now) + super::repeat()
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
            if let Some(since) = state.since.take() {
                let seconds = since.elapsed().as_secs();
                info!(
                    stage = "wait",
                    phase = name(state.phase),
                    seconds,
                    "{} after {seconds} s",
                    over(state.phase)
                );
            }
            state.phase = phase.next();
            state.reason.clear();
            state.remedy.clear();
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
        let remedy = match (state.remedy.as_str(), state.phase) {
            ("", Phase::Files) => {
                "see that the volumes of SETUP_DIR and SETUP_STATE_DIR answer, and that no other run holds their lock"
            }
            // Nothing was heard that could explain it.
            ("", Phase::NetBird | Phase::Connect) => {
                "see that NetBird is running and that NB_MANAGEMENT_URL is its URL as seen from this container"
            }
            ("", _) => {
                "see that Authentik's server is running and that AUTHENTIK_HOST is its URL as seen from this container"
            }
            (known, _) => known,
        };
        let again = match state.phase {
            Phase::Apply | Phase::Verify | Phase::Connect => {
                ", and run again: what is done stays done"
            }
            _ => "",
        };
        let error = Error::new(Exit::NotReady, what)
            .remedy(format!("{remedy}{again}; SETUP_TIMEOUT gives it longer"));
        let error = Error { about: check(state.phase), ..error };
        if state.reason.is_empty() { error } else { error.because(&state.reason) }
    }
}

/// The check that fails with it.
fn check(phase: Phase) -> Option<&'static str> {
    match phase {
        Phase::Reachable => Some("reachable"),
        Phase::Token => Some("token"),
        Phase::Objects => Some("objects"),
        Phase::Verify => Some("discovery"),
        _ => None,
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

/// For people: that it is waited for no longer.
fn over(phase: Phase) -> &'static str {
    match phase {
        Phase::Files => "the files are read",
        Phase::Reachable => "Authentik answers again",
        Phase::Token => "Authentik accepts the token",
        Phase::Objects => "Authentik's default objects are there",
        Phase::Apply => "Authentik takes the changes",
        Phase::Verify => "discovery and keys are as they should be",
        Phase::NetBird => "NetBird answers again",
        Phase::Connect => "NetBird takes the changes",
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

#[cfg(test)]
mod tests {
    use std::io::Write;

    use tokio::time::sleep;

    use super::*;

    /// A log to be looked at.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_told_every_ten_seconds_and_when_it_is_over() {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish();
        let _guard = tracing::subscriber::set_default(subscriber);
        let start = Instant::now();
        let progress =
            Progress::new(Deadline::new(start, Duration::from_secs(600)), Arc::default());
        let waits = async {
            while start.elapsed() < Duration::from_secs(65) {
                progress.waiting(Phase::Reachable, "nobody answers", String::new());
                sleep(Duration::from_millis(900)).await;
            }
            progress.passed(Phase::Token);
            Ok(())
        };
        progress.during(waits).await.unwrap();
        let told = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        let waited: Vec<&str> =
            told.lines().filter_map(|line| line.split("waited_s=").nth(1)).collect();
        assert_eq!(waited, ["0", "10", "20", "30", "40", "50", "60"], "{told}");
        assert!(
            told.lines().last().unwrap().contains("Authentik answers again after 65 s"),
            "{told}"
        );
    }
}
