//! What is told while a run waits: what was found, and for a token how long it is given.

use std::time::Duration;

use super::advice;
use crate::authentik::advice as by_cause;
use crate::http::setback::{Phase, Setback};
use crate::http::{Kind, Trouble};
use crate::text::duration::short;

/// Why it waits, in one line.
pub fn reason(setback: &Setback, grace: Duration) -> String {
    match setback {
        Setback::Missing(missing) => format!("not there yet: {}", missing.names()),
        Setback::Trouble(Phase::Reachable, trouble @ Trouble { kind: Kind::Token, .. }) => format!(
            "{trouble}. During a first start Authentik is still creating its bootstrap token; retrying for up to {}",
            short(grace)
        ),
        Setback::Trouble(_, trouble @ Trouble { kind: Kind::InFront, .. }) => {
            format!("{trouble}: something in front of Authentik answers in its place")
        }
        Setback::Trouble(_, trouble @ Trouble { kind: Kind::Stripped, .. }) => {
            format!("{trouble}: a proxy strips the Authorization header")
        }
        Setback::Trouble(_, trouble) => trouble.to_string(),
        Setback::Conflict(trouble) => format!("something changed meanwhile: {trouble}"),
        Setback::Doubtful(error) => {
            format!("{}: looking again, since another run may be at work", error.what)
        }
        Setback::Unproven(error) | Setback::Final(error) => error.to_string(),
    }
}

/// What to do if it waits in vain.
pub fn remedy(setback: &Setback) -> String {
    match setback {
        Setback::Missing(missing) => advice::waiting_for(missing),
        Setback::Trouble(_, trouble) | Setback::Conflict(trouble) => by_cause::remedy(trouble),
        Setback::Doubtful(error) | Setback::Unproven(error) | Setback::Final(error) => {
            error.remedy.clone().unwrap_or_default()
        }
    }
}
