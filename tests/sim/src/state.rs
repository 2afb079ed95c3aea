//! Everything the simulated Authentik remembers, open to tests: they look, and they edit, between requests.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use crate::defaults;
use crate::model::Model;
use crate::oidc::grants::Grants;
use crate::profile::Profile;
use crate::release::Release;

/// The installation that servers are unless a test says otherwise.
pub const INSTALLATION: &str = "3d5a1c7e-6f02-4b1e-9c44-0e2b7a9d8f10";

/// The objects of one installation, each in the newest form whatever release serves it.
#[derive(Clone, Debug)]
pub struct State {
    /// OAuth2 providers; one with an `external_host` is a proxy provider.
    pub providers: Vec<Value>,
    /// LDAP providers.
    pub ldap_providers: Vec<Value>,
    /// SAML providers.
    pub saml_providers: Vec<Value>,
    /// Applications.
    pub applications: Vec<Value>,
    /// Flows.
    pub flows: Vec<Value>,
    /// Scope mappings.
    pub scope_mappings: Vec<Value>,
    /// Brands, or tenants.
    pub brands: Vec<Value>,
    /// Certificate key pairs, with `key_data` and `certificate_data`, which no answer shows.
    pub certificate_key_pairs: Vec<Value>,
    /// Users, with `permissions`, which no answer shows.
    pub users: Vec<Value>,
    /// Groups.
    pub groups: Vec<Value>,
    /// Tokens, with `key`, which only `view_key` shows.
    pub tokens: Vec<Value>,
    /// Policy bindings.
    pub policy_bindings: Vec<Value>,
    /// Roles, with `permissions`.
    pub roles: Vec<Value>,
    /// What tells this installation from every other: the row of the database that `uid` of a user is made with.
    pub installation: String,
    /// The Cache-Control of a JWKS answer; real servers send none.
    pub jwks_cache_control: Option<String>,
    /// Whether an application without bindings is open to all.
    pub default_app_access: bool,
    /// The largest page that the tenant's settings allow; releases with small pages only.
    pub largest_page: usize,
    /// Codes, access and refresh tokens, device codes and sessions.
    pub grants: Grants,
    /// Default objects that a start-up stage does not show yet, by name.
    pub(crate) hidden: BTreeMap<String, (Model, Value)>,
    /// Slugs a user's application list was last answered with: the trap in that list.
    pub(crate) app_cache: HashMap<i64, Vec<String>>,
    /// Device requests seen, as times.
    pub(crate) device_requests: Vec<i64>,
    /// Who approves every device code at once.
    pub(crate) approves_devices: Option<String>,
    /// Whether providers have an `issuer_override`.
    pub(crate) issuer_override: bool,
    pub(crate) release: Release,
    pub(crate) next_pk: i64,
}

impl State {
    /// A freshly installed Authentik, with all its default objects and the bootstrap token.
    #[must_use]
    pub fn installed(profile: &Profile, bootstrap_token: &str) -> Self {
        Self::installed_as(profile, bootstrap_token, INSTALLATION)
    }

    /// The same as another installation: its default objects have other UUIDs, its users another `uid`; their numbers
    /// begin with the same.
    #[must_use]
    pub fn installed_as(profile: &Profile, bootstrap_token: &str, installation: &str) -> Self {
        let mut state = Self {
            providers: vec![],
            ldap_providers: vec![],
            saml_providers: vec![],
            applications: vec![],
            flows: vec![],
            scope_mappings: vec![],
            brands: vec![],
            certificate_key_pairs: vec![],
            users: vec![],
            groups: vec![],
            tokens: vec![],
            policy_bindings: vec![],
            roles: vec![],
            installation: installation.to_owned(),
            jwks_cache_control: None,
            default_app_access: true,
            largest_page: 100,
            grants: Grants::default(),
            hidden: BTreeMap::new(),
            app_cache: HashMap::new(),
            device_requests: vec![],
            approves_devices: None,
            issuer_override: false,
            release: profile.release,
            next_pk: 1,
        };
        defaults::install(&mut state, profile, bootstrap_token);
        if installation != INSTALLATION {
            state.give_other_uuids();
        }
        state
    }

    /// The next integer key; providers and users share the sequence, which real servers do not promise otherwise.
    pub(crate) fn take_pk(&mut self) -> i64 {
        let pk = self.next_pk;
        self.next_pk += 1;
        pk
    }

    /// The provider of this name.
    #[must_use]
    pub fn provider_by_name(&self, name: &str) -> Option<&Value> {
        self.providers.iter().find(|provider| provider["name"] == name)
    }

    /// The provider of this client id.
    #[must_use]
    pub fn provider_by_client_id(&self, client_id: &str) -> Option<&Value> {
        self.providers.iter().find(|provider| provider["client_id"] == client_id)
    }

    /// The provider with this key.
    #[must_use]
    pub fn provider(&self, pk: i64) -> Option<&Value> {
        self.providers.iter().find(|provider| provider["pk"] == pk)
    }

    /// A provider of any kind, with its kind.
    #[must_use]
    pub fn any_provider(&self, pk: &Value) -> Option<(Model, &Value)> {
        self.all_providers().find(|(_, provider)| !pk.is_null() && provider["pk"] == *pk)
    }

    /// The providers of all kinds, each with its kind.
    pub fn all_providers(&self) -> impl Iterator<Item = (Model, &Value)> {
        let oauth2 = self.providers.iter().map(|provider| {
            let proxy = Model::Proxy.holds(provider);
            (if proxy { Model::Proxy } else { Model::Provider }, provider)
        });
        let ldap = self.ldap_providers.iter().map(|provider| (Model::Ldap, provider));
        let saml = self.saml_providers.iter().map(|provider| (Model::Saml, provider));
        oauth2.chain(ldap).chain(saml)
    }

    /// The provider of this name, to edit.
    pub fn provider_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.providers.iter_mut().find(|provider| provider["name"] == name)
    }

    /// An hour passes: every address gets device codes again.
    pub fn forget_device_requests(&mut self) {
        self.device_requests.clear();
    }

    /// The application of this slug.
    #[must_use]
    pub fn application(&self, slug: &str) -> Option<&Value> {
        self.applications.iter().find(|application| application["slug"] == slug)
    }

    /// The application of this slug, to edit.
    pub fn application_mut(&mut self, slug: &str) -> Option<&mut Value> {
        self.app_cache.clear();
        self.applications.iter_mut().find(|application| application["slug"] == slug)
    }

    /// The application a provider is assigned to.
    #[must_use]
    pub fn application_of(&self, provider: &Value) -> Option<&Value> {
        self.applications.iter().find(|application| application["provider"] == provider["pk"])
    }

    /// The flow of this slug.
    #[must_use]
    pub fn flow(&self, slug: &str) -> Option<&Value> {
        self.flows.iter().find(|flow| flow["slug"] == slug)
    }

    /// The scope mapping with this `managed` name or scope.
    #[must_use]
    pub fn scope_mapping(&self, name: &str) -> Option<&Value> {
        self.scope_mappings
            .iter()
            .find(|mapping| mapping["managed"] == name || mapping["scope_name"] == name)
    }

    /// The user of this name.
    #[must_use]
    pub fn user(&self, username: &str) -> Option<&Value> {
        self.users.iter().find(|user| user["username"] == username)
    }

    /// The user of this name, to edit.
    pub fn user_mut(&mut self, username: &str) -> Option<&mut Value> {
        self.users.iter_mut().find(|user| user["username"] == username)
    }

    /// The group of this name.
    #[must_use]
    pub fn group(&self, name: &str) -> Option<&Value> {
        self.groups.iter().find(|group| group["name"] == name)
    }

    /// The token of this identifier, its `key` included.
    #[must_use]
    pub fn token(&self, identifier: &str) -> Option<&Value> {
        self.tokens.iter().find(|token| token["identifier"] == identifier)
    }

    /// The token of this identifier, to edit.
    pub fn token_mut(&mut self, identifier: &str) -> Option<&mut Value> {
        self.tokens.iter_mut().find(|token| token["identifier"] == identifier)
    }

    /// The key pair of this name.
    #[must_use]
    pub fn key_pair(&self, name: &str) -> Option<&Value> {
        self.certificate_key_pairs.iter().find(|pair| pair["name"] == name)
    }

    /// The brand that is the default.
    #[must_use]
    pub fn brand_default(&self) -> Option<&Value> {
        self.brands.iter().find(|brand| brand["default"] == true)
    }

    /// The brand that is the default, to edit.
    ///
    /// # Panics
    /// If there is none, which a test that asks for it did not expect.
    pub fn brand_default_mut(&mut self) -> &mut Value {
        self.brands.iter_mut().find(|brand| brand["default"] == true).expect("a default brand")
    }
}

/// Whether a JSON list contains the value.
#[must_use]
pub fn contains(list: &Value, wanted: &Value) -> bool {
    list.as_array().is_some_and(|items| items.contains(wanted))
}
