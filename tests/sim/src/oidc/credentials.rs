//! The grants that need no browser: an app password, or the client's own secret.

use serde_json::{Value, json};

use crate::api::auth::expired;
use crate::model::Model;
use crate::oidc::Ctx;
use crate::oidc::claims::{Kind, effective};
use crate::oidc::grants::Login;
use crate::oidc::token::Granted;

pub(crate) fn credentials(ctx: &mut Ctx<'_>, provider: &Value, secret: Option<&str>) -> Granted {
    let call = ctx.call;
    let application = ctx.state.application_of(provider).cloned().ok_or("invalid_grant")?;
    let user = match (call.form("username"), call.form("password")) {
        (Some(username), Some(password)) => by_app_password(ctx, &username, &password)?,
        _ if secret.is_some() && provider["client_secret"] == json!(secret) => {
            own_account(ctx, provider)
        }
        _ => return Err("invalid_grant"),
    };
    let person = Model::User.by_pk(ctx.state, &json!(user)).ok_or("invalid_grant")?;
    if !ctx.state.may_open(&application, person, call.now) {
        return Err("invalid_grant");
    }
    let scopes = effective(ctx, provider, &call.form("scope").unwrap_or_default());
    let provider = provider["pk"].as_i64().unwrap_or_default();
    Ok((
        Login { provider, user, scopes, nonce: None, at: call.now, session: None },
        Kind::Credentials,
    ))
}

fn by_app_password(ctx: &Ctx<'_>, username: &str, password: &str) -> Result<i64, &'static str> {
    let user =
        ctx.state.user(username).filter(|user| user["is_active"] == true).ok_or("invalid_grant")?;
    let opened = ctx.state.tokens.iter().any(|token| {
        token["user"] == user["pk"]
            && token["intent"] == "app_password"
            && token["key"] == password
            && !expired(token, ctx.call.now)
    });
    if opened { user["pk"].as_i64().ok_or("invalid_grant") } else { Err("invalid_grant") }
}

/// The account a client has of its own when it brings its secret instead of a user's password.
fn own_account(ctx: &mut Ctx<'_>, provider: &Value) -> i64 {
    let name = format!("ak-{}-client_credentials", provider["name"].as_str().unwrap_or_default());
    match ctx.state.user(&name).and_then(|user| user["pk"].as_i64()) {
        Some(pk) => pk,
        None => {
            ctx.state.add_user(json!({"username": name, "name": name, "type": "service_account"}))
        }
    }
}
