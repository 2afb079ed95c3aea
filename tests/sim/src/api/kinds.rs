//! Providers of other kinds than OAuth2: enough of each to be in the way of a name, and of an application.

use serde_json::{Map, Value, json};

use crate::api::form::Form;
use crate::api::list::paginated;
use crate::api::write::{Fields, pick};
use crate::api::{Answer, Env, serve};
use crate::features::Feature as F;
use crate::model::Model;
use crate::shapes::{PROVIDER_HEAD, cut};

/// What tells one kind from another in answers.
pub(crate) struct Kind {
    pub(crate) component: &'static str,
    pub(crate) verbose: &'static str,
    pub(crate) meta: &'static str,
}

pub(crate) fn kind(model: Model) -> Kind {
    let (component, verbose, meta) = match model {
        Model::Proxy => ("proxy", "Proxy Provider", "authentik_providers_proxy.proxyprovider"),
        Model::Ldap => ("ldap", "LDAP Provider", "authentik_providers_ldap.ldapprovider"),
        Model::Saml => ("saml", "SAML Provider", "authentik_providers_saml.samlprovider"),
        _ => ("oauth2", "OAuth2/OpenID Provider", "authentik_providers_oauth2.oauth2provider"),
    };
    Kind { component, verbose, meta }
}

/// Keys of these kinds that a client may write, beside those that all providers have.
fn writable(model: Model) -> &'static [&'static str] {
    match model {
        Model::Proxy => &["external_host", "internal_host", "mode", "cookie_domain"],
        Model::Ldap => &["base_dn", "search_mode", "bind_mode"],
        _ => &["acs_url", "audience"],
    }
}

/// The name of a provider is unique over all kinds, where it is unique at all.
pub(crate) fn unique_name(form: &mut Form<'_>, env: &Env<'_>, own: Option<&Value>) {
    let Some(name) = form.sent("name") else { return };
    let taken = env.state.all_providers().any(|(_, provider)| {
        provider["name"] == *name && own.is_none_or(|own| own["pk"] != provider["pk"])
    });
    if taken && env.profile.has(F::ProviderNameUnique) && !form.has_error("name") {
        form.error("name", "provider with this name already exists.");
    }
}

/// The flows that every provider refers to.
pub(crate) fn flows(form: &mut Form<'_>, env: &Env<'_>) {
    form.require("authorization_flow");
    form.related("authorization_flow", Model::Flow, env.state, false);
    form.related("authentication_flow", Model::Flow, env.state, true);
    if env.profile.has(F::InvalidationFlow) {
        form.require("invalidation_flow");
        form.related("invalidation_flow", Model::Flow, env.state, false);
    }
}

pub(crate) fn check(
    env: &Env<'_>,
    model: Model,
    body: &Map<String, Value>,
    own: Option<&Value>,
    partial: bool,
) -> Fields {
    let mut form = Form::new(body, partial);
    if form.require("name") {
        form.text("name");
    }
    unique_name(&mut form, env, own);
    flows(&mut form, env);
    match model {
        Model::Proxy => {
            form.require("external_host");
            form.choice("mode", &["proxy", "forward_single", "forward_domain"]);
            let forwards = form.sent("mode").is_some_and(|mode| mode != "proxy");
            if !partial && !forwards && form.sent("internal_host").is_none() {
                form.error(
                    "internal_host",
                    "Internal host cannot be empty when forward auth is disabled.",
                );
            }
        }
        Model::Saml => drop(form.require("acs_url")),
        _ => {}
    }
    form.done()?;
    let common = [
        "name",
        "authentication_flow",
        "authorization_flow",
        "invalidation_flow",
        "property_mappings",
    ];
    Ok(pick(body, &[&common[..], writable(model)].concat()))
}

/// A provider of one of these kinds as the model's defaults make it.
pub(crate) fn blank(model: Model, pk: i64) -> Value {
    let own = match model {
        Model::Proxy => json!({
            "external_host": "", "internal_host": "", "internal_host_ssl_validation": true,
            "certificate": null, "skip_path_regex": "", "basic_auth_enabled": false,
            "basic_auth_password_attribute": "", "basic_auth_user_attribute": "", "mode": "proxy",
            "intercept_header_auth": true, "cookie_domain": "", "outpost_set": [],
        }),
        Model::Ldap => json!({
            "base_dn": "DC=ldap,DC=goauthentik,DC=io", "certificate": null, "tls_server_name": "",
            "uid_start_number": 2000, "gid_start_number": 4000, "outpost_set": [],
            "search_mode": "direct", "bind_mode": "direct", "mfa_support": true,
        }),
        _ => json!({"acs_url": "", "audience": ""}),
    };
    let mut provider = crate::records::blank_provider(pk);
    if model != Model::Proxy {
        let kept = ["pk", "name", "authentication_flow", "authorization_flow", "invalidation_flow"];
        if let Some(fields) = provider.as_object_mut() {
            fields.retain(|key, _| kept.contains(&key.as_str()) || key == "property_mappings");
        }
    }
    crate::records::overlaid(provider, own)
}

/// The callbacks that a proxy provider registers for its outpost.
pub(crate) fn register_callbacks(provider: &mut Value) {
    let host = provider["external_host"].as_str().unwrap_or_default().trim_end_matches('/');
    let entry = |url: String| json!({"matching_mode": "regex", "url": url});
    provider["redirect_uris"] = json!([
        entry(format!(
            "{host}/outpost\\.goauthentik\\.io/callback\\?X-authentik-auth-callback=true"
        )),
        entry(format!("{host}\\?X-authentik-auth-callback=true")),
    ]);
}

/// Providers of all kinds, in the form they have in common.
pub(crate) fn all(env: &Env<'_>) -> Answer {
    env.need("view", Model::Provider)?;
    let search = env.call.query("search").unwrap_or_default().to_lowercase();
    let unassigned = env.call.query("application__isnull");
    let mut objects: Vec<Value> = env
        .state
        .all_providers()
        .filter(|(_, provider)| {
            provider["name"].as_str().is_some_and(|name| name.to_lowercase().contains(&search))
        })
        .filter(|(_, provider)| match unassigned.as_deref() {
            Some("true") => env.state.application_of(provider).is_none(),
            Some("false") => env.state.application_of(provider).is_some(),
            _ => true,
        })
        .map(|(model, provider)| head(env, model, provider))
        .collect();
    objects.sort_by_key(|provider| provider["name"].to_string());
    paginated(env, &objects, Model::Provider, Clone::clone)
}

/// What providers of all kinds show.
pub(crate) fn head(env: &Env<'_>, model: Model, provider: &Value) -> Value {
    let mut full = provider.as_object().cloned().unwrap_or_default();
    serve::provider(env, model, provider, &mut full);
    Value::Object(cut(&full, PROVIDER_HEAD, env.profile))
}
