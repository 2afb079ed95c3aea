//! NetBird's user list, as a part of the proof: the service account logs in and lists users, as NetBird's management will.

use super::{Converge, Look};
use crate::authentik::oidc::{AccessToken, Oidc};
use crate::error::{Error, Exit};
use crate::http::setback::{Phase, Setback};
use crate::netbird::Registration;
use crate::netbird::standalone::API_SCOPE;
use crate::proof::{Check, CheckId};
use crate::state::memory::ManagerBefore;

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

    /// How a manager does that stays in `management.json`: NetBird uses it, whatever the variables say. Nothing where there
    /// is none, or where it cannot be asked for.
    pub async fn kept_manager(&self, sub_mode: Option<&str>) -> Option<Check> {
        const ID: CheckId = CheckId::UserList;
        let ManagerBefore { client_id, username, password } = self.memory.manager.as_ref()?;
        let password = Some(password.as_ref()?);
        let oidc = Oidc(self.server);
        let listed = async {
            match oidc.login(client_id, username, password, API_SCOPE, None).await? {
                Some(token) => oidc.lists_users(&token).await.map(Some),
                None => Ok(None),
            }
        };
        let what = match listed.await {
            Err(trouble) => return Some(Check::unanswered(ID, &trouble)),
            Ok(None) => "cannot log in".to_owned(),
            Ok(Some(false)) => "may not list users".to_owned(),
            Ok(Some(true)) => match sub_mode.filter(|mode| *mode != "user_id") {
                None => {
                    let what = format!("{username}, of management.json's manager, lists users");
                    return Some(Check::pass(ID, what));
                }
                Some(mode) => format!("knows users by number, and the provider by {mode}"),
            },
        };
        let what = format!("{username}, of management.json's manager, {what}");
        let fix = "set NETBIRD_MGMT_IDP=authentik to have a service account made for it, or NETBIRD_MGMT_IDP=none to take \
                   the manager out: unset, it stays as it is";
        Some(Check::fail(ID, what, fix).exiting(Exit::Rejected))
    }
}
