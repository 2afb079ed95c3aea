//! What tokens say, release by release.

use serde_json::{Map, Value, json};

use crate::features::Feature as F;
use crate::ids;
use crate::model::Model;
use crate::oidc::Ctx;
use crate::oidc::grants::Login;
use crate::state::State;

/// The grant a token is made for; claims differ by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Code,
    Refresh,
    Device,
    Credentials,
}

/// The claims of a token answer.
pub(crate) struct Claims {
    pub(crate) access: Map<String, Value>,
    pub(crate) id: Map<String, Value>,
    pub(crate) userinfo: Map<String, Value>,
}

/// The subject of a user with this provider.
pub(crate) fn subject(state: &State, provider: &Value, user: &Value) -> Value {
    match provider["sub_mode"].as_str() {
        Some("user_id") => json!(user["pk"].to_string()),
        Some("user_uuid") => user["uuid"].clone(),
        Some("user_username") => user["username"].clone(),
        Some("user_email") => user["email"].clone(),
        Some("user_upn") if user["attributes"]["upn"].is_string() => {
            user["attributes"]["upn"].clone()
        }
        _ => json!(state.uid_of(user)),
    }
}

/// The scopes in force: all that were asked for, or those the provider has mappings for.
pub(crate) fn effective(ctx: &Ctx<'_>, provider: &Value, asked: &str) -> Vec<String> {
    let asked = asked.split_whitespace().map(str::to_owned);
    if !ctx.profile.has(F::ApiMapping) {
        return asked.collect();
    }
    let mapped = mapped(ctx, provider);
    asked.filter(|scope| mapped.contains(scope)).collect()
}

/// The scopes the provider has mappings for.
fn mapped(ctx: &Ctx<'_>, provider: &Value) -> Vec<String> {
    provider["property_mappings"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|pk| Model::ScopeMapping.by_pk(ctx.state, pk)?["scope_name"].as_str())
        .map(str::to_owned)
        .collect()
}

/// What the scopes tell about the user.
fn of_scopes(
    ctx: &Ctx<'_>,
    provider: &Value,
    user: &Value,
    scopes: &[String],
) -> Map<String, Value> {
    let mapped = mapped(ctx, provider);
    let has = |scope: &str| {
        scopes.iter().any(|held| held == scope) && mapped.iter().any(|known| known == scope)
    };
    let mut claims = Map::new();
    let mut put = |key: &str, value: Value| claims.insert(key.to_owned(), value);
    if has("email") {
        put("email", user["email"].clone());
        put("email_verified", json!(ctx.profile.has(F::EmailVerified)));
    }
    if has("profile") {
        put("name", user["name"].clone());
        put("given_name", user["name"].clone());
        if ctx.profile.has(F::OldTokens) {
            put("family_name", json!(""));
        }
        put("preferred_username", user["username"].clone());
        put("nickname", user["username"].clone());
        let groups: Vec<&Value> =
            ctx.state.groups_of(user).into_iter().map(|group| &group["name"]).collect();
        put("groups", json!(groups));
    }
    claims
}

/// The claims of both tokens and of userinfo.
pub(crate) fn build(
    ctx: &Ctx<'_>,
    (provider, user): (&Value, &Value),
    login: &Login,
    issuer: &str,
    kind: Kind,
    (access_ends, id_ends): (i64, i64),
) -> Claims {
    let profile = ctx.profile;
    let subject = subject(ctx.state, provider, user);
    let told = of_scopes(ctx, provider, user, &login.scopes);
    let mut common = Map::new();
    common.insert("iss".to_owned(), json!(issuer));
    common.insert("sub".to_owned(), subject.clone());
    common.insert("aud".to_owned(), provider["client_id"].clone());
    common.insert("exp".to_owned(), json!(access_ends));
    common.insert("iat".to_owned(), json!(ctx.call.now));
    common.insert("auth_time".to_owned(), json!(login.at));
    common.insert("acr".to_owned(), json!("goauthentik.io/providers/oauth2/default"));
    let session = login.session.as_ref().filter(|_| profile.has(F::SessionClaims));
    if let Some(session) = session {
        common.insert("amr".to_owned(), json!(["pwd"]));
        common.insert("sid".to_owned(), json!(ids::sha256_hex(session)));
    }
    if profile.has(F::TokenId) {
        common.insert("jti".to_owned(), json!(ids::key(40)));
    }
    let nonce = login.nonce.as_ref().map(|nonce| json!(nonce));
    let mut id = common.clone();
    id.insert("exp".to_owned(), json!(id_ends));
    let mut access = common;
    if let (Some(nonce), Kind::Code) = (&nonce, kind) {
        id.insert("nonce".to_owned(), nonce.clone());
        if profile.has(F::NonceInAccess) {
            access.insert("nonce".to_owned(), nonce.clone());
        }
    }
    // Before sessions were claimed, a refreshed identity still told its nonce, except in the oldest release.
    let old = !profile.has(F::SessionClaims) && !profile.has(F::OldTokens);
    if let (Some(nonce), Kind::Refresh, true) = (&nonce, kind, old) {
        id.insert("nonce".to_owned(), nonce.clone());
    }
    let hashed = match kind {
        Kind::Code => !profile.has(F::NonceInAccess),
        Kind::Refresh => old,
        Kind::Device => !profile.has(F::NonceInAccess) && !profile.has(F::OldTokens),
        Kind::Credentials => false,
    };
    if hashed {
        id.insert("at_hash".to_owned(), json!(ids::key(22)));
    }
    if provider["include_claims_in_id_token"] == true {
        id.extend(told.clone());
        access.extend(told.clone());
    }
    let client = if profile.has(F::OldTokens) { "cid" } else { "azp" };
    access.insert(client.to_owned(), provider["client_id"].clone());
    access.insert("uid".to_owned(), json!(ids::key(40)));
    if profile.has(F::ScopeClaim) {
        access.insert("scope".to_owned(), json!(login.scopes.join(" ")));
    }
    let mut userinfo = told;
    userinfo.insert("sub".to_owned(), subject);
    if let (Some(nonce), true) = (nonce, profile.has(F::NonceInAccess)) {
        userinfo.insert("nonce".to_owned(), nonce);
    }
    Claims { access, id, userinfo }
}
