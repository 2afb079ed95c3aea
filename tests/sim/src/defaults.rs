//! What a fresh installation holds: flows, scope mappings, brand, signing key, administrator and bootstrap token.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::default_mappings::{description, mappings};
use crate::features::Feature;
use crate::ids::fixed_uuid;
use crate::model::Model;
use crate::profile::Profile;
use crate::records::{
    blank_group, blank_user, brand_record, flow_record, key_pair_record, overlaid,
};
use crate::state::State;

/// The throw-away keys all simulated servers sign with.
pub(crate) const RSA_KEY: &str = include_str!("../keys/rsa.key.pem");
pub(crate) const RSA_CERT: &str = include_str!("../keys/rsa.crt.pem");
pub(crate) const EC_KEY: &str = include_str!("../keys/ec.key.pem");
pub(crate) const EC_CERT: &str = include_str!("../keys/ec.crt.pem");

/// The name of the key pair every installation has.
pub const SELF_SIGNED: &str = "authentik Self-signed Certificate";
/// The domain of the brand every installation has.
pub const DEFAULT_BRAND: &str = "authentik-default";
/// The prefix of the OAuth2 scope mappings' managed names.
pub const SCOPE: &str = "goauthentik.io/providers/oauth2/scope-";

/// Slug, designation, who may use it, title, number of stages.
const FLOWS: &[(&str, &str, &str, &str, usize)] = &[
    ("default-authentication-flow", "authentication", "none", "Welcome to authentik!", 4),
    (
        "default-authenticator-static-setup",
        "stage_configuration",
        "require_authenticated",
        "Setup static OTP Tokens",
        1,
    ),
    (
        "default-authenticator-totp-setup",
        "stage_configuration",
        "require_authenticated",
        "Setup Two-Factor authentication",
        1,
    ),
    (
        "default-authenticator-webauthn-setup",
        "stage_configuration",
        "require_authenticated",
        "Setup WebAuthn",
        1,
    ),
    ("default-invalidation-flow", "invalidation", "none", "Default Invalidation Flow", 1),
    (
        "default-password-change",
        "stage_configuration",
        "require_authenticated",
        "Change password",
        2,
    ),
    (
        "default-provider-authorization-explicit-consent",
        "authorization",
        "require_authenticated",
        "Redirecting to %(app)s",
        1,
    ),
    (
        "default-provider-authorization-implicit-consent",
        "authorization",
        "require_authenticated",
        "Redirecting to %(app)s",
        0,
    ),
    (
        "default-provider-invalidation-flow",
        "invalidation",
        "none",
        "You've logged out of %(app)s.",
        0,
    ),
    (
        "default-source-authentication",
        "authentication",
        "require_unauthenticated",
        "Welcome to authentik!",
        1,
    ),
    (
        "default-source-enrollment",
        "enrollment",
        "none",
        "Welcome to authentik! Please select a username.",
        3,
    ),
    ("default-source-pre-authentication", "stage_configuration", "none", "Pre-Authentication", 0),
    (
        "default-user-settings-flow",
        "stage_configuration",
        "require_authenticated",
        "Update your info",
        2,
    ),
    ("initial-setup", "stage_configuration", "none", "Welcome to authentik!", 3),
];

/// The names of the objects that appear one by one while a server starts: flow slugs, managed names of scope mappings,
/// the brand's domain and the key pair's name.
#[must_use]
pub fn default_objects(profile: &Profile) -> Vec<String> {
    named(profile).into_iter().map(|(name, ..)| name).collect()
}

pub(crate) fn install(state: &mut State, profile: &Profile, bootstrap_token: &str) {
    for (_, model, object) in named(profile) {
        model.table_mut(state).push(object);
    }
    let outpost = state.take_pk();
    if profile.has(Feature::Brands) {
        let mut roles = json!([]);
        if profile.has(Feature::DirectRoles) {
            let role = json!({"pk": fixed_uuid("outpost role"), "name": "ak-managed-outpost", "permissions": []});
            roles = json!([role["pk"]]);
            state.roles.push(role);
        }
        state.users.push(overlaid(
            blank_user(outpost),
            json!({
                "username": format!("ak-outpost-{}", fixed_uuid("outpost").replace('-', "")),
                "name": "Outpost authentik Embedded Outpost Service-Account",
                "type": "internal_service_account", "path": "goauthentik.io/outposts", "roles": roles,
            }),
        ));
    }
    state.next_pk = 4;
    let admin = state.take_pk();
    state.users.push(overlaid(
        blank_user(admin),
        json!({"username": "akadmin", "name": "authentik Default Admin", "email": "admin@example.com"}),
    ));
    let mut groups = vec![("authentik Admins", true, json!([admin]))];
    if profile.has(Feature::Entitlements) {
        groups.push(("authentik Read-only", false, json!([])));
    }
    for (name, superuser, users) in groups {
        state.groups.push(overlaid(
            blank_group(&fixed_uuid(name)),
            json!({"name": name, "is_superuser": superuser, "users": users}),
        ));
    }
    state.add_token(json!({
        "identifier": "authentik-bootstrap-token", "intent": "api", "user": admin,
        "key": bootstrap_token, "expiring": false,
        "managed": "goauthentik.io/bootstrap/token",
    }));
}

/// All default objects of a release with their names.
fn named(profile: &Profile) -> Vec<(String, Model, Value)> {
    let mut all = vec![];
    for (slug, designation, authentication, title, stages) in FLOWS {
        if *slug == "default-provider-invalidation-flow" && !profile.has(Feature::InvalidationFlow)
        {
            continue;
        }
        let name = match *slug {
            "default-invalidation-flow" => "Logout",
            "default-password-change" => "Change Password",
            "default-provider-invalidation-flow" => "Logged out of application",
            "default-user-settings-flow" => "User settings",
            "initial-setup" => "default-oobe-setup",
            slug if slug.starts_with("default-provider-auth") => "Authorize Application",
            slug if slug.starts_with("default-authenticator") => slug,
            _ => title,
        };
        let stages: Vec<String> =
            (0..*stages).map(|n| fixed_uuid(&format!("{slug}-{n}"))).collect();
        let flow = flow_record(
            &fixed_uuid(slug),
            json!({
                "name": name, "slug": slug, "title": title, "designation": designation,
                "authentication": authentication, "stages": stages,
            }),
        );
        all.push(((*slug).to_owned(), Model::Flow, flow));
    }
    for (name, scope, title) in mappings(profile) {
        let mapping = json!({
            "pk": fixed_uuid(&name), "managed": name, "name": format!("authentik default OAuth Mapping: {title}"),
            "expression": "return {}", "scope_name": scope, "description": description(scope),
        });
        all.push((name, Model::ScopeMapping, mapping));
    }
    all.push((DEFAULT_BRAND.to_owned(), Model::Brand, brand_record(DEFAULT_BRAND, true)));
    let pair = key_pair_record(&fixed_uuid(SELF_SIGNED), SELF_SIGNED, "rsa", RSA_CERT, RSA_KEY);
    all.push((SELF_SIGNED.to_owned(), Model::KeyPair, pair));
    all
}

impl State {
    /// Hides the named default objects and shows all others that were hidden.
    pub(crate) fn hide(&mut self, missing: &BTreeSet<String>) {
        for (name, (model, object)) in std::mem::take(&mut self.hidden) {
            model.table_mut(self).push(object);
            debug_assert!(!name.is_empty());
        }
        for model in [Model::Flow, Model::ScopeMapping, Model::Brand, Model::KeyPair] {
            let key = match model {
                Model::Flow => "slug",
                Model::ScopeMapping => "managed",
                Model::Brand => "domain",
                _ => "name",
            };
            let table = std::mem::take(model.table_mut(self));
            for object in table {
                match object[key].as_str() {
                    Some(name) if missing.contains(name) => {
                        self.hidden.insert(name.to_owned(), (model, object));
                    }
                    _ => model.table_mut(self).push(object),
                }
            }
        }
    }
}
