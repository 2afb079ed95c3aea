//! The device flow: the endpoint for devices, and the page for people.

use serde_json::json;

use crate::api::brands::brand_of;
use crate::api::flows::applicable;
use crate::clock;
use crate::features::Feature as F;
use crate::http::reply::Reply;
use crate::ids;
use crate::model::Model;
use crate::oidc::claims::effective;
use crate::oidc::flow::{Aim, Plan, applies, begin, denied};
use crate::oidc::grants::Device;
use crate::oidc::{Ctx, errors};

/// How many devices an hour one address may begin.
const AN_HOUR: usize = 20;

pub(crate) fn answer(ctx: &mut Ctx<'_>) -> Reply {
    if ctx.call.method != "POST" {
        return Reply::html(405, "");
    }
    let now = ctx.call.now;
    ctx.state.device_requests.retain(|seen| *seen > now - 3600);
    if ctx.state.device_requests.len() >= AN_HOUR {
        return Reply::json(429, &json!({"error": "slow_down"})).with("Retry-After", "180");
    }
    ctx.state.device_requests.push(now);
    let client = ctx.call.form("client_id").unwrap_or_default();
    let found = ctx.state.provider_by_client_id(&client).cloned();
    let json_errors = ctx.profile.has(F::OauthRequestId);
    let Some(provider) = found.filter(|provider| ctx.state.application_of(provider).is_some())
    else {
        return if json_errors {
            errors::reply(ctx.profile, "invalid_client")
        } else {
            Reply::html(400, "")
        };
    };
    let grant = json!("urn:ietf:params:oauth:grant-type:device_code");
    if ctx.profile.has(F::GrantTypes) && !crate::state::contains(&provider["grant_types"], &grant) {
        return errors::reply(ctx.profile, "invalid_client");
    }
    let scopes = effective(ctx, &provider, &ctx.call.form("scope").unwrap_or_default());
    // The lifetime of a device code is that of an authorization code.
    let lifetime = clock::lifetime(provider["access_code_validity"].as_str().unwrap_or_default());
    let (device_code, user_code) = (ids::noise(128), ids::digits());
    let base = &ctx.call.base;
    let body = json!({
        "device_code": device_code, "verification_uri": format!("{base}/device"),
        "verification_uri_complete": format!("{base}/device?code={user_code}"), "user_code": user_code,
        "expires_in": lifetime, "interval": 5,
    });
    let impatient = ctx.state.approves_devices.clone();
    let approved = impatient.as_deref().and_then(|name| ctx.state.user(name)).and_then(|user| {
        let application = ctx.state.application_of(&provider)?;
        let opens = ctx.state.may_open(application, user, now);
        (opens || !ctx.profile.has(F::DeviceChecksAccess)).then(|| user["pk"].as_i64())?
    });
    ctx.state.grants.devices.push(Device {
        device_code,
        user_code,
        provider: provider["pk"].as_i64().unwrap_or_default(),
        scopes,
        approved,
        expires: now + lifetime,
    });
    let reply = Reply::json(200, &body);
    if json_errors { reply.with("Cache-Control", "no-store") } else { reply }
}

/// The page at which people enter a code. Without a session it sends them to log in, whatever the brand says.
pub(crate) fn page(ctx: &mut Ctx<'_>) -> Reply {
    let cookies = ctx.call.header("cookie").unwrap_or_default();
    let Some(user) = ctx.state.session_user(cookies) else {
        return Reply::redirect(302, "/flows/-/default/authentication/?next=/device");
    };
    let flow = brand_of(ctx.state, ctx.call.host())
        .and_then(|brand| Model::Flow.by_pk(ctx.state, &brand["flow_device_code"]));
    let Some(flow) = flow else {
        return Reply::empty(404);
    };
    let applies = applicable(ctx.state, flow, Some(user));
    let flow = flow["slug"].as_str().unwrap_or_default().to_owned();
    // A code in the address is looked at before the flow is.
    if let Some(reply) = ctx.call.query("code").and_then(|code| validate(ctx, &code)) {
        return reply;
    }
    if !applies {
        return Reply::empty(404);
    }
    begin(ctx, Plan { flow, aim: Aim::EnterCode, asks: false }, "")
}

/// The way on for somebody who entered a code, or nothing if no device waits with it.
pub(crate) fn validate(ctx: &mut Ctx<'_>, code: &str) -> Option<Reply> {
    let cookies = ctx.call.header("cookie").unwrap_or_default();
    let user = ctx.state.session_user(cookies)?;
    let device = ctx.state.grants.devices.iter().find(|device| {
        device.user_code == code && device.expires > ctx.call.now && device.approved.is_none()
    })?;
    let provider = Model::Provider.by_pk(ctx.state, &json!(device.provider))?;
    let application = ctx.state.application_of(provider)?;
    if ctx.profile.has(F::DeviceChecksAccess)
        && !ctx.state.may_open(application, user, ctx.call.now)
    {
        return Some(denied());
    }
    if !applies(ctx, &provider["authorization_flow"], user) {
        return None;
    }
    let flow = Model::Flow.by_pk(ctx.state, &provider["authorization_flow"])?;
    let asks = flow["stages"].as_array().is_some_and(|stages| !stages.is_empty());
    let flow = flow["slug"].as_str().unwrap_or_default().to_owned();
    let inspector = if ctx.profile.has(F::Inspector) { "&inspector=available" } else { "" };
    let aim = Aim::Device(code.to_owned());
    Some(begin(ctx, Plan { flow, aim, asks }, &format!("code={code}{inspector}")))
}
