//! What the provider says of itself.

use authentik_sim::plumbing::Reply;
use serde_json::json;

use crate::dex::Ctx;
use crate::world::lock;

/// The grant of devices.
pub(crate) const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

const GRANTS: [&str; 5] = [
    "authorization_code",
    "client_credentials",
    "refresh_token",
    DEVICE,
    "urn:ietf:params:oauth:grant-type:token-exchange",
];

/// The grants that the configuration leaves.
pub(crate) fn grants(ctx: &Ctx<'_>) -> Vec<&'static str> {
    let wanted = &ctx.embedded.grant_types;
    let left = |grant: &&str| wanted.is_empty() || wanted.iter().any(|one| one == grant);
    GRANTS.into_iter().filter(left).collect()
}

pub(crate) fn document(ctx: &Ctx<'_>) -> Reply {
    let url = |rest: &str| ctx.url(rest);
    Reply::json(
        200,
        &json!({
            "issuer": ctx.embedded.issuer, "authorization_endpoint": url("/auth"),
            "token_endpoint": url("/token"), "jwks_uri": url("/keys"),
            "userinfo_endpoint": url("/userinfo"),
            "device_authorization_endpoint": url("/device/code"),
            "introspection_endpoint": url("/token/introspect"),
            "end_session_endpoint": url("/logout"), "grant_types_supported": grants(ctx),
            "response_types_supported": ["code"], "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256", "plain"],
            "scopes_supported": ["openid", "email", "groups", "profile", "offline_access"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "claims_supported": [
                "iss", "sub", "aud", "iat", "exp", "email", "email_verified", "locale", "name",
                "preferred_username", "at_hash",
            ],
        }),
    )
}

pub(crate) fn keys(ctx: &Ctx<'_>) -> Reply {
    let kid = lock(&ctx.world.state).idp.kid.clone();
    Reply::json(200, &json!({"keys": ctx.process.own_keys(&kid)}))
        .with("Cache-Control", "max-age=600, must-revalidate")
}
