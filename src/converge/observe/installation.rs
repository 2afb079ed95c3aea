//! Whether the Authentik that answers is the one that is remembered. Its database knows users by number, and NetBird
//! knows people by these numbers: those of another database are other people.

use super::Observed;
use crate::authentik::model::User;
use crate::state::store::{Installation, Remembered};

/// Which Authentik it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Continuity {
    /// Nothing is remembered: the volumes are new, of version 0.1.0, or lost their state.
    Unknown,
    /// The one that is remembered.
    Same,
    /// Another one.
    Other,
}

impl Continuity {
    /// It is the same one if the token's user, the application or the default brand is: restoring a backup, another
    /// token, or an application that was deleted changes one of them, another database all three.
    pub(super) fn of(observed: &Observed, remembered: &Remembered) -> Self {
        let Some(known) = &remembered.installation else { return Self::Unknown };
        let same = |remembered: &Option<String>, seen: Option<&String>| {
            remembered.is_some() && remembered.as_ref() == seen
        };
        let brand = observed.default_brand().map(|brand| &brand.brand_uuid);
        let application = observed.access.application.as_ref().map(|a| &a.pk);
        let any = same_user(known, &observed.me)
            || same(&known.application, application)
            || same(&known.brand, brand);
        if any { Self::Same } else { Self::Other }
    }
}

/// Whether the token's user is the one that is remembered. `uid` is a hash of the primary key and of the installation's
/// id (sources of 2023.10 to 2026.2), so it differs between installations even where the number does not.
pub(super) fn same_user(known: &Installation, me: &User) -> bool {
    !known.uid.is_empty() && known.uid == me.uid && known.user == me.pk
}
