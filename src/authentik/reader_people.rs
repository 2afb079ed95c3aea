//! Questions about people and accounts: users, app passwords, groups, roles, bindings, and the setting that opens
//! applications.

use super::account::Account;
use super::people::{AppPassword, Binding, Circle, Group, Permission, Person, Role, Settings};
use super::reader::{Reader, query_value};
use crate::http::Trouble;

impl Reader<'_> {
    /// Whether an application without bindings is open to everyone (`core_default_app_access`). Where the settings do not
    /// know the flag, it is.
    ///
    /// # Errors
    /// Any [`Trouble`].
    pub async fn default_access(&self) -> Result<bool, Trouble> {
        let permission = "authentik_rbac.view_system_settings";
        let settings: Settings = self.get("admin/settings/", permission).await?;
        Ok(settings.flags.core_default_app_access.unwrap_or(true))
    }

    /// The user of exactly this name.
    ///
    /// # Errors
    /// Any [`Trouble`].
    pub async fn account(&self, username: &str) -> Result<Option<Account>, Trouble> {
        let path = format!("core/users/?username={}", query_value(username));
        let found: Vec<Account> = self.list(&path, "authentik_core.view_user").await?;
        Ok(found.into_iter().find(|account| account.username == username))
    }

    /// The user with this primary key.
    ///
    /// # Errors
    /// Any [`Trouble`].
    pub async fn account_by_key(&self, pk: i64) -> Result<Option<Account>, Trouble> {
        self.find(&format!("core/users/{pk}/"), "authentik_core.view_user").await
    }

    /// A token by its identifier, without its key.
    ///
    /// # Errors
    /// Any [`Trouble`].
    pub async fn app_password(&self, identifier: &str) -> Result<Option<AppPassword>, Trouble> {
        self.find(&format!("core/tokens/{identifier}/"), "authentik_core.view_token").await
    }

    /// All groups of exactly this name: before 2025.12 there may be several. With their members' keys alone.
    ///
    /// # Errors
    /// Any [`Trouble`].
    pub async fn groups(&self, name: &str) -> Result<Vec<Group>, Trouble> {
        let path = format!("core/groups/?include_users=false&name={}", query_value(name));
        let found: Vec<Group> = self.list(&path, "authentik_core.view_group").await?;
        Ok(found.into_iter().filter(|group| group.name == name).collect())
    }

    /// All groups of exactly this name, with their direct members.
    ///
    /// # Errors
    /// Any [`Trouble`].
    pub async fn circles(&self, name: &str) -> Result<Vec<Circle>, Trouble> {
        let path = format!("core/groups/?include_users=true&name={}", query_value(name));
        let found: Vec<Circle> = self.list(&path, "authentik_core.view_group").await?;
        Ok(found.into_iter().filter(|group| group.name == name).collect())
    }

    /// Everyone. Only where the UUID of a member decides, which groups do not tell.
    ///
    /// # Errors
    /// Any [`Trouble`].
    pub async fn people(&self) -> Result<Vec<Person>, Trouble> {
        self.list("core/users/?is_active=true&include_groups=false", "authentik_core.view_user")
            .await
    }

    /// The role of exactly this name.
    ///
    /// # Errors
    /// Any [`Trouble`].
    pub async fn role(&self, name: &str) -> Result<Option<Role>, Trouble> {
        let path = format!("rbac/roles/?search={}", query_value(name));
        let found: Vec<Role> = self.list(&path, "authentik_rbac.view_role").await?;
        Ok(found.into_iter().find(|role| role.name == name))
    }

    /// What a role may do, as `app.codename`.
    ///
    /// # Errors
    /// Any [`Trouble`].
    pub async fn role_permissions(&self, role: &str) -> Result<Vec<String>, Trouble> {
        let path = format!("rbac/permissions/?role={role}");
        let found: Vec<Permission> = self.list(&path, "authentik_rbac.view_role").await?;
        Ok(found.into_iter().map(|p| format!("{}.{}", p.app_label, p.codename)).collect())
    }

    /// Whether any user or group has this role. Only where it decides: it asks for all of them.
    ///
    /// # Errors
    /// Any [`Trouble`].
    pub async fn is_role_held(&self, role: &str, by_users: bool) -> Result<bool, Trouble> {
        let has = |roles: &[String]| roles.iter().any(|pk| pk == role);
        let groups = "core/groups/?include_users=false";
        let groups: Vec<Group> = self.list(groups, "authentik_core.view_group").await?;
        if groups.iter().any(|group| has(&group.roles)) || !by_users {
            return Ok(groups.iter().any(|group| has(&group.roles)));
        }
        let users: Vec<Account> = self.list("core/users/?", "authentik_core.view_user").await?;
        Ok(users.iter().any(|user| has(&user.roles)))
    }

    /// Who may open the application with this primary key.
    ///
    /// # Errors
    /// Any [`Trouble`].
    pub async fn bindings(&self, application: &str) -> Result<Vec<Binding>, Trouble> {
        let path = format!("policies/bindings/?ordering=order&target={application}");
        self.list(&path, "authentik_policies.view_policybinding").await
    }
}
