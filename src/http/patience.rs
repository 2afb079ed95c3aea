//! Which trouble is worth another try, and for how long: a state machine without sleeps, so that tests can assert its
//! exact decisions. It knows requests and answers, and no server in particular.
//!
//! | event | while waiting | after everything was there once |
//! |---|---|---|
//! | no answer, 502, 503, certificate not valid yet | again | back to waiting |
//! | TLS handshake, redirect to another origin | final | final |
//! | 408, 425, 429, 500, 504, other 5xx | again | three in a row of one request are final |
//! | credential rejected | again within the grace | one more look |
//! | permission lacking | one more look | one more look |
//! | another party answers 401 or 403 | again | again |
//! | objects missing | again; three minutes for a name that the user set | final for a name that the user set |
//! | an object is another than it was when looked at | three in a row of one request are final | same |
//! | path not there | again | ten in a row are final |
//! | answers that do not fit | ten in a row are final | same |
//! | what was made does not work | five in a row are final | same |
//!
//! "Again" means to look at the server anew before anything is written, so repeating a POST whose answer was lost is
//! safe; the run's deadline bounds it.

use std::time::Duration;

use backoff::ExponentialBackoff;
use backoff::backoff::Backoff;
use tokio::time::Instant;

use super::handshake::Handshake;
use super::setback::{Decision, Ending, Missing, Phase, Setback};
use super::trouble::{Kind, Trouble};

/// Answers that do not fit may come from a proxy that is starting, or a connection cut short; ten in a row
/// (about eight seconds) are what the server has to say.
const MISFIT_TRIES: u32 = 10;

/// A server that is up and fails the same request this often in a row fails for a reason of its own.
const LABOURING_TRIES: u32 = 3;

/// A credential that was accepted is looked at once more: servers forget for a moment when they restart.
const REJECTED_TRIES: u32 = 2;

/// One more look finds what another run has made, or this one in a request whose answer was lost; a second one, what
/// another run has just taken back.
const CONFLICT_TRIES: u32 = 3;

/// What was just made may need a moment until every part of the server knows it: about two seconds.
const UNPROVEN_TRIES: u32 = 5;

/// Default objects come one after another, and each may stall for a minute; when nothing else has come for so long, a
/// name of the user's own is wrong.
const NAME_PATIENCE: Duration = Duration::from_secs(3 * 60);

/// The shortest delay.
const FIRST_DELAY: Duration = Duration::from_millis(250);

/// The longest delay without jitter. With the jitter below, delays end before one second, which is the budget
/// from "the server can answer" to noticing it.
const LONGEST_DELAY: Duration = Duration::from_millis(880);

/// Plus and minus a tenth, so that several replicas do not ask in step. More of it would be noticed later, or take more
/// questions: what is late is the longest of the delays.
const JITTER: f64 = 0.1;

/// A 503 while a server starts asks for five seconds; the poll is one cheap request, and the budget for
/// noticing readiness is a second, of which the answer itself needs a part.
const STARTING_CAP: Duration = LONGEST_DELAY;

/// Remembers what has been tried.
#[derive(Debug)]
pub struct Patience {
    grace: Duration,
    /// Whether the credential was accepted once.
    accepted: bool,
    /// Whether everything was there once, and the server has not been away since.
    ready: bool,
    rejected_since: Option<Instant>,
    /// How many objects there were when their number last changed, and when that was.
    seen: Option<(usize, Instant)>,
    /// The last request whose answer did not fit, and how often in a row it did not.
    misfits: Option<(String, u32)>,
    unproven: u32,
    /// Permissions that the last looks, in a row, were refused for.
    lacking: Vec<&'static str>,
    phase: Option<Phase>,
    delays: ExponentialBackoff,
}

impl Patience {
    /// With the time that a rejected credential has to come into being, from its first rejection on.
    pub fn new(grace: Duration) -> Self {
        // The crate's own retry loops never reach their limit when a server keeps sending Retry-After, so
        // it supplies delays only, without a limit of its own: the run's deadline is the limit.
        let delays = ExponentialBackoff {
            current_interval: FIRST_DELAY,
            initial_interval: FIRST_DELAY,
            randomization_factor: JITTER,
            multiplier: 1.5,
            max_interval: LONGEST_DELAY,
            max_elapsed_time: None,
            ..ExponentialBackoff::default()
        };
        Self {
            grace,
            accepted: false,
            ready: false,
            rejected_since: None,
            seen: None,
            misfits: None,
            unproven: 0,
            lacking: Vec::new(),
            phase: None,
            delays,
        }
    }

    /// The credential is accepted: it is not one that has yet to come into being.
    pub fn accepted(&mut self) {
        self.accepted = true;
        self.rejected_since = None;
    }

    /// Everything that is referred to is there.
    pub fn ready(&mut self) {
        self.ready = true;
        self.seen = None;
    }

    /// Decides what to do about a setback that happened now.
    pub fn decide(&mut self, setback: &Setback, now: Instant) -> Decision {
        let phase = setback.phase();
        if self.phase != Some(phase) {
            // Something changed: look again soon.
            self.phase = Some(phase);
            self.delays.reset();
        }
        self.forget(setback);
        match setback {
            Setback::Final(error) => Decision::GiveUp(Ending::Final(error.clone())),
            Setback::Missing(missing) => self.missing(missing, now),
            // How often is the caller's to count.
            Setback::Doubtful(_) => self.again(),
            Setback::Unproven(error) => {
                self.unproven += 1;
                match self.unproven < UNPROVEN_TRIES {
                    true => self.again(),
                    false => Decision::GiveUp(Ending::Final(error.clone())),
                }
            }
            Setback::Conflict(trouble) => {
                self.limited(trouble, trouble.in_a_row, CONFLICT_TRIES, Ending::Invalid)
            }
            Setback::Trouble(_, trouble) => self.trouble(trouble, now),
        }
    }

    /// Rows end where something else happens.
    fn forget(&mut self, setback: &Setback) {
        let kind = match setback {
            Setback::Trouble(_, trouble) => Some(&trouble.kind),
            _ => None,
        };
        if !matches!(kind, Some(Kind::Token | Kind::Stripped)) {
            self.rejected_since = None;
        }
        if kind != Some(&Kind::Malformed) {
            self.misfits = None;
        }
        if !matches!(kind, Some(Kind::Permission(_))) {
            self.lacking.clear();
        }
        if !matches!(setback, Setback::Unproven(_)) {
            self.unproven = 0;
        }
        if !matches!(setback, Setback::Missing(_)) {
            self.seen = None;
        }
    }

    fn missing(&mut self, missing: &Missing, now: Instant) -> Decision {
        let give_up = Decision::GiveUp(Ending::Missing(missing.clone()));
        if self.ready && missing.has_chosen() {
            return give_up;
        }
        let since = match self.seen {
            Some((seen, since)) if seen == missing.seen => since,
            _ => now,
        };
        self.seen = Some((missing.seen, since));
        // While defaults are missing too, whoever makes them may not be running at all: that is no wrong name.
        match missing.only_chosen() && now.duration_since(since) >= NAME_PATIENCE {
            true => give_up,
            false => self.again(),
        }
    }

    fn trouble(&mut self, trouble: &Trouble, now: Instant) -> Decision {
        let give_up = |ending: fn(Trouble) -> Ending| Decision::GiveUp(ending(trouble.clone()));
        if trouble.is_away() {
            self.ready = false;
        }
        match &trouble.kind {
            Kind::Unreachable | Kind::Tls(Handshake::NotValidYet) | Kind::InFront => self.again(),
            Kind::Tls(handshake) => Decision::GiveUp(Ending::Tls(trouble.clone(), *handshake)),
            Kind::Redirect(to) => Decision::GiveUp(Ending::Redirected(trouble.clone(), to.clone())),
            Kind::Permission(permission) => {
                let again = self.lacking.is_empty() && trouble.in_a_row < REJECTED_TRIES;
                if !self.lacking.contains(permission) {
                    self.lacking.push(permission);
                }
                match again {
                    true => self.again(),
                    false => {
                        Decision::GiveUp(Ending::Forbidden(trouble.clone(), self.lacking.clone()))
                    }
                }
            }
            Kind::Token | Kind::Stripped if self.accepted => {
                self.limited(trouble, trouble.in_a_row, REJECTED_TRIES, Ending::Rejected)
            }
            Kind::Token | Kind::Stripped => {
                let since = *self.rejected_since.get_or_insert(now);
                match now.duration_since(since) >= self.grace {
                    true => give_up(Ending::Rejected),
                    false => self.again(),
                }
            }
            Kind::Malformed => {
                let before = match self.misfits.take() {
                    Some((request, count)) if request == trouble.request => count,
                    _ => 0,
                };
                self.misfits = Some((trouble.request.clone(), before + 1));
                self.limited(trouble, before + 1, MISFIT_TRIES, Ending::Malformed)
            }
            // A path that is not there may be a proxy that does not know its backend yet.
            Kind::Missing if self.ready => {
                self.limited(trouble, trouble.in_a_row, MISFIT_TRIES, Ending::Malformed)
            }
            Kind::Missing => self.again(),
            Kind::Busy(_) if self.ready && trouble.in_a_row >= LABOURING_TRIES => {
                give_up(Ending::Labouring)
            }
            Kind::Busy(asked) => {
                let asked = asked.unwrap_or_default();
                let asked =
                    if trouble.status == Some(503) { asked.min(STARTING_CAP) } else { asked };
                Decision::Again(self.delay().max(asked))
            }
            Kind::Invalid(_) => give_up(Ending::Invalid),
        }
    }

    fn limited(
        &mut self,
        trouble: &Trouble,
        count: u32,
        tries: u32,
        ending: fn(Trouble) -> Ending,
    ) -> Decision {
        match count < tries {
            true => self.again(),
            false => Decision::GiveUp(ending(trouble.clone())),
        }
    }

    fn again(&mut self) -> Decision {
        Decision::Again(self.delay())
    }

    fn delay(&mut self) -> Duration {
        self.delays.next_backoff().unwrap_or(LONGEST_DELAY)
    }
}

#[cfg(test)]
#[path = "patience_rows.rs"]
mod rows;
