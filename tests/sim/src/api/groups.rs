//! Groups, and who belongs to them.

use serde_json::{Map, Value, json};

use crate::api::auth::forbidden;
use crate::api::form::Form;
use crate::api::list::find;
use crate::api::write::{Fields, pick};
use crate::api::{Answer, Env, body};
use crate::features::Feature as F;
use crate::http::reply::Reply;
use crate::model::Model;
use crate::release::since;

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
    if env.profile.has(F::GroupNameUnique) {
        form.unique(
            "name",
            Model::Group,
            env.state,
            own_pk,
            "Group with this name already exists.",
        );
    }
    form.related_list("users", Model::User, env.state);
    form.related_list("roles", Model::Role, env.state);
    form.related_list("parents", Model::Group, env.state);
    form.related("parent", Model::Group, env.state, true);
    form.boolean("is_superuser");
    form.done()?;
    let makes_superusers = body.get("is_superuser") == Some(&Value::Bool(true));
    if makes_superusers
        && env.profile.within(since(2025, 2))
        && !env.caller.may("authentik_core.enable_group_superuser")
    {
        let text = "User does not have permission to set the superuser status to true.";
        return Err(Reply::json(400, &json!({"is_superuser": [text]})));
    }
    let mut fields =
        pick(body, &["name", "is_superuser", "parents", "users", "attributes", "roles"]);
    if let Some(parent) = body.get("parent") {
        let parents = if parent.is_null() { json!([]) } else { json!([parent]) };
        fields.insert("parents".to_owned(), parents);
    }
    Ok(fields)
}

/// Adds a user to a group, or takes one out.
pub(crate) fn member(env: &mut Env<'_>, pk: &str, joins: bool) -> Answer {
    let permission = match (env.profile.within(since(2024, 4)), joins) {
        (false, _) => "authentik_core.add_user",
        (true, true) => "authentik_core.add_user_to_group",
        (true, false) => "authentik_core.remove_user_from_group",
    };
    if !env.caller.may(permission) {
        return Err(forbidden());
    }
    let position = find(env, Model::Group, pk)?;
    let user = known_user(env)?;
    if let Some(users) = env.state.groups[position]["users"].as_array_mut() {
        users.retain(|member| *member != user);
        if joins {
            users.push(user);
        }
    }
    Ok(Reply::empty(204))
}

/// The user that the body's `pk` names.
pub(crate) fn known_user(env: &Env<'_>) -> Result<Value, Reply> {
    let body = body::object(env)?;
    let mut form = Form::new(&body, false);
    form.require("pk");
    form.done()?;
    let pk = body.get("pk").and_then(|pk| pk.as_i64().or_else(|| pk.as_str()?.parse().ok()));
    let pk = json!(pk);
    match Model::User.by_pk(env.state, &pk) {
        Some(_) => Ok(pk),
        None => Err(Reply::detail(404, "Not found.")),
    }
}
