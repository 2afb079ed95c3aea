//! NetBird's user list, as a part of the proof: the service account logs in and lists users, as NetBird's management will.

use super::{Converge, Look};
use crate::authentik::oidc::{AccessToken, Oidc};
use crate::error::{Error, Exit};
use crate::http::setback::{Phase, Setback};
use crate::netbird::Registration;

impl Converge<'_> {
    /// NetBird's user list, first half: the service account logs in as NetBird's management will, unless it did already or
    /// nothing that this depends on has changed since it was last seen to work.
    pub(super) async fn log_in(
        &self,
        look: &Look,
        registration: &Registration,
    ) -> Result<Option<AccessToken>, Setback> {
        let Some(account) = &look.desired.service_account else { return Ok(None) };
        let seen = &look.observed.account;
        if look.plan.steps.is_empty() && seen.works() {
            return Ok(seen.token.clone());
        }
        let login = account.login(Oidc(self.server), &registration.client_id).await;
        login.map_err(|trouble| Setback::Trouble(Phase::Verify, trouble))
    }

    /// The second half: it lists users.
    pub(super) async fn lists_users(
        &self,
        look: &Look,
        token: Option<&AccessToken>,
    ) -> Result<(), Setback> {
        let Some(account) = &look.desired.service_account else { return Ok(()) };
        let listed = match token {
            Some(token) => Oidc(self.server).lists_users(token).await,
            None => Ok(look.plan.steps.is_empty() && look.observed.account.verified),
        };
        if listed.map_err(|trouble| Setback::Trouble(Phase::Verify, trouble))? {
            return Ok(());
        }
        let (what, remedy) = match token {
            None => (
                "cannot log in with its app password",
                "see the application's bindings and the provider's grant types in Authentik, and Authentik's event log",
            ),
            Some(_) => (
                "may not list users",
                "see that it is a member of authentik Admins, or set AUTHENTIK_SERVICE_ACCOUNT_ROLE",
            ),
        };
        let what = format!("service account {} {what}", account.username);
        Err(Setback::Unproven(Error::new(Exit::Protocol, what).remedy(remedy)))
    }
}
