//! Users, and their membership in groups as a user's own field.

use serde_json::{Map, Value, json};

use crate::api::Env;
use crate::api::form::Form;
use crate::api::write::{Fields, pick};
use crate::features::Feature as F;
use crate::model::Model;

const WRITABLE: &[&str] =
    &["username", "name", "is_active", "email", "attributes", "path", "type", "groups", "roles"];

pub(crate) fn check(
    env: &Env<'_>,
    body: &Map<String, Value>,
    own: Option<&Value>,
    partial: bool,
) -> Fields {
    let mut form = Form::new(body, partial);
    let own_pk = own.map(|own| &own["pk"]);
    for field in ["username", "name"] {
        if form.require(field) && field == "username" {
            form.text(field);
        }
    }
    form.loose_text("name");
    if env.profile.has(F::UserNeedsGroups) {
        form.require("groups");
    }
    if !form.has_error("groups") {
        form.unique("username", Model::User, env.state, own_pk, "This field must be unique.");
    }
    form.related_list("groups", Model::Group, env.state);
    form.related_list("roles", Model::Role, env.state);
    form.choice("type", &["internal", "external", "service_account", "internal_service_account"]);
    form.boolean("is_active");
    form.done()?;
    Ok(pick(body, WRITABLE))
}

/// Moves a user's `groups` field, if it has one, into the groups, which hold the membership.
pub(crate) fn join(env: &mut Env<'_>, user: &mut Value) {
    let Some(wanted) = user.as_object_mut().and_then(|user| user.shift_remove("groups")) else {
        return;
    };
    let pk = user["pk"].clone();
    for group in &mut env.state.groups {
        let belongs = crate::state::contains(&wanted, &group["pk"]);
        if let Some(users) = group["users"].as_array_mut() {
            users.retain(|member| *member != pk);
            if belongs {
                users.push(json!(pk));
            }
        }
    }
}
