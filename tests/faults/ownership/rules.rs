//! What must hold in every state, held against the state before the first run.

use std::collections::BTreeSet;

use authentik_sim::{Sim, State};
use proptest::prelude::*;
use serde_json::Value;

use super::scenery::PEOPLE;

type Held = Result<(), TestCaseError>;

/// What there was, and what is asked for.
pub struct Rules {
    before: State,
    /// The service account that was there, if it may be adopted.
    account: Option<Value>,
    /// Who could log in when the wish was uttered.
    entered: BTreeSet<&'static str>,
    wish: Option<Vec<String>>,
    /// Groups whose bindings are this program's, since a finished run was told their names.
    adopted: BTreeSet<String>,
}

impl Rules {
    pub fn new(sim: &Sim) -> Self {
        let before = sim.state().clone();
        let account = before
            .user("Netbird")
            .filter(|user| before.is_service_account(user) && user["is_active"] == true)
            .map(|user| user["pk"].clone());
        let entered = entering(sim);
        Self { before, account, entered, wish: None, adopted: BTreeSet::new() }
    }

    /// `AUTHENTIK_ACCESS_GROUPS` changes: whoever can log in now gains nothing by a login later.
    pub fn wish(&mut self, groups: Option<&str>, sim: &Sim) {
        self.entered = entering(sim);
        let named = groups.filter(|groups| *groups != "*");
        self.wish = named.map(|groups| groups.split(',').map(str::to_owned).collect());
    }

    /// A run got to its end.
    pub fn finished(&mut self) {
        self.adopted.extend(self.wish.iter().flatten().cloned());
    }

    /// In every state.
    pub fn hold(&self, sim: &Sim) -> Held {
        {
            let now = sim.state();
            self.objects(&now)?;
            self.people(&now)?;
            self.bindings(&now)?;
        }
        self.access(sim)
    }

    /// After a finished run: who is asked for can enter.
    pub fn admits(&self, sim: &Sim) -> Held {
        let Some(groups) = &self.wish else { return Ok(()) };
        for person in PEOPLE {
            let is_member = in_groups(&sim.state(), person, groups);
            prop_assert!(!is_member || sim.may_log_in(person), "{} is shut out", person);
        }
        Ok(())
    }

    fn objects(&self, now: &State) -> Held {
        let before = &self.before;
        same("flow", &before.flows, &now.flows, |_, _| false)?;
        same("scope mapping", &before.scope_mappings, &now.scope_mappings, |_, _| false)?;
        same("key pair", &before.certificate_key_pairs, &now.certificate_key_pairs, |_, _| false)?;
        same("ldap", &before.ldap_providers, &now.ldap_providers, |_, _| false)?;
        same("saml", &before.saml_providers, &now.saml_providers, |_, _| false)?;
        same("application", &before.applications, &now.applications, |old, key| {
            old["slug"] == "netbird" && key == "provider" && old["provider"].is_null()
        })?;
        same("provider", &before.providers, &now.providers, |old, _| {
            let application = before.applications.iter().find(|a| a["provider"] == old["pk"]);
            let is_proxy = old.get("external_host").is_some();
            let is_orphan = application.is_none()
                && (old["name"] == "NetBird" || old["client_id"] == "netbird");
            !is_proxy && (is_orphan || application.is_some_and(|a| a["slug"] == "netbird"))
        })?;
        same("brand", &before.brands, &now.brands, |old, key| {
            let serving = before.brands.iter().any(|b| b["domain"] == "127.0.0.1");
            let serves =
                if serving { old["domain"] == "127.0.0.1" } else { old["default"] == true };
            // Some releases take a suffix for the name, and the host has a port.
            (serves || old["default"] == true)
                && key == "flow_device_code"
                && old["flow_device_code"].is_null()
        })
    }

    fn people(&self, now: &State) -> Held {
        let before = &self.before;
        let account = self.account.as_ref();
        same("user", &before.users, &now.users, |old, key| {
            key == "roles" && Some(&old["pk"]) == account
        })?;
        same("role", &before.roles, &now.roles, |_, _| false)?;
        same("token", &before.tokens, &now.tokens, |old, _| Some(&old["user"]) == account)?;
        same("group", &before.groups, &now.groups, |old, key| {
            let new = now.groups.iter().find(|g| g["pk"] == old["pk"]).unwrap();
            match key {
                "users" => {
                    let of = |group: &Value| -> BTreeSet<String> {
                        let users = group["users"].as_array().unwrap().iter();
                        users
                            .filter(|u| !is_new_or(account, before, u))
                            .map(Value::to_string)
                            .collect()
                    };
                    of(old) == of(new)
                }
                "roles" => {
                    old["name"] == "NetBird user list" && old["roles"] == serde_json::json!([])
                }
                _ => false,
            }
        })?;
        for old in &before.users {
            let Some(user) = now.users.iter().find(|user| user["pk"] == old["pk"]) else {
                continue;
            };
            let gained = !before.is_superuser(old) && now.is_superuser(user);
            prop_assert!(!gained, "{} became an administrator", old["username"]);
            if Some(&old["pk"]) == account {
                continue;
            }
            let had = before.permissions_of(old);
            let more = now.permissions_of(user).into_iter().find(|p| !had.contains(p));
            prop_assert!(more.is_none(), "{} gained {:?}", old["username"], more);
            let tokens = now.tokens.iter().filter(|t| t["user"] == old["pk"]).count();
            let had = before.tokens.iter().filter(|t| t["user"] == old["pk"]).count();
            prop_assert!(tokens == had, "{} got a token", old["username"]);
        }
        Ok(())
    }

    fn bindings(&self, now: &State) -> Held {
        for old in &self.before.policy_bindings {
            let group = self.before.groups.iter().find(|g| g["pk"] == old["group"]);
            let name = group.and_then(|group| group["name"].as_str()).unwrap_or_default();
            let on_ours = self
                .before
                .application("netbird")
                .is_some_and(|application| application["pk"] == old["target"]);
            let named = self.wish.iter().flatten().any(|wished| wished == name);
            if on_ours && (named || self.adopted.contains(name)) {
                continue;
            }
            let new = now.policy_bindings.iter().find(|b| b["pk"] == old["pk"]);
            prop_assert_eq!(new, Some(old), "somebody else's binding");
        }
        Ok(())
    }

    /// Whoever can log in now and could not before is in a group that is asked for, or was let in by a binding of somebody
    /// else's.
    fn access(&self, sim: &Sim) -> Held {
        let Some(groups) = &self.wish else { return Ok(()) };
        for person in entering(sim).difference(&self.entered) {
            let now = sim.state();
            let user = now.user(person).unwrap();
            let theirs = self.before.policy_bindings.iter().filter(|binding| {
                let target = self.before.application("netbird").map(|a| &a["pk"]);
                target == Some(&binding["target"]) && binding["enabled"] == true
            });
            let by_others = theirs.into_iter().any(|binding| {
                let member = now.groups_of(user).iter().any(|g| g["pk"] == binding["group"]);
                (member || binding["user"] == user["pk"]) != (binding["negate"] == true)
            });
            let asked_for = in_groups(&now, person, groups);
            prop_assert!(asked_for || by_others, "{} got in", person);
        }
        Ok(())
    }
}

fn is_new_or(account: Option<&Value>, before: &State, user: &Value) -> bool {
    Some(user) == account || !before.users.iter().any(|old| old["pk"] == *user)
}

fn entering(sim: &Sim) -> BTreeSet<&'static str> {
    PEOPLE.into_iter().filter(|person| sim.may_log_in(person)).collect()
}

fn in_groups(state: &State, person: &str, groups: &[String]) -> bool {
    let user = state.user(person).unwrap();
    state.groups_of(user).iter().any(|g| groups.iter().any(|name| g["name"] == name.as_str()))
}

/// Every object that was there is there, and as it was but for the fields that may change.
fn same(
    kind: &str,
    before: &[Value],
    now: &[Value],
    may_change: impl Fn(&Value, &str) -> bool,
) -> Held {
    let key = if kind == "brand" { "brand_uuid" } else { "pk" };
    for old in before {
        let new = now.iter().find(|new| new[key] == old[key]);
        let Some(new) = new else {
            prop_assert!(false, "{kind} {old} is gone");
            continue;
        };
        for (field, value) in old.as_object().unwrap() {
            let fine = new[field] == *value || may_change(old, field);
            prop_assert!(fine, "{kind} {}: {field} {value} became {}", old["name"], new[field]);
        }
    }
    Ok(())
}
