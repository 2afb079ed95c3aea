//! What this container made in Authentik, as far as it is remembered: bindings and accounts. A name proves nothing, a key
//! does.

use serde::{Deserialize, Serialize};

/// A group, or the service account, that was bound to the application.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BoundGroup {
    /// Primary key of the binding; empty while it is only wanted, which proves of no binding whose it is.
    pub binding: String,
    /// Primary key of the group; empty while that is being made.
    pub group: String,
    /// The group's name.
    pub name: String,
    /// Primary key of the user, where it is a user that was bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<i64>,
}

/// A user that this container made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OwnAccount {
    /// Primary key; nothing while it is being made, when its name proves nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pk: Option<i64>,
    /// Its name.
    pub username: String,
    /// The end of its app password, which does not end: a point in time that nobody else can know, by which it is told
    /// from other accounts of that name while the key is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mark: Option<String>,
}
