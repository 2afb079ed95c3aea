//! From what is wished and what NetBird holds to what is to be done: data, made without asking anybody. `plan` prints
//! it, `connect` applies the same value.

pub mod account;
pub mod connector;
pub mod roles;
pub mod settings;
mod show;

use serde_json::{Map, Value};

use crate::error::Error;
use crate::netbird::api::model::{Connector, User};

/// One field, before and after.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// NetBird's name of the field.
    pub field: &'static str,
    /// What is there.
    pub before: Value,
    /// What will be there.
    pub after: Value,
}

impl Change {
    /// A field that gets this value.
    pub fn set(field: &'static str, before: impl Into<Value>, after: impl Into<Value>) -> Self {
        Self { field, before: before.into(), after: after.into() }
    }
}

/// One write.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// A group in Authentik that `SETUP_ROLE_GROUPS` names.
    CreateGroup(String),
    /// A connector; its id is NetBird's to choose.
    CreateConnector(Connector),
    /// A connector as it is to be; NetBird uses it after its next start.
    ChangeConnector(Connector, Vec<Change>),
    /// The account's settings: which of them change, and all of them.
    ChangeSettings {
        /// Of the account.
        id: String,
        /// What changes.
        changes: Vec<Change>,
        /// What is written.
        whole: Map<String, Value>,
    },
    /// Somebody who logged in through Authentik.
    ChangeUser {
        /// As they are.
        user: User,
        /// Whether they are let in.
        approve: bool,
        /// The role that they get.
        role: Option<String>,
    },
}

/// What is to be done in NetBird.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// In order.
    pub steps: Vec<Step>,
    /// What is as it is to be.
    pub unchanged: usize,
    /// What people need to know.
    pub warnings: Vec<String>,
    /// Roles that are no longer this container's: by user.
    pub forget: Vec<String>,
    /// Roles that stay this container's, under another id than before: user and role.
    pub keep: Vec<(String, String)>,
    /// What keeps it from being done; if there is anything, nothing is.
    pub refused: Vec<Error>,
}
