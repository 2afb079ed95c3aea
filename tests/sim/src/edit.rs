//! What tests add to a state by hand: objects of a user's own, users with a few permissions, other signing keys.

use serde_json::{Value, json};

use crate::defaults::{EC_CERT, EC_KEY, RSA_CERT, RSA_KEY};
use crate::ids;
use crate::records::{
    blank_application, blank_group, blank_provider, blank_user, key_pair_record, overlaid,
};
use crate::state::State;

impl State {
    /// Adds a provider: the model's defaults, with the given keys on top. Returns its key.
    pub fn add_provider(&mut self, fields: Value) -> i64 {
        let pk = self.take_pk();
        self.providers.push(overlaid(blank_provider(pk), fields));
        pk
    }

    /// Adds an application: the model's defaults, with the given keys on top. Returns its key.
    pub fn add_application(&mut self, fields: Value) -> String {
        let pk = ids::uuid();
        self.app_cache.clear();
        self.applications.push(overlaid(blank_application(&pk), fields));
        pk
    }

    /// Adds a scope mapping and returns its key.
    pub fn add_scope_mapping(&mut self, fields: Value) -> String {
        let pk = ids::uuid();
        let blank = json!({
            "pk": pk, "managed": null, "name": pk, "expression": "return {}",
            "scope_name": pk, "description": "",
        });
        self.scope_mappings.push(overlaid(blank, fields));
        pk
    }

    /// Adds a group and returns its key.
    pub fn add_group(&mut self, fields: Value) -> String {
        let pk = ids::uuid();
        self.groups.push(overlaid(blank_group(&pk), fields));
        pk
    }

    /// Adds a user and returns its key.
    pub fn add_user(&mut self, fields: Value) -> i64 {
        let pk = self.take_pk();
        self.users.push(overlaid(blank_user(pk), fields));
        pk
    }

    /// Puts a user into a group, both by name; unknown names change nothing.
    pub fn add_to_group(&mut self, username: &str, group: &str) {
        let Some(pk) = self.user(username).map(|user| user["pk"].clone()) else {
            return;
        };
        let found = self.groups.iter_mut().find(|candidate| candidate["name"] == group);
        if let Some(users) = found.and_then(|group| group["users"].as_array_mut())
            && !users.contains(&pk)
        {
            users.push(pk);
        }
    }

    /// Adds a user that is no superuser but holds these permissions (`authentik_flows.view_flow`), and an API token
    /// of that user's. An existing user only gets the token and the permissions.
    pub fn add_user_token(&mut self, username: &str, token: &str, permissions: &[&str]) -> i64 {
        let pk = match self.user(username).and_then(|user| user["pk"].as_i64()) {
            Some(pk) => pk,
            None => self.add_user(json!({"username": username, "name": username})),
        };
        if let Some(user) = self.user_mut(username) {
            user["permissions"] = json!(permissions);
        }
        self.add_token(json!({
            "identifier": format!("{username}-token-{}", ids::key(6).to_lowercase()),
            "intent": "api", "user": pk, "key": token, "expiring": false,
        }));
        pk
    }

    /// Adds a token or app password; give at least `identifier`, `intent`, `user` and `key`.
    pub fn add_token(&mut self, fields: Value) {
        let blank = json!({
            "pk": ids::uuid(), "managed": null, "identifier": ids::key(12), "intent": "api",
            "user": null, "description": "", "expires": null, "expiring": false,
            "key": ids::key(60),
        });
        self.tokens.push(overlaid(blank, fields));
    }

    /// Adds a certificate key pair with an elliptic-curve key (P-256), and returns its key.
    pub fn add_ec_key_pair(&mut self, name: &str) -> String {
        self.push_key_pair(name, "ec", EC_CERT, EC_KEY)
    }

    /// Adds a certificate key pair with an RSA key, and returns its key.
    pub fn add_rsa_key_pair(&mut self, name: &str) -> String {
        self.push_key_pair(name, "rsa", RSA_CERT, RSA_KEY)
    }

    /// Adds a certificate without a private key, and returns its key.
    pub fn add_certificate(&mut self, name: &str) -> String {
        self.push_key_pair(name, "rsa", RSA_CERT, "")
    }

    pub(crate) fn push_key_pair(
        &mut self,
        name: &str,
        kind: &str,
        cert: &str,
        key: &str,
    ) -> String {
        let pk = ids::uuid();
        self.certificate_key_pairs.push(key_pair_record(&pk, name, kind, cert, key));
        pk
    }

    /// Marks a user code as approved by this user, as the device page does. False if no such code waits.
    pub fn approve_device(&mut self, user_code: &str, username: &str) -> bool {
        let Some(pk) = self.user(username).and_then(|user| user["pk"].as_i64()) else {
            return false;
        };
        self.grants.approve_device(user_code, pk)
    }
}
