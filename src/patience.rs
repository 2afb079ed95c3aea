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

use crate::authentik::trouble::{Kind, Trouble};
use crate::error::{Error, Exit};

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

/// How far a run got: the ladder of waiting, then the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rung {
    /// Authentik answers.
    Reachable,
    /// It accepts the token.
    Token,
    /// Everything that we refer to exists.
    Objects,
    /// What was planned is done.
    Apply,
    /// What was made is proven.
    Verify,
}

impl Rung {
    /// For people: what is waited for.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Reachable => "Authentik to answer",
            Self::Token => "Authentik to accept the token",
            Self::Objects => "Authentik's default objects",
            Self::Apply => "Authentik to take the changes",
            Self::Verify => "discovery and keys",
        }
    }

    /// For machines.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reachable => "reachable",
            Self::Token => "token",
            Self::Objects => "objects",
            Self::Apply => "apply",
            Self::Verify => "verify",
        }
    }
}

/// Why an attempt did not get through.
#[derive(Clone, Debug)]
pub enum Setback {
    /// A request failed.
    Trouble(Rung, Trouble),
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
    GiveUp(Error),
}

/// Remembers what has been tried.
#[derive(Debug)]
pub struct Patience {
    grace: Duration,
    rejected_since: Option<Instant>,
    rung: Option<Rung>,
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
        Self { grace, rejected_since: None, rung: None, malformed: 0, failed_writes: 0, delays }
    }

    /// The rung a setback stands on: while nothing has been accepted, a rejected token is the second one.
    pub fn rung(setback: &Setback) -> Rung {
        match setback {
            Setback::Trouble(Rung::Reachable, Trouble { kind: Kind::Token, .. }) => Rung::Token,
            Setback::Trouble(rung, _) => *rung,
            Setback::Missing(_) => Rung::Objects,
            Setback::Conflict(_) | Setback::Final(_) => Rung::Apply,
        }
    }

    /// Decides what to do about a setback that happened now.
    pub fn decide(&mut self, setback: &Setback, now: Instant) -> Decision {
        let rung = Self::rung(setback);
        if self.rung != Some(rung) {
            // Something changed: look again soon.
            self.rung = Some(rung);
            self.delays.reset();
        }
        let trouble = match setback {
            Setback::Final(error) => return Decision::GiveUp(error.clone()),
            Setback::Missing(_) => {
                self.malformed = 0;
                return Decision::Again(self.delay());
            }
            Setback::Trouble(_, trouble) | Setback::Conflict(trouble) => trouble,
        };
        if trouble.write {
            self.failed_writes += 1;
            if self.failed_writes >= WRITE_TRIES {
                let exit = if trouble.is_conflict() { Exit::Refused } else { Exit::NotReady };
                return Decision::GiveUp(
                    Error::new(exit, format!("Authentik keeps refusing: {trouble}"))
                        .remedy("look at the log of Authentik's server for the reason"),
                );
            }
        }
        if trouble.kind != Kind::Malformed {
            self.malformed = 0;
        }
        match &trouble.kind {
            Kind::Certificate => Decision::GiveUp(untrusted(trouble)),
            Kind::Redirect(to) => Decision::GiveUp(redirected(trouble, to)),
            Kind::Permission(permission) => Decision::GiveUp(forbidden(trouble, permission)),
            Kind::Token => {
                let since = *self.rejected_since.get_or_insert(now);
                if now.duration_since(since) >= self.grace {
                    Decision::GiveUp(rejected(trouble))
                } else {
                    Decision::Again(self.delay())
                }
            }
            Kind::Malformed => {
                self.malformed += 1;
                if self.malformed >= MALFORMED_TRIES {
                    Decision::GiveUp(malformed(trouble))
                } else {
                    Decision::Again(self.delay())
                }
            }
            Kind::Busy(Some(asked)) => {
                let asked =
                    if trouble.status == Some(503) { (*asked).min(STARTING_CAP) } else { *asked };
                Decision::Again(self.delay().max(asked))
            }
            Kind::Invalid(_) if !trouble.is_conflict() => Decision::GiveUp(invalid(trouble)),
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

fn untrusted(trouble: &Trouble) -> Error {
    Error::new(Exit::Protocol, format!("Authentik's certificate is not trusted: {}", trouble.request))
        .because(&trouble.detail)
        .remedy(
            "set AUTHENTIK_CA_FILE to the PEM file of the CA that signed it, use the name that the \
             certificate is for in AUTHENTIK_HOST, or reach Authentik over http:// inside the compose network",
        )
}

fn redirected(trouble: &Trouble, to: &str) -> Error {
    Error::new(Exit::Protocol, format!("{} is redirected to {to}", trouble.request))
        .because("the token is never sent after a redirect")
        .remedy("set AUTHENTIK_HOST to the URL at which Authentik itself answers")
}

fn forbidden(trouble: &Trouble, permission: &str) -> Error {
    Error::new(Exit::Rejected, format!("the token lacks the permission {permission}"))
        .because(trouble)
        .remedy(
            "give the token's user this permission, or use a token of a member of authentik Admins",
        )
}

fn rejected(trouble: &Trouble) -> Error {
    Error::new(Exit::Rejected, "Authentik does not accept AUTHENTIK_TOKEN")
        .because(trouble)
        .remedy(
            "see that Authentik's worker runs (it creates the bootstrap token, from \
             AUTHENTIK_BOOTSTRAP_TOKEN in the worker's environment and only at the first start), and that \
             AUTHENTIK_TOKEN is the same value",
        )
}

fn malformed(trouble: &Trouble) -> Error {
    Error::new(Exit::Protocol, "an answer that does not fit Authentik's API")
        .because(trouble)
        .remedy("see that AUTHENTIK_HOST is Authentik itself (with its sub-path, if it has one), not another service")
}

fn invalid(trouble: &Trouble) -> Error {
    let what = format!("Authentik refuses a value: {}", trouble.request);
    Error::new(Exit::Protocol, what)
        .because(trouble.field_errors().unwrap_or_else(|| trouble.detail.clone()))
        .remedy("change the variable behind the field that is named, or report it if none is")
}
