//! What tests add to a state in one line: people, accounts, memberships, bindings, and what is in the way of a name.

use serde_json::{Value, json};

use crate::access::SERVICE_ACCOUNT;
use crate::api::kinds;
use crate::clock;
use crate::differences::holds;
use crate::features::Feature;
use crate::ids;
use crate::model::Model;
use crate::records::{brand_record, flow_record, overlaid};
use crate::shared::lock;
use crate::sim::Sim;
use crate::state::State;

/// What a user is to Authentik.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserKind {
    /// A person.
    Internal,
    /// A person of another organisation.
    External,
    /// A service account.
    ServiceAccount,
    /// The account of an outpost.
    Outpost,
}

/// A kind of provider that is no OAuth2 provider of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherProvider {
    /// A proxy provider, which is an OAuth2 provider too.
    Proxy,
    /// An LDAP provider.
    Ldap,
    /// A SAML provider.
    Saml,
}

/// The application that [`Sim::may_log_in`] asks about.
const SLUG: &str = "netbird";

impl State {
    /// Adds a user of a kind, told by type or, before 2023.8, by attribute. Returns its number.
    pub fn add_user_of(&mut self, username: &str, kind: UserKind) -> i64 {
        let (name, path) = match kind {
            UserKind::Internal => ("internal", "users"),
            UserKind::External => ("external", "users"),
            UserKind::ServiceAccount => ("service_account", "goauthentik.io/service-accounts"),
            UserKind::Outpost => ("internal_service_account", "goauthentik.io/outposts"),
        };
        let mut fields = json!({
            "username": username, "name": username, "path": path,
            "email": format!("{username}@example.com"),
        });
        if holds(Feature::UserTypes, self.release) {
            fields["type"] = json!(name);
        } else if kind == UserKind::ServiceAccount {
            fields["attributes"] = json!({ SERVICE_ACCOUNT: true });
        }
        self.add_user(fields)
    }

    /// Adds a person and returns the number.
    pub fn add_person(&mut self, username: &str) -> i64 {
        self.add_user_of(username, UserKind::Internal)
    }

    /// Adds a service account as the endpoint for them does, without its app password, and returns its number.
    pub fn add_service_account(&mut self, username: &str) -> i64 {
        self.add_user_of(username, UserKind::ServiceAccount)
    }

    /// Adds a group with these members, by name; unknown names are left out. Returns its key.
    pub fn add_group_of(&mut self, name: &str, members: &[&str]) -> String {
        let users: Vec<Value> =
            members.iter().filter_map(|user| Some(self.user(user)?["pk"].clone())).collect();
        self.add_group(json!({"name": name, "users": users}))
    }

    /// Takes a user out of a group, both by name.
    pub fn remove_from_group(&mut self, username: &str, group: &str) {
        let pk = self.user(username).map_or(Value::Null, |user| user["pk"].clone());
        let found = self.groups.iter_mut().find(|candidate| candidate["name"] == group);
        if let Some(users) = found.and_then(|group| group["users"].as_array_mut()) {
            users.retain(|member| *member != pk);
        }
    }

    /// Adds a role with these permissions (`authentik_core.view_user`) and returns its key.
    pub fn add_role(&mut self, name: &str, permissions: &[&str]) -> String {
        let pk = ids::uuid();
        self.roles.push(json!({"pk": pk, "name": name, "permissions": permissions}));
        pk
    }

    /// Adds a flow and returns its key.
    pub fn add_flow(&mut self, slug: &str, designation: &str, authentication: &str) -> String {
        let pk = ids::uuid();
        self.flows.push(flow_record(
            &pk,
            json!({
                "name": slug, "slug": slug, "title": slug, "designation": designation,
                "authentication": authentication,
            }),
        ));
        pk
    }

    /// Adds a brand that is not the default, with a device code flow or none by slug, and returns its key.
    pub fn add_brand(&mut self, domain: &str, device_flow: Option<&str>) -> String {
        let pk = ids::uuid();
        let flow = device_flow.and_then(|slug| self.flow(slug)).map(|flow| flow["pk"].clone());
        let fields = json!({"brand_uuid": pk, "flow_device_code": flow});
        self.brands.push(overlaid(brand_record(domain, false), fields));
        pk
    }

    /// Adds a provider of another kind, with the default flows. Returns its number.
    pub fn add_other_provider(&mut self, name: &str, kind: OtherProvider) -> i64 {
        let model = match kind {
            OtherProvider::Proxy => Model::Proxy,
            OtherProvider::Ldap => Model::Ldap,
            OtherProvider::Saml => Model::Saml,
        };
        let pk = self.take_pk();
        let flow = |slug: &str| self.flow(slug).map(|flow| flow["pk"].clone());
        let fields = json!({
            "name": name,
            "authorization_flow": flow("default-provider-authorization-implicit-consent"),
            "invalidation_flow": flow("default-provider-invalidation-flow"),
        });
        let mut provider = overlaid(kinds::blank(model, pk), fields);
        if model == Model::Proxy {
            provider["external_host"] = json!(format!("https://{name}.example.com"));
            kinds::register_callbacks(&mut provider);
        }
        model.table_mut(self).push(provider);
        pk
    }

    /// Binds a group to an application, by name and slug, and returns the binding's key; it is enabled and does not end.
    ///
    /// # Panics
    /// If there is no such group or application, which a test that asks for it did not expect.
    pub fn bind_group(&mut self, slug: &str, group: &str) -> String {
        let group = self.group(group).expect("a group")["pk"].clone();
        self.bind(slug, json!({ "group": group }))
    }

    /// Binds a user to an application, by name and slug, and returns the binding's key.
    ///
    /// # Panics
    /// If there is no such user or application.
    pub fn bind_user(&mut self, slug: &str, username: &str) -> String {
        let user = self.user(username).expect("a user")["pk"].clone();
        self.bind(slug, json!({ "user": user }))
    }

    /// Binds to an application by slug: `group`, `user` or `policy`, and what else differs from an ordinary binding.
    ///
    /// # Panics
    /// If there is no such application.
    pub fn bind(&mut self, slug: &str, fields: Value) -> String {
        let pk = ids::uuid();
        let target = self.application(slug).expect("an application")["pk"].clone();
        let mut binding = overlaid(crate::api::bindings::blank(&pk), fields);
        binding["target"] = target;
        self.policy_bindings.push(binding);
        pk
    }

    /// Lets a binding end at a time (seconds since 1970), as granted access requests do from 2026.8 on.
    pub fn expire_binding(&mut self, pk: &str, at: i64) {
        if let Some(binding) = self.policy_bindings.iter_mut().find(|binding| binding["pk"] == pk) {
            binding["expiring"] = json!(true);
            binding["expires"] = json!(clock::iso(at));
        }
    }
}

impl Sim {
    /// The server's time, in seconds since 1970.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.shared.front.now()
    }

    /// Whether this active user may open the application `netbird` now. It says nothing about whether a login works.
    #[must_use]
    pub fn may_log_in(&self, username: &str) -> bool {
        self.may_log_in_to(username, SLUG)
    }

    /// The same for another application, by slug.
    #[must_use]
    pub fn may_log_in_to(&self, username: &str, slug: &str) -> bool {
        let state = lock(&self.shared.state);
        let (Some(user), Some(application)) = (state.user(username), state.application(slug))
        else {
            return false;
        };
        user["is_active"] == true
            && state.any_provider(&application["provider"]).is_some()
            && state.may_open(application, user, self.now())
    }
}
