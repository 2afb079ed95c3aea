//! Who sends a request: the holder of a personal access token, or whoever a signed token names, who may be new.

use serde_json::Value;

use crate::rest::Ctx;
use crate::rest::failure::{Answered, Failure};
use crate::rest::login;
use crate::world::lock;
use crate::{ids, manager, validator};

/// Who was let in.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) user: String,
    pub(crate) account: String,
}

/// Lets a request in, or says why not.
pub(crate) async fn caller(ctx: &Ctx<'_>) -> Answered<Caller> {
    let header = ctx.call.header("authorization").unwrap_or_default();
    let (scheme, token) = header.split_once(' ').unwrap_or((header, ""));
    match scheme.to_lowercase().as_str() {
        "token" => by_access_token(ctx, token),
        "bearer" if token.starts_with("nbp_") => by_access_token(ctx, token),
        "bearer" => by_signed_token(ctx, token).await.map_err(|why| {
            ctx.world.log("ERRO", format!("Error when validating JWT: {why}"));
            Failure::unauthorized("token invalid")
        }),
        _ => Err(Failure::unauthorized("no valid authentication provided")),
    }
}

fn by_access_token(ctx: &Ctx<'_>, token: &str) -> Answered<Caller> {
    let invalid = || Failure::unauthorized("token invalid");
    if !ids::is_access_token(token) || ctx.process.unreadable {
        return Err(invalid());
    }
    let hash = ids::hashed(token);
    let now = ctx.world.now();
    let mut state = lock(&ctx.world.state);
    let Some(known) = state.tokens.iter_mut().find(|known| known.hash == hash) else {
        // Not 401: this one was taken away, or is of another server.
        return Err(Failure::not_found(format!("invalid Token: PAT: {hash} not found")));
    };
    if known.expires <= now {
        return Err(invalid());
    }
    known.last_used = Some(now);
    let id = known.user.clone();
    let user = state.user(&id).ok_or_else(invalid)?;
    Ok(Caller { user: id, account: user.account.clone() })
}

async fn by_signed_token(ctx: &Ctx<'_>, token: &str) -> Result<Caller, String> {
    if token.is_empty() {
        return Err("required authorization token not found".to_owned());
    }
    let claims = validator::claims(ctx.world, ctx.process, token)
        .await
        .map_err(|why| format!("token could not be parsed: {why}"))?;
    let claim = match ctx.process.config.http.user_id_claim.as_str() {
        "" => "sub",
        other => other,
    };
    let id = match &claims[claim] {
        Value::String(id) if !id.is_empty() => id.clone(),
        _ => return Err("user ID claim token value is empty".to_owned()),
    };
    if ctx.process.unreadable {
        return Err("decrypt user: cipher: message authentication failed".to_owned());
    }
    manager::ensure(ctx.world, ctx.process).await?;
    login::enter(ctx, &id, &claims)
}
