//! Which trouble is worth another try, and when: a state machine without sleeps, so that tests can assert
//! its exact decisions.
//!
//! | trouble | treatment |
//! |---|---|
//! | unreachable, 408, 425, 429, 5xx | try again to the deadline; a write at most eight times |
//! | certificate, redirect | final |
//! | token rejected | try again within the grace, since "not yet" and "wrong" look the same |
//! | permission lacking | final |
//! | objects missing | try again to the deadline |
//! | answers that do not fit | try again ten times |
//!
//! A retry looks at the server anew before it writes, so repeating a POST whose answer was lost is safe.

use std::time::Duration;

use backoff::ExponentialBackoff;
use backoff::backoff::Backoff;
use tokio::time::Instant;

use super::trouble::{Kind, Trouble};
use crate::error::Error;

/// Answers that do not fit may come from a proxy that is starting, or a connection cut short; ten in a row
/// (about eight seconds) are what the server has to say.
const MALFORMED_TRIES: u32 = 10;

/// A write that fails this often in a row fails for a reason of its own.
const WRITE_TRIES: u32 = 8;

/// The shortest delay.
const FIRST_DELAY: Duration = Duration::from_millis(250);

/// The longest delay without jitter. With the jitter below, delays end at one second, which is the budget
/// from "Authentik can answer" to noticing it.
const LONGEST_DELAY: Duration = Duration::from_millis(800);

/// Plus and minus a quarter, so that several replicas do not ask in step.
const JITTER: f64 = 0.25;

/// A 503 while Authentik starts asks for five seconds; the poll is one cheap request, and the budget for
/// noticing readiness is a second, of which the answer itself needs a part.
const STARTING_CAP: Duration = LONGEST_DELAY;

/// How far a run got: waiting first, then the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// The files on the volumes are read.
    Files,
    /// The server answers.
    Reachable,
    /// It accepts the token.
    Token,
    /// Everything that we refer to exists.
    Objects,
    /// What was planned is done.
    Apply,
    /// What was made is proven.
    Verify,
    /// NetBird answers: the first phase of a run that works on it.
    NetBird,
    /// What was planned for it is done.
    Connect,
}

impl Phase {
    /// What comes when this is done.
    pub fn next(self) -> Self {
        match self {
            Self::Files => Self::Reachable,
            Self::Reachable => Self::Token,
            Self::Token => Self::Objects,
            Self::Objects => Self::Apply,
            Self::Apply | Self::Verify => Self::Verify,
            Self::NetBird | Self::Connect => Self::Connect,
        }
    }
}

/// Why an attempt did not get through.
#[derive(Clone, Debug)]
pub enum Setback {
    /// A request failed.
    Trouble(Phase, Trouble),
    /// These objects are not there (yet).
    Missing(Vec<String>),
    /// Somebody else changed the same thing at the same time; the object.
    Conflict(Trouble),
    /// Nothing helps.
    Final(Error),
}

impl From<Error> for Setback {
    fn from(error: Error) -> Self {
        Self::Final(error)
    }
}

/// What to do about a setback.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// Try again after this long.
    Again(Duration),
    /// Give up.
    GiveUp(Ending),
}

/// Why no further try is made. What to tell people about it is the caller's: it knows who was asked, and why.
#[derive(Clone, Debug, PartialEq)]
pub enum Ending {
    /// The same write failed again and again.
    Refusing(Trouble),
    /// The peer's certificate.
    Untrusted(Trouble),
    /// A redirect, and where to.
    Redirected(Trouble, String),
    /// The credential is good, and lacks this permission.
    Forbidden(Trouble, &'static str),
    /// The credential is not accepted.
    Rejected(Trouble),
    /// Answers that do not fit.
    Malformed(Trouble),
    /// A value is refused.
    Invalid(Trouble),
    /// It was final from the start.
    Final(Error),
}

/// Remembers what has been tried.
#[derive(Debug)]
pub struct Patience {
    grace: Duration,
    rejected_since: Option<Instant>,
    phase: Option<Phase>,
    malformed: u32,
    failed_writes: u32,
    delays: ExponentialBackoff,
}

impl Patience {
    /// With `SETUP_AUTH_GRACE`.
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
        Self { grace, rejected_since: None, phase: None, malformed: 0, failed_writes: 0, delays }
    }

    /// The phase that a setback belongs to: while nothing has been accepted, a rejected token is the second one.
    pub fn phase(setback: &Setback) -> Phase {
        match setback {
            Setback::Trouble(Phase::Reachable, Trouble { kind: Kind::Token, .. }) => Phase::Token,
            Setback::Trouble(phase, _) => *phase,
            Setback::Missing(_) => Phase::Objects,
            Setback::Conflict(_) | Setback::Final(_) => Phase::Apply,
        }
    }

    /// Decides what to do about a setback that happened now.
    pub fn decide(&mut self, setback: &Setback, now: Instant) -> Decision {
        let phase = Self::phase(setback);
        if self.phase != Some(phase) {
            // Something changed: look again soon.
            self.phase = Some(phase);
            self.delays.reset();
        }
        let trouble = match setback {
            Setback::Final(error) => return Decision::GiveUp(Ending::Final(error.clone())),
            Setback::Missing(_) => {
                self.malformed = 0;
                return Decision::Again(self.delay());
            }
            Setback::Trouble(_, trouble) | Setback::Conflict(trouble) => trouble,
        };
        let conflict = matches!(setback, Setback::Conflict(_));
        let give_up = |ending: fn(Trouble) -> Ending| Decision::GiveUp(ending(trouble.clone()));
        if trouble.write {
            self.failed_writes += 1;
            if self.failed_writes >= WRITE_TRIES {
                return give_up(Ending::Refusing);
            }
        }
        if trouble.kind != Kind::Malformed {
            self.malformed = 0;
        }
        match &trouble.kind {
            Kind::Certificate => give_up(Ending::Untrusted),
            Kind::Redirect(to) => Decision::GiveUp(Ending::Redirected(trouble.clone(), to.clone())),
            Kind::Permission(permission) => {
                Decision::GiveUp(Ending::Forbidden(trouble.clone(), permission))
            }
            Kind::Token => {
                let since = *self.rejected_since.get_or_insert(now);
                if now.duration_since(since) >= self.grace {
                    give_up(Ending::Rejected)
                } else {
                    Decision::Again(self.delay())
                }
            }
            Kind::Malformed => {
                self.malformed += 1;
                if self.malformed >= MALFORMED_TRIES {
                    give_up(Ending::Malformed)
                } else {
                    Decision::Again(self.delay())
                }
            }
            Kind::Busy(Some(asked)) => {
                let asked =
                    if trouble.status == Some(503) { (*asked).min(STARTING_CAP) } else { *asked };
                Decision::Again(self.delay().max(asked))
            }
            Kind::Invalid(_) if !conflict => give_up(Ending::Invalid),
            // A path that is not there may be a proxy that does not know its backend yet.
            Kind::Unreachable | Kind::Busy(None) | Kind::Missing | Kind::Invalid(_) => {
                Decision::Again(self.delay())
            }
        }
    }

    fn delay(&mut self) -> Duration {
        self.delays.next_backoff().unwrap_or(LONGEST_DELAY)
    }
}
