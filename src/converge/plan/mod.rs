//! From what is wished and what is there to what is to be done: data, made without asking anybody.
//! `plan` prints it, `init` applies the same value.

mod access;
mod account;
mod admission;
mod application;
mod bindings;
mod choose;
mod device;
mod flows;
mod identity;
mod limits;
pub mod placeholder;
mod provider;
mod references;
mod remark;
mod rights;
mod show;
mod signing;

use serde_json::Value;

use crate::authentik::writer::Operation;
use crate::converge::desired::Desired;
use crate::converge::observe::Observed;
use crate::error::Error;
use crate::netbird::Registration;
use crate::state::Memory;
use crate::state::store::BoundGroup;

pub use admission::Admission;
pub use bindings::is_ours;
pub use flows::sound_on_brand;
pub use references::References;
pub use remark::{Level, Remark};

/// Which kind of object a step is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A flow.
    Flow,
    /// A scope mapping.
    ScopeMapping,
    /// The provider.
    Provider,
    /// The application.
    Application,
    /// A brand.
    Brand,
    /// A group.
    Group,
    /// Who may open the application.
    Binding,
    /// The service account.
    ServiceAccount,
    /// Its app password.
    AppPassword,
    /// A role.
    Role,
}

impl Target {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Flow,
        Self::ScopeMapping,
        Self::Provider,
        Self::Application,
        Self::Brand,
        Self::Group,
        Self::Binding,
        Self::ServiceAccount,
        Self::AppPassword,
        Self::Role,
    ];

    /// In Authentik's terms.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Flow => "flow",
            Self::ScopeMapping => "scope mapping",
            Self::Provider => "provider",
            Self::Application => "application",
            Self::Brand => "brand",
            Self::Group => "group",
            Self::Binding => "binding",
            Self::ServiceAccount => "service account",
            Self::AppPassword => "app password",
            Self::Role => "role",
        }
    }
}

/// One field, before and after, for people; and what is sent for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The API's name of the field, or what people call it.
    pub field: &'static str,
    /// What is there; null for a new object.
    pub before: Value,
    /// What will be there; of a list, only what is added to it.
    pub after: Value,
    /// Whether `after` is added to a list that keeps what it has.
    pub adds: bool,
    /// What is taken out of that list.
    pub taken: Vec<String>,
    /// The name under which it is sent.
    pub key: &'static str,
    /// What is sent; may hold placeholders.
    pub wire: Value,
}

impl Change {
    /// A field that gets a value which looks the same to people and to the server.
    pub fn set(field: &'static str, before: impl Into<Value>, after: impl Into<Value>) -> Self {
        let after = after.into();
        let (before, wire) = (before.into(), after.clone());
        Self { field, before, wire, after, adds: false, taken: Vec::new(), key: field }
    }

    /// Sends something else than people are shown: a primary key instead of a name.
    #[must_use]
    pub fn sending(mut self, wire: Value) -> Self {
        self.wire = wire;
        self
    }

    /// The same, under another name.
    #[must_use]
    pub fn sending_as(self, key: &'static str, wire: Value) -> Self {
        Self { key, wire, ..self }
    }

    /// Adds to a list.
    pub fn add(field: &'static str, added: Vec<String>, whole: Value) -> Self {
        let (before, after) = (Value::Null, Value::from(added));
        Self { field, before, after, adds: true, taken: Vec::new(), key: field, wire: whole }
    }

    /// Takes something out of that list too.
    #[must_use]
    pub fn taking(self, taken: Vec<String>) -> Self {
        Self { taken, ..self }
    }
}

/// What is done to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It is made.
    Create,
    /// Some of its fields change.
    Change,
    /// It goes.
    Remove,
}

/// One object that is created, changed or removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Which kind of object.
    pub target: Target,
    /// Its name, for people.
    pub name: String,
    /// What is done to it.
    pub action: Action,
    /// How it is written.
    pub operation: Operation,
    /// The fields.
    pub changes: Vec<Change>,
    /// The user who gains by it: looked at again right before it is done. One that this plan makes has no key yet.
    pub gains: Option<i64>,
}

impl Step {
    /// A new object.
    pub fn create(target: Target, name: &str, operation: Operation, changes: Vec<Change>) -> Self {
        Self::new(target, name, Action::Create, operation, changes)
    }

    /// A change of an object; without changes it counts as unchanged.
    pub fn change(target: Target, name: &str, operation: Operation, changes: Vec<Change>) -> Self {
        Self::new(target, name, Action::Change, operation, changes)
    }

    /// An object that goes.
    pub fn remove(target: Target, name: &str, operation: Operation) -> Self {
        Self::new(target, name, Action::Remove, operation, Vec::new())
    }

    fn new(
        target: Target,
        name: &str,
        action: Action,
        operation: Operation,
        changes: Vec<Change>,
    ) -> Self {
        Self { target, name: name.to_owned(), action, operation, changes, gains: None }
    }

    /// The same, by which this user gains; a placeholder is a user that the plan makes.
    #[must_use]
    pub fn for_user(self, user: &Value) -> Self {
        Self { gains: user.as_i64(), ..self }
    }

    /// Whether the object is new.
    pub fn creates(&self) -> bool {
        self.action == Action::Create
    }
}

/// What is to be done.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// In the order in which they can be done.
    pub steps: Vec<Step>,
    /// How many objects are as they shall be.
    pub unchanged: usize,
    /// What we may not do; if there is anything, nothing is done.
    pub refused: Vec<Error>,
    /// What people are told about what is there, whatever is done.
    pub remarks: Vec<Remark>,
    /// Bindings that it makes: remembered before they are, since a run that dies then could not tell whose they are.
    pub intends: Vec<BoundGroup>,
    /// Who may open NetBird when it is done.
    pub admission: Admission,
    /// What the proof will be held against; nothing if the plan is refused.
    pub registration: Option<Registration>,
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
        let remembered = memory.remembered();
        let mut plan = Self { refused: limits::refused(desired, observed), ..Self::default() };
        plan.refused.extend(identity::refused(desired, observed, memory));
        plan.refused.extend(flows::refused(desired, observed));
        plan.remarks.extend(identity::remarks(observed, &remembered));
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
        self.steps.is_empty() && self.refused.is_empty()
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
