//! Writes to Authentik's API. Only `apply` holds one. What is written where, and which permission it takes, is
//! a table: one line an operation.

use reqwest::Method;
use serde_json::Value;

use super::decode::{decode, refusal};
use super::release::Release;
use super::server::Server;
use crate::http::{Kind, Trouble};

/// One kind of write. Primary keys are texts, since they stand in paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// POST a flow.
    CreateFlow,
    /// POST a scope mapping.
    CreateScopeMapping,
    /// POST an OAuth2 provider.
    CreateProvider,
    /// PATCH an OAuth2 provider, by primary key. Lists are replaced whole.
    ChangeProvider(String),
    /// POST an application.
    CreateApplication,
    /// PATCH an application, by slug.
    ChangeApplication(String),
    /// PATCH a brand (a tenant before 2024.2), by uuid.
    ChangeBrand(String),
    /// POST a group.
    CreateGroup,
    /// Put a user into a group, by the group's primary key.
    JoinGroup(String),
    /// PATCH a group, by primary key.
    ChangeGroup(String),
    /// Take a user out of a group, by the group's primary key.
    LeaveGroup(String),
    /// POST a policy binding.
    CreateBinding,
    /// PATCH a policy binding, by primary key.
    ChangeBinding(String),
    /// POST a service account: Authentik makes the user and an app password.
    CreateServiceAccount,
    /// POST an app password.
    CreateAppPassword,
    /// PATCH an app password, by identifier.
    ChangeAppPassword(String),
    /// DELETE a group that this run has just made, by primary key.
    TakeBackGroup(String),
    /// DELETE a binding, by primary key.
    DeleteBinding(String),
    /// Set the key of an app password, by identifier.
    SetKey(String),
    /// POST a role.
    CreateRole,
    /// Give a role permissions, by the role's primary key.
    AssignPermissions(String),
    /// Give a user a role, by the role's primary key; from 2025.12.
    JoinRole(String),
}

/// Which of two paths to take where releases differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Paths {
    /// By the release's number.
    Likely,
    /// The other one: the number told otherwise than the server is.
    Other,
}

impl Paths {
    fn is_new(self, by_number: bool) -> bool {
        by_number == (self == Self::Likely)
    }
}

/// How an object names its primary key in an answer.
const KEYS: [&str; 4] = ["pk", "brand_uuid", "tenant_uuid", "user_pk"];

impl Operation {
    /// The operation with the key in its path replaced by what `f` makes of it.
    ///
    /// # Errors
    /// What `f` says.
    pub fn map_key<E>(mut self, f: impl FnOnce(&str) -> Result<String, E>) -> Result<Self, E> {
        match &mut self {
            Self::ChangeProvider(key)
            | Self::ChangeApplication(key)
            | Self::ChangeBrand(key)
            | Self::JoinGroup(key)
            | Self::ChangeGroup(key)
            | Self::LeaveGroup(key)
            | Self::ChangeBinding(key)
            | Self::ChangeAppPassword(key)
            | Self::SetKey(key)
            | Self::TakeBackGroup(key)
            | Self::DeleteBinding(key)
            | Self::AssignPermissions(key)
            | Self::JoinRole(key) => *key = f(key)?,
            Self::CreateFlow
            | Self::CreateScopeMapping
            | Self::CreateProvider
            | Self::CreateApplication
            | Self::CreateGroup
            | Self::CreateBinding
            | Self::CreateServiceAccount
            | Self::CreateAppPassword
            | Self::CreateRole => {}
        }
        Ok(self)
    }

    /// Method, path below `api/v3/`, and the permission it takes.
    fn request(&self, release: Release, paths: Paths) -> (Method, String, &'static str) {
        let brands = paths.is_new(release.has_brands());
        let scope_mappings = match paths.is_new(release.has_provider_scope_path()) {
            true => "propertymappings/provider/scope/",
            false => "propertymappings/scope/",
        };
        let post = |path: &str, permission| (Method::POST, path.to_owned(), permission);
        let patch = |path: String, permission| (Method::PATCH, path, permission);
        match self {
            Self::CreateFlow => post("flows/instances/", "authentik_flows.add_flow"),
            Self::CreateScopeMapping => {
                post(scope_mappings, "authentik_providers_oauth2.add_scopemapping")
            }
            Self::CreateProvider => {
                post("providers/oauth2/", "authentik_providers_oauth2.add_oauth2provider")
            }
            Self::ChangeProvider(pk) => patch(
                format!("providers/oauth2/{pk}/"),
                "authentik_providers_oauth2.change_oauth2provider",
            ),
            Self::CreateApplication => post("core/applications/", "authentik_core.add_application"),
            Self::ChangeApplication(slug) => {
                patch(format!("core/applications/{slug}/"), "authentik_core.change_application")
            }
            Self::ChangeBrand(uuid) if brands => {
                patch(format!("core/brands/{uuid}/"), "authentik_brands.change_brand")
            }
            Self::ChangeBrand(uuid) => {
                patch(format!("core/tenants/{uuid}/"), "authentik_tenants.change_tenant")
            }
            Self::CreateGroup => post("core/groups/", "authentik_core.add_group"),
            Self::JoinGroup(pk) => {
                let permission = match release.needs_permission_to_add_to_groups() {
                    true => "authentik_core.add_user_to_group",
                    false => "authentik_core.add_user",
                };
                post(&format!("core/groups/{pk}/add_user/"), permission)
            }
            Self::ChangeGroup(pk) => {
                patch(format!("core/groups/{pk}/"), "authentik_core.change_group")
            }
            Self::LeaveGroup(pk) => {
                let permission = match release.needs_permission_to_add_to_groups() {
                    true => "authentik_core.remove_user_from_group",
                    false => "authentik_core.add_user",
                };
                post(&format!("core/groups/{pk}/remove_user/"), permission)
            }
            Self::CreateBinding => {
                post("policies/bindings/", "authentik_policies.add_policybinding")
            }
            Self::ChangeBinding(pk) => {
                patch(format!("policies/bindings/{pk}/"), "authentik_policies.change_policybinding")
            }
            Self::CreateServiceAccount => {
                // Authentik asks for both, and its refusal does not say which is missing.
                post(
                    "core/users/service_account/",
                    "authentik_core.add_user and authentik_core.add_token",
                )
            }
            Self::CreateAppPassword => post("core/tokens/", "authentik_core.add_token"),
            Self::ChangeAppPassword(identifier) => {
                patch(format!("core/tokens/{identifier}/"), "authentik_core.change_token")
            }
            Self::SetKey(identifier) => {
                post(&format!("core/tokens/{identifier}/set_key/"), "authentik_core.set_token_key")
            }
            Self::TakeBackGroup(pk) => {
                (Method::DELETE, format!("core/groups/{pk}/"), "authentik_core.delete_group")
            }
            Self::DeleteBinding(pk) => {
                let permission = "authentik_policies.delete_policybinding";
                (Method::DELETE, format!("policies/bindings/{pk}/"), permission)
            }
            Self::CreateRole => post("rbac/roles/", "authentik_rbac.add_role"),
            Self::AssignPermissions(pk) => post(
                &format!("rbac/permissions/assigned_by_roles/{pk}/assign/"),
                "authentik_rbac.assign_role_permissions",
            ),
            Self::JoinRole(pk) => {
                post(&format!("rbac/roles/{pk}/add_user/"), "authentik_rbac.change_role")
            }
        }
    }
}

/// The writing side of the API.
#[derive(Clone, Copy, Debug)]
pub struct Writer<'a>(pub &'a Server);

impl Writer<'_> {
    /// Does it; answers with the whole object, or with null where Authentik answers with nothing.
    ///
    /// # Errors
    /// Any [`Trouble`]; after one without an answer it may be done or not.
    pub async fn write(
        &self,
        release: Release,
        operation: &Operation,
        body: &Value,
    ) -> Result<Value, Trouble> {
        // As lists are read: a 404 means the other path; a write to a path that is not there may be a 405.
        let moved = matches!(operation, Operation::ChangeBrand(_) | Operation::CreateScopeMapping);
        match self.send(operation.request(release, Paths::Likely), operation, body).await {
            Err(Trouble { status: Some(404 | 405), .. }) if moved => {
                self.send(operation.request(release, Paths::Other), operation, body).await
            }
            answer => answer,
        }
    }

    async fn send(
        &self,
        (method, path, permission): (Method, String, &'static str),
        operation: &Operation,
        body: &Value,
    ) -> Result<Value, Trouble> {
        let body = Some(body).filter(|_| method != Method::DELETE);
        let answer = self.0.api(method, &format!("api/v3/{path}"), body).await?;
        if answer.status == 204 {
            return Ok(Value::Null);
        }
        if !matches!(answer.status, 200 | 201) {
            return Err(refusal(&answer, permission));
        }
        let object: Value = decode(&answer, permission)?;
        // Whatever it is, it is not the object that was written: look again. (Assigning permissions answers
        // with a list.)
        let keyed = !matches!(operation, Operation::AssignPermissions(_));
        if keyed && KEYS.iter().all(|key| object.get(*key).is_none_or(Value::is_null)) {
            return Err(Trouble::of(&answer, Kind::Malformed));
        }
        Ok(object)
    }
}
