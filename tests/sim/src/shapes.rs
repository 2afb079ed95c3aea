//! Which keys each release serves of each kind of object, in their order. Objects are kept in the newest form.

use serde_json::{Map, Value};

use crate::model::Model;
use crate::other_shapes::{LDAP_TAIL, PROXY_TAIL, SAML_TAIL};
use crate::people_shapes::{GROUP, ROLE, TOKEN, USER};
use crate::profile::Profile;
use crate::release::{ALL, NEVER, Range, Release, before, between, since};

/// A key and the releases that serve it.
pub type Key = (&'static str, Range);

pub(crate) const fn all(name: &'static str) -> Key {
    (name, ALL)
}

/// What every kind of provider shows; the head of a provider, and the whole of an application's `provider_obj`.
pub static PROVIDER_HEAD: &[Key] = &[
    all("pk"),
    all("name"),
    ("authentication_flow", since(2023, 4)),
    all("authorization_flow"),
    ("invalidation_flow", since(2024, 10)),
    all("property_mappings"),
    all("component"),
    all("assigned_application_slug"),
    all("assigned_application_name"),
    ("assigned_backchannel_application_slug", since(2025, 8)),
    ("assigned_backchannel_application_name", since(2025, 8)),
    all("verbose_name"),
    all("verbose_name_plural"),
    all("meta_model_name"),
];

static PROVIDER_TAIL: &[Key] = &[
    all("client_type"),
    all("client_id"),
    all("client_secret"),
    all("access_code_validity"),
    ("token_validity", before(2023, 2)),
    ("access_token_validity", since(2023, 2)),
    ("refresh_token_validity", since(2023, 2)),
    ("refresh_token_threshold", since(2025, 10)),
    all("include_claims_in_id_token"),
    all("signing_key"),
    ("encryption_key", since(2024, 10)),
    all("redirect_uris"),
    ("backchannel_logout_uri", between((2025, 8), (2025, 10))),
    ("logout_uri", since(2025, 10)),
    ("logout_method", since(2025, 10)),
    all("sub_mode"),
    all("issuer_mode"),
    ("jwks_sources", before(2024, 12)),
    ("jwt_federation_sources", since(2024, 12)),
    ("jwt_federation_providers", since(2024, 12)),
    ("grant_types", Range(Release(2026, 5, 0), NEVER)),
];

static APPLICATION: &[Key] = &[
    all("pk"),
    ("pbm_uuid", since(2026, 8)),
    all("name"),
    all("slug"),
    all("provider"),
    all("provider_obj"),
    ("backchannel_providers", since(2023, 4)),
    ("backchannel_providers_obj", since(2023, 4)),
    all("launch_url"),
    all("open_in_new_tab"),
    all("meta_launch_url"),
    all("meta_icon"),
    ("meta_icon_url", since(2025, 12)),
    ("meta_icon_themed_urls", since(2025, 12)),
    all("meta_description"),
    all("meta_publisher"),
    all("policy_engine_mode"),
    all("group"),
    ("meta_hide", Range(Release(2026, 5, 0), NEVER)),
];

static FLOW: &[Key] = &[
    all("pk"),
    all("policybindingmodel_ptr_id"),
    all("name"),
    all("slug"),
    all("title"),
    all("designation"),
    all("background"),
    ("background_url", since(2025, 12)),
    ("background_themed_urls", since(2025, 12)),
    all("stages"),
    all("policies"),
    all("cache_count"),
    all("policy_engine_mode"),
    all("compatibility_mode"),
    all("export_url"),
    all("layout"),
    all("denied_action"),
    all("authentication"),
];

static SCOPE_MAPPING: &[Key] = &[
    all("pk"),
    all("managed"),
    all("name"),
    all("expression"),
    all("component"),
    all("verbose_name"),
    all("verbose_name_plural"),
    all("meta_model_name"),
    all("scope_name"),
    all("description"),
];

static BRAND: &[Key] = &[
    ("tenant_uuid", before(2024, 2)),
    ("brand_uuid", since(2024, 2)),
    all("domain"),
    all("default"),
    all("branding_title"),
    all("branding_logo"),
    all("branding_favicon"),
    ("branding_custom_css", since(2025, 4)),
    ("branding_default_flow_background", since(2025, 4)),
    ("branding_map_tiles", since(2026, 8)),
    all("flow_authentication"),
    all("flow_invalidation"),
    all("flow_recovery"),
    all("flow_unenrollment"),
    all("flow_user_settings"),
    all("flow_device_code"),
    ("flow_lockdown", Range(Release(2026, 5, 0), NEVER)),
    ("flow_user_switch", since(2026, 8)),
    ("flow_request", since(2026, 8)),
    ("event_retention", before(2024, 2)),
    ("default_application", since(2024, 8)),
    all("web_certificate"),
    ("client_certificates", since(2025, 6)),
    all("attributes"),
];

static KEY_PAIR: &[Key] = &[
    all("pk"),
    all("name"),
    all("fingerprint_sha256"),
    all("fingerprint_sha1"),
    all("cert_expiry"),
    all("cert_subject"),
    all("private_key_available"),
    ("private_key_type", before(2025, 12)),
    ("key_type", since(2025, 12)),
    all("certificate_download_url"),
    all("private_key_download_url"),
    all("managed"),
];

static BINDING: &[Key] = &[
    all("pk"),
    all("policy"),
    all("group"),
    all("user"),
    all("policy_obj"),
    all("group_obj"),
    all("user_obj"),
    all("target"),
    all("negate"),
    all("enabled"),
    all("order"),
    all("timeout"),
    ("failure_result", since(2023, 10)),
    ("expires", since(2026, 8)),
    ("expiring", since(2026, 8)),
];

/// The keys of a kind of object, head first.
#[must_use]
pub fn keys(model: Model) -> Vec<Key> {
    match model {
        Model::Provider => [PROVIDER_HEAD, PROVIDER_TAIL].concat(),
        Model::Proxy => [PROVIDER_HEAD, PROXY_TAIL].concat(),
        Model::Ldap => [PROVIDER_HEAD, LDAP_TAIL].concat(),
        Model::Saml => [PROVIDER_HEAD, SAML_TAIL].concat(),
        Model::Application => APPLICATION.to_vec(),
        Model::Flow => FLOW.to_vec(),
        Model::ScopeMapping => SCOPE_MAPPING.to_vec(),
        Model::Brand => BRAND.to_vec(),
        Model::KeyPair => KEY_PAIR.to_vec(),
        Model::User => USER.to_vec(),
        Model::Group => GROUP.to_vec(),
        Model::Token => TOKEN.to_vec(),
        Model::Binding => BINDING.to_vec(),
        Model::Role => ROLE.to_vec(),
    }
}

/// The object with exactly the keys this release serves, absent ones null.
#[must_use]
pub fn cut(full: &Map<String, Value>, keys: &[Key], profile: &Profile) -> Map<String, Value> {
    keys.iter()
        .filter(|(_, range)| profile.within(*range))
        .map(|(name, _)| {
            let value = full.get(*name).cloned().unwrap_or(Value::Null);
            ((*name).to_owned(), value)
        })
        .collect()
}
