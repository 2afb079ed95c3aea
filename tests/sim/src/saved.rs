//! A state as JSON, so that what one program left in Authentik can be kept in a file and met by a later program.
//!
//! Only what differs from a fresh installation of the release is in it: default objects go on being those of the
//! simulator that loads the file, and so does every key that the file does not have. What only lasts for minutes (codes,
//! sessions, caches) is left out.

use serde_json::{Map, Value, json};

use crate::model::Model;
use crate::profile::{find, profiles};
use crate::records::{
    blank_application, blank_group, blank_provider, blank_user, flow_record, overlaid,
};
use crate::state::State;

/// The kinds of objects with their names in the file.
const TABLES: [(Model, &str); 11] = [
    (Model::Provider, "providers"),
    (Model::Application, "applications"),
    (Model::Flow, "flows"),
    (Model::ScopeMapping, "scope_mappings"),
    (Model::Brand, "brands"),
    (Model::KeyPair, "certificate_key_pairs"),
    (Model::User, "users"),
    (Model::Group, "groups"),
    (Model::Token, "tokens"),
    (Model::Binding, "policy_bindings"),
    (Model::Role, "roles"),
];

impl State {
    /// What differs from a fresh installation of the same release: new objects whole, changed ones with their key and
    /// what changed, lost ones by their key under `gone`.
    ///
    /// # Panics
    /// If the state is of a release that no profile has, which no way of making one allows.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let profile = profiles().into_iter().find(|profile| profile.release == self.release);
        let profile = profile.expect("a state is of a known release");
        let fresh = Self::installed(profile, "");
        let mut saved = json!({"release": profile.version_current, "next_pk": self.next_pk});
        let mut gone = Map::new();
        for (model, name) in TABLES {
            let key = model.lookup();
            let (now, before) = (model.table(self), model.table(&fresh));
            let same = |a: &Value, b: &Value| a[key] == b[key];
            let changed: Vec<Value> = now
                .iter()
                .filter_map(|object| match before.iter().find(|old| same(old, object)) {
                    Some(old) => difference(old, object, key),
                    None => Some(object.clone()),
                })
                .collect();
            let lost: Vec<&Value> = before
                .iter()
                .filter(|old| !now.iter().any(|object| same(old, object)))
                .map(|old| &old[key])
                .collect();
            if !changed.is_empty() {
                saved[name] = changed.into();
            }
            if !lost.is_empty() {
                gone.insert(name.to_owned(), json!(lost));
            }
        }
        if !gone.is_empty() {
            saved["gone"] = gone.into();
        }
        for (name, value) in self.settings() {
            if fresh.settings().iter().all(|setting| *setting != (name, value.clone())) {
                saved[name] = value;
            }
        }
        saved
    }

    /// The state that was saved, on top of a fresh installation of its release. Keys it does not know are ignored.
    ///
    /// # Panics
    /// If it names no known release.
    #[must_use]
    pub fn from_json(saved: &Value) -> Self {
        let profile = saved["release"].as_str().and_then(find).expect("a known `release`");
        let mut state = Self::installed(profile, "");
        for (model, name) in TABLES {
            let key = model.lookup();
            let table = model.table_mut(&mut state);
            let lost = saved["gone"][name].as_array().map_or(&[][..], Vec::as_slice);
            table.retain(|object| !lost.contains(&object[key]));
            for object in saved[name].as_array().into_iter().flatten() {
                match table.iter_mut().find(|old| old[key] == object[key]) {
                    Some(old) => *old = overlaid(old.take(), object.clone()),
                    None => table.push(overlaid(blank(model, object), object.clone())),
                }
            }
        }
        let integer = |name: &str| saved[name].as_i64();
        state.next_pk = integer("next_pk").unwrap_or(state.next_pk);
        state.largest_page = integer("largest_page")
            .and_then(|n| usize::try_from(n).ok())
            .unwrap_or(state.largest_page);
        state.default_app_access =
            saved["default_app_access"].as_bool().unwrap_or(state.default_app_access);
        state.jwks_cache_control = saved["jwks_cache_control"].as_str().map(str::to_owned);
        state
    }

    /// The settings that are no objects.
    fn settings(&self) -> [(&'static str, Value); 3] {
        [
            ("default_app_access", self.default_app_access.into()),
            ("largest_page", self.largest_page.into()),
            ("jwks_cache_control", json!(self.jwks_cache_control)),
        ]
    }
}

/// The object's key and what is not as it was; nothing if all is.
fn difference(old: &Value, new: &Value, key: &str) -> Option<Value> {
    let changed: Map<String, Value> = new
        .as_object()?
        .iter()
        .filter(|(name, value)| old.get(name.as_str()) != Some(value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    (!changed.is_empty()).then(|| overlaid(json!({key: new[key]}), changed.into()))
}

/// What a new object has where the file says nothing: the model's defaults.
fn blank(model: Model, object: &Value) -> Value {
    let number = object["pk"].as_i64().unwrap_or_default();
    let text = object["pk"].as_str().unwrap_or_default();
    match model {
        Model::Provider => blank_provider(number),
        Model::Application => blank_application(text),
        Model::Flow => flow_record(text, json!({})),
        Model::User => blank_user(number),
        Model::Group => blank_group(text),
        _ => json!({}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn installed(name: &str) -> State {
        State::installed(find(name).expect("a profile"), "token")
    }

    #[test]
    fn what_was_saved_comes_back_on_every_release() {
        for profile in profiles() {
            let mut state = installed(profile.name);
            let pk = state.add_provider(json!({"name": "p", "client_id": "c", "sub_mode": "x"}));
            state.add_application(json!({"slug": "a", "provider": pk}));
            let user = state.add_user(json!({"username": "u"}));
            state.add_group(json!({"name": "g", "users": [user]}));
            state.brand_default_mut()["flow_device_code"] = json!("somewhere");
            state.flows.retain(|flow| flow["slug"] != "initial-setup");
            state.default_app_access = false;
            state.jwks_cache_control = Some("max-age=1".to_owned());
            let saved = state.to_json();
            let loaded = State::from_json(&saved);
            for (model, name) in TABLES {
                assert_eq!(model.table(&loaded), model.table(&state), "{name} {}", profile.name);
            }
            assert_eq!(loaded.settings(), state.settings());
            assert_eq!((loaded.next_pk, loaded.release), (state.next_pk, state.release));
        }
    }

    #[test]
    fn a_changed_default_object_is_saved_as_its_change_alone() {
        let mut state = installed("2026.2");
        state.brand_default_mut()["flow_device_code"] = json!("somewhere");
        let brand = state.brand_default().expect("a brand")["brand_uuid"].clone();
        let expected = json!([{"brand_uuid": brand, "flow_device_code": "somewhere"}]);
        assert_eq!(state.to_json()["brands"], expected);
        assert!(state.to_json().get("flows").is_none());
    }

    #[test]
    fn missing_keys_are_fresh_and_unknown_ones_ignored() {
        let saved = json!({
            "release": "2026.2.2", "from_the_future": [1],
            "providers": [{"pk": 7, "name": "p", "new_key": 1}],
        });
        let state = State::from_json(&saved);
        assert_eq!(state.provider_by_name("p").expect("it")["sub_mode"], "hashed_user_id");
        assert_eq!(state.flows, installed("2026.2").flows);
        assert!(state.default_app_access && state.largest_page == 100);
    }
}
