//! What is remembered of a run: before its first write what a crash would lose, and at its end what it came to.

use super::made::Made;
use super::observe::{
    NAMED_DEVICE_FLOW, OPEN_BY_DEFAULT, Observed, SOUND_DEVICE_FLOW, SOUND_LOGIN_FLOW, USER_LIST,
    in_force, user_list,
};
use crate::authentik::people::Binding;
use crate::config;
use crate::converge::desired::Desired;
use crate::state::own::{BoundGroup, OwnAccount};
use crate::state::store::{Installation, Remembered};

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
    accounts(observed, made, remembered);
    bindings(desired, observed, made, remembered);
    verified(desired, observed, made, remembered);
    match user_list::digest(desired, observed, made) {
        Some(digest) => remembered.verified.insert(USER_LIST.to_owned(), digest),
        None => remembered.verified.remove(USER_LIST),
    };
}

/// What was made is known by its key; an intention that is left proved nothing.
fn accounts(observed: &Observed, made: &Made, remembered: &mut Remembered) {
    let seen = observed.account.account.as_ref().map(|account| (account.pk, &account.username));
    if let Some(account) = &made.account {
        remembered.use_account(account.clone());
    } else if let (true, Some((pk, name))) = (observed.account.is_made_here(remembered), seen) {
        remembered.use_account(OwnAccount { pk: Some(pk), username: name.clone(), mark: None });
    }
    remembered.service_account.take_if(|own| own.pk.is_none());
    let gone = |own: &OwnAccount| {
        let mut retired = observed.leftover.retired.iter();
        retired.any(|retired| retired.own.pk == own.pk && retired.is_there == Some(false))
    };
    remembered.former_accounts.retain(|own| !gone(own));
    remembered.service_account.take_if(|own| gone(own));
    if made.role.is_some() {
        remembered.role.clone_from(&made.role);
    }
    remembered.role.take_if(|role| role.is_empty());
}

/// From a finished run on, every binding of a group that the variable named is this container's.
fn bindings(desired: &Desired, observed: &Observed, made: &Made, remembered: &mut Remembered) {
    let Some(present) = &observed.access.bindings else { return };
    let all: Vec<&Binding> = made.bindings_after(present).collect();
    let groups = desired.access.groups();
    let account = made.account.as_ref().and_then(|account| account.pk);
    let account = account.or(observed.account.account.as_ref().map(|account| account.pk));
    let is_account = |b: &Binding| b.user.is_some() && b.user == account;
    let ours = |b: &&&Binding| {
        made.bindings.iter().any(|made| made.pk == b.pk)
            || super::plan::is_ours(b, remembered)
            // The variable asks for the service account's too: NetBird would be shut out.
            || !groups.is_empty() && is_account(b)
            || b.group.is_some() && named(b, observed).is_some_and(|name| groups.contains(&name))
    };
    let mut known: Vec<BoundGroup> = all
        .iter()
        .filter(ours)
        .map(|b| {
            let known = remembered.bindings.iter().find(|known| known.binding == b.pk);
            let before = known.map(|known| known.name.clone());
            BoundGroup {
                binding: b.pk.clone(),
                group: b.group.clone().unwrap_or_default(),
                name: named(b, observed).or(before).unwrap_or_default(),
                user: b.user.filter(|_| is_account(b) || b.group.is_none()),
            }
        })
        .collect();
    // Bound already, by whom is not known: still what the variable asked for when it was set.
    let wanted = remembered.bindings.iter().filter(|known| known.binding.is_empty());
    let is_bound = |wanted: &&BoundGroup| {
        let same =
            |b: &&&Binding| b.group.is_some() && named(b, observed).as_ref() == Some(&wanted.name);
        wanted.user.is_none()
            && all.iter().any(|b| same(&b))
            && !known.iter().any(|k| k.name == wanted.name)
    };
    let wanted: Vec<BoundGroup> = match desired.access {
        config::Access::Unset => wanted.filter(is_bound).cloned().collect(),
        _ => Vec::new(),
    };
    known.extend(wanted);
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
fn verified(desired: &Desired, observed: &Observed, made: &Made, remembered: &mut Remembered) {
    if observed.flows.is_some() {
        let linked = || observed.found.linked().or_else(|| observed.found.of_key(made.provider?));
        let provider = made.provider().or_else(linked);
        match provider.and_then(|provider| super::plan::sound_on_provider(observed, provider)) {
            Some(pk) => remembered.verified.insert(SOUND_LOGIN_FLOW.to_owned(), pk.to_owned()),
            None => remembered.verified.remove(SOUND_LOGIN_FLOW),
        };
        // A brand without a flow has got the wished one, which is sound or the plan would have been refused.
        let without = observed.brand.as_ref().is_some_and(|brand| brand.flow_device_code.is_none());
        let set = desired.device_code_flow.as_deref().filter(|_| without);
        match set.or(super::plan::sound_on_brand(observed)) {
            Some(slug) => remembered.verified.insert(SOUND_DEVICE_FLOW.to_owned(), slug.to_owned()),
            None => remembered.verified.remove(SOUND_DEVICE_FLOW),
        };
        match super::plan::named_device_flow(desired, observed) {
            Some(slug) => remembered.verified.insert(NAMED_DEVICE_FLOW.to_owned(), slug.to_owned()),
            None => remembered.verified.remove(NAMED_DEVICE_FLOW),
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
