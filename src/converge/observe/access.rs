//! Reads what concerns people: who may open the application, and the service account that NetBird lists users
//! with. Only asked where it is configured; reading the application and its bindings costs the server dear.

use futures_util::future::{join, join_all, try_join3};

use crate::authentik::model::{Account, AppPassword, Application, Binding, Group, Provider, Role};
use crate::authentik::oidc::{AccessToken, Oidc};
use crate::authentik::reader::Reader;
use crate::authentik::release::Release;
use crate::converge::desired::{ADMINS, Desired, ROLE, ServiceAccount};
use crate::http::Trouble;

/// What there is.
#[derive(Debug, Default)]
pub struct Access {
    /// The application with its bindings, where they are needed.
    pub application: Option<(Application, Vec<Binding>)>,
    /// The wished groups that exist.
    pub groups: Vec<Group>,
    /// The service account.
    pub account: Option<Account>,
    /// Its app password.
    pub app_password: Option<AppPassword>,
    /// What a login with our password got, as NetBird does it; nothing if it was refused or not tried.
    pub token: Option<AccessToken>,
    /// The group that makes administrators, or the one that carries the role before 2025.12.
    pub rights_group: Option<Group>,
    /// The role that can view users.
    pub role: Option<Role>,
}

impl Access {
    /// Reads it; the provider is not known yet, so the login is tried with the wished client id.
    ///
    /// # Errors
    /// The first [`Trouble`].
    pub async fn read(
        reader: Reader<'_>,
        desired: &Desired,
        release: Release,
        client_id: &str,
    ) -> Result<Self, Trouble> {
        let mut access = Self::default();
        let groups = join_all(desired.access_groups.iter().map(|name| reader.group(name)));
        let account = async {
            match &desired.service_account {
                Some(wished) => access.read_account(reader, wished, release, client_id).await,
                None => Ok(()),
            }
        };
        let (account, groups) = join(account, groups).await;
        account?;
        for group in groups {
            access.groups.extend(group?);
        }
        if !desired.access_groups.is_empty() {
            access.read_bindings(reader, &desired.slug).await?;
        }
        Ok(access)
    }

    /// What only the provider that was found settles: its client id may be another than the wished one, and a
    /// service account that cannot log in may be shut out by bindings.
    ///
    /// # Errors
    /// The first [`Trouble`].
    pub async fn settle(
        &mut self,
        reader: Reader<'_>,
        desired: &Desired,
        provider: Option<&Provider>,
    ) -> Result<(), Trouble> {
        let (Some(wished), Some(provider)) = (&desired.service_account, provider) else {
            return Ok(());
        };
        if self.token.is_none() && provider.client_id != desired.provider.client_id.value {
            self.token = wished.login(Oidc(reader.0), &provider.client_id).await?;
        }
        let tried = self.account.is_some() && wished.password.is_some();
        if self.token.is_none() && tried && self.application.is_none() {
            self.read_bindings(reader, &desired.slug).await?;
        }
        Ok(())
    }

    async fn read_bindings(&mut self, reader: Reader<'_>, slug: &str) -> Result<(), Trouble> {
        if let Some(application) = reader.application(slug).await? {
            let bindings = reader.bindings(&application.pk).await?;
            self.application = Some((application, bindings));
        }
        Ok(())
    }

    async fn read_account(
        &mut self,
        reader: Reader<'_>,
        wished: &ServiceAccount,
        release: Release,
        client_id: &str,
    ) -> Result<(), Trouble> {
        let identifier = wished.app_password_identifier();
        let (account, app_password, token) = try_join3(
            reader.account(&wished.username),
            reader.app_password(&identifier),
            wished.login(Oidc(reader.0), client_id),
        )
        .await?;
        self.app_password = app_password;
        self.token = token;
        if wished.views_only {
            if !release.users_have_roles() {
                self.rights_group = reader.group(ROLE).await?;
            }
            let member_of =
                |group: &Group| account.as_ref().is_some_and(|a| a.groups.contains(&group.pk));
            let settled = self
                .rights_group
                .as_ref()
                .is_some_and(|group| !group.roles.is_empty() && member_of(group));
            if !settled {
                self.role = reader.role(ROLE).await?;
            }
        } else if account.as_ref().is_none_or(|account| !account.is_superuser) {
            self.rights_group = reader.group(ADMINS).await?;
        }
        self.account = account;
        Ok(())
    }
}
