//! What an upgrade does to the objects an older release left behind.

use serde_json::json;

use crate::access::SERVICE_ACCOUNT;
use crate::defaults;
use crate::features::Feature;
use crate::model::Model;
use crate::profile::Profile;
use crate::state::State;

/// Every grant that a release with `grant_types` knows; the upgrade allows them to the providers it finds.
pub const ALL_GRANTS: [&str; 7] = [
    "authorization_code",
    "implicit",
    "hybrid",
    "refresh_token",
    "client_credentials",
    "password",
    "urn:ietf:params:oauth:grant-type:device_code",
];

impl State {
    /// Makes the state one that the given release would find after its migrations. Objects are kept in the newest form,
    /// so only what migrations decide, and default objects that are new, remain to be done. Never goes back.
    pub fn upgrade(&mut self, profile: &'static Profile) {
        let from = self.release;
        if from >= profile.release {
            return;
        }
        self.release = profile.release;
        let older = crate::profile::profiles()
            .into_iter()
            .rfind(|candidate| candidate.release <= from)
            .unwrap_or(profile);
        if profile.has(Feature::GrantTypes) && !older.has(Feature::GrantTypes) {
            for provider in &mut self.providers {
                provider["grant_types"] = json!(ALL_GRANTS);
            }
        }
        if profile.has(Feature::RedirectList) && !older.has(Feature::RedirectList) {
            self.make_redirects_strict();
        }
        if profile.has(Feature::InvalidationFlow) && !older.has(Feature::InvalidationFlow) {
            let fresh = State::installed_as(profile, "", &self.installation);
            let flow = fresh.flow("default-provider-invalidation-flow").map(|flow| &flow["pk"]);
            for provider in &mut self.providers {
                if provider["invalidation_flow"].is_null() {
                    provider["invalidation_flow"] = json!(flow);
                }
            }
        }
        if profile.has(Feature::UserTypes) && !older.has(Feature::UserTypes) {
            for user in &mut self.users {
                if user["attributes"][SERVICE_ACCOUNT] == true {
                    user["type"] = json!("service_account");
                } else if user["path"] == "goauthentik.io/outposts" {
                    user["type"] = json!("internal_service_account");
                }
            }
        }
        // Blueprints run after every upgrade: what is new appears, what exists is left alone.
        let fresh = State::installed_as(profile, "", &self.installation);
        let known = defaults::default_objects(older);
        for model in [Model::Flow, Model::ScopeMapping] {
            let key = if model == Model::Flow { "slug" } else { "managed" };
            for object in model.table(&fresh) {
                let name = object[key].as_str().unwrap_or_default();
                let present = model.table(self).iter().any(|existing| existing[key] == object[key]);
                if !present && !known.iter().any(|old| old == name) {
                    model.table_mut(self).push(object.clone());
                }
            }
        }
    }
    /// What becomes of the old text: each line is strict from now on, whatever pattern it was, but for "everything".
    fn make_redirects_strict(&mut self) {
        let entries = self
            .providers
            .iter_mut()
            .filter_map(|provider| provider["redirect_uris"].as_array_mut())
            .flatten();
        for entry in entries {
            let all = entry["url"] == "*" || entry["url"] == ".*";
            entry["matching_mode"] = json!(if all { "regex" } else { "strict" });
        }
    }
}
