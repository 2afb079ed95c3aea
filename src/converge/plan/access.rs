//! Who may open NetBird: groups, bound to the application, and the service account with them, whom NetBird's
//! management needs (it would answer 401 to everybody else).

use serde_json::Value;

use super::admission::lets_nobody_in;
use super::bindings::Bindings;
use super::guest::{Guest, is_ours};
use super::placeholder::key_of;
use super::remark::{Level, Remark};
use super::{Admission, Change, Plan, Step, Target, bindings};
use crate::authentik::people::Group;
use crate::authentik::writer::Operation;
use crate::config;
use crate::converge::desired::Desired;
use crate::converge::observe::{Continuity, Observed, in_force};
use crate::error::{Error, Exit};
use crate::proof::CheckId;
use crate::state::own::BoundGroup;
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
    // In another Authentik they would be other people's.
    if observed.continuity != Continuity::Other {
        for known in &observed.access.bound_before {
            guests.extend(bound_before(plan, known, observed));
        }
    }
    let again: Vec<&str> = guests
        .iter()
        .map(|guest| guest.name.as_str())
        .filter(|_| desired.access == config::Access::Unset)
        .collect();
    if !again.is_empty() {
        plan.remarks.push(Remark::new(
            CheckId::Access,
            Level::Warning,
            format!(
                "AUTHENTIK_ACCESS_GROUPS is not set, and what it bound before is bound again ({})",
                again.join(", ")
            ),
            "set it to * to open NetBird to everyone",
        ));
    }
    let is_restricted = !guests.is_empty();
    guests.extend(service_account(desired, observed, remembered, is_restricted));
    let bindings = bindings::plan(plan, desired, observed, remembered, &guests);
    // Where nobody at all can enter, that is said with its reason.
    if !matches!(plan.admission, Admission::Nobody(_)) {
        let empty = guests.iter().filter(|guest| guest.field == "group" && guest.is_empty);
        plan.remarks.extend(empty.map(|guest| {
            Remark::new(
                CheckId::Access,
                Level::Warning,
                lets_nobody_in(std::slice::from_ref(&guest.name)),
                "add people to it in Authentik (Directory, Groups)",
            )
        }));
    }
    bindings
}

/// A group that the variable named when it was set: the one that was bound, else the one that has its name now.
fn bound_before(plan: &mut Plan, known: &BoundGroup, observed: &Observed) -> Option<Guest> {
    if let Some(same) = observed.access.groups.iter().find(|group| group.pk == known.group) {
        return Some(existing(plan, same));
    }
    if !known.group.is_empty() {
        let what = match observed.access.groups_named(&known.name).next() {
            Some(_) => "gone, and another one has its name, which is bound",
            None => "gone, and is made again without members",
        };
        plan.remarks.push(Remark::new(
            CheckId::Access,
            Level::Warning,
            format!("the group {} that AUTHENTIK_ACCESS_GROUPS bound before is {what}", known.name),
            "see who is in it, or set AUTHENTIK_ACCESS_GROUPS to the groups that may open NetBird",
        ));
    }
    group(plan, &known.name, observed)
}

fn existing(plan: &mut Plan, group: &Group) -> Guest {
    plan.unchanged += 1;
    Guest::group(&group.name, group.pk.clone(), group.is_empty())
}

fn group(plan: &mut Plan, name: &str, observed: &Observed) -> Option<Guest> {
    let named: Vec<_> = observed.access.groups_named(name).collect();
    match named[..] {
        [] => {
            let fields = vec![Change::set("name", Value::Null, name)];
            plan.push(Step::create(Target::Group, name, Operation::CreateGroup, fields));
            Some(Guest::group(name, key_of("group", name), true))
        }
        [only] => Some(existing(plan, only)),
        _ => {
            let error = several(name, named.iter().map(|group| group.pk.as_str()));
            // What another run has just made has no members: with them, it is no race.
            let inhabited = named.iter().filter(|group| !group.users.is_empty()).count();
            plan.refused.push(Error { retryable: inhabited < 2, ..error });
            None
        }
    }
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
    is_restricted: bool,
) -> Option<Guest> {
    let wished = desired.service_account.as_ref()?;
    let (access, view) = (&observed.access, &observed.account);
    let mut in_the_way = access.bindings.iter().flatten().filter(|b| in_force(b, observed.at));
    let shut_out = !view.works();
    let needs = match desired.access {
        _ if is_restricted => true,
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
