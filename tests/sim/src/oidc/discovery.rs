//! The discovery document. Nothing in it is configured: it is made of the request's host and scheme.

use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::features::Feature as F;
use crate::http::reply::Reply;
use crate::model::Model;
use crate::oidc::{Ctx, cors};
use crate::release::since;

/// What was listed while it was the same for all providers.
const GRANTS: [&str; 6] = [
    "authorization_code",
    "refresh_token",
    "implicit",
    "client_credentials",
    "password",
    "urn:ietf:params:oauth:grant-type:device_code",
];

/// The issuer of a provider as this request sees it.
pub(crate) fn issuer(call: &Call, application: &Value, provider: &Value) -> String {
    let base = &call.base;
    if let Some(own) = provider["issuer_override"].as_str().filter(|own| !own.is_empty()) {
        return own.to_owned();
    }
    if provider["issuer_mode"] == "global" {
        return format!("{base}/");
    }
    format!("{base}/application/o/{}/", application["slug"].as_str().unwrap_or_default())
}

/// The URLs the administration shows for a provider.
pub(crate) fn urls(call: &Call, provider: &Value, application: Option<&Value>) -> Value {
    let base = format!("{}/application/o", call.base);
    let mut urls = json!({
        "issuer": null, "authorize": format!("{base}/authorize/"), "token": format!("{base}/token/"),
        "user_info": format!("{base}/userinfo/"), "provider_info": null, "logout": null,
    });
    if let Some(application) = application {
        let slug = application["slug"].as_str().unwrap_or_default();
        urls["issuer"] = json!(issuer(call, application, provider));
        urls["provider_info"] = json!(format!("{base}/{slug}/.well-known/openid-configuration"));
        urls["logout"] = json!(format!("{base}/{slug}/end-session/"));
        urls["jwks"] = json!(format!("{base}/{slug}/jwks/"));
    }
    urls
}

/// The algorithm tokens of this provider are signed with.
pub(crate) fn algorithm(provider: &Value, key_pair: Option<&Value>) -> &'static str {
    match key_pair {
        Some(pair) if !provider["signing_key"].is_null() => {
            if pair["key_type"] == "ec" {
                "ES256"
            } else {
                "RS256"
            }
        }
        _ => "HS256",
    }
}

pub(crate) fn answer(ctx: &Ctx<'_>, application: &Value, provider: &Value) -> Reply {
    if ctx.call.method == "OPTIONS" {
        return cors::allow(Reply::html(200, ""), ctx.call, Some(provider));
    }
    if !ctx.call.reads() {
        return Reply::html(405, "");
    }
    cors::allow(Reply::json(200, &document(ctx, application, provider)), ctx.call, Some(provider))
}

fn document(ctx: &Ctx<'_>, application: &Value, provider: &Value) -> Value {
    let base = format!("{}/application/o", ctx.call.base);
    let own = format!("{base}/{}", application["slug"].as_str().unwrap_or_default());
    let pair = Model::KeyPair.by_pk(ctx.state, &provider["signing_key"]);
    let mapped: Vec<&Value> = provider["property_mappings"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|pk| Model::ScopeMapping.by_pk(ctx.state, pk))
        .map(|mapping| &mapping["scope_name"])
        .collect();
    let openid = json!("openid");
    let scopes = if mapped.is_empty() { vec![&openid] } else { mapped };
    let mut claims = vec!["sub", "iss", "aud", "exp", "iat", "auth_time", "acr", "amr", "nonce"];
    for scope in &scopes {
        match scope.as_str() {
            Some("email") => claims.extend(["email", "email_verified"]),
            Some("profile") => {
                claims.extend(["name", "given_name", "preferred_username", "nickname", "groups"])
            }
            _ => {}
        }
    }
    let mut shown = Map::new();
    let mut put = |key: &str, value: Value| shown.insert(key.to_owned(), value);
    put("issuer", json!(issuer(ctx.call, application, provider)));
    for (key, path) in [
        ("authorization_endpoint", "authorize"),
        ("token_endpoint", "token"),
        ("userinfo_endpoint", "userinfo"),
        ("introspection_endpoint", "introspect"),
        ("revocation_endpoint", "revoke"),
        ("device_authorization_endpoint", "device"),
    ] {
        put(key, json!(format!("{base}/{path}/")));
    }
    put("end_session_endpoint", json!(format!("{own}/end-session/")));
    put("jwks_uri", json!(format!("{own}/jwks/")));
    if ctx.profile.has(F::Autocomplete) {
        put("backchannel_logout_supported", json!(true));
        put("backchannel_logout_session_supported", json!(true));
    }
    if ctx.profile.has(F::RedirectType) {
        put("frontchannel_logout_supported", json!(true));
        put("frontchannel_logout_session_supported", json!(true));
    }
    put(
        "response_types_supported",
        json!([
            "code",
            "id_token",
            "id_token token",
            "code token",
            "code id_token",
            "code id_token token"
        ]),
    );
    put("response_modes_supported", json!(["query", "fragment", "form_post"]));
    let own = provider["grant_types"].clone();
    put(
        "grant_types_supported",
        if ctx.profile.has(F::GrantsDiscovered) { own } else { json!(GRANTS) },
    );
    put("id_token_signing_alg_values_supported", json!([algorithm(provider, pair)]));
    put("subject_types_supported", json!(["public"]));
    put(
        "token_endpoint_auth_methods_supported",
        json!(["client_secret_post", "client_secret_basic"]),
    );
    put("acr_values_supported", json!(["goauthentik.io/providers/oauth2/default"]));
    put("scopes_supported", json!(scopes));
    put("request_parameter_supported", json!(false));
    put("claims_supported", json!(claims));
    put("claims_parameter_supported", json!(false));
    if ctx.profile.within(since(2023, 6)) {
        put("code_challenge_methods_supported", json!(["plain", "S256"]));
    }
    Value::Object(shown)
}
