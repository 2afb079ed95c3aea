//! The device flow: a code for the device, a page for its person, and the tokens in between.

use authentik_sim::plumbing::{Reply, encode};
use serde_json::json;

use crate::dex::pages::{error, redirect};
use crate::dex::{CLIENTS, Ctx, pages, token};
use crate::ids;
use crate::provider::Device;
use crate::world::lock;

/// How long a code waits, and how often a device may ask.
const LIFETIME: i64 = 300;
const INTERVAL: i64 = 5;

pub(crate) fn begin(ctx: &Ctx<'_>) -> Reply {
    let client_id = ctx.call.form("client_id").unwrap_or_default();
    if !CLIENTS.contains(&client_id.as_str()) {
        return Reply::json(401, &json!({"error": "invalid_client"}));
    }
    let scopes = ctx.call.form("scope").filter(|scope| !scope.is_empty());
    let device = Device {
        device_code: ids::grant(),
        user_code: ids::user_code(),
        client_id,
        scopes: scopes.unwrap_or_else(|| "openid offline_access".to_owned()),
        expires: ctx.world.now() + LIFETIME,
        tokens: None,
    };
    let page = ctx.url("/device");
    let body = json!({
        "device_code": device.device_code, "user_code": device.user_code,
        "verification_uri": page,
        "verification_uri_complete": format!("{page}?user_code={}", device.user_code),
        "expires_in": LIFETIME, "interval": INTERVAL,
    });
    lock(&ctx.world.state).idp.devices.push(device);
    Reply::json(200, &body).with("Cache-Control", "no-store")
}

fn action(ctx: &Ctx<'_>) -> String {
    ctx.path("/device/auth/verify_code")
}

fn page_of(ctx: &Ctx<'_>, code: &str, wrong: bool) -> Reply {
    pages::device(&action(ctx), code, wrong)
}

pub(crate) fn page(ctx: &Ctx<'_>) -> Reply {
    page_of(ctx, &ctx.call.query("user_code").unwrap_or_default(), false)
}

pub(crate) fn verify(ctx: &Ctx<'_>) -> Reply {
    let code = ctx.call.form("user_code").unwrap_or_default().trim().to_uppercase();
    let now = ctx.world.now();
    let state = lock(&ctx.world.state);
    let waits = |device: &&Device| device.user_code == code && device.expires > now;
    let Some(device) = state.idp.devices.iter().find(waits) else {
        return page_of(ctx, &code, true);
    };
    let query = format!(
        "client_id={}&client_secret=&redirect_uri={}&response_type=code&scope={}&state={code}",
        encode(&device.client_id),
        encode(&ctx.path("/device/callback")),
        encode(&device.scopes)
    );
    redirect("POST", 302, &ctx.url(&format!("/auth?{query}")))
}

pub(crate) fn callback(ctx: &Ctx<'_>) -> Reply {
    let query = |name: &str| ctx.call.query(name).unwrap_or_default();
    if !query("error").is_empty() {
        return error(400, &query("error_description"));
    }
    let grant = lock(&ctx.world.state).idp.codes.remove(&query("code"));
    let Some(grant) = grant else {
        return error(400, "Invalid or expired auth code.");
    };
    let tokens = token::tokens(ctx, &grant, "");
    let mut state = lock(&ctx.world.state);
    let device = state.idp.devices.iter_mut().find(|device| device.user_code == query("state"));
    let Some(device) = device else {
        return error(400, "Invalid or expired device code.");
    };
    device.tokens = Some(tokens);
    pages::page(
        200,
        "<h1>Device Authorized</h1>\n<p>Your device has been successfully authorized. You can close this window.</p>",
    )
}
