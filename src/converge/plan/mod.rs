//! From what is wished and what is there to what is to be done: data, made without asking anybody.
//! `plan` prints it, `init` applies the same value.

mod access;
mod account;
mod admission;
mod application;
mod bindings;
mod choose;
mod device;
mod differences;
mod flows;
mod guest;
mod identity;
mod leftover;
mod lifetimes;
mod limits;
mod origins;
pub mod placeholder;
mod provider;
mod references;
mod remark;
mod rights;
mod show;
mod signing;
mod step;
mod viewer;

use crate::converge::desired::Desired;
use crate::converge::observe::{Continuity, Observed};
use crate::error::Error;
use crate::netbird::Registration;
use crate::outputs::plan::FilePlan;
use crate::state::Memory;
use crate::state::own::BoundGroup;

pub use admission::Admission;
pub use device::named as named_device_flow;
pub use flows::{sound_on_brand, sound_on_provider};
pub use guest::is_ours;
pub use references::{Lacking, Question, References};
pub use remark::{Level, Remark};
pub use show::coloured;
pub use step::{Action, Change, Step, Target};

/// What is to be done.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// In the order in which they can be done.
    pub steps: Vec<Step>,
    /// How many objects are in order already.
    pub unchanged: usize,
    /// What must not be done; if there is anything, nothing is done.
    pub refused: Vec<Error>,
    /// What people are told about what is there, whatever is done.
    pub remarks: Vec<Remark>,
    /// Bindings that it makes: remembered before they are, since a run that dies then could not tell whose they are.
    pub intends: Vec<BoundGroup>,
    /// Who may open NetBird when it is done.
    pub admission: Admission,
    /// What the proof will be held against; nothing if the plan is refused.
    pub registration: Option<Registration>,
    /// What would be written.
    pub files: FilePlan,
}

impl Plan {
    /// Compares. The order of the steps is such that whoever must not open NetBird cannot, whenever a run ends: the
    /// application is made without its provider, bound, and then linked; nothing is unbound before that.
    pub fn new(
        desired: &Desired,
        observed: &Observed,
        references: &References,
        memory: &Memory,
    ) -> Self {
        let mut remembered = memory.remembered();
        if observed.continuity == Continuity::Other {
            remembered.forget_authentik();
        }
        let mut plan = Self { refused: limits::refused(desired, observed), ..Self::default() };
        let another = identity::refused(desired, observed, memory);
        if another.is_empty() {
            plan.remarks.extend(identity::remarks(observed, &remembered));
        }
        plan.refused.extend(another);
        plan.refused.extend(flows::refused(desired, observed));
        plan.refused.extend(device::refused(desired, observed));
        plan.remarks.extend(leftover::remarks(observed));
        plan.remarks.extend(flows::on_provider(desired, observed));
        plan.remarks.extend(lifetimes::short(observed));
        plan.refused.extend(origins::refused(desired, observed));
        device::flow(&mut plan, desired, observed);
        account::scope_mapping(&mut plan, desired, observed);
        let (provider, changed) = provider::plan(&mut plan, desired, observed, references);
        let bindings = access::plan(&mut plan, desired, observed, &remembered);
        let link = match plan.refused.is_empty() {
            true => application::plan(&mut plan, desired, observed, provider, !bindings.is_empty()),
            false => None,
        };
        account::plan(&mut plan, desired, observed);
        plan.steps.extend(bindings.made);
        // A provider that does not work lets nobody in: it is repaired when the application is bound.
        changed.into_iter().chain(link).for_each(|step| plan.push(step));
        device::brand(&mut plan, desired, observed);
        rights::plan(&mut plan, desired, observed, &remembered);
        plan.steps.extend(bindings.removed);
        plan
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.files.steps().is_empty() && self.refused.is_empty()
    }

    /// Adds a step, or counts the object as unchanged when no field differs.
    fn push(&mut self, step: Step) {
        if step.changes.is_empty() && step.action == Action::Change {
            self.unchanged += 1;
        } else {
            self.steps.push(step);
        }
    }
}
