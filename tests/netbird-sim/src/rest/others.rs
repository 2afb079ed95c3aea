//! What a person meets in the dashboard besides: peers and setup keys, as far as lists go.

use authentik_sim::plumbing::{iso, uuid};
use serde_json::{Value, json};

use crate::ids;
use crate::rest::failure::{Answered, Failure};
use crate::rest::guard::Caller;
use crate::rest::permissions::{asked, demanded};
use crate::rest::roles::Operation;
use crate::rest::{Ctx, flag, list, text};
use crate::world::lock;

pub(crate) fn peers(ctx: &Ctx<'_>, caller: &Caller) -> Answered {
    let state = lock(&ctx.world.state);
    let all = asked(&state, caller, "peers", Operation::Read)?.is_some();
    let mine = |peer: &&Value| all || peer["user_id"] == caller.user.as_str();
    Ok(state.peers.iter().filter(mine).cloned().collect())
}

pub(crate) fn setup_keys(ctx: &Ctx<'_>, caller: &Caller) -> Answered {
    let state = lock(&ctx.world.state);
    demanded(&state, caller, "setup_keys", Operation::Read)?;
    Ok(Value::Array(state.setup_keys.clone()))
}

pub(crate) fn add_setup_key(ctx: &Ctx<'_>, caller: &Caller) -> Answered {
    let body = ctx.body()?;
    let kind = text(&body, "type")?;
    if !matches!(kind, "reusable" | "one-off") {
        return Err(Failure::invalid(format!("unknown setup key type {kind}")));
    }
    let whole = |key: &str| match &body[key] {
        Value::Null => Ok(0),
        number => number.as_i64().ok_or_else(Failure::no_json),
    };
    let now = ctx.world.now();
    let key = json!({
        "allow_extra_dns_labels": flag(&body, "allow_extra_dns_labels")?,
        "auto_groups": list(&body, "auto_groups")?.unwrap_or_default(),
        "ephemeral": flag(&body, "ephemeral")?, "expires": iso(now + whole("expires_in")?),
        "id": ids::object(), "key": uuid().to_uppercase(), "last_used": "0001-01-01T00:00:00Z",
        "name": text(&body, "name")?, "revoked": false, "state": "valid", "type": kind,
        "updated_at": iso(now), "usage_limit": whole("usage_limit")?, "used_times": 0,
        "valid": true,
    });
    let mut state = lock(&ctx.world.state);
    demanded(&state, caller, "setup_keys", Operation::Create)?;
    state.setup_keys.push(key.clone());
    Ok(key)
}
