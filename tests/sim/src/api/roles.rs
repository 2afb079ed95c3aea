//! Roles: who holds them, and which permissions they give.

use serde_json::{Map, Value, json};

use crate::api::auth::forbidden;
use crate::api::form::Form;
use crate::api::groups::known_user;
use crate::api::list::{find, paginated};
use crate::api::write::{Fields, pick};
use crate::api::{Answer, Env, body};
use crate::features::Feature as F;
use crate::http::reply::Reply;
use crate::ids::fixed_uuid;
use crate::model::Model;

pub(crate) fn check(
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

/// Gives a role permissions; one that it has already stays single.
pub(crate) fn assign(env: &mut Env<'_>, pk: &str) -> Answer {
    let (position, wanted) = permissions(env, pk, "assign_role_permissions", "add")?;
    if let Some(held) = env.state.roles[position]["permissions"].as_array_mut() {
        for permission in &wanted {
            if !held.contains(permission) {
                held.push(permission.clone());
            }
        }
    }
    if env.profile.has(F::MappingsMoved) {
        let made: Vec<Value> = wanted.iter().map(|_| json!({"id": crate::ids::uuid()})).collect();
        return Ok(Reply::json(200, &Value::Array(made)));
    }
    Ok(Reply::empty(204))
}

/// Takes permissions from a role.
pub(crate) fn unassign(env: &mut Env<'_>, pk: &str) -> Answer {
    let (position, gone) = permissions(env, pk, "unassign_role_permissions", "change")?;
    if let Some(held) = env.state.roles[position]["permissions"].as_array_mut() {
        held.retain(|permission| !gone.contains(permission));
    }
    Ok(Reply::empty(204))
}

/// The role's position, and the permissions that the body names. Beside the permission that the action is named by it
/// takes the one that its method takes on a role.
fn permissions(
    env: &Env<'_>,
    pk: &str,
    permission: &str,
    action: &str,
) -> Result<(usize, Vec<Value>), Reply> {
    if !env.caller.may(&format!("authentik_rbac.{permission}")) {
        return Err(forbidden());
    }
    env.need(action, Model::Role)?;
    let position = find(env, Model::Role, pk)?;
    let body = body::object(env)?;
    let mut form = Form::new(&body, false);
    form.require("permissions");
    form.done()?;
    Ok((position, body.get("permissions").and_then(Value::as_array).cloned().unwrap_or_default()))
}

/// Global permissions: those of the role that is asked for, or all that any role holds.
pub(crate) fn held(env: &Env<'_>) -> Answer {
    if !env.caller.may("auth.view_permission") {
        return Err(forbidden());
    }
    let wanted = env.call.query("role");
    let roles = env.state.roles.iter().filter(|role| match &wanted {
        Some(wanted) => role["pk"] == wanted.as_str(),
        None => true,
    });
    let mut held: Vec<&str> = roles
        .filter_map(|role| role["permissions"].as_array())
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    held.sort_unstable();
    held.dedup();
    let objects: Vec<Value> = held
        .iter()
        .filter_map(|permission| permission.split_once('.'))
        .map(|(app, codename)| {
            let model = codename.split_once('_').map_or(codename, |(_, model)| model);
            let number = u32::from_str_radix(&fixed_uuid(codename)[..4], 16).unwrap_or(1);
            json!({
                "id": number, "name": format!("Can {}", codename.replace('_', " ")), "codename": codename,
                "model": model, "app_label": app, "app_label_verbose": app, "model_verbose": model,
            })
        })
        .collect();
    paginated(env, &objects, Model::Role, Clone::clone)
}

/// Gives a user a role, or takes it away.
pub(crate) fn member(env: &mut Env<'_>, pk: &str, joins: bool) -> Answer {
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
    {
        roles.retain(|held| *held != role);
        if joins {
            roles.push(role);
        }
    }
    Ok(Reply::empty(204))
}
