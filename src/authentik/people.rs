//! Answers that decide what people and accounts may do: groups, roles, bindings, app passwords, system settings. As
//! lenient as `model`.

use serde::Deserialize;

use super::bounded::{key, key_or_none, keys, or_default, text, text_or_empty, text_or_none};

/// Flags of the system settings.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Flags {
    /// Whether an application without bindings is open to everyone, from 2026.5; before, it is.
    #[serde(default)]
    pub core_default_app_access: Option<bool>,
}

/// `/admin/settings/`.
#[derive(Clone, Debug, Deserialize)]
pub struct Settings {
    /// From 2025.10.
    #[serde(default, deserialize_with = "or_default")]
    pub flags: Flags,
}

/// `/core/tokens/{identifier}/`. Its key is not part of the answer.
#[derive(Clone, Debug, Deserialize)]
pub struct AppPassword {
    /// Unique.
    #[serde(deserialize_with = "text")]
    pub identifier: String,
    /// `app_password` for those that can log in.
    #[serde(default, deserialize_with = "text_or_empty")]
    pub intent: String,
    /// Whose it is.
    pub user: i64,
    /// Whether it ends.
    #[serde(default, deserialize_with = "or_default")]
    pub expiring: bool,
    /// When it would end, which also one has that does not.
    #[serde(default, deserialize_with = "text_or_none")]
    pub expires: Option<String>,
}

/// `/core/groups/`.
#[derive(Clone, Debug, Deserialize)]
pub struct Group {
    /// Primary key.
    #[serde(deserialize_with = "key")]
    pub pk: String,
    /// Not unique before 2025.12.
    #[serde(deserialize_with = "text")]
    pub name: String,
    /// Roles, by primary key.
    #[serde(default, deserialize_with = "keys")]
    pub roles: Vec<String>,
    /// Whether its members are administrators.
    #[serde(default, deserialize_with = "or_default")]
    pub is_superuser: bool,
    /// Direct members, by primary key.
    #[serde(default, deserialize_with = "or_default")]
    pub users: Vec<i64>,
    /// The group above it, before 2025.12: what that one gives, members of this one have too.
    #[serde(default, deserialize_with = "key_or_none")]
    pub parent: Option<String>,
    /// The groups above it, from 2025.12.
    #[serde(default, deserialize_with = "keys")]
    pub parents: Vec<String>,
    /// The groups below it, whose members are members of it too; from 2025.8.
    #[serde(default, deserialize_with = "keys")]
    pub children: Vec<String>,
}

impl Group {
    /// Whether nobody is in it.
    pub fn is_empty(&self) -> bool {
        self.users.is_empty() && self.children.is_empty()
    }
}

/// `/core/groups/` with its members.
#[derive(Clone, Debug, Deserialize)]
pub struct Circle {
    /// Primary key.
    #[serde(deserialize_with = "key")]
    pub pk: String,
    /// Not unique before 2025.12.
    #[serde(deserialize_with = "text")]
    pub name: String,
    /// Direct members.
    #[serde(default, deserialize_with = "or_default")]
    pub users_obj: Vec<Member>,
}

/// A direct member of a group.
#[derive(Clone, Debug, Deserialize)]
pub struct Member {
    /// Primary key: `sub` of the mode `user_id`.
    pub pk: i64,
    /// `sub` of the mode `hashed_user_id`.
    #[serde(default, deserialize_with = "text_or_empty")]
    pub uid: String,
    /// Whether the account may log in.
    #[serde(default, deserialize_with = "or_default")]
    pub is_active: bool,
}

/// `/core/users/`, as far as it tells who somebody is.
#[derive(Clone, Debug, Deserialize)]
pub struct Person {
    /// Primary key.
    pub pk: i64,
    /// `sub` of the mode `user_uuid`; from 2023.10.
    #[serde(default, deserialize_with = "text_or_empty")]
    pub uuid: String,
}

/// `/rbac/roles/`.
#[derive(Clone, Debug, Deserialize)]
pub struct Role {
    /// Primary key.
    #[serde(deserialize_with = "key")]
    pub pk: String,
    /// Its name.
    #[serde(deserialize_with = "text")]
    pub name: String,
}

/// `/policies/bindings/`: who may open an application.
#[derive(Clone, Debug, Deserialize)]
pub struct Binding {
    /// Primary key.
    #[serde(deserialize_with = "key")]
    pub pk: String,
    /// A group that it lets in.
    #[serde(default, deserialize_with = "key_or_none")]
    pub group: Option<String>,
    /// A user that it lets in.
    #[serde(default)]
    pub user: Option<i64>,
    /// A policy that decides.
    #[serde(default, deserialize_with = "key_or_none")]
    pub policy: Option<String>,
    /// The group, in part.
    #[serde(default)]
    pub group_obj: Option<Named>,
    /// The user, in part.
    #[serde(default)]
    pub user_obj: Option<Named>,
    /// Whether it ends; from 2026.8.
    #[serde(default, deserialize_with = "or_default")]
    pub expiring: bool,
    /// When it ends, if it does (RFC 3339).
    #[serde(default, deserialize_with = "text_or_none")]
    pub expires: Option<String>,
    /// Whether it counts.
    #[serde(default, deserialize_with = "or_default")]
    pub enabled: bool,
    /// Whether it keeps out instead.
    #[serde(default, deserialize_with = "or_default")]
    pub negate: bool,
    /// Its place.
    #[serde(default, deserialize_with = "or_default")]
    pub order: i64,
}

/// An object inside another one, of which only the name matters.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Named {
    /// Of a group.
    #[serde(default, deserialize_with = "text_or_empty")]
    pub name: String,
    /// Of a user.
    #[serde(default, deserialize_with = "text_or_empty")]
    pub username: String,
}

/// `/rbac/permissions/`.
#[derive(Clone, Debug, Deserialize)]
pub struct Permission {
    /// Such as `view_user`.
    #[serde(deserialize_with = "text")]
    pub codename: String,
    /// Such as `authentik_core`.
    #[serde(deserialize_with = "text")]
    pub app_label: String,
}
