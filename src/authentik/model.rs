//! Answers of Authentik's API, read leniently: only the fields in use, unknown ones ignored, missing and
//! null ones alike, enumerations as text. So one program reads all releases, and the next one too.

use serde::Deserialize;

use super::bounded::{
    key, key_or_none, keys, many, or_default, secret, text, text_or_empty, text_or_none,
    texts_or_none,
};
use super::people::Flags;
use super::redirect::RedirectUris;
use crate::text::Secret;

/// `/core/users/me/`.
#[derive(Clone, Debug, Deserialize)]
pub struct Me {
    /// Whose token it is.
    pub user: User,
}

/// A user.
#[derive(Clone, Debug, Deserialize)]
pub struct User {
    /// Primary key.
    pub pk: i64,
    /// The name that people log in with.
    #[serde(deserialize_with = "text")]
    pub username: String,
    /// A hash of the primary key and of the installation's id (its secret key before 2023.4).
    #[serde(default, deserialize_with = "text_or_empty")]
    pub uid: String,
    /// Whether every permission is granted.
    #[serde(default, deserialize_with = "or_default")]
    pub is_superuser: bool,
    /// `internal_service_account` for an outpost; from 2023.8.
    #[serde(default, rename = "type", deserialize_with = "text_or_empty")]
    pub kind: String,
}

impl User {
    /// Whether this is an outpost's own user. `AUTHENTIK_SECRET_KEY` as a token is one.
    pub fn is_outpost(&self) -> bool {
        self.kind == "internal_service_account" || self.username.starts_with("ak-outpost-")
    }
}

/// `/admin/version/`.
#[derive(Clone, Debug, Deserialize)]
pub struct Version {
    /// Such as `2026.2.2`.
    #[serde(deserialize_with = "text")]
    pub version_current: String,
}

/// One page of a list.
#[derive(Debug, Deserialize)]
#[serde(bound = "T: Deserialize<'de>")]
pub struct Page<T> {
    /// Where the next one is.
    pub pagination: Pagination,
    /// The objects.
    #[serde(deserialize_with = "many")]
    pub results: Vec<T>,
}

/// Position in a list.
#[derive(Debug, Deserialize)]
pub struct Pagination {
    /// The next page's number, 0 on the last one.
    #[serde(default, deserialize_with = "or_default")]
    pub next: u32,
}

/// `/providers/oauth2/`.
#[derive(Clone, Debug, Deserialize)]
pub struct Provider {
    /// Primary key.
    pub pk: i64,
    /// Unique over all providers from 2023.3.
    #[serde(deserialize_with = "text")]
    pub name: String,
    /// Unique.
    #[serde(default, deserialize_with = "text_or_empty")]
    pub client_id: String,
    /// `public` or `confidential`.
    #[serde(default, deserialize_with = "text_or_empty")]
    pub client_type: String,
    /// Authentik makes one for public clients too.
    #[serde(default, deserialize_with = "secret")]
    pub client_secret: Secret,
    /// Whether an ID token says by itself what the userinfo endpoint says.
    #[serde(default)]
    pub include_claims_in_id_token: Option<bool>,
    /// Flow, by primary key.
    #[serde(default, deserialize_with = "key_or_none")]
    pub authorization_flow: Option<String>,
    /// Flow, by primary key; from 2024.10.
    #[serde(default, deserialize_with = "key_or_none")]
    pub invalidation_flow: Option<String>,
    /// Scope mappings, by primary key, in no order.
    #[serde(default, deserialize_with = "keys")]
    pub property_mappings: Vec<String>,
    /// Key pair, by primary key.
    #[serde(default, deserialize_with = "key_or_none")]
    pub signing_key: Option<String>,
    /// Key pair, by primary key; from 2024.10.
    #[serde(default, deserialize_with = "key_or_none")]
    pub encryption_key: Option<String>,
    /// In either shape.
    #[serde(default)]
    pub redirect_uris: RedirectUris,
    /// What a token's `sub` is.
    #[serde(default, deserialize_with = "text_or_empty")]
    pub sub_mode: String,
    /// `per_provider` or `global`.
    #[serde(default, deserialize_with = "text_or_empty")]
    pub issuer_mode: String,
    /// The issuer verbatim, whatever `issuer_mode` says; from 2026.11, empty where it is not used.
    #[serde(default, deserialize_with = "text_or_empty")]
    pub issuer_override: String,
    /// Such as `minutes=10`: of the code, and of the device code.
    #[serde(default, deserialize_with = "text_or_empty")]
    pub access_code_validity: String,
    /// The same of an access token.
    #[serde(default, deserialize_with = "text_or_empty")]
    pub access_token_validity: String,
    /// From 2026.5; absent before.
    #[serde(default, deserialize_with = "texts_or_none")]
    pub grant_types: Option<Vec<String>>,
    /// Null or absent when no application has it.
    #[serde(default, deserialize_with = "text_or_none")]
    pub assigned_application_slug: Option<String>,
    /// Null or absent when no application has it.
    #[serde(default, deserialize_with = "text_or_none")]
    pub assigned_application_name: Option<String>,
}

impl Provider {
    /// Whether this is a proxy provider, which lists of OAuth2 providers show too: Authentik registers the callbacks of
    /// its outpost on it.
    pub fn is_proxy(&self) -> bool {
        self.redirect_uris.entries.iter().any(|uri| uri.url.contains("X-authentik-auth-callback"))
    }
}

/// `/providers/all/`: a provider of any type.
#[derive(Clone, Debug, Deserialize)]
pub struct AnyProvider {
    /// Primary key.
    pub pk: i64,
    /// Unique over all types from 2023.3.
    #[serde(deserialize_with = "text")]
    pub name: String,
    /// Its type, such as `authentik_providers_oauth2.oauth2provider`.
    #[serde(default, deserialize_with = "text_or_empty")]
    pub meta_model_name: String,
    /// Its type for people.
    #[serde(default, deserialize_with = "text_or_empty")]
    pub verbose_name: String,
}

impl AnyProvider {
    /// Whether it is an OAuth2 provider and nothing more.
    pub fn is_oauth2(&self) -> bool {
        self.meta_model_name.ends_with(".oauth2provider")
    }
}

/// `/core/applications/{slug}/`.
#[derive(Clone, Debug, Deserialize)]
pub struct Application {
    /// Primary key, which is what bindings target.
    #[serde(deserialize_with = "key")]
    pub pk: String,
    /// `any` or `all` of its bindings must let a user in.
    #[serde(default, deserialize_with = "text_or_empty")]
    pub policy_engine_mode: String,
    /// Its name.
    #[serde(deserialize_with = "text")]
    pub name: String,
    /// Its slug.
    #[serde(deserialize_with = "text")]
    pub slug: String,
    /// Its provider, by primary key.
    #[serde(default)]
    pub provider: Option<i64>,
}

/// `/flows/instances/`.
#[derive(Clone, Debug, Deserialize)]
pub struct Flow {
    /// Primary key.
    #[serde(deserialize_with = "key")]
    pub pk: String,
    /// Its slug.
    #[serde(deserialize_with = "text")]
    pub slug: String,
    /// What it is for: `authorization`, `invalidation`, `stage_configuration` and others.
    #[serde(default, deserialize_with = "text_or_empty")]
    pub designation: String,
    /// Who may run it: `none`, `require_authenticated` and others.
    #[serde(default, deserialize_with = "text_or_empty")]
    pub authentication: String,
}

/// A scope mapping.
#[derive(Clone, Debug, Deserialize)]
pub struct ScopeMapping {
    /// Primary key.
    #[serde(deserialize_with = "key")]
    pub pk: String,
    /// The name under which Authentik's blueprints keep it; null for a person's own.
    #[serde(default, deserialize_with = "text_or_none")]
    pub managed: Option<String>,
    /// Its name.
    #[serde(default, deserialize_with = "text_or_empty")]
    pub name: String,
    /// The scope.
    #[serde(default, deserialize_with = "text_or_empty")]
    pub scope_name: String,
}

/// `/crypto/certificatekeypairs/`.
#[derive(Clone, Debug, Deserialize)]
pub struct KeyPair {
    /// Primary key.
    #[serde(deserialize_with = "key")]
    pub pk: String,
    /// Its name.
    #[serde(deserialize_with = "text")]
    pub name: String,
    /// From 2025.12.
    #[serde(default, deserialize_with = "text_or_none")]
    key_type: Option<String>,
    /// Before 2025.12; null when details were not asked for.
    #[serde(default, deserialize_with = "text_or_none")]
    private_key_type: Option<String>,
}

impl KeyPair {
    /// `rsa`, `ec` and so on, where the answer says it.
    pub fn kind(&self) -> Option<&str> {
        self.key_type.as_deref().or(self.private_key_type.as_deref())
    }
}

/// `/core/brands/`, `/core/tenants/` before 2024.2.
#[derive(Clone, Debug, Deserialize)]
pub struct Brand {
    /// Primary key.
    #[serde(alias = "tenant_uuid", deserialize_with = "key")]
    pub brand_uuid: String,
    /// It serves hosts that end in this.
    #[serde(deserialize_with = "text")]
    pub domain: String,
    /// It serves all others.
    #[serde(default, deserialize_with = "or_default")]
    pub default: bool,
    /// Flow, by primary key: without it, `/device` answers 404.
    #[serde(default, deserialize_with = "key_or_none")]
    pub flow_device_code: Option<String>,
}

/// `/core/brands/current/`: the brand that serves the Host which the question was asked with.
#[derive(Clone, Debug, Deserialize)]
pub struct CurrentBrand {
    /// The brand's domain; `fallback` where there is no brand yet.
    #[serde(deserialize_with = "text")]
    pub matched_domain: String,
    /// Its device code flow, by slug; absent where there is none.
    #[serde(default, deserialize_with = "text_or_none")]
    pub flow_device_code: Option<String>,
    /// Settings that everybody may know.
    #[serde(default, deserialize_with = "or_default")]
    pub flags: Flags,
}
