//! One step of a plan: an object, what is done to it, and its fields before and after.

use serde_json::Value;

use crate::authentik::writer::Operation;

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
