//! What is remembered of a run: before its first write what a crash would lose, and at its end what it came to.

use serde_json::Value;

use super::observe::{
    NAMED_DEVICE_FLOW, OPEN_BY_DEFAULT, Observed, SOUND_DEVICE_FLOW, SOUND_LOGIN_FLOW, in_force,
};
use super::plan::{Plan, Step, Target};
use crate::authentik::conflict::{is_conflict, refers_to_nothing};
use crate::authentik::model::Provider;
use crate::authentik::people::Binding;
use crate::config;
use crate::converge::desired::Desired;
use crate::http::Trouble;
use crate::state::own::{BoundGroup, OwnAccount};
use crate::state::store::{Installation, Remembered};

/// Objects that a run made, by their answers.
#[derive(Clone, Debug, Default)]
pub struct Made {
    application: Option<String>,
    provider: Option<i64>,
    /// The provider as the last change left it.
    changed: Option<Provider>,
    account: Option<OwnAccount>,
    role: Option<String>,
    bindings: Vec<Binding>,
    removed: Vec<String>,
    /// The create that was refused, and how often in a row.
    refused: Option<(String, Trouble, u32)>,
}

/// So often a create is refused with words that another look does not bear out: for a unique value that is taken although
/// nothing of that name is seen, or for a reference to nothing. Between two looks somebody else may have made it and taken
/// it back, or put another in its place, which the next create refers to.
const DOUBTED_TRIES: u32 = 3;

impl Made {
    /// A step was done: what was made, by Authentik's answer, or what is gone.
    pub fn note(&mut self, target: Target, name: &str, answer: &Value) {
        let text = || answer["pk"].as_str().map(str::to_owned);
        match target {
            Target::Application => {
                self.application = text();
                // An unlinked provider was adopted: no answer of its own tells that.
                self.provider = answer["provider"].as_i64().or(self.provider);
            }
            Target::Provider => self.provider = answer["pk"].as_i64(),
            Target::ServiceAccount => {
                let pk = answer["user_pk"].as_i64();
                self.account = Some(OwnAccount { pk, username: name.to_owned(), mark: None });
            }
            Target::Role => self.role = text(),
            Target::Binding => self.bindings.extend(serde_json::from_value(answer.clone()).ok()),
            _ => {}
        }
    }

    /// The provider was made or changed: what Authentik says of it now.
    pub fn changed(&mut self, provider: Provider) {
        self.changed = Some(provider);
    }

    /// The service account.
    pub fn account(&self) -> Option<&OwnAccount> {
        self.account.as_ref()
    }

    /// The role's key.
    pub fn role(&self) -> Option<String> {
        self.role.clone()
    }

    /// The binding that was made last.
    pub fn last_binding(&self) -> Option<&Binding> {
        self.bindings.last()
    }

    /// The provider that was made or changed.
    pub fn provider(&self) -> Option<&Provider> {
        self.changed.as_ref()
    }

    /// A create was refused: the server is looked at again.
    pub fn refused(&mut self, step: &Step, trouble: &Trouble) {
        let headline = step.headline();
        let before = self.refused.take().filter(|(last, ..)| *last == headline);
        let times = before.map_or(1, |(.., times)| times + 1);
        self.refused = Some((headline, trouble.clone(), times));
    }

    /// The refusal of a create that is still to be done after another look: its field errors are the answer.
    pub fn refused_for_good(&self, plan: &Plan) -> Option<&Trouble> {
        let (headline, trouble, times) = self.refused.as_ref()?;
        let again = plan.steps.iter().any(|step| step.creates() && step.headline() == *headline);
        let doubted = is_conflict(trouble) || refers_to_nothing(trouble);
        let tries = if doubted { DOUBTED_TRIES } else { 1 };
        (again && *times >= tries).then_some(trouble)
    }

    /// What was learnt makes the next try another one.
    pub fn forgive(&mut self) {
        self.refused = None;
    }

    /// A binding is gone.
    pub fn removed(&mut self, binding: &str) {
        self.removed.push(binding.to_owned());
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
    accounts(observed, made, remembered);
    bindings(desired, observed, made, remembered);
    verified(desired, observed, made, remembered);
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
    let all = present.iter().chain(&made.bindings);
    let all: Vec<&Binding> = all.filter(|b| !made.removed.contains(&b.pk)).collect();
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
