//! What each role may do with each part of the API.

use serde_json::{Map, Value, json};

/// The parts, in the order the API tells them.
const MODULES: &[&str] = &[
    "accounts",
    "agent_network",
    "agent_network.budgets",
    "agent_network.guardrails",
    "agent_network.logs",
    "agent_network.policies",
    "agent_network.providers",
    "agent_network.settings",
    "agent_network.usage",
    "dns",
    "events",
    "groups",
    "identity_providers",
    "nameservers",
    "networks",
    "pats",
    "peers",
    "policies",
    "remote_jobs",
    "routes",
    "services",
    "settings",
    "setup_keys",
    "users",
];

/// The parts that a network administrator may change, and those it may only read.
const NETWORK_ADMIN: (&[&str], &[&str]) = (
    &["networks", "groups", "dns", "nameservers", "policies", "routes", "pats"],
    &["settings", "accounts", "events", "users", "setup_keys", "peers", "identity_providers"],
);

/// What is done to a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Create,
    Read,
    Update,
    Delete,
}

/// Whether there is such a role.
pub(crate) fn exists(role: &str) -> bool {
    matches!(role, "owner" | "admin" | "network_admin" | "user" | "auditor" | "billing_admin")
}

/// Whether a role may do this.
pub(crate) fn may(role: &str, module: &str, operation: Operation) -> bool {
    let reads = operation == Operation::Read;
    match role {
        "owner" => true,
        "admin" => module != "accounts" || reads,
        "auditor" => reads,
        "network_admin" => {
            NETWORK_ADMIN.0.contains(&module) || (reads && NETWORK_ADMIN.1.contains(&module))
        }
        _ => false,
    }
}

/// All of it, as the API tells it.
pub(crate) fn told(role: &str, restricted: bool) -> Value {
    let modules: Map<String, Value> = MODULES
        .iter()
        .map(|module| {
            let may = |operation| may(role, module, operation);
            let told = json!({
                "create": may(Operation::Create), "delete": may(Operation::Delete),
                "read": may(Operation::Read), "update": may(Operation::Update),
            });
            ((*module).to_owned(), told)
        })
        .collect();
    json!({"is_restricted": restricted, "modules": modules})
}
