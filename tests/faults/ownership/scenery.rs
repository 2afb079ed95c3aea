//! What stands in a world before the first run, under the names that a run looks for.

use authentik_sim::{OtherProvider, State, UserKind};
use proptest::prelude::*;
use serde_json::json;

/// Something that somebody made.
#[derive(Clone, Debug)]
pub enum Prop {
    /// A user of the service account's name.
    Netbird(Kind, bool),
    /// A role of the name that the service account's has.
    Role(&'static [&'static str]),
    /// A group of that name, with members or without.
    RoleGroup(bool),
    /// A group, and a person in it.
    Group(&'static str, &'static str),
    /// A group below the administrators'.
    Operators(&'static str),
    /// The application, linked or not, and its policy engine mode.
    Application(bool, &'static str),
    /// A binding of the application, if there is one: of a group or a person, enabled or not, negated or not.
    Binding(&'static str, bool, bool),
    /// A provider without application.
    Orphan(&'static str, &'static str),
    /// A provider of another type.
    Other(&'static str, u8),
    /// Another application with its own provider and a binding.
    OtherApplication(&'static str),
    /// A flow of the device code flow's slug.
    Flow(&'static str, &'static str),
    /// A brand, with a device code flow or not.
    Brand(&'static str, bool),
}

/// As [`UserKind`], which cannot be made at random.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Internal,
    External,
    ServiceAccount,
}

#[derive(Clone, Debug)]
pub struct Scene(Vec<Prop>);

pub const PEOPLE: [&str; 3] = ["alice", "bob", "carol"];

pub fn scenes() -> impl Strategy<Value = Scene> {
    let any_of = |names: &[&'static str]| prop::sample::select(names.to_vec());
    let kinds = vec![Kind::Internal, Kind::External, Kind::ServiceAccount, Kind::ServiceAccount];
    let view: &[&str] = &["authentik_core.view_user"];
    let more: &[&str] = &["authentik_core.view_user", "authentik_core.delete_user"];
    let roles = prop::sample::select(vec![view, view, more, &[][..]]);
    let groups = any_of(&["vpn", "staff", "others"]);
    let prop = prop_oneof![
        (prop::sample::select(kinds), any::<bool>()).prop_map(|(k, on)| Prop::Netbird(k, on)),
        roles.prop_map(Prop::Role),
        any::<bool>().prop_map(Prop::RoleGroup),
        (groups.clone(), any_of(&PEOPLE)).prop_map(|(g, p)| Prop::Group(g, p)),
        any_of(&PEOPLE).prop_map(Prop::Operators),
        (any::<bool>(), any_of(&["any", "any", "all"])).prop_map(|(l, m)| Prop::Application(l, m)),
        (any_of(&["vpn", "staff", "others", "carol"]), any::<bool>(), prop::bool::weighted(0.2))
            .prop_map(|(who, on, negate)| Prop::Binding(who, on, negate)),
        (any_of(&["NetBird", "Mesh"]), any_of(&["netbird", "mesh"]))
            .prop_map(|(name, client)| Prop::Orphan(name, client)),
        (any_of(&["NetBird", "Door"]), 0_u8..3).prop_map(|(name, kind)| Prop::Other(name, kind)),
        any_of(&["NetBird", "Wiki"]).prop_map(Prop::OtherApplication),
        (
            any_of(&["stage_configuration", "stage_configuration", "enrollment"]),
            any_of(&["require_authenticated", "none", "require_unauthenticated"]),
        )
            .prop_map(|(designation, who)| Prop::Flow(designation, who)),
        (any_of(&["127.0.0.1", "example.com"]), any::<bool>())
            .prop_map(|(domain, flow)| Prop::Brand(domain, flow)),
    ];
    prop::collection::vec(prop, 0..7).prop_map(Scene)
}

impl Scene {
    pub fn build(&self, state: &mut State) {
        for name in PEOPLE {
            state.add_person(name);
        }
        state.add_service_account("a-bot");
        self.0.iter().for_each(|prop| build(state, prop));
    }
}

fn named_group(state: &mut State, name: &str) {
    if state.group(name).is_none() {
        state.add_group(json!({"name": name}));
    }
}

fn build(state: &mut State, prop: &Prop) {
    match prop {
        Prop::Netbird(kind, active) => {
            if state.user("Netbird").is_none() {
                let kind = match kind {
                    Kind::Internal => UserKind::Internal,
                    Kind::External => UserKind::External,
                    Kind::ServiceAccount => UserKind::ServiceAccount,
                };
                state.add_user_of("Netbird", kind);
                state.user_mut("Netbird").unwrap()["is_active"] = json!(active);
            }
        }
        Prop::Role(permissions) => {
            if !state.roles.iter().any(|role| role["name"] == "NetBird user list") {
                let role = state.add_role("NetBird user list", permissions);
                state.user_mut("alice").unwrap()["roles"] = json!([role]);
            }
        }
        Prop::RoleGroup(members) => {
            if state.group("NetBird user list").is_none() {
                let members: &[&str] = if *members { &["bob"] } else { &[] };
                state.add_group_of("NetBird user list", members);
            }
        }
        Prop::Group(group, person) => {
            named_group(state, group);
            state.add_to_group(person, group);
        }
        Prop::Operators(person) => {
            if state.group("operators").is_none() {
                let above = state.group("authentik Admins").unwrap()["pk"].clone();
                state.add_group(json!({"name": "operators", "parents": [above]}));
            }
            state.add_to_group(person, "operators");
        }
        Prop::Application(linked, mode) => application(state, *linked, mode),
        Prop::Binding(who, enabled, negate) => {
            if state.application("netbird").is_some() {
                let pk = match *who {
                    "carol" => state.bind_user("netbird", who),
                    group => {
                        named_group(state, group);
                        state.bind_group("netbird", group)
                    }
                };
                let binding = state.policy_bindings.iter_mut().find(|b| b["pk"] == json!(pk));
                let binding = binding.unwrap();
                (binding["enabled"], binding["negate"]) = (json!(enabled), json!(negate));
            }
        }
        Prop::Orphan(name, client) => {
            let taken = provider_names(state).any(|other| other == *name);
            let client_taken = state.providers.iter().any(|p| p["client_id"] == *client);
            if !taken && !client_taken {
                state.add_provider(json!({"name": name, "client_id": client}));
            }
        }
        Prop::Other(name, kind) => {
            if !provider_names(state).any(|other| other == *name) {
                let kind = [OtherProvider::Proxy, OtherProvider::Ldap, OtherProvider::Saml]
                    [*kind as usize];
                state.add_other_provider(name, kind);
            }
        }
        Prop::OtherApplication(name) => {
            if !provider_names(state).any(|other| other == *name)
                && state.application("wiki").is_none()
            {
                let pk = state.add_provider(json!({"name": name, "client_id": "wiki"}));
                let fields = json!({"name": name, "slug": "wiki", "provider": pk});
                state.add_application(fields);
                named_group(state, "staff");
                state.bind_group("wiki", "staff");
            }
        }
        Prop::Flow(designation, authentication) => {
            if state.flow("default-device-code-flow").is_none() {
                state.add_flow("default-device-code-flow", designation, authentication);
            }
        }
        Prop::Brand(domain, flow) => {
            if !state.brands.iter().any(|brand| brand["domain"] == *domain) {
                state.add_brand(domain, flow.then_some("default-device-code-flow"));
            }
        }
    }
}

fn application(state: &mut State, linked: bool, mode: &str) {
    if state.application("netbird").is_some() {
        return;
    }
    let free = !provider_names(state).any(|name| name == "Hand made");
    let provider = (linked && free)
        .then(|| state.add_provider(json!({"name": "Hand made", "client_id": "hand-made"})));
    let fields = json!({
        "name": "Mesh", "slug": "netbird", "provider": provider, "policy_engine_mode": mode,
    });
    state.add_application(fields);
}

/// Names are unique over all types.
fn provider_names(state: &State) -> impl Iterator<Item = String> {
    let tables = [&state.providers, &state.ldap_providers, &state.saml_providers];
    let names: Vec<String> = tables
        .into_iter()
        .flatten()
        .filter_map(|provider| provider["name"].as_str().map(str::to_owned))
        .collect();
    names.into_iter()
}
