//! Who a user is to this installation, which groups and roles they have, and what they may open.

use std::collections::HashMap;

use serde_json::Value;

use crate::clock;
use crate::differences::holds;
use crate::features::Feature as F;
use crate::ids::{self, is_uuid};
use crate::model::Model;
use crate::state::{State, contains};

impl State {
    /// The user's `uid`: the digest of the number and the installation's id. In the oldest releases it was the secret key
    /// instead, which became the id at the upgrade, so the digest stays.
    #[must_use]
    pub fn uid_of(&self, user: &Value) -> String {
        ids::sha256_hex(&format!("{}-{}", user["pk"], self.installation))
    }

    /// The active user whose session a Cookie header carries; to a deactivated one a session is of no use.
    pub(crate) fn session_user(&self, cookies: &str) -> Option<&Value> {
        let pk = self.grants.session(cookies)?;
        self.users.iter().find(|user| user["pk"] == pk && user["is_active"] == true)
    }

    /// The groups a user is in directly.
    #[must_use]
    pub fn groups_of(&self, user: &Value) -> Vec<&Value> {
        self.groups.iter().filter(|group| contains(&group["users"], &user["pk"])).collect()
    }

    /// The groups a user is in, and those above them: a member of a group is one of each of its parents.
    #[must_use]
    pub fn all_groups_of(&self, user: &Value) -> Vec<&Value> {
        let mut found = self.groups_of(user);
        let mut next = 0;
        while let Some(group) = found.get(next).copied() {
            next += 1;
            for parent in
                self.groups.iter().filter(|above| contains(&group["parents"], &above["pk"]))
            {
                if !found.iter().any(|known| known["pk"] == parent["pk"]) {
                    found.push(parent);
                }
            }
        }
        found
    }

    /// Whether a group makes this user a superuser.
    #[must_use]
    pub fn is_superuser(&self, user: &Value) -> bool {
        self.all_groups_of(user).iter().any(|group| group["is_superuser"] == true)
    }

    /// The roles a user has: those of the groups, and, where users have roles, the user's own.
    #[must_use]
    pub fn roles_of(&self, user: &Value) -> Vec<&Value> {
        let direct = holds(F::DirectRoles, self.release);
        // Before, the roles of a group were those of its direct members.
        let groups = if direct { self.all_groups_of(user) } else { self.groups_of(user) };
        let held = |role: &&Value| {
            groups.iter().any(|group| contains(&group["roles"], &role["pk"]))
                || direct && contains(&user["roles"], &role["pk"])
        };
        self.roles.iter().filter(held).collect()
    }

    /// The permissions a user holds through roles, and those a test gave the user directly.
    #[must_use]
    pub fn permissions_of(&self, user: &Value) -> Vec<String> {
        let roles = self.roles_of(user).into_iter().map(|role| &role["permissions"]);
        roles
            .chain([&user["permissions"]])
            .filter_map(Value::as_array)
            .flatten()
            .filter_map(|permission| permission.as_str().map(str::to_owned))
            .collect()
    }

    /// Whether Authentik takes the user for a service account: by type, or before 2023.8 by attribute.
    #[must_use]
    pub fn is_service_account(&self, user: &Value) -> bool {
        if holds(F::UserTypes, self.release) {
            return user["type"] == "service_account";
        }
        user["attributes"][SERVICE_ACCOUNT] == true
    }

    /// Whether the user may open the application at this time (seconds since 1970): it has no bindings in force and the
    /// installation opens such applications, or its bindings admit the user. Superusers are no exception.
    #[must_use]
    pub fn may_open(&self, application: &Value, user: &Value, now: i64) -> bool {
        let groups = self.all_groups_of(user);
        let mut verdicts = self
            .policy_bindings
            .iter()
            .filter(|binding| binding["target"] == application["pk"] && self.in_force(binding, now))
            .map(|binding| {
                let member = groups.iter().any(|group| group["pk"] == binding["group"]);
                // What a policy says is not computed: it passes.
                let admitted =
                    member || binding["user"] == user["pk"] || binding["policy"].is_string();
                admitted != (binding["negate"] == true)
            })
            .peekable();
        if verdicts.peek().is_none() {
            return self.default_app_access || !holds(F::DefaultAccess, self.release);
        }
        match application["policy_engine_mode"].as_str() {
            Some("all") => verdicts.all(|verdict| verdict),
            _ => verdicts.any(|verdict| verdict),
        }
    }

    /// Whether a binding counts: enabled, and not expired where bindings expire.
    #[must_use]
    pub fn in_force(&self, binding: &Value, now: i64) -> bool {
        let expired = holds(F::ExpiringBindings, self.release)
            && binding["expiring"] == true
            && binding["expires"].as_str().and_then(clock::parse_iso).is_some_and(|end| end <= now);
        binding["enabled"] == true && !expired
    }

    /// Gives all objects other UUIDs, each the same one wherever it is referred to.
    pub(crate) fn give_other_uuids(&mut self) {
        let mut known: HashMap<String, String> = HashMap::new();
        let installation = self.installation.clone();
        for model in Model::ALL {
            for object in model.table_mut(self) {
                replace_uuids(object, &mut |uuid| {
                    known
                        .entry(uuid.to_owned())
                        .or_insert_with(|| ids::fixed_uuid(&format!("{installation} {uuid}")))
                        .clone()
                });
            }
        }
    }
}

/// The attribute that makes a user a service account before users had a type.
pub(crate) const SERVICE_ACCOUNT: &str = "goauthentik.io/user/service-account";

fn replace_uuids(value: &mut Value, other: &mut impl FnMut(&str) -> String) {
    match value {
        Value::String(text) if is_uuid(text) => *text = other(text),
        Value::Array(items) => items.iter_mut().for_each(|item| replace_uuids(item, other)),
        Value::Object(fields) => {
            fields.iter_mut().for_each(|(_, field)| replace_uuids(field, other));
        }
        _ => {}
    }
}
