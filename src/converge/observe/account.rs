//! Reads the service account that NetBird lists users with: whether there is one, what Authentik says that it is, and
//! what carries its rights.

use futures_util::future::{try_join, try_join4};

use super::permitted;
use crate::authentik::account::Account;
use crate::authentik::model::{Provider, User};
use crate::authentik::oidc::{AccessToken, Oidc};
use crate::authentik::people::{AppPassword, Group, Role};
use crate::authentik::{Reader, Release};
use crate::config::AccountRole;
use crate::converge::desired::{ADMINS, Desired, ROLE, ServiceAccount, VIEW_USERS};
use crate::http::{Kind, Trouble};
use crate::state::own::OwnAccount;
use crate::state::store::Remembered;

/// What there is.
#[derive(Debug, Default)]
pub struct ServiceAccountView {
    /// The user of that name, whatever it is.
    pub account: Option<Account>,
    /// Its app password.
    pub app_password: Option<AppPassword>,
    /// What a login with its app password got, as NetBird does it; nothing if it was refused or not tried.
    pub token: Option<AccessToken>,
    /// Why a login came to nothing, where that says nothing about the account: what else is wrong may be the cause.
    pub trouble: Option<Trouble>,
    /// Whether a login was tried.
    pub tried: bool,
    /// Whether a run before saw it list users, and nothing that this depends on has changed: each login leaves an event
    /// and a token in Authentik.
    pub verified: bool,
    /// The groups that make administrators; before 2025.12 several may have one name.
    pub admins: Vec<Group>,
    /// The groups that carry the role before 2025.12; several may have one name.
    pub carriers: Vec<Group>,
    /// The role that can view users.
    pub role: Option<Role>,
    /// What that role may do.
    pub role_permissions: Vec<String>,
    /// Whether nobody has that role, where that was asked.
    pub is_role_free: bool,
    /// Whether the account has the role, which was not looked at further then.
    pub is_viewer: bool,
}

/// Under this key the state remembers what NetBird's user list depended on when it was last seen to work.
pub const USER_LIST: &str = "user list";

impl ServiceAccountView {
    /// Reads it; the provider is not known yet, so the login is tried with the wished client id.
    ///
    /// # Errors
    /// The first [`Trouble`].
    pub(super) async fn read(
        reader: Reader<'_>,
        desired: &Desired,
        release: Release,
        me: &User,
        remembered: &Remembered,
        thorough: bool,
    ) -> Result<Self, Trouble> {
        let Some(wished) = &desired.service_account else { return Ok(Self::default()) };
        let identifier = wished.app_password_identifier();
        let login = || wished.login(Oidc(reader.0), &desired.provider.client_id.value);
        // In a first run there is nobody to log in, as far as anybody knows.
        let is_first = remembered.installation.is_none();
        let may_be_verified = remembered.verified.contains_key(USER_LIST);
        let waits = is_first || may_be_verified;
        let early = async { Ok(if waits { Ok(None) } else { login().await }) };
        let (account, app_password, mut login_answer, holds) = try_join4(
            reader.account(&wished.username),
            reader.app_password(&identifier),
            early,
            still_holds(reader, wished, release, remembered),
        )
        .await?;
        if is_first && account.is_some() {
            login_answer = login().await;
        }
        let tried = wished.password.is_some() && !may_be_verified;
        let mut view = Self { account, app_password, tried, ..Self::default() };
        view.note(login_answer);
        // Nothing is given to whoever is no service account, so nothing more is asked.
        if view.account.as_ref().is_none_or(|account| account.unfit(me.pk).is_none()) {
            view.read_rights(reader, wished, release, remembered, thorough || !holds).await?;
        }
        Ok(view)
    }

    /// The provider that was found may have another client id than the wished one; and where it was seen to work before,
    /// a login is tried only if something has changed since.
    pub(super) async fn settle(
        &mut self,
        reader: Reader<'_>,
        desired: &Desired,
        provider: Option<&Provider>,
    ) {
        let Some(wished) = &desired.service_account else { return };
        let client_id = &desired.provider.client_id.value;
        let linked = provider.map_or(client_id, |provider| &provider.client_id);
        let again = !self.tried || linked != client_id;
        if !self.works() && self.account.is_some() && again {
            self.note(wished.login(Oidc(reader.0), linked).await);
            self.tried = wished.password.is_some();
        }
    }

    fn note(&mut self, login: Result<Option<AccessToken>, Trouble>) {
        match login {
            Ok(token) => self.token = token,
            Err(trouble) => self.trouble = Some(trouble),
        }
    }

    /// Whether it logs in, now or when nothing was different; or nothing is known against it.
    pub fn works(&self) -> bool {
        self.token.is_some() || self.verified || self.trouble.is_some()
    }

    /// Whether it was tried in vain.
    pub fn is_shut_out(&self) -> bool {
        self.account.is_some() && self.tried && !self.works()
    }

    async fn read_rights(
        &mut self,
        reader: Reader<'_>,
        wished: &ServiceAccount,
        release: Release,
        remembered: &Remembered,
        thorough: bool,
    ) -> Result<(), Trouble> {
        let is_superuser = self.account.as_ref().is_some_and(|account| account.is_superuser);
        match wished.role.value {
            AccountRole::Admin if !is_superuser => self.admins = reader.groups(ADMINS).await?,
            AccountRole::Viewer if release.has_roles() && (!is_superuser || wished.role.chosen) => {
                // A member is looked at no further, unless membership turned out not to be enough.
                self.is_viewer = self.is_member(release) && !thorough;
                if !self.is_viewer {
                    self.read_role(reader, release, remembered).await?;
                }
            }
            AccountRole::Admin | AccountRole::Viewer => {}
        }
        Ok(())
    }

    async fn read_role(
        &mut self,
        reader: Reader<'_>,
        release: Release,
        remembered: &Remembered,
    ) -> Result<(), Trouble> {
        let carriers = async {
            match release.users_have_roles() {
                true => Ok(Vec::new()),
                false => reader.groups(ROLE).await,
            }
        };
        (self.role, self.carriers) = try_join(reader.role(ROLE), carriers).await?;
        if let Some(role) = &self.role {
            self.role_permissions = reader.role_permissions(&role.pk).await?;
            // Perhaps an interrupted run made it, which cannot be known: then it matters who would gain.
            let intended = remembered.role.as_ref().is_some_and(String::is_empty);
            if intended && self.role_permissions.is_empty() {
                let held = reader.is_role_held(&role.pk, release.users_have_roles());
                self.is_role_free = permitted(held.await)? == Some(false);
            }
        }
        Ok(())
    }

    /// Whether the account has the role, or before 2025.12 is in the group that carries it, by its own answer.
    fn is_member(&self, release: Release) -> bool {
        self.account.as_ref().is_some_and(|account| match release.users_have_roles() {
            true => account.roles_obj.iter().any(|role| role.name == ROLE),
            false => account.groups_obj.iter().any(|group| group.name == ROLE),
        })
    }

    /// Whether this container made the account, by its key. While that was not known, its app password proves it: a name
    /// alone, and the intention to make one, prove nothing.
    pub fn is_made_here(&self, remembered: &Remembered) -> bool {
        let Some(account) = &self.account else { return false };
        let marked = |own: &OwnAccount, password: &AppPassword| {
            password.user == account.pk && own.mark.is_some() && password.expires == own.mark
        };
        let mut same_name =
            remembered.own_accounts().filter(|own| own.username == account.username);
        same_name.any(|own| match own.pk {
            Some(pk) => pk == account.pk,
            None => self.app_password.as_ref().is_some_and(|password| marked(own, password)),
        })
    }

    /// Whether the account is in a group.
    pub fn is_in(&self, group: &str) -> bool {
        self.account.as_ref().is_some_and(|account| account.groups.iter().any(|pk| pk == group))
    }

    /// Whether the account has a role by itself.
    pub fn has_role(&self, role: &str) -> bool {
        self.account.as_ref().is_some_and(|account| account.roles.iter().any(|pk| pk == role))
    }
}

/// Whether the role that this container made still gives the right to view users, as far as the token may see it: the
/// account's own answer tells its membership alone.
async fn still_holds(
    reader: Reader<'_>,
    wished: &ServiceAccount,
    release: Release,
    remembered: &Remembered,
) -> Result<bool, Trouble> {
    let known = remembered.role.as_deref().filter(|pk| !pk.is_empty());
    let Some(role) = known.filter(|_| wished.role.value == AccountRole::Viewer) else {
        return Ok(true);
    };
    let carriers = async {
        match release.users_have_roles() {
            true => Ok(None),
            false => permitted(reader.groups(ROLE).await),
        }
    };
    let permissions = async {
        match reader.role_permissions(role).await {
            // The role is gone.
            Err(Trouble { kind: Kind::Invalid(_) | Kind::Missing, .. }) => Ok(Some(Vec::new())),
            answer => permitted(answer),
        }
    };
    let (permissions, carriers) = try_join(permissions, carriers).await?;
    let carries = |groups: Vec<Group>| groups.iter().any(|g| g.roles.iter().any(|r| r == role));
    Ok(permissions.is_none_or(|held| held.iter().any(|held| held == VIEW_USERS))
        && carriers.is_none_or(carries))
}
