//! The token endpoint: codes with PKCE, refresh tokens, device codes and app passwords become signed tokens.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};
use serde_json::{Map, Value, json};

use crate::clock;
use crate::features::Feature as F;
use crate::http::reply::Reply;
use crate::ids;
use crate::model::Model;
use crate::oidc::claims::{Kind, build};
use crate::oidc::credentials::credentials;
use crate::oidc::discovery::issuer;
use crate::oidc::grants::{Access, Login};
use crate::oidc::{Ctx, cors, errors, jwt, redirect};

const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// The name of an error.
pub(crate) type Granted = Result<(Login, Kind), &'static str>;

pub(crate) fn answer(ctx: &mut Ctx<'_>) -> Reply {
    let call = ctx.call;
    let (client_id, secret) = client(ctx);
    let provider = ctx.state.provider_by_client_id(&client_id).cloned();
    let reply = match call.method.as_str() {
        "POST" => match &provider {
            Some(provider) => grant(ctx, provider, secret.as_deref()),
            None => errors::reply(ctx.profile, "invalid_client"),
        },
        "OPTIONS" => Reply::json(200, &json!({})).with("Cache-Control", "no-store"),
        _ => return Reply::html(405, ""),
    };
    cors::allow(reply, call, provider.as_ref())
}

/// Client id and secret, from the Authorization header or the form.
fn client(ctx: &Ctx<'_>) -> (String, Option<String>) {
    let basic = ctx.call.header("authorization").and_then(|header| {
        let (scheme, value) = header.split_once(' ')?;
        let text = scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(value).ok())??;
        let text = String::from_utf8(text).ok()?;
        let (id, secret) = text.split_once(':')?;
        Some((id.to_owned(), Some(secret.to_owned())))
    });
    basic.unwrap_or_else(|| {
        (ctx.call.form("client_id").unwrap_or_default(), ctx.call.form("client_secret"))
    })
}

fn grant(ctx: &mut Ctx<'_>, provider: &Value, secret: Option<&str>) -> Reply {
    match granted(ctx, provider, secret) {
        Ok((login, kind)) => issue(ctx, provider, login, kind),
        Err(error) => errors::reply(ctx.profile, error),
    }
}

fn granted(ctx: &mut Ctx<'_>, provider: &Value, secret: Option<&str>) -> Granted {
    let kind = ctx.call.form("grant_type").unwrap_or_default();
    let known = ["authorization_code", "refresh_token", "client_credentials", "password", DEVICE];
    if !known.contains(&kind.as_str()) {
        return Err("unsupported_grant_type");
    }
    let identified =
        provider["client_type"] == "public" || provider["client_secret"] == json!(secret);
    // The other grants bring something secret of their own.
    if !identified && matches!(kind.as_str(), "authorization_code" | "refresh_token") {
        return Err("invalid_client");
    }
    if ctx.profile.has(F::GrantTypes)
        && !crate::state::contains(&provider["grant_types"], &json!(kind))
    {
        return Err("invalid_grant");
    }
    match kind.as_str() {
        "authorization_code" => code(ctx, provider),
        "refresh_token" => refresh(ctx, provider),
        DEVICE => device(ctx, provider),
        _ => credentials(ctx, provider, secret),
    }
}

fn code(ctx: &mut Ctx<'_>, provider: &Value) -> Granted {
    let call = ctx.call;
    let key = call.form("code").filter(|code| !code.is_empty()).ok_or("invalid_grant")?;
    // Any registered redirect URI will do; it is looked at before the code.
    let asked = call.form("redirect_uri").unwrap_or_default();
    let legacy = !ctx.profile.has(F::RedirectList);
    if !redirect::matches(&provider["redirect_uris"], &asked, legacy) {
        return Err("invalid_client");
    }
    let code = ctx.state.grants.codes.get(&key).ok_or("invalid_grant")?;
    let own = code.login.provider == provider["pk"].as_i64().unwrap_or(-1);
    let verifier = call.form("code_verifier").filter(|verifier| !verifier.is_empty());
    let verified = match (&code.challenge, verifier) {
        (None, verifier) => verifier.is_none() || !ctx.profile.has(F::PkceDowngrade),
        (Some(_), None) => false,
        (Some((challenge, method)), Some(verifier)) => {
            let hashed = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
            *challenge == if method == "S256" { hashed } else { verifier }
        }
    };
    if !own || !verified || code.expires <= call.now {
        return Err("invalid_grant");
    }
    // Only success spends it.
    let code = ctx.state.grants.codes.remove(&key).ok_or("invalid_grant")?;
    Ok((code.login, Kind::Code))
}

fn refresh(ctx: &mut Ctx<'_>, provider: &Value) -> Granted {
    let token = ctx.call.form("refresh_token").unwrap_or_default();
    let found = ctx.state.grants.refresh.get(&token).cloned();
    let (login, expires) = found.ok_or("invalid_grant")?;
    if login.provider != provider["pk"].as_i64().unwrap_or(-1) || expires <= ctx.call.now {
        return Err("invalid_grant");
    }
    let asked = ctx.call.form("scope").unwrap_or_default();
    let narrower = !asked.is_empty()
        && login.scopes.iter().any(|held| !asked.split_whitespace().any(|scope| scope == held));
    if narrower && ctx.profile.has(F::RefreshKeepsScopes) {
        return Err("invalid_scope");
    }
    ctx.state.grants.refresh.remove(&token);
    Ok((login, Kind::Refresh))
}

fn device(ctx: &mut Ctx<'_>, provider: &Value) -> Granted {
    let wanted = ctx.call.form("device_code").unwrap_or_default();
    let devices = &mut ctx.state.grants.devices;
    let index =
        devices.iter().position(|device| device.device_code == wanted).ok_or("invalid_grant")?;
    if devices[index].expires <= ctx.call.now {
        return Err("expired_token");
    }
    let user = devices[index].approved.ok_or("authorization_pending")?;
    let device = devices.remove(index);
    if device.provider != provider["pk"].as_i64().unwrap_or(-1) {
        return Err("invalid_grant");
    }
    let login = Login {
        provider: device.provider,
        user,
        scopes: device.scopes,
        nonce: None,
        at: ctx.call.now,
        session: None,
    };
    Ok((login, Kind::Device))
}

fn issue(ctx: &mut Ctx<'_>, provider: &Value, login: Login, kind: Kind) -> Reply {
    let found = Model::User.by_pk(ctx.state, &json!(login.user)).cloned();
    let (Some(user), Some(application)) = (found, ctx.state.application_of(provider).cloned())
    else {
        return errors::reply(ctx.profile, "invalid_grant");
    };
    let profile = ctx.profile;
    let now = ctx.call.now;
    let life = |key: &str| clock::lifetime(provider[key].as_str().unwrap_or_default());
    let refresh_life = life("refresh_token_validity");
    let access_life =
        if profile.has(F::OldTokens) { refresh_life } else { life("access_token_validity") };
    let offline = login.scopes.iter().any(|scope| scope == "offline_access");
    let refreshable = match kind {
        Kind::Credentials => false,
        Kind::Device if profile.has(F::OldTokens) => false,
        _ => !profile.has(F::OfflineAccess) || offline,
    };
    let long_identity = refreshable && !profile.has(F::SessionClaims) && kind != Kind::Credentials;
    let id_life =
        if long_identity && !profile.has(F::OfflineAccess) { refresh_life } else { access_life };
    let issuer = issuer(ctx.call, &application, provider);
    let claims =
        build(ctx, (provider, &user), &login, &issuer, kind, (now + access_life, now + id_life));
    let pair = Model::KeyPair.by_pk(ctx.state, &provider["signing_key"]).cloned();
    let secret = provider["client_secret"].as_str().unwrap_or_default();
    let signed =
        |claims: Map<String, Value>| jwt::sign(&Value::Object(claims), pair.as_ref(), secret);
    let token = signed(claims.access);
    let kind_name = if profile.has(F::OldTokens) { "bearer" } else { "Bearer" };
    let mut body = json!({"access_token": token, "token_type": kind_name});
    if profile.has(F::ScopeClaim) {
        body["scope"] = json!(login.scopes.join(" "));
    }
    body["expires_in"] = json!(access_life);
    body["id_token"] = json!(signed(claims.id));
    ctx.state.grants.remember(
        token,
        Access {
            provider: login.provider,
            user: login.user,
            scopes: login.scopes.clone(),
            userinfo: claims.userinfo,
            expires: now + access_life,
        },
    );
    if refreshable {
        let key = ids::key(128);
        body["refresh_token"] = json!(key);
        ctx.state.grants.refresh.insert(key, (login, now + refresh_life));
    }
    Reply::json(200, &body).with("Cache-Control", "no-store")
}
