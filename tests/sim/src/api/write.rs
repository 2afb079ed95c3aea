//! Creating, changing and deleting objects: permission, checks of the kind, and what other objects notice.

use serde_json::{Map, Value, json};

use crate::api::list::find;
use crate::api::{
    Answer, Env, applications, bindings, body, brands, flows, groups, keypairs, kinds, mappings,
    providers, roles, serve, tokens, users,
};
use crate::http::reply::Reply;
use crate::ids;
use crate::model::Model;
use crate::records::overlaid;
use crate::shapes;

/// What a kind's check returns: the keys to store.
pub(crate) type Fields = Result<Map<String, Value>, Reply>;

/// The keys of the body that the kind lets a client write.
pub(crate) fn pick(body: &Map<String, Value>, writable: &[&str]) -> Map<String, Value> {
    body.iter()
        .filter(|(key, _)| writable.contains(&key.as_str()))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// Checks a body and returns what to store. `own` is the object that is changed, if one is.
pub(crate) fn check(
    env: &Env<'_>,
    model: Model,
    body: &Map<String, Value>,
    own: Option<&Value>,
    partial: bool,
) -> Fields {
    let body = &known_keys(env, model, body);
    match model {
        Model::Provider => providers::check(env, body, own, partial),
        Model::Proxy | Model::Ldap | Model::Saml => kinds::check(env, model, body, own, partial),
        Model::Application => applications::check(env, body, own, partial),
        Model::Flow => flows::check(env, body, own, partial),
        Model::ScopeMapping => mappings::check(env, body, own, partial),
        Model::Brand => brands::check(env, body, own, partial),
        Model::KeyPair => keypairs::check(env, body, own, partial),
        Model::User => users::check(env, body, own, partial),
        Model::Group => groups::check(env, body, own, partial),
        Model::Token => tokens::check(env, body, own, partial),
        Model::Binding => bindings::check(env, body, partial),
        Model::Role => roles::check(env, body, own, partial),
    }
}

/// The body without what this release has never heard of, which it ignores whatever the value.
fn known_keys(env: &Env<'_>, model: Model, body: &Map<String, Value>) -> Map<String, Value> {
    let keys = shapes::keys(model);
    let foreign =
        |name: &str| keys.iter().any(|(key, range)| *key == name && !env.profile.within(*range));
    body.iter()
        .filter(|(key, _)| !foreign(key))
        .map(|(key, value)| (key.clone(), trimmed(value)))
        .collect()
}

/// Text fields are trimmed before anything else; what is inside of objects stays, such as attributes.
fn trimmed(value: &Value) -> Value {
    value.as_str().map_or_else(|| value.clone(), |text| json!(text.trim()))
}

/// Stores a new object and returns it.
pub(crate) fn insert(env: &mut Env<'_>, model: Model, fields: Map<String, Value>) -> Value {
    let fields = Value::Object(fields);
    let pk = ids::uuid();
    let object = match model {
        Model::Provider => {
            let pk = env.state.take_pk();
            overlaid(crate::records::blank_provider(pk), fields)
        }
        Model::Proxy | Model::Ldap | Model::Saml => {
            let pk = env.state.take_pk();
            let mut provider = overlaid(kinds::blank(model, pk), fields);
            if model == Model::Proxy {
                kinds::register_callbacks(&mut provider);
            }
            provider
        }
        Model::User => {
            let pk = env.state.take_pk();
            let mut user = overlaid(crate::records::blank_user(pk), fields);
            users::join(env, &mut user);
            user
        }
        Model::Application => overlaid(crate::records::blank_application(&pk), fields),
        Model::Group => overlaid(crate::records::blank_group(&pk), fields),
        Model::Flow => crate::records::flow_record(&pk, fields),
        Model::Brand => {
            let mut blank = crate::records::brand_record("", false);
            blank["brand_uuid"] = json!(pk);
            for flow in ["flow_authentication", "flow_invalidation", "flow_user_settings"] {
                blank[flow] = Value::Null;
            }
            overlaid(blank, fields)
        }
        Model::KeyPair => keypairs::record(&pk, &fields),
        Model::ScopeMapping => {
            overlaid(json!({"pk": pk, "managed": null, "description": ""}), fields)
        }
        Model::Token => tokens::record(env, &pk, fields),
        Model::Binding => overlaid(bindings::blank(&pk), fields),
        Model::Role => overlaid(json!({"pk": pk, "permissions": []}), fields),
    };
    if model == Model::Application {
        env.state.app_cache.clear();
    }
    model.table_mut(env.state).push(object.clone());
    object
}

/// POST on a list.
pub(crate) fn create(env: &mut Env<'_>, model: Model) -> Answer {
    // Anybody may make tokens of their own, from some release on.
    if model != Model::Token {
        env.need("add", model)?;
    }
    let body = body::object(env)?;
    let fields = check(env, model, &body, None, false)?;
    let object = insert(env, model, fields);
    Ok(Reply::json(201, &serve::object(env, model, &object)))
}

/// PUT and PATCH on an object.
pub(crate) fn update(env: &mut Env<'_>, model: Model, id: &str, partial: bool) -> Answer {
    if !env.owns(model, id) {
        env.need("change", model)?;
    }
    let position = find(env, model, id)?;
    let body = body::object(env)?;
    let old = model.table(env.state)[position].clone();
    let fields = check(env, model, &body, Some(&old), partial)?;
    let mut new = old.clone();
    for (key, value) in fields {
        let value = if key == "property_mappings" { kept_order(&old[&key], value) } else { value };
        new[key.as_str()] = value;
    }
    if model == Model::User {
        users::join(env, &mut new);
    }
    model.table_mut(env.state)[position] = new.clone();
    Ok(Reply::json(200, &serve::object(env, model, &new)))
}

/// The order of a set is that of its storage: what stays keeps its place, what is new comes last.
fn kept_order(old: &Value, new: Value) -> Value {
    let (Some(old), Some(wanted)) = (old.as_array(), new.as_array()) else {
        return new;
    };
    let mut order: Vec<Value> = old.iter().filter(|item| wanted.contains(item)).cloned().collect();
    for item in wanted {
        if !order.contains(item) {
            order.push(item.clone());
        }
    }
    Value::Array(order)
}

/// DELETE on an object.
pub(crate) fn delete(env: &mut Env<'_>, model: Model, id: &str) -> Answer {
    if !env.owns(model, id) {
        env.need("delete", model)?;
    }
    let position = find(env, model, id)?;
    let gone = model.table_mut(env.state).remove(position);
    let pk = &gone[model.primary()];
    match model {
        Model::Provider | Model::Proxy | Model::Ldap | Model::Saml => {
            for application in &mut env.state.applications {
                if application["provider"] == *pk {
                    application["provider"] = Value::Null;
                }
                if let Some(behind) = application["backchannel_providers"].as_array_mut() {
                    behind.retain(|provider| provider != pk);
                }
            }
        }
        Model::Application => {
            env.state.app_cache.clear();
            env.state.policy_bindings.retain(|binding| binding["target"] != *pk);
        }
        // Its bindings go with it, so an application may be open to all afterwards.
        Model::Group => env.state.policy_bindings.retain(|binding| binding["group"] != *pk),
        Model::Role => {
            let holders = env.state.users.iter_mut().chain(&mut env.state.groups);
            for roles in holders.filter_map(|holder| holder["roles"].as_array_mut()) {
                roles.retain(|role| role != pk);
            }
        }
        Model::User => {
            env.state.policy_bindings.retain(|binding| binding["user"] != *pk);
            env.state.tokens.retain(|token| token["user"] != *pk);
            for group in &mut env.state.groups {
                if let Some(users) = group["users"].as_array_mut() {
                    users.retain(|user| user != pk);
                }
            }
        }
        Model::Flow => forget(env, pk, &["authorization_flow", "invalidation_flow"]),
        Model::ScopeMapping => {
            for provider in &mut env.state.providers {
                if let Some(mappings) = provider["property_mappings"].as_array_mut() {
                    mappings.retain(|mapping| mapping != pk);
                }
            }
        }
        Model::KeyPair => forget(env, pk, &["signing_key", "encryption_key"]),
        _ => {}
    }
    Ok(Reply::empty(204))
}

fn forget(env: &mut Env<'_>, pk: &Value, keys: &[&str]) {
    for provider in &mut env.state.providers {
        for key in keys {
            if provider[*key] == *pk {
                provider[*key] = Value::Null;
            }
        }
    }
    for brand in &mut env.state.brands {
        if brand["flow_device_code"] == *pk {
            brand["flow_device_code"] = Value::Null;
        }
    }
}
