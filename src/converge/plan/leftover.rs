//! Accounts that nothing uses and that may still have rights: deleting one is not undone, so that is left to people.

use super::remark::{Level, Remark};
use crate::converge::desired::ADMINS;
use crate::converge::observe::{Continuity, Observed};
use crate::proof::CheckId;

/// Names them.
pub fn remarks(observed: &Observed) -> Vec<Remark> {
    let mut remarks = Vec::new();
    // In another Authentik the same number is somebody else's.
    let same = observed.continuity != Continuity::Other;
    let retired = observed.leftover.retired.iter().filter(|_| same);
    for account in retired.filter(|account| account.is_there != Some(false)) {
        let name = &account.own.username;
        let (what, remedy) = match account.is_superuser {
            true => (
                format!(
                    "service account {name} has no use any more and is an administrator of Authentik"
                ),
                format!("it can be deleted in Authentik, or taken out of {ADMINS}"),
            ),
            false => (
                format!(
                    "NetBird lists no users with it any more, so service account {name} has no use"
                ),
                "it can be deleted in Authentik".to_owned(),
            ),
        };
        remarks.push(Remark::new(CheckId::ServiceAccount, Level::Warning, what, remedy));
    }
    if let Some(person) = &observed.leftover.person {
        let mut has = Vec::new();
        let mut remedy = Vec::new();
        if person.is_superuser {
            has.push("is an administrator of Authentik".to_owned());
            remedy.push(format!("take them out of the group {ADMINS}"));
        }
        if let Some(identifier) = &person.app_password {
            has.push(format!("has the app password {identifier}"));
            remedy.push(format!("delete the app password {identifier}"));
        }
        let name = &person.username;
        let what = format!(
            "user {name}, a person, {}: version 0.1.0 may have done that",
            has.join(" and ")
        );
        let remedy = format!("if they are not meant to be: {}", remedy.join(", and "));
        remarks.push(Remark::new(CheckId::ServiceAccount, Level::Leftover, what, remedy));
    }
    remarks
}
