//! The kinds of objects the API serves: where they live, what they are called, and by what they are looked up.

use serde_json::Value;

use crate::features::Feature;
use crate::profile::Profile;
use crate::state::State;

/// A kind of object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// OAuth2 providers, proxy providers among them: they are OAuth2 providers with more keys.
    Provider,
    /// Proxy providers.
    Proxy,
    /// LDAP providers.
    Ldap,
    /// SAML providers.
    Saml,
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
    /// Every kind, but for proxy providers, which are in the table of the OAuth2 providers.
    pub const ALL: [Self; 13] = [
        Self::Provider,
        Self::Ldap,
        Self::Saml,
        Self::Application,
        Self::Flow,
        Self::ScopeMapping,
        Self::Brand,
        Self::KeyPair,
        Self::User,
        Self::Group,
        Self::Token,
        Self::Binding,
        Self::Role,
    ];

    /// The kinds of providers, each object being of one only.
    pub const PROVIDERS: [Self; 4] = [Self::Provider, Self::Proxy, Self::Ldap, Self::Saml];

    /// Whether an object of this kind's table is of this kind.
    #[must_use]
    pub fn holds(self, object: &Value) -> bool {
        self != Self::Proxy || object.get("external_host").is_some()
    }

    /// The table of this kind, which may hold others too.
    #[must_use]
    pub fn table(self, state: &State) -> &Vec<Value> {
        match self {
            Self::Provider | Self::Proxy => &state.providers,
            Self::Ldap => &state.ldap_providers,
            Self::Saml => &state.saml_providers,
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
            Self::Provider | Self::Proxy => &mut state.providers,
            Self::Ldap => &mut state.ldap_providers,
            Self::Saml => &mut state.saml_providers,
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
            Self::Proxy => "ProxyProvider",
            Self::Ldap => "LDAPProvider",
            Self::Saml => "SAMLProvider",
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
            Self::Proxy => "authentik_providers_proxy",
            Self::Ldap => "authentik_providers_ldap",
            Self::Saml => "authentik_providers_saml",
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
        self.table(state).iter().position(|object| {
            self.holds(object)
                && match &object[key] {
                    Value::String(text) => text == value,
                    Value::Number(number) => number.to_string() == value,
                    _ => false,
                }
        })
    }

    /// The object with this primary key.
    #[must_use]
    pub fn by_pk<'a>(self, state: &'a State, pk: &Value) -> Option<&'a Value> {
        if pk.is_null() {
            return None;
        }
        self.table(state).iter().find(|object| self.holds(object) && object[self.primary()] == *pk)
    }
}
