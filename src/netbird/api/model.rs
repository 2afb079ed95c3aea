//! Answers of NetBird's API, read leniently: only the fields in use, missing and null ones alike, so that one program
//! reads all releases.

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// `/api/instance`.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Instance {
    /// Whether the dashboard sends everybody to its setup page. Computed when NetBird starts, and kept.
    #[serde(default, deserialize_with = "or_default")]
    pub setup_required: bool,
}

/// `/api/accounts`: there is one, the caller's.
#[derive(Clone, Debug, Deserialize)]
pub struct Account {
    /// Its id.
    pub id: String,
    /// Empty where the account was damaged by a setup with `create_pat`.
    #[serde(default, deserialize_with = "or_default")]
    pub domain: String,
    /// As they are: what is written replaces all of them.
    #[serde(default, deserialize_with = "or_default")]
    pub settings: Map<String, Value>,
}

impl Account {
    /// Whether NetBird carries its own provider. True in answers to GET only.
    pub fn is_embedded(&self) -> bool {
        self.settings.get("embedded_idp_enabled").and_then(Value::as_bool).unwrap_or(false)
    }
}

/// `/api/users`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct User {
    /// Its id: with an embedded provider, of subject and connector.
    pub id: String,
    /// For people.
    #[serde(deserialize_with = "or_default")]
    pub email: String,
    /// For people.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    /// `owner`, `admin`, `network_admin`, `auditor`, `user`.
    #[serde(deserialize_with = "or_default")]
    pub role: String,
    /// May not do anything.
    #[serde(deserialize_with = "or_default")]
    pub is_blocked: bool,
    /// Waits for an administrator.
    #[serde(deserialize_with = "or_default")]
    pub pending_approval: bool,
    /// A machine's.
    #[serde(deserialize_with = "or_default")]
    pub is_service_user: bool,
    /// Whose credential it is.
    #[serde(deserialize_with = "or_default")]
    pub is_current: bool,
    /// Groups that its peers get; every change of the user must repeat them.
    #[serde(deserialize_with = "or_default")]
    pub auto_groups: Vec<String>,
}

impl User {
    /// For people: the e-mail, else the name, else the id.
    pub fn shown(&self) -> &str {
        [&self.email, &self.name].into_iter().find(|text| !text.is_empty()).unwrap_or(&self.id)
    }
}

/// `/api/identity-providers`: a connector of the embedded provider. Its secret is never told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Connector {
    /// Its id, which is part of the id of everyone who logs in through it.
    pub id: String,
    /// `authentik`, `oidc` and so on; for good.
    #[serde(rename = "type", deserialize_with = "or_default")]
    pub kind: String,
    /// What people see on its button.
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    /// Byte for byte.
    #[serde(deserialize_with = "or_default")]
    pub issuer: String,
    /// Of the client at the issuer.
    #[serde(deserialize_with = "or_default")]
    pub client_id: String,
}

/// NetBird's own discovery document, as far as it says where people are.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Discovery {
    /// `https://NETBIRD/oauth2`.
    pub issuer: String,
}

/// Null like absent, also for a list: NetBird's empty lists may be null.
fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}
