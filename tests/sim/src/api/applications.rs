//! Applications, and the trap in their list.

use serde_json::{Map, Value};

use crate::api::filter::selected;
use crate::api::form::Form;
use crate::api::list::page;
use crate::api::write::{Fields, pick};
use crate::api::{Answer, Env};
use crate::features::Feature as F;
use crate::model::Model;

const WRITABLE: &[&str] = &[
    "name",
    "slug",
    "provider",
    "backchannel_providers",
    "open_in_new_tab",
    "meta_launch_url",
    "meta_icon",
    "meta_description",
    "meta_publisher",
    "policy_engine_mode",
    "group",
    "meta_hide",
];

/// Slugs that would hide an endpoint.
const RESERVED: &[&str] = &["authorize", "token", "device", "userinfo", "introspect", "revoke"];

pub(crate) fn check(
    env: &Env<'_>,
    body: &Map<String, Value>,
    own: Option<&Value>,
    partial: bool,
) -> Fields {
    let mut form = Form::new(body, partial);
    let own_pk = own.map(|own| &own["pk"]);
    if form.require("name") {
        form.text("name");
    }
    if form.require("slug") {
        form.slug("slug", env.profile.has(F::CurlyQuotes));
    }
    let slug = form.sent("slug").and_then(Value::as_str).unwrap_or_default();
    if env.profile.has(F::ReservedSlugs) && RESERVED.contains(&slug) {
        form.error("slug", "The slug is reserved and cannot be used for applications.");
    }
    if !env.profile.has(F::SmallPages) && slug.len() > 50 {
        form.error("slug", "Ensure this field has no more than 50 characters.");
    }
    form.unique(
        "slug",
        Model::Application,
        env.state,
        own_pk,
        "Application with this slug already exists.",
    );
    form.related_provider("provider", env.state);
    form.unique(
        "provider",
        Model::Application,
        env.state,
        own_pk,
        "Application with this provider already exists.",
    );
    form.related_providers("backchannel_providers", env.state);
    form.choice("policy_engine_mode", &["all", "any"]);
    form.boolean("open_in_new_tab");
    for field in ["meta_description", "meta_publisher", "group"] {
        form.loose_text(field);
    }
    if let Some(url) = form.sent("meta_launch_url").and_then(Value::as_str) {
        let valid = url.is_empty() || url.contains("://") && !url.contains(char::is_whitespace);
        if !valid {
            form.error("meta_launch_url", "Enter a valid URL.");
        }
    }
    form.done()?;
    Ok(pick(body, WRITABLE))
}

/// The list. Without `superuser_full_list` it is what the caller may open, remembered for the caller from the first
/// time on whatever was filtered for then; only a search looks anew.
pub(crate) fn list(env: &mut Env<'_>) -> Answer {
    let full =
        env.call.query("superuser_full_list").as_deref() == Some("true") && env.caller.superuser;
    let mut found = selected(env, Model::Application)?;
    if full {
        return page(env, Model::Application, &found);
    }
    let searched = env.call.query("search").is_some_and(|search| !search.is_empty());
    let remembered = env.state.app_cache.get(&env.caller.user).filter(|_| !searched);
    if let Some(slugs) = remembered {
        let known = |object: &&Value| {
            object["slug"].as_str().is_some_and(|slug| slugs.iter().any(|s| s == slug))
        };
        found = env.state.applications.iter().filter(known).cloned().collect();
    } else {
        let user = env.state.users.iter().find(|user| user["pk"] == env.caller.user).cloned();
        found.retain(|object| {
            user.as_ref().is_some_and(|user| env.state.may_open(object, user, env.call.now))
        });
        if !searched && !found.is_empty() {
            let slugs = found
                .iter()
                .filter_map(|object| object["slug"].as_str().map(str::to_owned))
                .collect();
            env.state.app_cache.insert(env.caller.user, slugs);
        }
    }
    page(env, Model::Application, &found)
}
