//! Service accounts: a user, its app password, and a group if asked for, in one request.

use serde_json::{Map, Value, json};

use crate::access::SERVICE_ACCOUNT;
use crate::api::form::Form;
use crate::api::{Answer, Env, body};
use crate::clock;
use crate::features::Feature as F;
use crate::http::reply::Reply;
use crate::ids;
use crate::model::Model;

const YEAR: i64 = 360 * 86_400;

pub(crate) fn create(env: &mut Env<'_>) -> Answer {
    env.need("add", Model::User)?;
    env.need("add", Model::Token)?;
    let body = body::object(env)?;
    let name = body.get("name").and_then(Value::as_str).unwrap_or_default().trim().to_owned();
    let with_group = body.get("create_group") == Some(&Value::Bool(true));
    refuse(env, &body, &name, with_group)?;
    let expiring = body.get("expiring") != Some(&Value::Bool(false));
    let mut attributes = json!({"goauthentik.io/user/token-expires": expiring});
    let typed = env.profile.has(F::UserTypes);
    if !typed {
        attributes[SERVICE_ACCOUNT] = json!(true);
    }
    let user = env.state.add_user(json!({
        "username": name, "name": name, "type": if typed { "service_account" } else { "internal" }, "path": "goauthentik.io/service-accounts",
        "attributes": attributes,
    }));
    let uid = env.state.user(&name).map(|user| env.state.uid_of(user));
    let key = ids::key(60);
    let expires = body.get("expires").filter(|expires| expires.is_string()).cloned();
    // The oldest release has no say in it: the token ends.
    let expiring = expiring || env.profile.has(F::OldTokens);
    env.state.add_token(json!({
        "identifier": slugify(&format!("service-account-{name}-password")), "intent": "app_password", "user": user,
        "key": key, "expiring": expiring,
        "expires": expires.unwrap_or_else(|| json!(clock::iso(env.call.now + YEAR))),
    }));
    let mut answer = json!({"username": name, "user_uid": uid, "user_pk": user});
    if with_group {
        let group = env.state.add_group(json!({"name": name, "users": [user]}));
        answer["group_pk"] = json!(group);
    }
    answer["token"] = json!(key);
    Ok(Reply::json(200, &answer))
}

/// The complaints, which older releases copy from the database.
fn refuse(
    env: &Env<'_>,
    body: &Map<String, Value>,
    name: &str,
    with_group: bool,
) -> Result<(), Reply> {
    let raw = |text: String| Reply::json(400, &json!({"non_field_errors": [text]}));
    let taken = env.state.user(name).is_some();
    let group_taken = with_group && env.state.group(name).is_some();
    if env.profile.has(F::Autocomplete) {
        let mut form = Form::new(body, false);
        if form.require("name") {
            form.text("name");
        }
        if taken {
            form.error("name", "This field must be unique.");
        }
        form.done()?;
    } else if name.is_empty() {
        let text = "null value in column \"username\" of relation \"authentik_core_user\" violates not-null \
                    constraint\nDETAIL:  Failing row contains (9, , null, null, , , , t).";
        return Err(raw(text.to_owned()));
    } else if taken {
        return Err(raw(format!(
            "duplicate key value violates unique constraint \"authentik_core_user_username_key\"\nDETAIL:  Key \
             (username)=({name}) already exists."
        )));
    }
    if group_taken && env.profile.has(F::GroupNameUnique) {
        return Err(raw("A user/group with these details already exists".to_owned()));
    }
    Ok(())
}

/// A text as part of a URL.
fn slugify(text: &str) -> String {
    let mut slug = String::new();
    for letter in text.to_lowercase().chars() {
        match letter {
            'a'..='z' | '0'..='9' | '_' => slug.push(letter),
            ' ' | '-' if !slug.ends_with('-') => slug.push('-'),
            _ => {}
        }
    }
    slug.trim_matches(['-', '_']).to_owned()
}
