//! The token endpoint: codes, refresh tokens and device codes become tokens of the provider's own.

use authentik_sim::plumbing::{Reply, uuid};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::dex::discovery::{DEVICE, grants};
use crate::dex::{CLIENTS, Ctx};
use crate::ids;
use crate::provider::Code;
use crate::validator;
use crate::world::lock;

/// How long tokens last.
const LIFETIME: i64 = 86_400;

fn failed(status: u16, error: &str, description: &str) -> Reply {
    let mut body = json!({"error": error});
    if !description.is_empty() {
        body["error_description"] = json!(description);
    }
    Reply::json(status, &body)
}

fn form(ctx: &Ctx<'_>, name: &str) -> String {
    ctx.call.form(name).unwrap_or_default()
}

/// The client's id, from the Authorization header or the form. Both clients are public.
fn client(ctx: &Ctx<'_>) -> String {
    let basic = ctx.call.header("authorization").and_then(|header| {
        let text = STANDARD.decode(header.strip_prefix("Basic ")?).ok()?;
        Some(String::from_utf8(text).ok()?.split_once(':')?.0.to_owned())
    });
    basic.unwrap_or_else(|| form(ctx, "client_id"))
}

pub(crate) fn answer(ctx: &Ctx<'_>) -> Reply {
    let kind = form(ctx, "grant_type");
    if !grants(ctx).contains(&kind.as_str()) {
        return failed(400, "unsupported_grant_type", "");
    }
    if kind == DEVICE {
        return device(ctx);
    }
    let client = client(ctx);
    if !CLIENTS.contains(&client.as_str()) {
        return failed(401, "invalid_client", "Invalid client credentials.");
    }
    match kind.as_str() {
        "authorization_code" => code(ctx, &client),
        "refresh_token" => refresh(ctx, &client),
        _ => failed(400, "unauthorized_client", ""),
    }
}

fn code(ctx: &Ctx<'_>, client: &str) -> Reply {
    let found = lock(&ctx.world.state).idp.codes.get(&form(ctx, "code")).cloned();
    let found = found.filter(|code| code.request.client_id == client);
    let Some(code) = found else {
        return failed(400, "invalid_grant", "Invalid or expired code parameter.");
    };
    let verifier = form(ctx, "code_verifier");
    match &code.request.challenge {
        Some(_) if verifier.is_empty() => {
            return failed(400, "invalid_grant", "Expecting parameter code_verifier in PKCE flow.");
        }
        Some((challenge, method)) => {
            let given = if method == "S256" { ids::challenge(&verifier) } else { verifier };
            if given != *challenge {
                return failed(400, "invalid_grant", "Invalid code_verifier.");
            }
        }
        None if !verifier.is_empty() => {
            return failed(
                400,
                "invalid_request",
                "No PKCE flow started. Cannot check code_verifier.",
            );
        }
        None => {}
    }
    if form(ctx, "redirect_uri") != code.request.redirect_uri {
        let what = "redirect_uri did not match URI from initial request.";
        return failed(400, "invalid_request", what);
    }
    lock(&ctx.world.state).idp.codes.remove(&form(ctx, "code"));
    Reply::json(200, &tokens(ctx, &code, &form(ctx, "code"))).with("Cache-Control", "no-store")
}

fn refresh(ctx: &Ctx<'_>, client: &str) -> Reply {
    let token = form(ctx, "refresh_token");
    let found = lock(&ctx.world.state).idp.refresh.get(&token).cloned();
    let Some(grant) = found.filter(|grant| grant.request.client_id == client) else {
        return failed(
            400,
            "invalid_grant",
            "Refresh token is invalid or has already been claimed by another client.",
        );
    };
    if grant.request.connector != "local" {
        // The connector got no refresh token, so the person cannot be asked for again.
        return failed(500, "invalid_request", "");
    }
    lock(&ctx.world.state).idp.refresh.remove(&token);
    Reply::json(200, &tokens(ctx, &grant, "")).with("Cache-Control", "no-store")
}

fn device(ctx: &Ctx<'_>) -> Reply {
    let wanted = form(ctx, "device_code");
    let state = lock(&ctx.world.state);
    let Some(device) = state.idp.devices.iter().find(|device| device.device_code == wanted) else {
        return failed(400, "invalid_grant", "Invalid Device code.");
    };
    if device.expires <= ctx.world.now() {
        return failed(400, "expired_token", "");
    }
    match &device.tokens {
        None => failed(400, "authorization_pending", ""),
        Some(tokens) => Reply::json(200, tokens).with("Cache-Control", "no-store"),
    }
}

/// The tokens of somebody who logged in.
pub(crate) fn tokens(ctx: &Ctx<'_>, grant: &Code, code: &str) -> Value {
    let access = signed(ctx, grant, &[("at_hash", ids::secret(22))]);
    let mut hashes = vec![("at_hash", ids::half_hash(&access))];
    if !code.is_empty() {
        hashes.push(("c_hash", ids::half_hash(code)));
    }
    let identity = signed(ctx, grant, &hashes);
    let mut body = json!({
        "access_token": access, "token_type": "bearer", "expires_in": LIFETIME - 1,
        "id_token": identity,
    });
    if grant.request.scopes.iter().any(|scope| scope == "offline_access") {
        let key = ids::secret(72);
        lock(&ctx.world.state).idp.refresh.insert(key.clone(), grant.clone());
        body["refresh_token"] = json!(key);
    }
    body
}

fn signed(ctx: &Ctx<'_>, grant: &Code, hashes: &[(&str, String)]) -> String {
    let (request, identity) = (&grant.request, &grant.identity);
    let has = |scope: &str| request.scopes.iter().any(|held| held == scope);
    let now = ctx.world.now();
    let mut claims = json!({
        "iss": ctx.embedded.issuer, "sub": ids::user_id(&identity.subject, &request.connector),
        "aud": request.client_id, "exp": now + LIFETIME, "iat": now, "jti": uuid(),
        "auth_time": grant.at,
    });
    if !request.nonce.is_empty() {
        claims["nonce"] = json!(request.nonce);
    }
    for (name, hash) in hashes {
        claims[*name] = json!(hash);
    }
    if has("email") {
        claims["email"] = json!(identity.email);
        claims["email_verified"] = json!(identity.email_verified);
    }
    if has("groups") && !identity.groups.is_empty() {
        claims["groups"] = json!(identity.groups);
    }
    if has("profile") {
        claims["name"] = json!(identity.name);
        if !identity.preferred_username.is_empty() {
            claims["preferred_username"] = json!(identity.preferred_username);
        }
    }
    let kid = lock(&ctx.world.state).idp.kid.clone();
    ctx.process.signer.sign(&kid, &claims)
}

/// The claims of an access token, to whoever brings it.
pub(crate) async fn userinfo(ctx: &Ctx<'_>) -> Reply {
    let header = ctx.call.header("authorization").unwrap_or_default();
    let token = header.strip_prefix("Bearer ").unwrap_or_default();
    match validator::claims(ctx.world, ctx.process, token).await {
        Ok(claims) => Reply::json(200, &claims),
        Err(_) => failed(401, "access_denied", "Invalid bearer token."),
    }
}
