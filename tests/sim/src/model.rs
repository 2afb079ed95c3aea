//! The kinds of objects the API serves: where they live, what they are called, and by what they are looked up.

use serde_json::Value;

use crate::features::Feature;
use crate::profile::Profile;
use crate::state::State;

/// A kind of object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// OAuth2 providers.
    Provider,
    /// Applications.
    Application,
    /// Flows.
    Flow,
    /// Scope mappings.
    ScopeMapping,
    /// Brands, formerly tenants.
    Brand,
    /// Certificate key pairs.
    KeyPair,
    /// Users.
    User,
    /// Groups.
    Group,
    /// Tokens and app passwords.
    Token,
    /// Policy bindings.
    Binding,
    /// Roles.
    Role,
}

impl Model {
    /// The objects of this kind.
    #[must_use]
    pub fn table(self, state: &State) -> &Vec<Value> {
        match self {
            Self::Provider => &state.providers,
            Self::Application => &state.applications,
            Self::Flow => &state.flows,
            Self::ScopeMapping => &state.scope_mappings,
            Self::Brand => &state.brands,
            Self::KeyPair => &state.certificate_key_pairs,
            Self::User => &state.users,
            Self::Group => &state.groups,
            Self::Token => &state.tokens,
            Self::Binding => &state.policy_bindings,
            Self::Role => &state.roles,
        }
    }

    /// The objects of this kind, to change.
    pub fn table_mut(self, state: &mut State) -> &mut Vec<Value> {
        match self {
            Self::Provider => &mut state.providers,
            Self::Application => &mut state.applications,
            Self::Flow => &mut state.flows,
            Self::ScopeMapping => &mut state.scope_mappings,
            Self::Brand => &mut state.brands,
            Self::KeyPair => &mut state.certificate_key_pairs,
            Self::User => &mut state.users,
            Self::Group => &mut state.groups,
            Self::Token => &mut state.tokens,
            Self::Binding => &mut state.policy_bindings,
            Self::Role => &mut state.roles,
        }
    }

    /// The key by which the URL names one object.
    #[must_use]
    pub fn lookup(self) -> &'static str {
        match self {
            Self::Application | Self::Flow => "slug",
            Self::Token => "identifier",
            Self::Brand => "brand_uuid",
            _ => "pk",
        }
    }

    /// The key that other objects refer to.
    #[must_use]
    pub fn primary(self) -> &'static str {
        match self {
            Self::Brand => "brand_uuid",
            _ => "pk",
        }
    }

    /// The name in `No X matches the given query.`
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Self::Provider => "OAuth2Provider",
            Self::Application => "Application",
            Self::Flow => "Flow",
            Self::ScopeMapping => "ScopeMapping",
            Self::Brand => "Brand",
            Self::KeyPair => "CertificateKeyPair",
            Self::User => "User",
            Self::Group => "Group",
            Self::Token => "Token",
            Self::Binding => "PolicyBinding",
            Self::Role => "Role",
        }
    }

    /// The permission for an action, as `authentik_flows.view_flow`.
    #[must_use]
    pub fn permission(self, action: &str, profile: &Profile) -> String {
        let app = match self {
            Self::Provider | Self::ScopeMapping => "authentik_providers_oauth2",
            Self::Application | Self::User | Self::Group | Self::Token => "authentik_core",
            Self::Flow => "authentik_flows",
            Self::Brand if profile.has(Feature::Brands) => "authentik_brands",
            Self::Brand => "authentik_tenants",
            Self::KeyPair => "authentik_crypto",
            Self::Binding => "authentik_policies",
            Self::Role => "authentik_rbac",
        };
        let name = match self {
            Self::Brand if !profile.has(Feature::Brands) => "tenant".to_owned(),
            other => other.class().to_ascii_lowercase(),
        };
        format!("{app}.{action}_{name}")
    }

    /// The position of the object whose `key` is `value`, numbers compared as text.
    #[must_use]
    pub fn position(self, state: &State, key: &str, value: &str) -> Option<usize> {
        self.table(state).iter().position(|object| match &object[key] {
            Value::String(text) => text == value,
            Value::Number(number) => number.to_string() == value,
            _ => false,
        })
    }

    /// The object with this primary key.
    #[must_use]
    pub fn by_pk<'a>(self, state: &'a State, pk: &Value) -> Option<&'a Value> {
        if pk.is_null() {
            return None;
        }
        self.table(state).iter().find(|object| object[self.primary()] == *pk)
    }
}
