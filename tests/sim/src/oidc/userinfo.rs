//! What the bearer of an access token may know about its user.

use serde_json::{Value, json};

use crate::http::reply::Reply;
use crate::oidc::{Ctx, cors};

pub(crate) fn answer(ctx: &Ctx<'_>) -> Reply {
    let call = ctx.call;
    if call.method == "OPTIONS" {
        return cors::allow(Reply::json(200, &json!({})), call, None);
    }
    let header = call.header("authorization").unwrap_or_default();
    let key = header.split_once(' ').map_or("", |(_, key)| key);
    match ctx.state.grants.access(key, call.now) {
        Some(access) => Reply::json(200, &Value::Object(access.userinfo.clone()))
            .with("Cache-Control", "no-store"),
        None => Reply::html(401, "")
            .with("WWW-Authenticate", "error=\"invalid_token\", error_description=\"\""),
    }
}
