//! Logging out: of the provider, and of the connector's server if there is a way to it. The session ends when the browser
//! comes back from there, and only then.

use authentik_sim::plumbing::{Reply, encode};

use crate::dex::pages::{error, escaped, page, redirect};
use crate::dex::{Ctx, session};
use crate::jwt;
use crate::world::lock;

pub(crate) fn begin(ctx: &Ctx<'_>) -> Reply {
    let given =
        |name: &str| ctx.call.query(name).or_else(|| ctx.call.form(name)).unwrap_or_default();
    let hint = given("id_token_hint");
    if hint.is_empty() {
        return redirect(&ctx.call.method, 303, "/");
    }
    let kid = lock(&ctx.world.state).idp.kid.clone();
    let own = jwt::parse(&hint).is_ok_and(|token| {
        jwt::verify(&token, &ctx.process.signer.jwk(&kid)).is_ok()
            && token.claims["iss"] == ctx.embedded.issuer.as_str()
    });
    if !own {
        return error(400, "Invalid id_token_hint.");
    }
    let after = given("post_logout_redirect_uri");
    if !after.is_empty() && !registered(ctx, &after) {
        return error(400, "Unregistered post_logout_redirect_uri.");
    }
    let Some(session) = session::current(ctx) else {
        return logged_out(ctx);
    };
    let opened = lock(&ctx.process.opened).get(&session.connector).cloned();
    let end =
        opened.as_ref().and_then(|opened| opened.end_session.as_deref().map(|end| (opened, end)));
    let Some((opened, end)) = end else {
        return session::end(ctx, logged_out(ctx));
    };
    let joint = if end.contains('?') { '&' } else { '?' };
    let location = format!(
        "{end}{joint}client_id={}&id_token_hint={}&post_logout_redirect_uri={}",
        encode(opened.text("clientID")),
        encode(&session.identity.id_token),
        encode(&ctx.url("/logout/callback"))
    );
    redirect(&ctx.call.method, 303, &location)
}

/// With and without a final slash, as browsers differ.
fn registered(ctx: &Ctx<'_>, uri: &str) -> bool {
    let base = ctx.embedded.issuer.strip_suffix("/oauth2").unwrap_or(&ctx.embedded.issuer);
    let own = ctx.embedded.post_logout_redirects.iter().map(String::as_str);
    let plain = |uri: &str| uri.strip_suffix('/').unwrap_or(uri).to_owned();
    own.chain([base]).any(|known| plain(known) == plain(uri))
}

pub(crate) fn finish(ctx: &Ctx<'_>) -> Reply {
    if session::key(ctx).is_none() {
        return error(400, "Missing session cookie.");
    }
    session::end(ctx, logged_out(ctx))
}

fn logged_out(ctx: &Ctx<'_>) -> Reply {
    let base = ctx.embedded.issuer.strip_suffix("/oauth2").unwrap_or(&ctx.embedded.issuer);
    page(
        200,
        &format!(
            "<h1>Logged Out</h1>\n<p>You have been successfully logged out.</p>\n<a href=\"{}/\">← Back to Application</a>",
            escaped(base)
        ),
    )
}
