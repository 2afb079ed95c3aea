//! What is remembered of a run: before its first write what a crash would lose, and at its end what it came to.

use super::made::Made;
use super::observe::{
    OPEN_BY_DEFAULT, Observed, SOUND_DEVICE_FLOW, USER_LIST, in_force, user_list,
};
use super::plan::{Plan, Target};
use crate::authentik::people::Binding;
use crate::converge::desired::Desired;
use crate::state::store::{BoundGroup, Installation, OwnAccount, Remembered};

/// What a plan is about to make and could not tell apart from other people's after a crash.
pub fn intend(plan: &Plan, remembered: &mut Remembered) -> bool {
    let before = remembered.clone();
    for binding in &plan.intends {
        if !remembered.bindings.contains(binding) {
            remembered.bindings.push(binding.clone());
        }
    }
    for step in plan.steps.iter().filter(|step| step.creates()) {
        match step.target {
            Target::ServiceAccount => {
                let username = step.name.clone();
                remembered.service_account = Some(OwnAccount { pk: None, username });
            }
            Target::Role => remembered.role = Some(String::new()),
            _ => {}
        }
    }
    *remembered != before
}

/// What an answer disproves: whoever has the name has not got it from this run.
pub fn forget(target: Target, remembered: &mut Remembered) {
    match target {
        Target::ServiceAccount => remembered.service_account = None,
        Target::Role => remembered.role = None,
        _ => {}
    }
}

/// What a good run came to: what it last saw, and what it made after that.
pub fn conclude(desired: &Desired, observed: &Observed, made: &Made, remembered: &mut Remembered) {
    let before = remembered.installation.take();
    let (application, brand) = before.map(|b| (b.application, b.brand)).unwrap_or_default();
    let seen = observed.access.application.as_ref().map(|application| application.pk.clone());
    let default = observed.default_brand().map(|brand| brand.brand_uuid.clone());
    remembered.installation = Some(Installation {
        user: observed.me.pk,
        uid: observed.me.uid.clone(),
        application: made.application.clone().or(seen).or(application),
        brand: default.or(brand),
    });
    let linked = observed.found.linked().map(|provider| provider.pk);
    remembered.provider = linked.or(made.provider).or(remembered.provider);
    let intended = remembered.service_account.as_ref().filter(|own| own.pk.is_none());
    let seen = observed.account.account.as_ref().map(|account| account.pk);
    match (&made.account, intended) {
        (Some(account), _) => remembered.service_account = Some(account.clone()),
        (None, Some(own)) if seen.is_some() => {
            remembered.service_account = Some(OwnAccount { pk: seen, ..own.clone() });
        }
        _ => {}
    }
    let role = observed.account.role.as_ref().map(|role| role.pk.clone());
    if let Some(pk) = made.role.clone().or(role.filter(|_| remembered.role.is_some())) {
        remembered.role = Some(pk);
    }
    bindings(desired, observed, made, remembered);
    verified(desired, observed, remembered);
    match user_list::digest(desired, observed, made) {
        Some(digest) => remembered.verified.insert(USER_LIST.to_owned(), digest),
        None => remembered.verified.remove(USER_LIST),
    };
}

/// From a finished run on, every binding of a group that the variable named is this container's.
fn bindings(desired: &Desired, observed: &Observed, made: &Made, remembered: &mut Remembered) {
    let Some(present) = &observed.access.bindings else { return };
    let all: Vec<&Binding> = made.bindings_after(present).collect();
    let groups = desired.access.groups();
    let account = made.account.as_ref().and_then(|account| account.pk);
    let account = account.or(observed.account.account.as_ref().map(|account| account.pk));
    let ours = |b: &&&Binding| {
        made.bindings.iter().any(|made| made.pk == b.pk)
            || super::plan::is_ours(b, remembered)
            || b.group.is_some() && named(b, observed).is_some_and(|name| groups.contains(&name))
    };
    let known: Vec<BoundGroup> = all
        .iter()
        .filter(ours)
        .map(|b| {
            let known = remembered.bindings.iter().find(|known| known.binding == b.pk);
            let before = known.map(|known| known.name.clone());
            BoundGroup {
                binding: b.pk.clone(),
                group: b.group.clone().unwrap_or_default(),
                name: named(b, observed).or(before).unwrap_or_default(),
                user: b.user.filter(|user| Some(*user) == account || b.group.is_none()),
            }
        })
        .collect();
    remembered.bindings = known;
}

/// The name of a binding's group or user, if the answer tells it.
fn named(binding: &Binding, observed: &Observed) -> Option<String> {
    let by_key = observed.access.groups.iter().find(|g| Some(&g.pk) == binding.group.as_ref());
    let group = binding.group_obj.as_ref().map(|group| group.name.clone());
    let user = binding.user_obj.as_ref().map(|user| user.username.clone());
    by_key.map(|group| group.name.clone()).or(group).or(user).filter(|name| !name.is_empty())
}

/// What need not be asked again while the same holds.
fn verified(desired: &Desired, observed: &Observed, remembered: &mut Remembered) {
    if observed.flows.is_some() {
        // A brand without a flow has got the wished one, which is sound or the plan would have been refused.
        let without = observed.brand.as_ref().is_some_and(|brand| brand.flow_device_code.is_none());
        let set = desired.device_code_flow.as_deref().filter(|_| without);
        match set.or(super::plan::sound_on_brand(observed)) {
            Some(slug) => remembered.verified.insert(SOUND_DEVICE_FLOW.to_owned(), slug.to_owned()),
            None => remembered.verified.remove(SOUND_DEVICE_FLOW),
        };
    }
    let unbound = !observed.access.bindings.iter().flatten().any(|b| in_force(b, observed.at));
    if observed.release.has_default_access() && unbound {
        match observed.access.open_by_default {
            Some(true) => {
                remembered.verified.insert(OPEN_BY_DEFAULT.to_owned(), observed.release.to_string())
            }
            _ => remembered.verified.remove(OPEN_BY_DEFAULT),
        };
    }
}
