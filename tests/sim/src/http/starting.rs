//! What the router answers while the application behind it is not up, and what the health endpoints say when it is.

use serde_json::json;

use crate::call::Call;
use crate::features::Feature as F;
use crate::http::reply::Reply;
use crate::profile::Profile;

/// Liveness, as far as the router answers it by itself.
#[must_use]
pub fn live(profile: &Profile) -> Reply {
    Reply::empty(if profile.has(F::Live200) { 200 } else { 204 })
}

/// Readiness once the application answers.
#[must_use]
pub fn ready(call: &Call, profile: &Profile) -> Reply {
    match call.method.as_str() {
        "GET" | "HEAD" => Reply::html(if profile.has(F::Ready200) { 200 } else { 204 }, ""),
        _ => Reply::html(403, "Forbidden"),
    }
}

/// Everything before the application answers.
#[must_use]
pub fn starting(call: &Call, profile: &Profile) -> Reply {
    if call.path == "/-/health/live/" && !profile.has(F::LiveStarting) {
        return if profile.has(F::LiveAsksCore) { Reply::empty(502) } else { live(profile) };
    }
    let accept = call.header("accept").unwrap_or_default();
    if !profile.has(F::Starting503) {
        let text = "failed to connect to authentik backend: authentik starting";
        let body = json!({ "error": text });
        // The older router compares the whole header, and writes JSON into a text answer.
        return if accept == "application/json" {
            Reply::json(502, &body)
        } else {
            Reply::text(502, &body.to_string())
        };
    }
    let reply = if accept.contains("application/json") {
        Reply::json(503, &json!({"error": "authentik starting"}))
    } else if accept.contains("text/html") {
        Reply::html(503, "authentik starting")
    } else {
        Reply::text(503, "authentik starting")
    };
    if profile.has(F::LiveStarting) && !reply.is_json() {
        return reply;
    }
    reply.with("Retry-After", "5")
}
