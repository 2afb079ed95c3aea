//! Who am I, which version is this, what can it do.

use serde_json::{Map, Value, json};

use crate::api::{Answer, Env};
use crate::features::Feature as F;
use crate::http::reply::Reply;
use crate::release::{between, since};

/// The caller.
pub(crate) fn me(env: &Env<'_>) -> Answer {
    let Some(user) = env.state.users.iter().find(|user| user["pk"] == env.caller.user) else {
        return Err(crate::api::auth::forbidden());
    };
    let mut shown = Map::new();
    let mut put = |key: &str, value: Value| shown.insert(key.to_owned(), value);
    for key in ["pk", "username", "name", "is_active"] {
        put(key, user[key].clone());
    }
    put("is_superuser", json!(env.caller.superuser));
    let groups = env.state.groups_of(user);
    put(
        "groups",
        groups.iter().map(|group| json!({"name": group["name"], "pk": group["pk"]})).collect(),
    );
    if env.profile.within(since(2025, 12)) {
        let roles = env.state.roles_of(user);
        put(
            "roles",
            roles.iter().map(|role| json!({"name": role["name"], "pk": role["pk"]})).collect(),
        );
    }
    put("email", user["email"].clone());
    put("avatar", json!("data:image/svg+xml;base64,"));
    put("uid", json!(env.state.uid_of(user)));
    put("settings", json!({}));
    if env.profile.within(since(2023, 8)) {
        put("type", user["type"].clone());
    }
    if env.profile.within(since(2023, 10)) {
        let permissions =
            if env.caller.superuser { json!(["access_admin_interface"]) } else { json!([]) };
        put("system_permissions", permissions);
    }
    if env.profile.has(F::MeUsers) {
        put("is_current", json!(true));
        return Ok(Reply::json(200, &json!({"user": shown, "users": [shown]})));
    }
    Ok(Reply::json(200, &json!({"user": shown})))
}

/// The version, for anybody whose token is accepted.
pub(crate) fn version(env: &Env<'_>) -> Answer {
    let mut shown = Map::new();
    let version = json!(env.profile.version_current);
    shown.insert("version_current".to_owned(), version.clone());
    shown.insert("version_latest".to_owned(), version);
    if env.profile.within(since(2024, 8)) {
        shown.insert("version_latest_valid".to_owned(), json!(true));
    }
    shown.insert("build_hash".to_owned(), json!(""));
    shown.insert("outdated".to_owned(), json!(false));
    if env.profile.within(since(2024, 8)) {
        shown.insert("outpost_outdated".to_owned(), json!(false));
    }
    Ok(Reply::json(200, &Value::Object(shown)))
}

/// The public configuration.
pub(crate) fn config(env: &Env<'_>) -> Answer {
    let mut shown = json!({
        "error_reporting": {
            "enabled": false, "sentry_dsn": "https://key@sentry.invalid/1", "environment": "customer",
            "send_pii": false, "traces_sample_rate": 0.1,
        },
        "capabilities": ["can_impersonate", "is_enterprise"], "cache_timeout": 300, "cache_timeout_flows": 300,
        "cache_timeout_policies": 300,
    });
    if env.profile.within(between((2022, 1), (2025, 10))) {
        shown["cache_timeout_reputation"] = json!(300);
    }
    Ok(Reply::json(200, &shown))
}

/// The schema: only its beginning, since what a client asks it for is its size.
pub(crate) fn schema(env: &Env<'_>) -> Answer {
    let version = env.profile.version_current;
    let mut reply = Reply::text(
        200,
        &format!("openapi: 3.0.3\ninfo:\n  title: authentik\n  version: {version}\n"),
    );
    reply.set_content_type("application/vnd.oai.openapi; charset=utf-8");
    Ok(reply)
}
