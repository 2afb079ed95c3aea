//! Groups, roles, and who belongs to them.

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
    Ok(pick(body, &["name", "is_superuser", "parents", "users", "attributes", "roles"]))
}

pub(crate) fn check_role(
    env: &Env<'_>,
    body: &Map<String, Value>,
    own: Option<&Value>,
    partial: bool,
) -> Fields {
    let mut form = Form::new(body, partial);
    if form.require("name") {
        form.text("name");
    }
    form.unique(
        "name",
        Model::Role,
        env.state,
        own.map(|own| &own["pk"]),
        "role with this name already exists.",
    );
    form.done()?;
    Ok(pick(body, &["name"]))
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
fn known_user(env: &Env<'_>) -> Result<Value, Reply> {
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

/// Gives a role permissions.
pub(crate) fn assign(env: &mut Env<'_>, pk: &str) -> Answer {
    if !env.caller.may("authentik_rbac.assign_role_permissions") {
        return Err(forbidden());
    }
    let position = find(env, Model::Role, pk)?;
    let body = body::object(env)?;
    let mut form = Form::new(&body, false);
    form.require("permissions");
    form.done()?;
    let wanted = body.get("permissions").and_then(Value::as_array).cloned().unwrap_or_default();
    if let Some(held) = env.state.roles[position]["permissions"].as_array_mut() {
        held.extend(wanted.clone());
    }
    if env.profile.has(F::MappingsMoved) {
        let made: Vec<Value> = wanted.iter().map(|_| json!({"id": crate::ids::uuid()})).collect();
        return Ok(Reply::json(200, &Value::Array(made)));
    }
    Ok(Reply::empty(204))
}

/// Gives a user a role.
pub(crate) fn role_member(env: &mut Env<'_>, pk: &str) -> Answer {
    env.need("change", Model::Role)?;
    let position = find(env, Model::Role, pk)?;
    let role = env.state.roles[position]["pk"].clone();
    let user = known_user(env)?;
    if let Some(roles) = env
        .state
        .users
        .iter_mut()
        .find(|candidate| candidate["pk"] == user)
        .and_then(|user| user["roles"].as_array_mut())
        && !roles.contains(&role)
    {
        roles.push(role);
    }
    Ok(Reply::empty(204))
}
