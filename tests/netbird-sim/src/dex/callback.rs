//! Where the connector's server sends the browser back to: the code becomes tokens, and the tokens a person.

use authentik_sim::plumbing::{Reply, encode, pairs};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::config::texts;
use crate::dex::connector::{Opened, opened};
use crate::dex::pages::error;
use crate::dex::verify::verified;
use crate::dex::{Ctx, session};
use crate::provider::{Identity, Request};
use crate::upstream::Form;
use crate::world::lock;

pub(crate) async fn answer(ctx: &Ctx<'_>) -> Reply {
    let mut given = pairs(&ctx.call.query);
    given.extend(pairs(&String::from_utf8_lossy(&ctx.call.body)));
    let get = |name: &str| {
        given.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str())
    };
    if get("state").is_empty() {
        return error(400, "User session error.");
    }
    let (request, connector) = {
        let state = lock(&ctx.world.state);
        let request = state.idp.requests.get(get("state")).cloned();
        let id = request.as_ref().map_or("", |request| request.connector.as_str());
        let connector = state.idp.connector(id).cloned();
        (request, connector)
    };
    let Some(request) = request else {
        return error(400, "Requested resource does not exist.");
    };
    let Some(connector) = connector.filter(|connector| connector.kind != "local") else {
        return error(500, "Requested resource does not exist.");
    };
    let failed = |why: String| {
        ctx.world.log("ERRO", format!("server: Failed to authenticate: {why}"));
        error(500, "Authentication failed. Please contact your administrator or try again later.")
    };
    let opened = match opened(ctx.world, ctx.process, &connector).await {
        Ok(opened) => opened,
        Err(why) => return failed(why),
    };
    if !get("error").is_empty() {
        return failed(format!("{}: {}", get("error"), get("error_description")));
    }
    match identify(ctx, &opened, &request, get("code")).await {
        Ok(identity) => {
            lock(&ctx.world.state).idp.requests.remove(get("state"));
            session::log_in(ctx, request, identity)
        }
        Err(why) => failed(why),
    }
}

/// Redeems the code: with the secret in the header first, in the form if that did not do.
async fn redeem(
    ctx: &Ctx<'_>,
    opened: &Opened,
    request: &Request,
    code: &str,
) -> Result<Value, String> {
    let (id, secret) = (opened.text("clientID"), opened.text("clientSecret"));
    let redirect = ctx.callback();
    let mut fields =
        vec![("grant_type", "authorization_code"), ("code", code), ("redirect_uri", &redirect)];
    if opened.pkce.is_some() {
        fields.push(("code_verifier", &request.verifier));
    }
    let mut last = String::new();
    for in_header in [true, false] {
        if in_header && opened.flag("basicAuthUnsupported") {
            continue;
        }
        let mut fields = fields.clone();
        let mut form = Form::default();
        if in_header {
            let pair = format!("{}:{}", encode(id), encode(secret));
            form.authorization = Some(format!("Basic {}", STANDARD.encode(pair)));
        } else {
            fields.extend([("client_id", id), ("client_secret", secret)]);
        }
        let body = fields.iter().map(|(key, value)| format!("{key}={}", encode(value)));
        form.body = body.collect::<Vec<String>>().join("&");
        let answer = ctx.process.upstream.post(&opened.token, &opened.trust, form).await?;
        if answer.status == 200 {
            return serde_json::from_str(&answer.body)
                .map_err(|error| format!("oauth2: cannot parse json: {error}"));
        }
        last = format!("oauth2: cannot fetch token: {} Response: {}", answer.status, answer.body);
    }
    Err(format!("oidc: failed to get token: {last}"))
}

async fn identify(
    ctx: &Ctx<'_>,
    opened: &Opened,
    request: &Request,
    code: &str,
) -> Result<Identity, String> {
    let tokens = redeem(ctx, opened, request, code).await?;
    let Some(id_token) = tokens["id_token"].as_str() else {
        return Err("oidc: no id_token in token response".to_owned());
    };
    let mut claims = verified(ctx, opened, id_token).await?;
    if opened.flag("getUserInfo") {
        let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap_or_default());
        let upstream = &ctx.process.upstream;
        let answer = upstream.get_with(&opened.userinfo, &opened.trust, Some(&bearer)).await?;
        let more: Value = serde_json::from_str(&answer.body)
            .map_err(|error| format!("oidc: error loading userinfo: {error}"))?;
        if let (Some(claims), Some(more)) = (claims.as_object_mut(), more.as_object()) {
            claims.extend(more.clone());
        }
    }
    identity(opened, &claims, id_token)
}

/// What the claims tell, where they must tell it.
fn identity(opened: &Opened, claims: &Value, id_token: &str) -> Result<Identity, String> {
    let key = |option: &str, default: &'static str| match opened.text(option) {
        "" => default.to_owned(),
        own => own.to_owned(),
    };
    let text = |key: &str| claims[key].as_str().map(str::to_owned);
    let name_key = key("userNameKey", "name");
    let name = text(&name_key).ok_or_else(|| format!("missing {name_key:?} claim"))?;
    let wants_email = opened.scopes().iter().any(|scope| scope == "email");
    let email = match text("email") {
        Some(email) => email,
        None if wants_email => {
            return Err("missing email claim, not found \"email\" key".to_owned());
        }
        None => String::new(),
    };
    let email_verified = match claims["email_verified"].as_bool() {
        Some(verified) => verified,
        None if opened.flag_by_default("insecureSkipEmailVerified") => true,
        None if wants_email => return Err("missing \"email_verified\" claim".to_owned()),
        None => false,
    };
    let subject_key = key("userIDKey", "sub");
    let subject =
        text(&subject_key).ok_or_else(|| format!("oidc: not found {subject_key} claim"))?;
    let groups = if opened.flag_by_default("insecureEnableGroups") {
        text("groups").map_or_else(|| texts(&claims["groups"]), |one| vec![one])
    } else {
        vec![]
    };
    let wanted = opened.list("allowedGroups");
    if !wanted.is_empty() && !groups.iter().any(|group| wanted.contains(group)) {
        return Err("user not a member of allowed groups".to_owned());
    }
    Ok(Identity {
        subject,
        name,
        preferred_username: text("preferred_username").unwrap_or_default(),
        email,
        email_verified,
        groups,
        id_token: id_token.to_owned(),
    })
}
