//! Brands, formerly tenants.

use serde_json::{Map, Value, json};

use crate::api::form::Form;
use crate::api::write::{Fields, pick};
use crate::api::{Answer, Env, settings};
use crate::differences::holds;
use crate::features::Feature as F;
use crate::http::reply::Reply;
use crate::model::Model;
use crate::release::since;
use crate::state::State;

const FLOWS: &[&str] = &[
    "flow_authentication",
    "flow_invalidation",
    "flow_recovery",
    "flow_unenrollment",
    "flow_user_settings",
    "flow_device_code",
    "flow_lockdown",
    "flow_user_switch",
    "flow_request",
];

const WRITABLE: &[&str] = &[
    "domain",
    "default",
    "branding_title",
    "branding_logo",
    "branding_favicon",
    "branding_custom_css",
    "branding_default_flow_background",
    "branding_map_tiles",
    "event_retention",
    "default_application",
    "web_certificate",
    "client_certificates",
    "attributes",
];

pub(crate) fn check(
    env: &Env<'_>,
    body: &Map<String, Value>,
    own: Option<&Value>,
    partial: bool,
) -> Fields {
    let mut form = Form::new(body, partial);
    if form.require("domain") {
        form.text("domain");
    }
    for flow in FLOWS {
        form.related(flow, Model::Flow, env.state, true);
    }
    form.boolean("default");
    if env.profile.has(F::Brands) && form.sent("default") == Some(&Value::Bool(true)) {
        let other = env.state.brands.iter().any(|brand| {
            brand["default"] == true
                && own.is_none_or(|own| own["brand_uuid"] != brand["brand_uuid"])
        });
        if other {
            form.error("default", "Only a single brand can be set as default.");
        }
    }
    form.done()?;
    Ok(pick(body, &[FLOWS, WRITABLE].concat()))
}

/// What the login page asks for: the brand of the request's host.
pub(crate) fn current(env: &Env<'_>) -> Answer {
    let brand = brand_of(env.state, env.call.host());
    let slug = |key: &str| {
        let flow = brand.and_then(|brand| Model::Flow.by_pk(env.state, &brand[key]));
        flow.map(|flow| flow["slug"].clone())
    };
    let mut shown = Map::new();
    let mut put = |key: &str, value: Value| shown.insert(key.to_owned(), value);
    put("matched_domain", brand.map_or(json!("fallback"), |brand| brand["domain"].clone()));
    put("branding_title", json!("authentik"));
    for key in ["branding_logo", "branding_favicon"] {
        put(key, brand.map_or(Value::Null, |brand| brand[key].clone()));
        if env.profile.within(since(2025, 12)) {
            put(&format!("{key}_themed_urls"), Value::Null);
        }
    }
    if env.profile.within(since(2025, 4)) {
        put("branding_custom_css", json!(""));
    }
    if env.profile.within(since(2026, 8)) {
        put("branding_map_tiles", json!(""));
    }
    put("ui_footer_links", json!([]));
    if env.profile.within(since(2023, 5)) {
        put("ui_theme", json!("automatic"));
    }
    for key in FLOWS {
        if let Some(slug) = slug(key) {
            put(key, slug);
        }
    }
    put("default_locale", json!(""));
    if env.profile.has(F::Flags) {
        let mut flags = settings::flags(env);
        if !env.profile.has(F::DefaultAccessShown)
            && let Some(flags) = flags.as_object_mut()
        {
            flags.retain(|name, _| !settings::KEPT.contains(&name.as_str()));
        }
        put("flags", flags);
    }
    Ok(Reply::json(200, &Value::Object(shown)))
}

/// The brand that serves this Host header, port included: by domain, or the default one.
pub(crate) fn brand_of<'a>(state: &'a State, host: &str) -> Option<&'a Value> {
    let host = host.to_lowercase();
    let serves = |brand: &&Value| {
        let domain = brand["domain"].as_str().unwrap_or_default().to_lowercase();
        if holds(F::BrandAtDot, state.release) {
            return host == domain || host.ends_with(&format!(".{domain}"));
        }
        // Whatever ends in the text of the domain; an empty one ends everything.
        host.ends_with(&domain)
    };
    let length = |brand: &&Value| brand["domain"].as_str().map_or(0, str::len);
    let mut serving = state.brands.iter().filter(serves);
    let chosen = if holds(F::BrandLongest, state.release) {
        serving.max_by_key(length)
    } else {
        // The default one comes last, the others in the order of the database.
        serving.by_ref().find(|brand| brand["default"] != true)
    };
    chosen.or_else(|| state.brand_default())
}
