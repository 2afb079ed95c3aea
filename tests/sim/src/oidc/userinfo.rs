//! What the bearer of an access token may know about its user.

use serde_json::{Value, json};

use crate::http::reply::Reply;
use crate::model::Model;
use crate::oidc::{Ctx, cors};

pub(crate) fn answer(ctx: &Ctx<'_>) -> Reply {
    let call = ctx.call;
    if call.method == "OPTIONS" {
        return cors::allow(Reply::json(200, &json!({})), call, None);
    }
    let header = call.header("authorization").unwrap_or_default();
    let key = header.split_once(' ').map_or("", |(_, key)| key);
    let refusal = |status: u16, error: &str| {
        let text = format!("error=\"{error}\", error_description=\"\"");
        Reply::html(status, "").with("WWW-Authenticate", &text)
    };
    let Some(access) = ctx.state.grants.access(key, call.now) else {
        return refusal(401, "invalid_token");
    };
    if !access.scopes.iter().any(|scope| scope == "openid") {
        return refusal(403, "insufficient_scope");
    }
    let reply =
        Reply::json(200, &Value::Object(access.userinfo.clone())).with("Cache-Control", "no-store");
    cors::allow(reply, call, Model::Provider.by_pk(ctx.state, &json!(access.provider)))
}
