//! The application and its link to the provider.

use serde_json::Value;

use super::placeholder::key_of;
use super::provider::Ours;
use super::{Change, Plan, Step, Target};
use crate::authentik::writer::Operation;
use crate::converge::desired::Desired;
use crate::converge::observe::{Found, Observed};

/// Plans the application for the provider that was chosen.
pub fn plan(plan: &mut Plan, desired: &Desired, observed: &Observed, provider: Option<Ours>) {
    let Some(provider) = provider else { return };
    let link = |before: Value| match &provider {
        Ours::Existing(pk, name) => {
            Change::set("provider", before, name.clone()).sending((*pk).into())
        }
        Ours::New => {
            let name = &desired.provider.name.value;
            Change::set("provider", before, name.clone()).sending(key_of("provider", name).into())
        }
    };
    let (create, name, changes) = match &observed.found {
        Found::NoApplication(_) => {
            (true, &desired.application_name.value, creation(desired, link(Value::Null)))
        }
        Found::NoProvider(application, _) => {
            let mut changes = renamed(desired, &application.name);
            changes.push(link(Value::Null));
            (false, &application.name, changes)
        }
        Found::Linked(linked) => {
            // A release that does not tell the name has nothing to compare with.
            let name = linked
                .assigned_application_name
                .as_ref()
                .unwrap_or(&desired.application_name.value);
            (false, name, renamed(desired, name))
        }
        Found::OtherType(..) => return,
    };
    plan.push(match create {
        true => Step::create(Target::Application, name, Operation::CreateApplication, changes),
        false => {
            let operation = Operation::ChangeApplication(desired.slug.clone());
            Step::change(Target::Application, name, operation, changes)
        }
    });
}

fn renamed(desired: &Desired, is: &str) -> Vec<Change> {
    let wish = desired.application_name.wish().filter(|name| *name != is);
    wish.map(|name| Change::set("name", is, name.clone())).into_iter().collect()
}

/// Dressing is set once: what an administrator makes of it later stays.
fn creation(desired: &Desired, link: Change) -> Vec<Change> {
    let new = |field: &'static str, value: &str| Change::set(field, Value::Null, value);
    vec![
        new("name", &desired.application_name.value),
        new("slug", &desired.slug),
        link,
        new("meta_launch_url", &desired.launch_url),
        new("meta_description", "WireGuard mesh VPN"),
        new("meta_publisher", "NetBird"),
        new("policy_engine_mode", "any"),
    ]
}
