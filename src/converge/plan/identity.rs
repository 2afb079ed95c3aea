//! Whether this is the Authentik, and the application, that NetBird's people are known by.

use super::Change;
use super::remark::{Level, Remark};
use crate::authentik::model::Provider;
use crate::config::Setting;
use crate::converge::desired::Desired;
use crate::converge::observe::{Continuity, Found, Observed};
use crate::error::{Error, Exit};
use crate::proof::CheckId;
use crate::state::Memory;
use crate::state::store::Remembered;

/// What lets another identity take over.
const ALLOW: &str = "SETUP_ALLOW_IDENTITY_CHANGE=true";

/// Another Authentik than the one that is remembered.
pub fn refused(desired: &Desired, observed: &Observed, memory: &Memory) -> Vec<Error> {
    if desired.allow_identity_change {
        return Vec::new();
    }
    if observed.continuity == Continuity::Other && memory.holds_identity {
        let remedy = format!(
            "restore Authentik's database, or set {ALLOW} for one run if NetBird has no users yet"
        );
        return vec![
            Error::new(Exit::Refused, "this is another Authentik than the one that NetBird's files were made for")
                .because(
                    "its users have other numbers, so a person would get the NetBird account of somebody else",
                )
                .remedy(match observed.brands {
                    Some(_) => remedy,
                    None => format!("let the token see brands, by which it might be known; or {remedy}"),
                })
                .about("installation"),
        ];
    }
    Vec::new()
}

/// An application that is gone from the same Authentik is made again, which people should know.
pub fn remarks(observed: &Observed, remembered: &Remembered) -> Option<Remark> {
    if observed.continuity == Continuity::Other {
        return Some(Remark::new(
            CheckId::Application,
            Level::Warning,
            "this is another Authentik than before, and it is accepted: its users have other numbers, and what was made in \
             the last one is forgotten"
                .to_owned(),
            format!("unset {ALLOW} after this run, if it is set"),
        ));
    }
    let known = remembered.installation.as_ref().is_some_and(|known| known.application.is_some());
    let gone = matches!(observed.found, Found::NoApplication(_));
    (known && gone && observed.continuity == Continuity::Same).then(|| {
        Remark::new(
            CheckId::Application,
            Level::Warning,
            "the application is no longer there: it was deleted in Authentik, or its slug was changed".to_owned(),
            "nothing if it was deleted: it is made again, and what was set or bound by hand has to be again, too; else set \
             its slug back in Authentik",
        )
    })
}

/// Identity: used at creation; another wish later would make every person a new user of NetBird.
pub fn identity(
    desired: &Desired,
    provider: &Provider,
    field: &'static str,
    variable: &str,
    wish: &Setting<String>,
    is: &str,
) -> Result<Option<Change>, Box<Error>> {
    let Some(wish) = wish.wish().filter(|w| *w != is) else {
        return Ok(None);
    };
    if desired.allow_identity_change {
        return Ok(Some(Change::set(field, is, wish.clone())));
    }
    Err(Box::new(
        Error::new(
            Exit::Refused,
            format!("provider {} has {field} {is}, and {variable} asks for {wish}", provider.name),
        )
        .because("changing it would make every person a new user of NetBird")
        .remedy(format!(
            "unset {variable} to keep {is}, or set SETUP_ALLOW_IDENTITY_CHANGE=true if nobody uses NetBird yet"
        )),
    ))
}
