//! The default blueprints and how far they are; only enough of them to see that they must not be waited for.

use serde_json::{Value, json};

use crate::api::auth::forbidden;
use crate::api::list::paginated;
use crate::api::{Answer, Env};
use crate::ids::fixed_uuid;
use crate::model::Model;
use crate::release::between;

/// Name and path.
const BLUEPRINTS: &[(&str, &str)] = &[
    ("Default - Authentication flow", "default/flow-default-authentication-flow.yaml"),
    (
        "Default - Provider authorization flow (implicit consent)",
        "default/flow-default-provider-authorization-implicit-consent.yaml",
    ),
    ("System - OAuth2 Provider - Scopes", "system/providers-oauth2.yaml"),
    ("System - Proxy Provider - Scopes", "system/providers-proxy.yaml"),
    ("Default - Out-of-box-experience flow", "default/flow-oobe.yaml"),
];

pub(crate) fn list(env: &Env<'_>) -> Answer {
    if !env.caller.may("authentik_blueprints.view_blueprintinstance") {
        return Err(forbidden());
    }
    // On some releases one of them fails for good although everything works.
    let failing = env.profile.within(between((2023, 10), (2024, 2)))
        || env.profile.within(between((2025, 12), (2026, 2)));
    let starting = !env.state.hidden.is_empty();
    let objects: Vec<Value> = BLUEPRINTS
        .iter()
        .map(|(name, path)| {
            let status = match *name {
                _ if starting => "unknown",
                "System - Proxy Provider - Scopes" if failing => "error",
                _ => "successful",
            };
            json!({
                "pk": fixed_uuid(path), "name": name, "path": path, "context": {}, "status": status, "enabled": true,
                "last_applied": "2026-01-01T00:00:00.000000Z", "last_applied_hash": fixed_uuid(status),
                "managed_models": [], "metadata": {}, "content": "",
            })
        })
        .collect();
    paginated(env, &objects, Model::Role, Clone::clone)
}
