//! Settings of the account, in NetBird's raw JSON: a write replaces all of them, so what is not known here goes back as it
//! came.

use serde_json::{Map, Value, json};

use super::{Change, Plan, Step};
use crate::netbird::api::model::Account;

/// What is wished; nothing where the variable is not set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// `SETUP_USER_APPROVAL`.
    pub user_approval: Option<bool>,
    /// `SETUP_JWT_GROUPS`.
    pub jwt_groups: Option<bool>,
    /// `SETUP_JWT_ALLOW_GROUPS`.
    pub jwt_allow_groups: Option<Vec<String>>,
}

/// The claim that NetBird's provider and Authentik's profile mapping both use.
const GROUPS_CLAIM: &str = "groups";

impl Wish {
    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Plans them.
pub fn plan(plan: &mut Plan, account: &Account, wish: &Wish) {
    if wish.is_empty() {
        return;
    }
    let (changes, whole) = differences(&account.settings, wish);
    if changes.is_empty() {
        plan.unchanged += 1;
    } else {
        plan.steps.push(Step::ChangeSettings { id: account.id.clone(), changes, whole });
    }
}

/// What differs, and all settings with the differences in them.
pub fn differences(have: &Map<String, Value>, wish: &Wish) -> (Vec<Change>, Map<String, Value>) {
    let mut whole = have.clone();
    let mut changes = Vec::new();
    let mut set = |object: &mut Map<String, Value>, field: &'static str, value: Value| {
        let before = object.get(field).cloned().unwrap_or_default();
        if before != value {
            object.insert(field.to_owned(), value.clone());
            changes.push(Change { field, before, after: value });
        }
    };
    if let Some(on) = wish.jwt_groups {
        set(&mut whole, "jwt_groups_enabled", on.into());
        if on {
            set(&mut whole, "jwt_groups_claim_name", GROUPS_CLAIM.into());
        }
    }
    if let Some(groups) = &wish.jwt_allow_groups {
        set(&mut whole, "jwt_allow_groups", json!(groups));
    }
    if let Some(on) = wish.user_approval {
        let mut extra = match whole.get("extra") {
            Some(Value::Object(extra)) => extra.clone(),
            _ => Map::new(),
        };
        set(&mut extra, "user_approval_required", on.into());
        whole.insert("extra".to_owned(), Value::Object(extra));
    }
    (changes, whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Map<String, Value> {
        let settings = json!({
            "jwt_groups_enabled": false, "jwt_groups_claim_name": "", "jwt_allow_groups": [],
            "future": {"a": [1, 2.5]}, "network_range": "100.85.0.0/16",
            "extra": {"user_approval_required": true, "peer_approval_enabled": true},
        });
        settings.as_object().unwrap().clone()
    }

    #[test]
    fn only_what_was_asked_for_changes_and_everything_else_goes_back() {
        let wish = Wish {
            user_approval: Some(false),
            jwt_groups: Some(true),
            jwt_allow_groups: Some(vec!["vpn".into()]),
        };
        let (changes, whole) = differences(&settings(), &wish);
        assert_eq!(changes.len(), 4, "{changes:?}");
        assert_eq!(
            whole["extra"],
            json!({"user_approval_required": false, "peer_approval_enabled": true})
        );
        assert_eq!(whole["future"], settings()["future"]);
        assert_eq!(whole.len(), settings().len());
        let (again, same) = differences(&whole, &wish);
        assert!(again.is_empty());
        assert_eq!(same, whole);
    }

    #[test]
    fn what_is_not_asked_for_is_left() {
        let (changes, whole) = differences(&settings(), &Wish::default());
        assert!(changes.is_empty());
        assert_eq!(whole, settings());
        let off = Wish { jwt_groups: Some(false), ..Wish::default() };
        assert!(differences(&settings(), &off).0.is_empty());
    }
}
