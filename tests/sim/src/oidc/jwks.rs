//! The published keys of a provider.

use serde_json::{Value, json};

use crate::http::reply::Reply;
use crate::model::Model;
use crate::oidc::{Ctx, jwt};

pub(crate) fn answer(ctx: &Ctx<'_>, provider: &Value) -> Reply {
    if !ctx.call.reads() {
        return Reply::html(405, "");
    }
    let key = Model::KeyPair.by_pk(ctx.state, &provider["signing_key"]).and_then(jwt::jwk);
    let body = key.map_or_else(|| json!({}), |key| json!({"keys": [key]}));
    let reply = Reply::json(200, &body).with("Access-Control-Allow-Origin", "*");
    match &ctx.state.jwks_cache_control {
        Some(value) => reply.with("Cache-Control", value),
        None => reply,
    }
}
