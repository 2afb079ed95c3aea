//! OAuth2 providers.

use serde_json::{Map, Value, json};

use crate::api::form::Form;
use crate::api::list::find;
use crate::api::write::{Fields, pick};
use crate::api::{Answer, Env, kinds, redirects};
use crate::features::Feature as F;
use crate::http::reply::Reply;
use crate::model::Model;
use crate::oidc::discovery::urls;
use crate::release::before;

const WRITABLE: &[&str] = &[
    "name",
    "authentication_flow",
    "authorization_flow",
    "invalidation_flow",
    "property_mappings",
    "client_type",
    "client_id",
    "client_secret",
    "access_code_validity",
    "access_token_validity",
    "refresh_token_validity",
    "refresh_token_threshold",
    "include_claims_in_id_token",
    "signing_key",
    "encryption_key",
    "backchannel_logout_uri",
    "logout_uri",
    "logout_method",
    "sub_mode",
    "issuer_mode",
    "jwks_sources",
    "jwt_federation_sources",
    "jwt_federation_providers",
    "grant_types",
];

/// The grants this release knows.
fn grants(env: &Env<'_>) -> Vec<&'static str> {
    let mut grants = crate::migrate::ALL_GRANTS.to_vec();
    if env.profile.within(crate::release::since(2026, 8)) {
        grants.push("urn:ietf:params:oauth:grant-type:token-exchange");
    }
    grants
}

pub(crate) fn check(
    env: &Env<'_>,
    body: &Map<String, Value>,
    own: Option<&Value>,
    partial: bool,
) -> Fields {
    let mut form = Form::new(body, partial);
    let profile = env.profile;
    let own_pk = own.map(|own| &own["pk"]);
    if form.require("name") {
        form.text("name");
    }
    kinds::flows(&mut form, env);
    let mut redirect_uris = None;
    if profile.has(F::RedirectList) {
        form.require("redirect_uris");
    }
    if let Some(sent) = form.sent("redirect_uris") {
        match redirects::parsed(sent, profile) {
            Ok(stored) => redirect_uris = Some(stored),
            Err(error) => form.error_value("redirect_uris", error),
        }
    }
    kinds::unique_name(&mut form, env, own);
    form.text("client_id");
    form.unique(
        "client_id",
        Model::Provider,
        env.state,
        own_pk,
        "OAuth2/OpenID Provider with this Client ID already exists.",
    );
    form.choice("client_type", &["confidential", "public"]);
    form.choice("issuer_mode", &["global", "per_provider"]);
    form.choice("logout_method", &["backchannel", "frontchannel"]);
    let mut modes = vec!["hashed_user_id", "user_username", "user_email", "user_upn"];
    if profile.has(F::SubUserId) {
        modes.push("user_id");
    }
    if profile.has(F::SubUserUuid) {
        modes.push("user_uuid");
    }
    form.choice("sub_mode", &modes);
    form.related("signing_key", Model::KeyPair, env.state, true);
    form.related("encryption_key", Model::KeyPair, env.state, true);
    form.related_list("property_mappings", Model::ScopeMapping, env.state);
    form.boolean("include_claims_in_id_token");
    for field in [
        "access_code_validity",
        "access_token_validity",
        "refresh_token_validity",
        "token_validity",
    ] {
        check_lifetime(&mut form, field);
    }
    if profile.has(F::GrantTypes) {
        check_grants(&mut form, &grants(env));
    }
    form.done()?;

    let mut fields = pick(body, WRITABLE);
    if env.state.issuer_override {
        fields.extend(pick(body, &["issuer_override"]));
    }
    if let Some(redirect_uris) = redirect_uris {
        fields.insert("redirect_uris".to_owned(), redirect_uris);
    }
    if let Some(validity) = body.get("token_validity") {
        fields.insert("refresh_token_validity".to_owned(), validity.clone());
    }
    Ok(fields)
}

fn check_lifetime(form: &mut Form<'_>, field: &str) {
    let Some(text) = form.text(field) else { return };
    let units = ["microseconds", "milliseconds", "seconds", "minutes", "hours", "days", "weeks"];
    let valid = text.split([';', ',']).all(|part| {
        part.trim().split_once('=').is_some_and(|(unit, amount)| {
            units.contains(&unit.trim().to_lowercase().as_str())
                && amount.trim().parse::<f64>().is_ok()
        })
    });
    if !valid {
        form.error(field, &format!("{text} is not in the correct format of 'hours=3;minutes=1'."));
    }
}

fn check_grants(form: &mut Form<'_>, known: &[&str]) {
    let Some(sent) = form.sent("grant_types") else { return };
    let Some(items) = sent.as_array() else {
        form.error("grant_types", "Expected a list of items.");
        return;
    };
    let bad =
        items.iter().position(|item| !item.as_str().is_some_and(|grant| known.contains(&grant)));
    if let Some(index) = bad {
        let shown = items[index].as_str().map_or_else(|| items[index].to_string(), str::to_owned);
        let text = format!("\"{shown}\" is not a valid choice.");
        form.error_value("grant_types", json!({ index.to_string(): [text] }));
    }
}

/// The URLs of a provider as the host of this request makes them.
pub(crate) fn setup_urls(env: &Env<'_>, pk: &str) -> Answer {
    env.need("view", Model::Provider)?;
    let position = find(env, Model::Provider, pk)?;
    let provider = &env.state.providers[position];
    let application = env.state.application_of(provider);
    let mut urls = urls(env.call, provider, application);
    if !env.profile.within(before(2026, 8)) {
        // Null where dynamic registration of clients is off, which it is here.
        urls["dcr_registration"] = Value::Null;
    }
    Ok(Reply::json(200, &urls))
}
