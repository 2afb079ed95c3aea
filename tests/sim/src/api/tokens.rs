//! Tokens and app passwords, and the keys that no ordinary answer shows.

use serde_json::{Map, Value, json};

use crate::api::auth::forbidden;
use crate::api::form::Form;
use crate::api::list::find;
use crate::api::write::{Fields, pick};
use crate::api::{Answer, Env, body};
use crate::clock;
use crate::features::Feature as F;
use crate::http::reply::Reply;
use crate::ids;
use crate::model::Model;
use crate::records::overlaid;
use crate::release::since;

const HALF_AN_HOUR: i64 = 1800;
const A_DAY: i64 = 86_400;

pub(crate) fn check(
    env: &Env<'_>,
    body: &Map<String, Value>,
    own: Option<&Value>,
    partial: bool,
) -> Fields {
    if own.is_none() && !env.may("add", Model::Token) && !env.profile.within(since(2025, 2)) {
        return Err(forbidden());
    }
    let mut form = Form::new(body, partial);
    let own_pk = own.map(|own| &own["pk"]);
    if form.require("identifier") {
        form.slug("identifier", false);
    }
    form.unique(
        "identifier",
        Model::Token,
        env.state,
        own_pk,
        "Token with this identifier already exists.",
    );
    form.related("user", Model::User, env.state, false);
    if form.sent("intent").is_some() {
        form.choice("intent", &["verification", "api", "recovery", "app_password"]);
        let intent = form.sent("intent").and_then(Value::as_str).unwrap_or_default();
        if !form.has_error("intent") && !matches!(intent, "api" | "app_password") {
            form.error("intent", &format!("Invalid intent {intent}"));
        }
    }
    form.boolean("expiring");
    form.done()?;
    let mut fields =
        pick(body, &["identifier", "intent", "user", "description", "expires", "expiring"]);
    // Whatever they ask for, ordinary callers make tokens for themselves.
    if !env.caller.superuser || (own.is_none() && !fields.contains_key("user")) {
        fields.insert("user".to_owned(), json!(env.caller.user));
    }
    Ok(fields)
}

/// A token from checked fields.
pub(crate) fn record(env: &Env<'_>, pk: &str, fields: Value) -> Value {
    let given = fields.get("expires").is_some_and(Value::is_string);
    let mut token = overlaid(
        json!({
            "pk": pk, "managed": null, "identifier": "", "intent": "api", "user": null, "description": "",
            "expiring": true, "key": ids::key(60),
        }),
        fields,
    );
    let forced = token["intent"] == "api" && env.profile.within(since(2024, 4));
    if token["expiring"] == false && env.profile.within(since(2024, 4)) {
        token["expires"] = Value::Null;
    } else if !given || forced {
        let lifetime = if env.profile.has(F::DayLongTokens) { A_DAY } else { HALF_AN_HOUR };
        token["expires"] = json!(clock::iso(env.call.now + lifetime));
    }
    token
}

fn keyed<'a>(env: &'a Env<'_>, id: &str, permission: &str) -> Result<(usize, &'a Value), Reply> {
    let position = find(env, Model::Token, id)?;
    let token = &env.state.tokens[position];
    if !env.caller.may(permission) && token["user"] != env.caller.user {
        return Err(forbidden());
    }
    Ok((position, token))
}

/// The key in clear.
pub(crate) fn view_key(env: &Env<'_>, id: &str) -> Answer {
    let (_, token) = keyed(env, id, "authentik_core.view_token_key")?;
    Ok(Reply::json(200, &json!({"key": token["key"]})))
}

/// Replaces the key. The oldest release looks for it where no request it accepts can put it.
pub(crate) fn set_key(env: &mut Env<'_>, id: &str) -> Answer {
    let (position, _) = keyed(env, id, "authentik_core.set_token_key")?;
    let body = body::object(env)?;
    let key = body.get("key").filter(|_| env.profile.has(F::SetKeyJson)).and_then(Value::as_str);
    match key {
        Some(key) if !key.is_empty() => {
            env.state.tokens[position]["key"] = json!(key);
            Ok(Reply::empty(204))
        }
        _ if env.profile.has(F::Autocomplete) => {
            let mut form = Form::new(&body, false);
            if form.require("key") {
                form.text("key");
            }
            form.done()?;
            Err(Reply::empty(400))
        }
        _ => Err(Reply::empty(400)),
    }
}
