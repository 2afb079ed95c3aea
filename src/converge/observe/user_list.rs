//! What NetBird's user list depends on, as a digest: while it stays the same, the service account is not logged in again.

use super::{Observed, USER_LIST, in_force};
use crate::authentik::Reader;
use crate::authentik::people::Binding;
use crate::converge::desired::Desired;
use crate::converge::made::Made;
use crate::http::Trouble;
use crate::state::store::Remembered;
use crate::text::{Secret, digest};

/// All that decides whether the service account logs in and lists users, as it is after what was made; nothing where one
/// of the objects is not there.
pub fn digest(desired: &Desired, observed: &Observed, made: &Made) -> Option<String> {
    let wished = desired.service_account.as_ref()?;
    let provider = made.provider().or(observed.found.linked());
    // It was there already, and was linked.
    let provider =
        provider.or_else(|| made.linked().and_then(|linked| observed.found.of_key(linked)))?;
    let (pk, groups, roles) = made.holdings(observed.account.account.as_ref())?;
    let mut mappings = provider.property_mappings.clone();
    mappings.sort();
    let guest = |b: &&Binding| in_force(b, observed.at);
    let bindings = observed.access.bindings.as_ref().map(|present| {
        let all = made.bindings_after(present);
        let mut guests: Vec<String> = all
            .filter(guest)
            .map(|b| format!("{:?}", (&b.group, b.user, &b.policy, b.negate)))
            .collect();
        guests.sort();
        guests
    });
    let who = (pk, &wished.username, groups, roles, wished.role.value);
    let secret = wished.password.as_ref().map(Secret::expose).map(digest::of);
    let client = (provider.pk, &provider.client_id, &provider.client_type, &provider.grant_types);
    let access = (bindings, observed.access.open_by_default);
    Some(digest::of(&format!("{:?}", (observed.release, who, secret, client, mappings, access))))
}

impl Observed {
    /// Whether the service account still works, where it was seen to by a run before; if it does not, what keeps it out is
    /// looked at.
    pub(super) async fn settle_account(
        &mut self,
        reader: Reader<'_>,
        desired: &Desired,
        remembered: &Remembered,
    ) -> Result<(), Trouble> {
        if self.account.tried || self.account.account.is_none() {
            return Ok(());
        }
        let now = digest(desired, self, &Made::default());
        // One that was deleted takes its key with it.
        let has_password = self.account.app_password.is_some();
        self.account.verified =
            has_password && now.is_some() && remembered.verified.get(USER_LIST) == now.as_ref();
        let mut account = std::mem::take(&mut self.account);
        account.settle(reader, desired, self.found.linked()).await;
        self.account = account;
        if self.account.is_shut_out() {
            let mut access = std::mem::take(&mut self.access).anew();
            access.settle(reader, desired, self, remembered, true).await?;
            self.access = access;
        }
        Ok(())
    }
}
