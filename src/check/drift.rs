//! Checks that follow from the plan: what `init` would change is what is wrong now. Pure.

use serde_json::Value;

use crate::authentik::release::Release;
use crate::config::Config;
use crate::plan::{Change, Plan, Step, Target};
use crate::verify::Check;

/// The check that a pending change belongs to.
fn check_of(step: &Step, change: &Change) -> &'static str {
    match (step.target, change.field) {
        (Target::Provider, _) if step.create => "provider",
        (Target::Provider, "signing_key") => "signing-key",
        (Target::Provider, "encryption_key") => "encryption-key",
        (Target::Provider, "client_type") => "client-type",
        (Target::Provider, "property_mappings") => "scope-mappings",
        (Target::Provider, "redirect_uris") => "redirect-uris",
        (Target::Provider, "grant_types") => "grant-types",
        (Target::Provider, "access_code_validity") => "code-lifetime",
        (Target::Provider, _) => "provider",
        (Target::Application, _) => "application",
        (Target::Flow | Target::Brand, _) => "device-code",
        (Target::Binding, _) => "access",
        (Target::ScopeMapping, _) => "scope-mappings",
        (Target::ServiceAccount | Target::AppPassword | Target::Role, _) => "service-account",
        (Target::Group, "members") => "service-account",
        (Target::Group, _) => "access",
    }
}

/// One check for each of these, in the catalogue's order; what is not configured is skipped.
pub fn checks(config: &Config, release: Release, plan: &Plan) -> Vec<Check> {
    let pending: Vec<(&'static str, String)> = plan
        .steps
        .iter()
        .flat_map(|step| {
            step.changes.iter().map(move |change| (check_of(step, change), told(step, change)))
        })
        .collect();
    let skipped = |name: &str| match name {
        "grant-types" if !release.has_grant_types() => Some("this release has none"),
        "encryption-key" if !release.has_invalidation_flow() => Some("this release has none"),
        "device-code" if config.wishes.device_code_flow.is_none() => {
            Some("AUTHENTIK_DEVICE_CODE_FLOW=none")
        }
        "access" if config.wishes.access_groups.is_empty() && !config.netbird.manage_users => {
            Some("AUTHENTIK_ACCESS_GROUPS is not set")
        }
        "service-account" if !config.netbird.manage_users => Some("NETBIRD_MGMT_IDP is none"),
        _ => None,
    };
    let names = [
        "application",
        "provider",
        "signing-key",
        "encryption-key",
        "client-type",
        "scope-mappings",
        "redirect-uris",
        "grant-types",
        "code-lifetime",
        "device-code",
        "access",
        "service-account",
    ];
    let judge = |name: &'static str| {
        let mut details: Vec<&str> =
            pending.iter().filter(|(n, _)| *n == name).map(|(_, d)| d.as_str()).collect();
        details.dedup();
        match (details.is_empty(), skipped(name)) {
            (true, Some(why)) => Check::skipped(name, why),
            (true, None) => Check::pass(name, "as it must be"),
            (false, _) => Check::fail(name, details.join("; "), remedy(name)),
        }
    };
    let mut checks: Vec<Check> = names.into_iter().map(judge).collect();
    checks.extend(plan.refused.iter().map(Check::refused));
    checks
}

/// The catalogue's cure.
pub fn remedy(name: &str) -> String {
    super::catalogue::find(name).map(|e| e.remedy.replace('`', "")).unwrap_or_default()
}

fn told(step: &Step, change: &Change) -> String {
    let object = format!("{} {}", step.target.kind(), step.name);
    if step.create {
        return format!("there is no {object}");
    }
    let text = |value: &Value| match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            items.join(", ")
        }
        other => other.to_string(),
    };
    if change.adds {
        format!("{object} lacks {}: {}", change.field, text(&change.after))
    } else if change.before == change.after {
        format!("{object}: {} is not ours", change.field)
    } else {
        format!(
            "{object}: {} is {}, wanted {}",
            change.field,
            text(&change.before),
            text(&change.after)
        )
    }
}
