//! Users, and their membership in groups as a user's own field.

use serde_json::{Map, Value, json};

use crate::api::Env;
use crate::api::form::Form;
use crate::api::write::{Fields, pick};
use crate::features::Feature as F;
use crate::model::Model;

const WRITABLE: &[&str] =
    &["username", "name", "is_active", "email", "attributes", "path", "type", "groups", "roles"];

/// What a user may be, where users have a type.
pub(crate) const TYPES: &[&str] =
    &["internal", "external", "service_account", "internal_service_account"];

/// The type of outposts' accounts, which nobody can give or take.
const OUTPOST: &str = "internal_service_account";

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
    form.choice("type", TYPES);
    check_type(&mut form, own);
    if let Some(path) = form.sent("path").and_then(Value::as_str)
        && (path.starts_with('/') || path.ends_with('/') || path.contains("//"))
    {
        form.error("path", "No empty segments in user path allowed.");
    }
    form.boolean("is_active");
    if form.sent("attributes").is_some_and(|attributes| !attributes.is_object()) {
        form.error("attributes", "Value must be a dictionary, and not have any duplicate keys.");
    }
    form.done()?;
    Ok(pick(body, WRITABLE))
}

/// Outposts' accounts are made by Authentik alone.
fn check_type(form: &mut Form<'_>, own: Option<&Value>) {
    let Some(wanted) = form.sent("type").filter(|_| !form.has_error("type")) else { return };
    match own {
        Some(own) if own["type"] == OUTPOST && *wanted != OUTPOST => {
            form.error("type", "Can't change internal service account to other user type.");
        }
        None if *wanted == OUTPOST => {
            form.error("type", "Setting a user to internal service account is not allowed.");
        }
        _ => {}
    }
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
