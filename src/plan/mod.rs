//! From what is wished and what is there to what is to be done: data, made without asking anybody.
//! `plan` prints it, `init` applies the same value.

mod application;
mod device;
mod limits;
mod provider;
mod references;
mod show;

use serde_json::Value;

use crate::desired::Desired;
use crate::error::Error;
use crate::observe::Observed;

pub use references::References;

/// Which object a step is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A flow that is created.
    Flow,
    /// A provider, by primary key if it exists.
    Provider(Option<i64>),
    /// An application, by slug.
    Application(String),
    /// A brand, by its uuid.
    Brand(String),
}

impl Target {
    /// What kind of object it is, in Authentik's terms.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Flow => "flow",
            Self::Provider(_) => "provider",
            Self::Application(_) => "application",
            Self::Brand(_) => "brand",
        }
    }
}

/// What is sent for a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wire {
    /// This.
    Json(Value),
    /// The primary key of the provider that this run creates.
    NewProvider,
    /// The primary key of the flow that this run creates.
    NewFlow,
}

/// One field, before and after, for people; and what is sent for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The API's name of the field.
    pub field: &'static str,
    /// What is there; null for a new object.
    pub before: Value,
    /// What will be there; of a list, only what is added to it.
    pub after: Value,
    /// Whether `after` is added to a list that keeps what it has.
    pub adds: bool,
    /// What is sent.
    pub wire: Wire,
}

impl Change {
    /// A field that gets a value which looks the same to people and to the server.
    pub fn set(field: &'static str, before: impl Into<Value>, after: impl Into<Value>) -> Self {
        let after = after.into();
        Self { field, before: before.into(), wire: Wire::Json(after.clone()), after, adds: false }
    }

    /// Sends something else than people are shown: a primary key instead of a name.
    #[must_use]
    pub fn sending(mut self, wire: Wire) -> Self {
        self.wire = wire;
        self
    }

    /// Adds to a list.
    pub fn add(field: &'static str, added: Vec<String>, whole: Value) -> Self {
        let after = Value::from(added);
        Self { field, before: Value::Null, after, adds: true, wire: Wire::Json(whole) }
    }
}

/// One object that is created or changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Which object.
    pub target: Target,
    /// Its name, for people.
    pub name: String,
    /// Whether it is new.
    pub create: bool,
    /// The fields.
    pub changes: Vec<Change>,
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
    pub identity: Option<Identity>,
}

/// What identifies NetBird to Authentik, once the plan is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The provider's client id, which is the audience of its tokens.
    pub client_id: String,
    /// Whether the issuer is Authentik's root instead of the application's URL (`issuer_mode`): a default,
    /// so what an administrator chose stays.
    pub global_issuer: bool,
}

impl Plan {
    /// Compares.
    pub fn new(desired: &Desired, observed: &Observed, references: &References) -> Self {
        let mut plan = Self { refused: limits::refused(desired, observed), ..Self::default() };
        device::flow(&mut plan, desired, observed, references);
        let provider = provider::plan(&mut plan, desired, observed, references);
        if plan.refused.is_empty() {
            application::plan(&mut plan, desired, observed, provider);
        }
        device::brand(&mut plan, desired, observed, references);
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
