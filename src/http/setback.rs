//! Why an attempt did not get through, how far it had got, and what is decided about it.

use std::time::Duration;

use super::handshake::Handshake;
use super::trouble::{Kind, Trouble};
use crate::error::Error;

/// How far a run got: waiting first, then the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// The files on the volumes are read.
    Files,
    /// The server answers.
    Reachable,
    /// It accepts the token.
    Token,
    /// Everything that is referred to exists.
    Objects,
    /// What was planned is done.
    Apply,
    /// What was made is verified.
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

/// An object that is referred to and is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absent {
    /// For people: "flow x", "scope mapping y".
    pub object: String,
    /// The variable with which the user named it; nothing for a default.
    pub chosen_by: Option<&'static str>,
}

/// Objects that are not there (yet).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Missing {
    /// Which.
    pub absent: Vec<Absent>,
    /// How many objects of their kinds there are: when this grows, somebody is making them.
    pub seen: usize,
}

impl Missing {
    /// Whether a name that the user set is among them.
    pub fn has_chosen(&self) -> bool {
        self.absent.iter().any(|absent| absent.chosen_by.is_some())
    }

    /// Whether nothing but names that the user set is missing.
    pub fn only_chosen(&self) -> bool {
        self.absent.iter().all(|absent| absent.chosen_by.is_some())
    }

    /// Their names in one line.
    pub fn names(&self) -> String {
        let names: Vec<&str> = self.absent.iter().map(|absent| absent.object.as_str()).collect();
        names.join(", ")
    }
}

/// Why an attempt did not get through.
#[derive(Clone, Debug)]
pub enum Setback {
    /// A request failed.
    Trouble(Phase, Trouble),
    /// These objects are not there (yet).
    Missing(Missing),
    /// What is written does not fit what is there by now: somebody else changed the same thing at the same time.
    Conflict(Trouble),
    /// What is there is refused, unless it is the work of another run that is not done yet.
    Doubtful(Error),
    /// Everything is made, and does not work (yet).
    Unproven(Error),
    /// Nothing helps.
    Final(Error),
}

impl Setback {
    /// The phase that it belongs to: while nothing has been accepted, a rejected token is the second one.
    pub fn phase(&self) -> Phase {
        match self {
            Self::Trouble(Phase::Reachable, Trouble { kind: Kind::Token | Kind::Stripped, .. }) => {
                Phase::Token
            }
            Self::Trouble(phase, _) => *phase,
            Self::Missing(_) | Self::Doubtful(_) => Phase::Objects,
            Self::Unproven(_) => Phase::Verify,
            Self::Conflict(_) | Self::Final(_) => Phase::Apply,
        }
    }
}

impl Setback {
    /// Objects of Authentik's or NetBird's own that are not there (yet).
    pub fn missing<T: Into<String>>(objects: impl IntoIterator<Item = T>) -> Self {
        let absent = objects.into_iter().map(|o| Absent { object: o.into(), chosen_by: None });
        Self::Missing(Missing { absent: absent.collect(), seen: 0 })
    }
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
    /// The server is up, and the same request failed again and again.
    Labouring(Trouble),
    /// The TLS handshake, and what it failed for.
    Tls(Trouble, Handshake),
    /// A redirect, and where to.
    Redirected(Trouble, String),
    /// The credential is good, and lacks these permissions.
    Forbidden(Trouble, Vec<&'static str>),
    /// The credential is not accepted.
    Rejected(Trouble),
    /// Answers that do not fit.
    Malformed(Trouble),
    /// A value is refused.
    Invalid(Trouble),
    /// Names that the user set are wrong.
    Missing(Missing),
    /// It was final from the start.
    Final(Error),
}
