//! Browsers that are logged in, and the code that a login ends with.

use authentik_sim::plumbing::Reply;

use crate::dex::Ctx;
use crate::dex::asked::back;
use crate::ids;
use crate::provider::{Code, Identity, Request, Session};
use crate::world::lock;

/// How long a session lasts at most.
const LIFETIME: i64 = 86_400;

const COOKIE: &str = "netbird-session";

/// The key of the session that the browser brings, whether it is still known or not.
pub(crate) fn key<'a>(ctx: &'a Ctx<'_>) -> Option<&'a str> {
    let cookies = ctx.call.header("cookie")?;
    let value = cookies.split(';').find_map(|cookie| {
        let (name, value) = cookie.trim().split_once('=')?;
        (name == COOKIE).then_some(value)
    });
    value.filter(|value| !value.is_empty())
}

/// The session that the browser brings, while it lasts.
pub(crate) fn current(ctx: &Ctx<'_>) -> Option<Session> {
    let now = ctx.world.now();
    let state = lock(&ctx.world.state);
    let session = state.idp.sessions.get(key(ctx)?)?;
    (session.at + LIFETIME > now).then(|| session.clone())
}

/// Gives the client a code.
pub(crate) fn grant(ctx: &Ctx<'_>, request: Request, identity: Identity, at: i64) -> Reply {
    let code = ids::grant();
    let reply = back(ctx, &request, &[("code", &code)]);
    lock(&ctx.world.state).idp.codes.insert(code, Code { request, identity, at });
    reply
}

/// The same for somebody who has just logged in: with a session.
pub(crate) fn log_in(ctx: &Ctx<'_>, request: Request, identity: Identity) -> Reply {
    let now = ctx.world.now();
    let key = ids::secret(100);
    let session =
        Session { connector: request.connector.clone(), identity: identity.clone(), at: now };
    lock(&ctx.world.state).idp.sessions.insert(key.clone(), session);
    let cookie = format!("{COOKIE}={key}; Path=/oauth2; HttpOnly; Secure; SameSite=Lax");
    grant(ctx, request, identity, now).with("Set-Cookie", &cookie)
}

/// Ends the browser's session.
pub(crate) fn end(ctx: &Ctx<'_>, reply: Reply) -> Reply {
    if let Some(key) = key(ctx) {
        lock(&ctx.world.state).idp.sessions.remove(key);
    }
    let cookie = format!("{COOKIE}=; Path=/oauth2; Max-Age=0; HttpOnly; Secure; SameSite=Lax");
    reply.with("Set-Cookie", &cookie)
}
