//! The application and its link to the provider.

use serde_json::Value;

use super::placeholder::key_of;
use super::provider::Ours;
use super::{Change, Plan, Step, Target};
use crate::authentik::writer::Operation;
use crate::converge::desired::Desired;
use crate::converge::observe::{Found, Observed};

/// Plans the application for the provider that was chosen. The step that links the two is apart, if the application is
/// to be bound before anybody can log in to it.
pub fn plan(
    plan: &mut Plan,
    desired: &Desired,
    observed: &Observed,
    provider: Option<Ours>,
    bind_first: bool,
) -> Option<Step> {
    let provider = provider?;
    let link = match &provider {
        Ours::Existing(pk, name) => {
            Change::set("provider", Value::Null, name.clone()).sending((*pk).into())
        }
        Ours::New => {
            let name = &desired.provider.name.value;
            Change::set("provider", Value::Null, name.clone())
                .sending(key_of("provider", name).into())
        }
    };
    let changed = |name: &str, changes| {
        let operation = Operation::ChangeApplication(desired.slug.clone());
        Step::change(Target::Application, name, operation, changes)
    };
    match &observed.found {
        Found::NoApplication(_) => {
            let name = &desired.application_name.value;
            let (first, later) = if bind_first { (None, Some(link)) } else { (Some(link), None) };
            let fields = creation(desired, first);
            plan.push(Step::create(
                Target::Application,
                name,
                Operation::CreateApplication,
                fields,
            ));
            later.map(|link| changed(name, vec![link]))
        }
        Found::NoProvider(application, _) => {
            let mut changes = renamed(desired, &application.name);
            changes.push(link);
            Some(changed(&application.name, changes))
        }
        Found::Linked(linked) => {
            // A release that does not tell the name has nothing to compare with.
            let name = linked
                .assigned_application_name
                .as_ref()
                .unwrap_or(&desired.application_name.value);
            Some(changed(name, renamed(desired, name)))
        }
        Found::OtherType(..) => None,
    }
}

fn renamed(desired: &Desired, is: &str) -> Vec<Change> {
    let wish = desired.application_name.wish().filter(|name| *name != is);
    wish.map(|name| Change::set("name", is, name.clone())).into_iter().collect()
}

/// Dressing is set once: what an administrator makes of it later stays.
fn creation(desired: &Desired, link: Option<Change>) -> Vec<Change> {
    let new = |field: &'static str, value: &str| Change::set(field, Value::Null, value);
    let mut fields = vec![new("name", &desired.application_name.value), new("slug", &desired.slug)];
    fields.extend(link);
    fields.extend([
        new("meta_launch_url", &desired.launch_url),
        new("meta_description", "WireGuard mesh VPN"),
        new("meta_publisher", "NetBird"),
        new("policy_engine_mode", "any"),
    ]);
    fields
}
