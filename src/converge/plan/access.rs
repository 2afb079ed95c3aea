//! Who may open NetBird: groups, bound to the application, and the service account with them, whom NetBird's
//! management needs (it would answer 401 to everybody else).

use serde_json::Value;

use super::bindings::Bindings;
use super::guest::{Guest, is_ours};
use super::placeholder::key_of;
use super::remark::{Level, Remark};
use super::{Change, Plan, Step, Target, bindings};
use crate::authentik::writer::Operation;
use crate::config;
use crate::converge::desired::Desired;
use crate::converge::observe::{Observed, in_force};
use crate::error::{Error, Exit};
use crate::proof::CheckId;
use crate::state::store::Remembered;

/// Plans groups at once, and bindings for their place among the other steps.
pub fn plan(
    plan: &mut Plan,
    desired: &Desired,
    observed: &Observed,
    remembered: &Remembered,
) -> Bindings {
    let mut guests = Vec::new();
    for name in desired.access.groups() {
        guests.extend(group(plan, name, observed));
    }
    guests.extend(service_account(desired, observed, remembered));
    bindings::plan(plan, desired, observed, remembered, &guests)
}

fn group(plan: &mut Plan, name: &str, observed: &Observed) -> Option<Guest> {
    let named: Vec<_> = observed.access.groups_named(name).collect();
    let (key, is_empty) = match named[..] {
        [] => {
            let fields = vec![Change::set("name", Value::Null, name)];
            plan.push(Step::create(Target::Group, name, Operation::CreateGroup, fields));
            (key_of("group", name), true)
        }
        [only] => {
            plan.unchanged += 1;
            (only.pk.clone(), only.users.is_empty() && only.children.is_empty())
        }
        _ => {
            plan.refused.push(several(name, named.iter().map(|group| group.pk.as_str())));
            return None;
        }
    };
    if is_empty {
        plan.remarks.push(Remark::new(
            CheckId::Access,
            Level::Warning,
            format!("group {name} has no members, so it lets nobody in, akadmin included"),
            "add people to it in Authentik (Directory, Groups)",
        ));
    }
    Some(Guest::group(name, key, is_empty))
}

/// Before 2025.12 group names are not unique. Another run that has just made a second one takes it back, so this is
/// looked at again before it ends the run.
pub fn several<'a>(name: &str, keys: impl Iterator<Item = &'a str>) -> Error {
    let keys: Vec<&str> = keys.collect();
    Error::new(
        Exit::Refused,
        format!("{} groups have the name {name}: {}", keys.len(), keys.join(", ")),
    )
    .because("which of them is meant cannot be known")
    .remedy("rename all but one of them in Authentik, or name another group")
    .retryable()
}

/// The service account, where bindings would shut it out.
fn service_account(
    desired: &Desired,
    observed: &Observed,
    remembered: &Remembered,
) -> Option<Guest> {
    let wished = desired.service_account.as_ref()?;
    let (access, view) = (&observed.access, &observed.account);
    let mut in_the_way = access.bindings.iter().flatten().filter(|b| in_force(b, observed.at));
    let shut_out = !view.works();
    let needs = match desired.access {
        config::Access::Groups(_) => true,
        // Bindings are somebody else's then: the account joins only if it is shut out.
        config::Access::Unset => match in_the_way.next() {
            Some(_) => {
                let all = access.application.as_ref().and_then(|a| a.mode.as_deref());
                shut_out && all != Some("all")
            }
            None => access.open_by_default == Some(false),
        },
        config::Access::Everyone => match in_the_way.any(|b| !is_ours(b, remembered)) {
            true => shut_out,
            false => access.open_by_default == Some(false),
        },
    };
    let pk = match &view.account {
        Some(account) => account.pk.into(),
        None => Value::from(key_of("service account", &wished.username)),
    };
    needs.then(|| Guest::service_account(&wished.username, pk))
}
