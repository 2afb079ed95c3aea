//! Whether this is the Authentik, and the application, that NetBird's people are known by.

use super::remark::{Level, Remark};
use crate::converge::desired::Desired;
use crate::converge::observe::{Continuity, Found, Observed};
use crate::error::{Error, Exit};
use crate::proof::CheckId;
use crate::state::Memory;
use crate::state::store::Remembered;

/// What lets another identity take over.
const ALLOW: &str = "SETUP_ALLOW_IDENTITY_CHANGE=true";

/// Another Authentik than the one that is remembered, and another application than `management.json` names.
pub fn refused(desired: &Desired, observed: &Observed, memory: &Memory) -> Vec<Error> {
    if desired.allow_identity_change {
        return Vec::new();
    }
    let mut refused = Vec::new();
    if observed.continuity == Continuity::Other && memory.holds_identity {
        refused.push(
            Error::new(Exit::Refused, "this is another Authentik than the one that NetBird's files were made for")
                .because(
                    "its users have other numbers, so a person would get the NetBird account of somebody else",
                )
                .remedy(format!(
                    "restore Authentik's database, or set {ALLOW} for one run if NetBird has no users yet"
                )),
        );
    }
    let other = memory.issuer.as_deref().and_then(|issuer| other_slug(desired, issuer));
    if let Some(slug) = other {
        refused.push(
            Error::new(
                Exit::Refused,
                format!(
                    "management.json names application {slug} of this Authentik, and AUTHENTIK_APPLICATION_SLUG asks \
                     for {}",
                    desired.slug
                ),
            )
            .because("the slug is part of the issuer, and NetBird's people are known by their application's tokens")
            .remedy(format!(
                "set AUTHENTIK_APPLICATION_SLUG={slug} to keep it, or set {ALLOW} for one run if NetBird has no users yet"
            )),
        );
    }
    refused
}

/// The slug in an issuer of this Authentik, if it is not ours.
fn other_slug<'a>(desired: &Desired, issuer: &'a str) -> Option<&'a str> {
    let before = desired.issuer_of_slug("");
    let slug = issuer.strip_prefix(before.trim_end_matches('/'))?.trim_matches('/');
    (!slug.is_empty() && !slug.contains('/') && slug != desired.slug).then_some(slug)
}

/// An application that is gone from the same Authentik is made again, which people should know.
pub fn remarks(observed: &Observed, remembered: &Remembered) -> Option<Remark> {
    let known = remembered.installation.as_ref().is_some_and(|known| known.application.is_some());
    let gone = matches!(observed.found, Found::NoApplication(_));
    (known && gone && observed.continuity == Continuity::Same).then(|| {
        Remark::new(
            CheckId::Application,
            Level::Warning,
            "the application was deleted in Authentik, and is made again".to_owned(),
            "bindings and settings that were made by hand must be made again too",
        )
    })
}
