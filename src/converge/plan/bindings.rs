//! Bindings of the application: which are made, which go, and which are somebody else's. They are not unique: one looks
//! before one posts.

use serde_json::{Value, json};

use super::admission::{self, Admission, name_of};
use super::guest::{Guest, is_ours};
use super::placeholder::key_of;
use super::remark::{Level, Remark};
use super::{Change, Plan, Step, Target};
use crate::authentik::people::Binding;
use crate::authentik::writer::Operation;
use crate::config;
use crate::converge::desired::Desired;
use crate::converge::observe::{Observed, in_force};
use crate::error::{Error, Exit};
use crate::proof::CheckId;
use crate::state::store::Remembered;

/// Steps, apart: they are made before the application is linked, and removed at the end.
#[derive(Debug, Default)]
pub struct Bindings {
    /// Made or repaired.
    pub made: Vec<Step>,
    /// Removed.
    pub removed: Vec<Step>,
}

impl Bindings {
    /// Whether the application must not be linked before they are made.
    pub fn is_empty(&self) -> bool {
        self.made.is_empty()
    }
}

/// Plans bindings for these guests.
pub fn plan(
    plan: &mut Plan,
    desired: &Desired,
    observed: &Observed,
    remembered: &Remembered,
    guests: &[Guest],
) -> Bindings {
    let access = &observed.access;
    let Some(present) = access.bindings.as_deref() else {
        plan.remarks.extend(plan.admission.remark());
        return Bindings::default();
    };
    let mut steps = Bindings::default();
    let mut intends = Vec::new();
    let target = match &access.application {
        Some(application) => application.pk.clone(),
        None => key_of("application", &desired.application_name.value),
    };
    let mut order = present.iter().map(|b| b.order + 1).max().unwrap_or(0);
    for guest in guests {
        let live = |b: &&Binding| guest.is_bound_by(b) && !ended(b, observed);
        match present.iter().filter(live).max_by_key(|b| b.enabled && !b.negate) {
            Some(binding) => match enforced(binding, guest) {
                Some(step) => {
                    plan.remarks.push(turned(binding, guest));
                    steps.made.push(step);
                }
                None => plan.unchanged += 1,
            },
            None => {
                intends.push(guest.remembered());
                steps.made.push(created(guest, &desired.slug, &target, order));
                order += 1;
            }
        }
    }
    plan.intends = intends;
    let wanted = |b: &Binding| guests.iter().any(|guest| guest.is_bound_by(b));
    let gone = |b: &&Binding| {
        !wanted(b) && !b.negate && is_ours(b, remembered) && goes(b, desired, observed, remembered)
    };
    let mut going: Vec<&Binding> = present.iter().filter(gone).collect();
    // The account first: were it the last one, for a moment nobody else could open NetBird.
    going.sort_by_key(|b| b.user.is_none());
    for binding in &going {
        let operation = Operation::DeleteBinding(binding.pk.clone());
        steps.removed.push(Step::remove(Target::Binding, &name_of(binding), operation));
    }
    let stays = |b: &&Binding| going.iter().all(|g| g.pk != b.pk) && in_force(b, observed.at);
    let others: Vec<&Binding> = present.iter().filter(stays).filter(|b| !wanted(b)).collect();
    if let Some(error) = all_must_agree(desired, observed, guests.len() + others.len()) {
        plan.refused.push(error);
        return Bindings::default();
    }
    admission::tell(plan, desired, observed, remembered, &others);
    plan.admission = Admission::of(observed, guests, &others);
    plan.remarks.extend(plan.admission.remark());
    steps
}

/// Whether a binding of this container that is no longer asked for goes.
fn goes(
    binding: &Binding,
    desired: &Desired,
    observed: &Observed,
    remembered: &Remembered,
) -> bool {
    match &desired.access {
        config::Access::Unset => false,
        // An account that was let in keeps NetBird's user list working.
        config::Access::Groups(_) => binding.user.is_none(),
        config::Access::Everyone => {
            let mut live = observed.access.bindings.iter().flatten();
            let others = live.any(|b| in_force(b, observed.at) && !is_ours(b, remembered));
            binding.user.is_none() || !others
        }
    }
}

fn ended(binding: &Binding, observed: &Observed) -> bool {
    !in_force(&Binding { enabled: true, ..binding.clone() }, observed.at)
}

fn enforced(binding: &Binding, guest: &Guest) -> Option<Step> {
    let mut changes = Vec::new();
    if !binding.enabled {
        changes.push(Change::set("enabled", false, true));
    }
    if binding.negate {
        changes.push(Change::set("negate", true, false));
    }
    let operation = Operation::ChangeBinding(binding.pk.clone());
    (!changes.is_empty()).then(|| Step::change(Target::Binding, &guest.name, operation, changes))
}

/// Somebody had a reason to keep them out.
fn turned(binding: &Binding, guest: &Guest) -> Remark {
    let how = match (binding.enabled, binding.negate) {
        (true, _) => "negated",
        (false, true) => "disabled and negated",
        (false, false) => "disabled",
    };
    Remark::new(
        CheckId::Access,
        Level::Warning,
        format!("somebody had {how} the binding of {}, which lets in from now on", guest.name),
        format!("if that is not meant, leave {} out of AUTHENTIK_ACCESS_GROUPS", guest.name),
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

/// One rule for the first run and the last: an application whose bindings must all agree keeps everybody out who is not
/// in every group, so with more than one binding the variable cannot mean what it says.
fn all_must_agree(desired: &Desired, observed: &Observed, bindings: usize) -> Option<Error> {
    let mode = observed.access.application.as_ref()?.mode.as_deref()?;
    let asked = matches!(desired.access, config::Access::Groups(_));
    (mode == "all" && asked && bindings > 1).then(|| {
        Error::new(
            Exit::Refused,
            format!("application {} asks for all of its bindings", desired.slug),
        )
        .because("with more than one binding only people who are in all of the groups could log in")
        .remedy("set the application's policy engine mode to any, or unset AUTHENTIK_ACCESS_GROUPS")
    })
}
