//! The end of a session as the client asks for it: the invalidation flow, and the way back where the release knows one.

use serde_json::Value;

use crate::api::brands::brand_of;
use crate::call::{encode, pairs};
use crate::features::Feature as F;
use crate::http::reply::Reply;
use crate::model::Model;
use crate::oidc::flow::{Aim, Plan, begin, denied};
use crate::oidc::{Ctx, authorize, jwt, redirect};

pub(crate) fn answer(ctx: &mut Ctx<'_>, application: &Value, provider: &Value) -> Reply {
    if !matches!(ctx.call.method.as_str(), "GET" | "HEAD" | "POST") {
        return Reply::html(405, "");
    }
    let brand = brand_of(ctx.state, ctx.call.host());
    let flow = Model::Flow.by_pk(ctx.state, &provider["invalidation_flow"]).or_else(|| {
        brand.and_then(|brand| Model::Flow.by_pk(ctx.state, &brand["flow_invalidation"]))
    });
    let Some(flow) = flow.and_then(|flow| flow["slug"].as_str()).map(str::to_owned) else {
        return Reply::html(404, "Not Found");
    };
    let cookies = ctx.call.header("cookie").unwrap_or_default();
    match ctx.state.session_user(cookies) {
        Some(user) if !ctx.state.may_open(application, user, ctx.call.now) => return denied(),
        None if !ctx.profile.has(F::LogoutIdempotent) => return authorize::to_login(ctx),
        _ => {}
    }
    match way_back(ctx, provider) {
        Ok(to) => begin(ctx, Plan { flow, aim: Aim::Logout(to), asks: false }, ""),
        Err(page) => page,
    }
}

/// Where the browser goes afterwards, or the page of a request that is refused.
fn way_back(ctx: &Ctx<'_>, provider: &Value) -> Result<Option<String>, Reply> {
    if !ctx.profile.has(F::LogoutReturns) {
        return Ok(None);
    }
    let sent = pairs(&if ctx.call.method == "POST" {
        String::from_utf8_lossy(&ctx.call.body).into_owned()
    } else {
        ctx.call.query.clone()
    });
    let get = |name: &str| {
        let found = sent.iter().rfind(|(key, value)| key == name && !value.is_empty());
        found.map(|(_, value)| value.as_str())
    };
    let malformed = || Reply::html(400, "The request is otherwise malformed");
    let checked = ctx.profile.has(F::LogoutChecked);
    if checked
        && let Some(hint) = get("id_token_hint")
        && jwt::claims(hint).is_none_or(|claims| claims["aud"] != provider["client_id"])
    {
        return Err(malformed());
    }
    let Some(wanted) = get("post_logout_redirect_uri") else { return Ok(None) };
    let registered = redirect::matches_logout(&provider["redirect_uris"], wanted);
    let any = redirect::has_logout(&provider["redirect_uris"]);
    if !registered && checked && (any || ctx.profile.has(F::LogoutNeedsEntry)) {
        return Err(malformed());
    }
    let state = |to: &str| match get("state") {
        Some(state) => {
            let separator = if to.contains('?') { '&' } else { '?' };
            format!("{to}{separator}state={}", encode(state))
        }
        None => to.to_owned(),
    };
    Ok(registered.then(|| state(wanted)))
}
