//! From what is wished and what is there to what is to be done: data, made without asking anybody.
//! `plan` prints it, `init` applies the same value.

mod access;
mod account;
mod application;
mod choose;
mod device;
mod limits;
pub mod placeholder;
mod provider;
mod references;
mod show;
mod signing;

use serde_json::Value;

use crate::authentik::writer::Operation;
use crate::converge::desired::Desired;
use crate::converge::observe::Observed;
use crate::error::Error;
use crate::netbird::Registration;

pub use references::References;

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
    /// The name under which it is sent.
    pub key: &'static str,
    /// What is sent; may hold placeholders.
    pub wire: Value,
}

impl Change {
    /// A field that gets a value which looks the same to people and to the server.
    pub fn set(field: &'static str, before: impl Into<Value>, after: impl Into<Value>) -> Self {
        let after = after.into();
        Self { field, before: before.into(), wire: after.clone(), after, adds: false, key: field }
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
        let after = Value::from(added);
        Self { field, before: Value::Null, after, adds: true, key: field, wire: whole }
    }
}

/// One object that is created or changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Which kind of object.
    pub target: Target,
    /// Its name, for people.
    pub name: String,
    /// Whether it is new.
    pub create: bool,
    /// How it is written.
    pub operation: Operation,
    /// The fields.
    pub changes: Vec<Change>,
}

impl Step {
    /// A new object.
    pub fn create(target: Target, name: &str, operation: Operation, changes: Vec<Change>) -> Self {
        Self { target, name: name.to_owned(), create: true, operation, changes }
    }

    /// A change of an object; without changes it counts as unchanged.
    pub fn change(target: Target, name: &str, operation: Operation, changes: Vec<Change>) -> Self {
        Self { target, name: name.to_owned(), create: false, operation, changes }
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
    /// What the proof will be held against; nothing if the plan is refused.
    pub registration: Option<Registration>,
}

impl Plan {
    /// Compares.
    pub fn new(desired: &Desired, observed: &Observed, references: &References) -> Self {
        let mut plan = Self { refused: limits::refused(desired, observed), ..Self::default() };
        device::flow(&mut plan, desired, observed, references);
        account::scope_mapping(&mut plan, desired, observed);
        let provider = provider::plan(&mut plan, desired, observed, references);
        if plan.refused.is_empty() {
            application::plan(&mut plan, desired, observed, provider);
        }
        device::brand(&mut plan, desired, observed, references);
        account::plan(&mut plan, desired, observed);
        access::plan(&mut plan, desired, observed);
        plan
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.refused.is_empty()
    }

    /// Adds a step, or counts the object as unchanged when no field differs.
    fn push(&mut self, step: Step) {
        if step.changes.is_empty() {
            self.unchanged += 1;
        } else {
            self.steps.push(step);
        }
    }
}
