//! A user who may be adopted as a service account, and what Authentik says that it is. A name proves nothing: whoever
//! may choose a user name can have that of the service account.

use std::fmt;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::anything::object_or_empty;
use super::bounded::{key, keys, many_or_none, or_default, text, text_or_empty};
use super::people::Role;

/// Names of outposts' own users begin like this in every release.
pub const OUTPOST_PREFIX: &str = "ak-outpost-";

/// The attribute that makes a service account before 2023.8.
const SERVICE_ACCOUNT: &str = "goauthentik.io/user/service-account";

/// `/core/users/`, as lists and single answers show them.
#[derive(Clone, Debug, Deserialize)]
pub struct Account {
    /// Primary key.
    pub pk: i64,
    /// The name.
    #[serde(deserialize_with = "text")]
    pub username: String,
    /// `internal`, `external`, `service_account`, `internal_service_account`; from 2023.8.
    #[serde(default, rename = "type", deserialize_with = "text_or_empty")]
    kind: String,
    #[serde(default, deserialize_with = "object_or_empty")]
    attributes: Map<String, Value>,
    /// Whether it can log in.
    #[serde(default = "yes")]
    pub is_active: bool,
    /// Whether a group of its makes it one.
    #[serde(default, deserialize_with = "or_default")]
    pub is_superuser: bool,
    /// Groups, by primary key.
    #[serde(default, deserialize_with = "keys")]
    pub groups: Vec<String>,
    /// Groups, in part.
    #[serde(default, deserialize_with = "many_or_none")]
    pub groups_obj: Vec<Membership>,
    /// Roles, by primary key; from 2025.12.
    #[serde(default, deserialize_with = "keys")]
    pub roles: Vec<String>,
    /// Roles, in part; from 2025.12.
    #[serde(default, deserialize_with = "many_or_none")]
    pub roles_obj: Vec<Role>,
}

/// A group, as its member's answer shows it.
#[derive(Clone, Debug, Deserialize)]
pub struct Membership {
    /// Primary key.
    #[serde(deserialize_with = "key")]
    pub pk: String,
    /// The name.
    #[serde(deserialize_with = "text")]
    pub name: String,
    /// Whether it makes its members administrators.
    #[serde(default, deserialize_with = "or_default")]
    pub is_superuser: bool,
}

/// What keeps a user from being the service account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// A person, of this organisation or another.
    Person,
    /// The account of an outpost, which Authentik keeps.
    Outpost,
    /// A service account that was switched off.
    Deactivated,
    /// Whose token this container has.
    TokensUser,
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Person => "a person's account, not a service account",
            Self::Outpost => "the account of an outpost",
            Self::Deactivated => "deactivated",
            Self::TokensUser => "the user of AUTHENTIK_TOKEN",
        })
    }
}

impl Account {
    /// Why this user cannot be the service account; `me` is whose token it is.
    pub fn unfit(&self, me: i64) -> Option<Unfit> {
        // Up to 2023.5 there are no types, and an attribute says it.
        let is_service_account = match self.kind.as_str() {
            "" => self.attributes.get(SERVICE_ACCOUNT) == Some(&Value::Bool(true)),
            kind => kind == "service_account",
        };
        if self.kind == "internal_service_account" || self.username.starts_with(OUTPOST_PREFIX) {
            Some(Unfit::Outpost)
        } else if self.pk == me {
            Some(Unfit::TokensUser)
        } else if !is_service_account {
            Some(Unfit::Person)
        } else {
            (!self.is_active).then_some(Unfit::Deactivated)
        }
    }
}

fn yes() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn account(fields: Value) -> Account {
        let mut all = json!({"pk": 7, "username": "Netbird"});
        all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        serde_json::from_value(all).unwrap()
    }

    #[test]
    fn only_what_authentik_calls_a_service_account_is_fit() {
        let attribute = json!({"attributes": {SERVICE_ACCOUNT: true}});
        for (fields, unfit) in [
            (json!({"type": "service_account"}), None),
            (attribute.clone(), None),
            (json!({}), Some(Unfit::Person)),
            (json!({"type": "internal"}), Some(Unfit::Person)),
            (json!({"type": "external"}), Some(Unfit::Person)),
            (
                json!({"type": "internal", "attributes": attribute["attributes"]}),
                Some(Unfit::Person),
            ),
            (json!({"type": "internal_service_account"}), Some(Unfit::Outpost)),
            (json!({"type": "service_account", "username": "ak-outpost-1"}), Some(Unfit::Outpost)),
            (json!({"type": "service_account", "is_active": false}), Some(Unfit::Deactivated)),
            (json!({"type": "service_account", "pk": 1}), Some(Unfit::TokensUser)),
            (json!({"attributes": {SERVICE_ACCOUNT: "true"}}), Some(Unfit::Person)),
        ] {
            assert_eq!(account(fields.clone()).unfit(1), unfit, "{fields}");
        }
    }
}
