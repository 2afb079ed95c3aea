//! Who may open NetBird: groups, bound to the application, and the service account with them, whom NetBird's
//! management needs (it would answer 401 to everybody else). Bindings are not unique: one looks before one posts.

use serde_json::{Value, json};

use super::placeholder::key_of;
use super::{Change, Plan, Step, Target};
use crate::authentik::model::Binding;
use crate::authentik::writer::Operation;
use crate::converge::desired::Desired;
use crate::converge::observe::Observed;
use crate::error::{Error, Exit};

/// Whom a binding lets in.
struct Guest {
    field: &'static str,
    name: String,
    pk: Value,
}

/// Plans groups and bindings.
pub fn plan(plan: &mut Plan, desired: &Desired, observed: &Observed) {
    let access = &observed.access;
    let mut guests = Vec::new();
    for name in &desired.access_groups {
        let pk = match access.groups.iter().find(|g| g.name == *name) {
            Some(group) => {
                plan.unchanged += 1;
                group.pk.clone()
            }
            None => {
                let fields = vec![Change::set("name", Value::Null, name.clone())];
                plan.push(Step::create(Target::Group, name, Operation::CreateGroup, fields));
                key_of("group", name)
            }
        };
        guests.push(Guest { field: "group", name: name.clone(), pk: pk.into() });
    }
    let bindings = access.application.as_ref().map_or(&[][..], |(_, bindings)| bindings);
    let service_account = desired.service_account.as_ref().filter(|_| {
        // Without groups of ours, bindings are somebody else's: the account joins only if it is shut out.
        !guests.is_empty() || (!bindings.is_empty() && access.token.is_none())
    });
    if let Some(wished) = service_account {
        let pk = match &access.account {
            Some(account) => account.pk.into(),
            None => Value::from(key_of("service account", &wished.username)),
        };
        guests.push(Guest { field: "user", name: wished.username.clone(), pk });
    }
    if guests.is_empty() {
        return;
    }
    let all_must_agree =
        access.application.as_ref().is_some_and(|(a, _)| a.policy_engine_mode == "all");
    if all_must_agree && guests.len() + bindings.len() > 1 {
        plan.refused.push(
            Error::new(
                Exit::Refused,
                format!("application {} asks for all of its bindings", desired.slug),
            )
            .because("another binding would keep everybody out who is not in all of the groups")
            .remedy(
                "set the application's policy engine mode to any, or unset AUTHENTIK_ACCESS_GROUPS",
            ),
        );
        return;
    }
    let target = match &access.application {
        Some((application, _)) => application.pk.clone(),
        None => key_of("application", &desired.application_name.value),
    };
    let mut order = bindings.iter().map(|b| b.order + 1).max().unwrap_or(0);
    for guest in guests {
        let step = match bindings.iter().find(|b| lets_in(b, &guest)) {
            Some(binding) => enforced(binding, &guest),
            None => {
                order += 1;
                created(&guest, &desired.slug, &target, order - 1)
            }
        };
        plan.push(step);
    }
}

fn lets_in(binding: &Binding, guest: &Guest) -> bool {
    match guest.field {
        "group" => binding.group.as_deref() == guest.pk.as_str() && binding.group.is_some(),
        _ => binding.user.is_some() && binding.user == guest.pk.as_i64(),
    }
}

fn enforced(binding: &Binding, guest: &Guest) -> Step {
    let mut changes = Vec::new();
    if !binding.enabled {
        changes.push(Change::set("enabled", false, true));
    }
    if binding.negate {
        changes.push(Change::set("negate", true, false));
    }
    Step::change(
        Target::Binding,
        &guest.name,
        Operation::ChangeBinding(binding.pk.clone()),
        changes,
    )
}

fn created(guest: &Guest, slug: &str, target: &str, order: i64) -> Step {
    let fields = vec![
        Change::set("target", Value::Null, slug).sending(json!(target)),
        Change::set(guest.field, Value::Null, guest.name.clone()).sending(guest.pk.clone()),
        Change::set("order", Value::Null, order),
        Change::set("enabled", Value::Null, true),
        Change::set("negate", Value::Null, false),
    ];
    Step::create(Target::Binding, &guest.name, Operation::CreateBinding, fields)
}
