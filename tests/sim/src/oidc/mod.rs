//! The OAuth2 and OpenID Connect side of a provider: everything under `/application/o/`, and the device page.

pub mod authorize;
pub mod claims;
pub mod cors;
pub mod credentials;
pub mod device;
pub mod discovery;
pub mod end_session;
pub mod errors;
pub mod flow;
pub mod grants;
pub mod jwks;
pub mod jwt;
pub mod login;
pub mod redirect;
pub mod token;
pub mod userinfo;

use serde_json::Value;

use crate::call::Call;
use crate::http::reply::Reply;
use crate::profile::Profile;
use crate::state::State;

/// What the endpoints work with.
pub(crate) struct Ctx<'a> {
    pub(crate) profile: &'static Profile,
    pub(crate) state: &'a mut State,
    pub(crate) call: &'a Call,
}

/// Answers a request to one of the endpoints; anything else is not for here.
pub(crate) fn answer(profile: &'static Profile, state: &mut State, call: &Call) -> Option<Reply> {
    let mut ctx = Ctx { profile, state, call };
    if call.path == "/device" {
        return Some(device::page(&mut ctx));
    }
    if let Some(slug) = call.path.strip_prefix("/api/v3/flows/executor/") {
        return Some(flow::executor(&mut ctx, slug.trim_end_matches('/')));
    }
    let rest = call.path.strip_prefix("/application/o/")?;
    Some(match rest {
        "authorize/" => authorize::answer(&mut ctx),
        "token/" => token::answer(&mut ctx),
        "userinfo/" => userinfo::answer(&ctx),
        "device/" => device::answer(&mut ctx),
        "introspect/" => Reply::json(200, &serde_json::json!({"active": false})),
        "revoke/" => Reply::json(200, &serde_json::json!({})),
        _ => {
            let (slug, what) = rest.split_once('/')?;
            let (application, provider) = pair(ctx.state, slug)?;
            match what {
                "" => Reply::redirect(
                    302,
                    &format!("/application/o/{slug}/.well-known/openid-configuration"),
                ),
                ".well-known/openid-configuration" => {
                    discovery::answer(&ctx, &application, &provider)
                }
                "jwks/" => jwks::answer(&ctx, &provider),
                "end-session/" => end_session::answer(&mut ctx, &application, &provider),
                _ => return None,
            }
        }
    })
}

/// The application of this slug with its provider; without either the path means nothing.
fn pair(state: &State, slug: &str) -> Option<(Value, Value)> {
    let application = state.application(slug)?;
    let provider =
        state.providers.iter().find(|provider| provider["pk"] == application["provider"])?;
    Some((application.clone(), provider.clone()))
}
