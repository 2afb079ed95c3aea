//! What the pages of a flow bring about: consent, the code of a device, the end of a session. Browsers drive it through
//! the flow executor; stages that ask for passwords are left out, since tests open sessions by themselves.

use serde_json::{Value, json};

use crate::api::flows::applicable;
use crate::call::Call;
use crate::http::reply::Reply;
use crate::model::Model;
use crate::oidc::grants::session_key;
use crate::oidc::{Ctx, authorize, device};

/// What a session's flow leads to.
#[derive(Clone, Debug)]
pub(crate) enum Aim {
    /// A code for the request that this query of the authorization endpoint makes.
    Authorize(String),
    /// A device's code is to be entered.
    EnterCode,
    /// The device of this user code is let in.
    Device(String),
    /// The session ends, and the browser goes on to this address, if any.
    Logout(Option<String>),
}

/// The flow a session is in.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// The flow's slug.
    pub(crate) flow: String,
    pub(crate) aim: Aim,
    /// Whether a consent page is still to come.
    pub(crate) asks: bool,
}

/// What stands on the page of somebody who may not enter; its status is 200.
pub(crate) fn denied() -> Reply {
    Reply::html(200, "Permission denied")
}

/// Begins a flow in the browser's session and sends the browser to its page.
pub(crate) fn begin(ctx: &mut Ctx<'_>, plan: Plan, query: &str) -> Reply {
    let target = format!("/if/flow/{}/", plan.flow);
    let target = if query.is_empty() { target } else { format!("{target}?{query}") };
    let cookies = ctx.call.header("cookie").unwrap_or_default();
    let cookie = ctx.state.grants.plan(cookies, plan);
    let reply = Reply::redirect(302, &target);
    match cookie {
        Some(key) => {
            reply.with("Set-Cookie", &format!("authentik_session={key}; Path=/; HttpOnly"))
        }
        None => reply,
    }
}

/// The flow executor: GET tells what the flow asks for, POST answers it.
pub(crate) fn executor(ctx: &mut Ctx<'_>, slug: &str) -> Reply {
    let Some(flow) = ctx.state.flow(slug).cloned() else {
        return Reply::detail(404, "Not found.");
    };
    let cookies = ctx.call.header("cookie").unwrap_or_default().to_owned();
    let plan = ctx.state.grants.plan_of(&cookies).filter(|plan| plan.flow == slug).cloned();
    let Some(plan) = plan else {
        return unplanned(ctx, &flow, &cookies);
    };
    if ctx.call.method == "POST" {
        return answered(ctx, plan, &cookies);
    }
    if plan.asks {
        return challenge(json!({"component": "ak-stage-consent", "token": "consent"}));
    }
    match plan.aim {
        Aim::EnterCode => challenge(json!({"component": "ak-provider-oauth2-device-code"})),
        Aim::Device(user_code) => {
            let user = ctx.state.session_user(&cookies).and_then(|user| user["pk"].as_i64());
            let found = user.is_some_and(|user| ctx.state.grants.approve_device(&user_code, user));
            ctx.state.grants.end_plan(&cookies);
            if !found {
                return refused();
            }
            challenge(json!({"component": "ak-provider-oauth2-device-code-finish"}))
        }
        Aim::Authorize(query) => {
            let reply = authorize_again(ctx, &query, &cookies);
            ctx.state.grants.end_plan(&cookies);
            let location = reply.headers.iter().find(|(name, _)| name == "Location");
            location.map_or_else(refused, |(_, to)| {
                challenge(json!({"component": "xak-flow-redirect", "to": to}))
            })
        }
        Aim::Logout(to) => {
            ctx.state.grants.end_plan(&cookies);
            // The stage that ends the session is the only one that default flows of this kind have.
            if flow["stages"].as_array().is_some_and(|stages| !stages.is_empty()) {
                ctx.state.grants.close_session(&cookies);
            }
            match to {
                Some(to) => challenge(json!({"component": "xak-flow-redirect", "to": to})),
                None => challenge(json!({"component": "ak-stage-session-end"})),
            }
        }
    }
}

/// A flow that somebody opens by its address.
fn unplanned(ctx: &mut Ctx<'_>, flow: &Value, cookies: &str) -> Reply {
    if !applicable(ctx.state, flow, ctx.state.session_user(cookies)) {
        return refused();
    }
    if flow["designation"] == "authentication" {
        return challenge(json!({"component": "ak-stage-identification"}));
    }
    challenge(json!({"component": "xak-flow-redirect", "to": "/"}))
}

/// What somebody answered to the page.
fn answered(ctx: &mut Ctx<'_>, plan: Plan, cookies: &str) -> Reply {
    let again = Reply::redirect(302, &format!("{}?{}", ctx.call.path, ctx.call.query));
    if plan.asks {
        ctx.state.grants.plan(cookies, Plan { asks: false, ..plan });
        return again;
    }
    let Aim::EnterCode = plan.aim else { return again };
    let sent = serde_json::from_slice::<Value>(&ctx.call.body).unwrap_or_default();
    let code = match &sent["code"] {
        Value::Number(number) => format!("{:09}", number.as_u64().unwrap_or_default()),
        other => other.as_str().unwrap_or_default().to_owned(),
    };
    match device::validate(ctx, &code) {
        Some(reply) => reply,
        None => challenge(json!({
            "component": "ak-provider-oauth2-device-code",
            "response_errors": {"code": [{"string": "Invalid code", "code": "invalid"}]},
        })),
    }
}

/// Asks the authorization endpoint again, with everything agreed to.
fn authorize_again(ctx: &mut Ctx<'_>, query: &str, cookies: &str) -> Reply {
    let call = Call {
        method: "GET".to_owned(),
        path: "/application/o/authorize/".to_owned(),
        query: query.to_owned(),
        ..ctx.call.clone()
    };
    let user = ctx.state.session_user(cookies).and_then(|user| user["pk"].as_i64());
    let session = session_key(cookies).map(str::to_owned);
    let mut ctx = Ctx { profile: ctx.profile, state: ctx.state, call: &call };
    authorize::decide(&mut ctx, user.zip(session), true)
}

fn challenge(body: Value) -> Reply {
    Reply::json(200, &body)
}

/// The page of a flow that is not for this user.
fn refused() -> Reply {
    challenge(json!({
        "component": "ak-stage-access-denied", "error_message": "Flow does not apply to current user.",
    }))
}

/// Whether a flow, by key, is for this user.
pub(crate) fn applies(ctx: &Ctx<'_>, flow: &Value, user: &Value) -> bool {
    Model::Flow.by_pk(ctx.state, flow).is_none_or(|flow| applicable(ctx.state, flow, Some(user)))
}
