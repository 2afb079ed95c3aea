//! Personal access tokens.

use authentik_sim::plumbing::iso;
use serde_json::{Value, json};

use crate::ids;
use crate::rest::failure::{Answered, Failure};
use crate::rest::guard::Caller;
use crate::rest::permissions::demanded;
use crate::rest::roles::Operation;
use crate::rest::{Ctx, text};
use crate::state::{AccessToken, State};
use crate::world::lock;

/// A token for somebody, made by somebody, and its plain text.
pub(crate) fn make(
    (user, by): (&str, &str),
    name: &str,
    now: i64,
    days: i64,
) -> (AccessToken, String) {
    let plain = ids::access_token();
    let token = AccessToken {
        id: ids::object(),
        user: user.to_owned(),
        name: name.to_owned(),
        hash: ids::hashed(&plain),
        created_at: now,
        created_by: by.to_owned(),
        expires: now + days * 86_400,
        last_used: None,
    };
    (token, plain)
}

fn shown(token: &AccessToken) -> Value {
    let mut shown = json!({
        "created_at": iso(token.created_at), "created_by": token.created_by,
        "expiration_date": iso(token.expires), "id": token.id, "name": token.name,
    });
    if let Some(at) = token.last_used {
        shown["last_used"] = json!(iso(at));
    }
    shown
}

/// Everybody's own, and service users' for those who may.
fn checked(state: &State, caller: &Caller, id: &str, operation: Operation) -> Answered<()> {
    let by = demanded(state, caller, "pats", operation)?;
    let user = state.user(id).ok_or_else(|| Failure::no_user(id))?;
    if user.account != caller.account {
        return Err(Failure::denied());
    }
    if caller.user != id && !(by.has_admin_power() && user.is_service_user) {
        return Err(Failure::forbidden("admin role required to perform this action"));
    }
    Ok(())
}

pub(crate) fn list(ctx: &Ctx<'_>, caller: &Caller, id: &str) -> Answered {
    let state = lock(&ctx.world.state);
    checked(&state, caller, id, Operation::Read)?;
    let tokens: Vec<Value> = state.tokens.iter().filter(|t| t.user == id).map(shown).collect();
    // An empty list is null.
    Ok(if tokens.is_empty() { Value::Null } else { Value::Array(tokens) })
}

pub(crate) fn show(ctx: &Ctx<'_>, caller: &Caller, id: &str, token: &str) -> Answered {
    let state = lock(&ctx.world.state);
    checked(&state, caller, id, Operation::Read)?;
    let found = state.tokens.iter().find(|known| known.user == id && known.id == token);
    found.map(shown).ok_or_else(|| Failure::not_found(format!("PAT: {token} not found")))
}

pub(crate) fn create(ctx: &Ctx<'_>, caller: &Caller, id: &str) -> Answered {
    let body = ctx.body()?;
    let name = text(&body, "name")?;
    let days = match &body["expires_in"] {
        Value::Null => 0,
        days => days.as_i64().ok_or_else(Failure::no_json)?,
    };
    if name.is_empty() {
        return Err(Failure::invalid("token name can't be empty"));
    }
    if !(1..=365).contains(&days) {
        return Err(Failure::invalid("expiration has to be between 1 and 365"));
    }
    let mut state = lock(&ctx.world.state);
    checked(&state, caller, id, Operation::Create)?;
    let (token, plain) = make((id, &caller.user), name, ctx.world.now(), days);
    let answer = json!({"personal_access_token": shown(&token), "plain_token": plain});
    state.tokens.push(token);
    Ok(answer)
}

pub(crate) fn delete(ctx: &Ctx<'_>, caller: &Caller, id: &str, token: &str) -> Answered {
    let mut state = lock(&ctx.world.state);
    checked(&state, caller, id, Operation::Delete)?;
    let at = state.tokens.iter().position(|known| known.user == id && known.id == token);
    let at = at.ok_or_else(|| Failure::not_found(format!("PAT: {token} not found")))?;
    state.tokens.remove(at);
    Ok(json!({}))
}
