//! Which path is answered by what, and how anything else is refused.

use crate::api::auth::{Caller, Refusal, caller};
use crate::api::{self, Env};
use crate::call::Call;
use crate::features::Feature as F;
use crate::http::reply::Reply;
use crate::http::starting;
use crate::model::Model;
use crate::oidc;
use crate::profile::Profile;
use crate::state::State;

/// What an API path stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint<'a> {
    List(Model),
    Detail(Model, &'a str),
    Me,
    Version,
    Config,
    Schema,
    BrandCurrent,
    ServiceAccount,
    ViewKey(&'a str),
    SetKey(&'a str),
    AddUser(&'a str),
    RemoveUser(&'a str),
    SetupUrls(&'a str),
    Settings,
    CheckAccess(&'a str),
    Transactional,
    AllMappings,
    AllProviders,
    GenerateKeyPair,
    Blueprints,
    Assign(&'a str),
    Unassign(&'a str),
    RolePermissions,
    RoleAddUser(&'a str),
    RoleRemoveUser(&'a str),
}

impl Endpoint<'_> {
    fn methods(self) -> &'static str {
        match self {
            Self::List(_) => "GET, POST, HEAD, OPTIONS",
            Self::Detail(..) => "GET, PUT, PATCH, DELETE, HEAD, OPTIONS",
            Self::Settings => "GET, PUT, PATCH, HEAD, OPTIONS",
            Self::Transactional => "PUT, OPTIONS",
            Self::ServiceAccount
            | Self::SetKey(_)
            | Self::AddUser(_)
            | Self::RemoveUser(_)
            | Self::GenerateKeyPair
            | Self::Assign(_)
            | Self::RoleAddUser(_)
            | Self::RoleRemoveUser(_) => "POST, OPTIONS",
            Self::Unassign(_) => "PATCH, OPTIONS",
            _ => "GET, HEAD, OPTIONS",
        }
    }

    fn public(self) -> bool {
        matches!(self, Self::Config | Self::BrandCurrent)
    }
}

/// The endpoint of an API path, as this release lays them out.
pub(crate) fn endpoint<'a>(profile: &Profile, path: &'a str) -> Option<Endpoint<'a>> {
    let path = path.strip_prefix("/api/v3/")?.strip_suffix('/')?;
    let parts: Vec<&str> = path.split('/').collect();
    let moved = profile.has(F::MappingsMoved);
    let brands = if profile.has(F::Brands) { "brands" } else { "tenants" };
    Some(match parts.as_slice() {
        ["admin", "version"] => Endpoint::Version,
        ["admin", "settings"] if profile.has(F::SystemSettings) => Endpoint::Settings,
        ["root", "config"] => Endpoint::Config,
        ["schema"] => Endpoint::Schema,
        ["providers", "oauth2"] => Endpoint::List(Model::Provider),
        ["providers", "oauth2", pk] => Endpoint::Detail(Model::Provider, pk),
        ["providers", "oauth2", pk, "setup_urls"] => Endpoint::SetupUrls(pk),
        ["providers", "proxy"] => Endpoint::List(Model::Proxy),
        ["providers", "proxy", pk] => Endpoint::Detail(Model::Proxy, pk),
        ["providers", "ldap"] => Endpoint::List(Model::Ldap),
        ["providers", "ldap", pk] => Endpoint::Detail(Model::Ldap, pk),
        ["providers", "saml"] => Endpoint::List(Model::Saml),
        ["providers", "saml", pk] => Endpoint::Detail(Model::Saml, pk),
        ["providers", "all"] => Endpoint::AllProviders,
        ["core", "applications"] => Endpoint::List(Model::Application),
        ["core", "applications", slug] => Endpoint::Detail(Model::Application, slug),
        ["core", "applications", slug, "check_access"] => Endpoint::CheckAccess(slug),
        ["core", "transactional", "applications"] if profile.has(F::Transactional) => {
            Endpoint::Transactional
        }
        ["managed", "blueprints"] => Endpoint::Blueprints,
        ["core", "users"] => Endpoint::List(Model::User),
        ["core", "users", "me"] => Endpoint::Me,
        ["core", "users", "service_account"] => Endpoint::ServiceAccount,
        ["core", "users", pk] => Endpoint::Detail(Model::User, pk),
        ["core", "groups"] => Endpoint::List(Model::Group),
        ["core", "groups", pk] => Endpoint::Detail(Model::Group, pk),
        ["core", "groups", pk, "add_user"] => Endpoint::AddUser(pk),
        ["core", "groups", pk, "remove_user"] => Endpoint::RemoveUser(pk),
        ["core", "tokens"] => Endpoint::List(Model::Token),
        ["core", "tokens", id] => Endpoint::Detail(Model::Token, id),
        ["core", "tokens", id, "view_key"] => Endpoint::ViewKey(id),
        ["core", "tokens", id, "set_key"] => Endpoint::SetKey(id),
        ["core", kind] if *kind == brands => Endpoint::List(Model::Brand),
        ["core", kind, "current"] if *kind == brands => Endpoint::BrandCurrent,
        ["core", kind, pk] if *kind == brands => Endpoint::Detail(Model::Brand, pk),
        ["flows", "instances"] => Endpoint::List(Model::Flow),
        ["flows", "instances", slug] => Endpoint::Detail(Model::Flow, slug),
        ["crypto", "certificatekeypairs"] => Endpoint::List(Model::KeyPair),
        ["crypto", "certificatekeypairs", "generate"] => Endpoint::GenerateKeyPair,
        ["crypto", "certificatekeypairs", pk] => Endpoint::Detail(Model::KeyPair, pk),
        ["propertymappings", "all"] => Endpoint::AllMappings,
        ["propertymappings", "provider", "scope"] if moved => Endpoint::List(Model::ScopeMapping),
        ["propertymappings", "provider", "scope", pk] if moved => {
            Endpoint::Detail(Model::ScopeMapping, pk)
        }
        ["propertymappings", "scope"] if !moved => Endpoint::List(Model::ScopeMapping),
        ["propertymappings", "scope", pk] if !moved => Endpoint::Detail(Model::ScopeMapping, pk),
        ["policies", "bindings"] => Endpoint::List(Model::Binding),
        ["policies", "bindings", pk] => Endpoint::Detail(Model::Binding, pk),
        ["rbac", "roles"] if profile.has(F::Rbac) => Endpoint::List(Model::Role),
        ["rbac", "roles", pk] if profile.has(F::Rbac) => Endpoint::Detail(Model::Role, pk),
        ["rbac", "roles", pk, "add_user"] if profile.has(F::DirectRoles) => {
            Endpoint::RoleAddUser(pk)
        }
        ["rbac", "roles", pk, "remove_user"] if profile.has(F::DirectRoles) => {
            Endpoint::RoleRemoveUser(pk)
        }
        ["rbac", "permissions"] if profile.has(F::Rbac) => Endpoint::RolePermissions,
        ["rbac", "permissions", "assigned_by_roles", pk, "unassign"] if profile.has(F::Rbac) => {
            Endpoint::Unassign(pk)
        }
        ["rbac", "permissions", "assigned_by_roles", pk, "assign"] if profile.has(F::Rbac) => {
            Endpoint::Assign(pk)
        }
        _ => return None,
    })
}

/// Answers a request to a running application; also tells whether the API accepted its credentials.
pub(crate) fn answer(
    profile: &'static Profile,
    state: &mut State,
    call: &Call,
    tokens_known: bool,
) -> (Reply, bool) {
    let path = call.path.as_str();
    if path == "/-/health/ready/" {
        return (starting::ready(call, profile), false);
    }
    if path.starts_with("/api/v3/") && !path.starts_with("/api/v3/flows/executor/") {
        return api_answer(profile, state, call, tokens_known);
    }
    if let Some(reply) = oidc::answer(profile, state, call) {
        return (reply, false);
    }
    let reply = match path {
        "/" => Reply::redirect(302, "/flows/-/default/authentication/?next=/"),
        _ if path.starts_with("/if/") || path.starts_with("/flows/-/") => {
            Reply::html(200, "authentik")
        }
        _ => unknown(profile, call),
    };
    (reply, false)
}

/// The answer to a path that means nothing.
fn unknown(profile: &Profile, call: &Call) -> Reply {
    if profile.has(F::SlashRedirect)
        && !call.path.ends_with('/')
        && endpoint(profile, &format!("{}/", call.path)).is_some()
    {
        return Reply::redirect(301, &format!("{}/", call.path));
    }
    match call.method.as_str() {
        "GET" | "HEAD" => Reply::html(404, "Not Found"),
        _ => Reply::html(405, "").with("Allow", "GET, HEAD, OPTIONS"),
    }
}

fn api_answer(
    profile: &'static Profile,
    state: &mut State,
    call: &Call,
    tokens_known: bool,
) -> (Reply, bool) {
    let Some(endpoint) = endpoint(profile, &call.path) else {
        return (unknown(profile, call), false);
    };
    let methods = endpoint.methods();
    let (reply, authenticated) = match caller(profile, state, call, tokens_known) {
        Err(Refusal::Anonymous) if endpoint.public() => {
            (dispatch(profile, state, call, Caller::anonymous(), endpoint), false)
        }
        Err(refusal) => (refusal.reply(), false),
        Ok(caller) => (dispatch(profile, state, call, caller, endpoint), true),
    };
    (reply.with("Allow", methods), authenticated)
}

fn dispatch(
    profile: &'static Profile,
    state: &mut State,
    call: &Call,
    caller: Caller,
    endpoint: Endpoint<'_>,
) -> Reply {
    let accept = call.header("accept").unwrap_or("*/*");
    if !["application/json", "application/*", "*/*"].iter().any(|kind| accept.contains(kind)) {
        return Reply::detail(406, "Could not satisfy the request Accept header.");
    }
    let method = if call.method == "HEAD" { "GET" } else { call.method.as_str() };
    if !endpoint.methods().split(", ").any(|allowed| allowed == method) {
        return Reply::detail(405, &format!("Method \"{}\" not allowed.", call.method));
    }
    if method == "OPTIONS" {
        return Reply::json(200, &serde_json::json!({}));
    }
    let mut env = Env { profile, state, call, caller };
    api::run(&mut env, endpoint, method).unwrap_or_else(|reply| reply)
}
