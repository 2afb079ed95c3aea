//! Checks that follow from the plan: what `init` would change is what is wrong now. Pure.

use serde_json::Value;

use crate::authentik::Release;
use crate::config::{Config, Kind};
use crate::converge::desired::ROLE;
use crate::converge::plan::{Action, Change, Level, Plan, Remark, Step, Target};
use crate::proof::{Check, CheckId, because};

/// The check that a pending change belongs to.
fn check_of(step: &Step, change: &Change) -> CheckId {
    match (step.target, change.field) {
        (Target::Provider, _) if step.creates() => CheckId::Provider,
        (Target::Provider, "signing_key") => CheckId::SigningKey,
        (Target::Provider, "encryption_key") => CheckId::EncryptionKey,
        (Target::Provider, "client_type") => CheckId::ClientType,
        (Target::Provider, "property_mappings") => CheckId::ScopeMappings,
        (Target::Provider, "redirect_uris") => CheckId::RedirectUris,
        (Target::Provider, "grant_types") => CheckId::GrantTypes,
        (Target::Provider, "access_code_validity") => CheckId::CodeLifetime,
        (Target::Provider, "include_claims_in_id_token") => CheckId::Claims,
        (Target::Provider, "client_secret") => CheckId::ClientSecret,
        (Target::Provider, _) => CheckId::Provider,
        (Target::Application, _) => CheckId::Application,
        (Target::Flow | Target::Brand, _) => CheckId::DeviceCode,
        (Target::Binding, _) => CheckId::Access,
        (Target::ScopeMapping, _) => CheckId::ScopeMappings,
        (Target::ServiceAccount | Target::AppPassword | Target::Role, _) => CheckId::ServiceAccount,
        (Target::Group, "members") => CheckId::ServiceAccount,
        (Target::Group, _) if step.name == ROLE => CheckId::ServiceAccount,
        (Target::Group, _) => CheckId::Access,
    }
}

/// Why nothing is said about the app password.
pub const UNREAD: &str = "because the files with its app password cannot be used";

/// One check for each of these, in the catalogue's order; what is not configured is skipped. Where the app password
/// `is_unread`, it is not known whether it is the right one.
pub fn checks(config: &Config, release: Release, plan: &Plan, is_unread: bool) -> Vec<Check> {
    // One that is not there has no key.
    let is_made = |step: &Step| step.target == Target::AppPassword && step.creates();
    let has_no_key = plan.steps.iter().any(is_made);
    let is_known = |step: &&Step| {
        let is_password = step.target == Target::AppPassword;
        !(is_password && (is_unread || has_no_key && !step.creates()))
    };
    let pending: Vec<(CheckId, String)> = plan
        .steps
        .iter()
        .filter(is_known)
        .flat_map(|step| {
            step.changes.iter().map(move |change| (check_of(step, change), told(step, change)))
        })
        .chain(plan.steps.iter().filter(|step| step.action == Action::Remove).map(|step| {
            (CheckId::Access, format!("{} {} is no longer wanted", step.target.kind(), step.name))
        }))
        .collect();
    let creates = plan.steps.iter().any(|step| step.target == Target::Provider && step.creates());
    let no_provider = because(CheckId::Provider);
    let skipped = |id: CheckId| match id {
        CheckId::GrantTypes if !release.has_grant_types() => Some("this release has none"),
        CheckId::EncryptionKey if !release.has_invalidation_flow() => Some("this release has none"),
        CheckId::DeviceCode if config.kind != Kind::Standalone => {
            Some("devices log in at NetBird's own provider")
        }
        CheckId::DeviceCode if config.wishes.device_code_flow.is_none() => {
            Some("AUTHENTIK_DEVICE_CODE_FLOW=none")
        }
        CheckId::ServiceAccount if !config.netbird.lists_users() => {
            Some("NETBIRD_MGMT_IDP does not ask for it")
        }
        CheckId::ServiceAccount if is_unread => Some(UNREAD),
        // Nothing is right or wrong with a provider that is not there.
        CheckId::SigningKey
        | CheckId::EncryptionKey
        | CheckId::ClientType
        | CheckId::ScopeMappings
        | CheckId::RedirectUris
        | CheckId::GrantTypes
        | CheckId::CodeLifetime
        | CheckId::Claims
            if creates =>
        {
            Some(no_provider.as_str())
        }
        _ => None,
    };
    let ids = [
        CheckId::Application,
        CheckId::Provider,
        CheckId::SigningKey,
        CheckId::EncryptionKey,
        CheckId::ClientType,
        CheckId::ScopeMappings,
        CheckId::RedirectUris,
        CheckId::GrantTypes,
        CheckId::CodeLifetime,
        CheckId::DeviceCode,
        CheckId::Access,
        CheckId::ServiceAccount,
    ];
    let judge = |id: CheckId| {
        let mut details: Vec<&str> =
            pending.iter().filter(|(i, _)| *i == id).map(|(_, d)| d.as_str()).collect();
        details.dedup();
        match (details.is_empty(), skipped(id)) {
            (true, Some(why)) => Check::skipped(id, why),
            (true, None) if id == CheckId::Access => Check::pass(id, plan.admission.to_string()),
            (true, None) => Check::pass(id, "OK"),
            (false, _) => Check::failed(id, details.join("; ")),
        }
    };
    let mut checks: Vec<Check> = ids.into_iter().map(judge).collect();
    if config.kind != Kind::Standalone {
        checks.push(judge(CheckId::Claims));
    }
    checks.extend(plan.refused.iter().map(Check::refused));
    checks.extend(plan.remarks.iter().filter_map(|remark| remarked(plan, remark)));
    checks
}

/// What was remarked, as far as it counts against something.
fn remarked(plan: &Plan, remark: &Remark) -> Option<Check> {
    let what = match remark.check {
        // A warning takes the place of the line that says who may enter, unless that is a warning itself.
        CheckId::Access if plan.admission.remark().is_none() => {
            format!("{}; {}", plan.admission, remark.what)
        }
        _ => remark.what.clone(),
    };
    match remark.level {
        Level::Info => None,
        Level::Leftover | Level::Warning => Some(Check::warn(remark.check, what, &remark.remedy)),
        Level::Failure => Some(Check::fail(remark.check, what, &remark.remedy)),
    }
}

fn told(step: &Step, change: &Change) -> String {
    let object = format!("{} {}", step.target.kind(), step.name);
    if step.creates() {
        return format!("there is no {object}");
    }
    let text = |value: &Value| match value {
        Value::Null => "(none)".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            items.join(", ")
        }
        other => other.to_string(),
    };
    if change.adds && !change.taken.is_empty() {
        format!("{object}: {} has {} too many", change.field, change.taken.join(", "))
    } else if change.adds {
        format!("{object} lacks {}: {}", change.field, text(&change.after))
    } else if change.field == "key" {
        format!("{object}: its key is not the one that NetBird has")
    } else if change.before == change.after {
        format!("{object}: {} belongs to somebody else", change.field)
    } else {
        format!(
            "{object}: {} is {}, wanted {}",
            change.field,
            text(&change.before),
            text(&change.after)
        )
    }
}
