//! Who is who: types of users, superusers by group, roles, the identity of an installation, and names in the way.

mod common;

use authentik_sim::{DEFAULT_TOKEN, Feature, OtherProvider, Sim, UserKind, profiles};
use common::api;
use serde_json::{Value, json};

fn get(sim: &Sim, path: &str) -> Value {
    let answer = api(&sim.url(), DEFAULT_TOKEN, "GET", path, &Value::Null);
    assert_eq!(answer.status, 200, "{path}: {}", answer.json());
    answer.json()
}

fn post(sim: &Sim, path: &str, body: &Value) -> (u16, Value) {
    let answer = api(&sim.url(), DEFAULT_TOKEN, "POST", path, body);
    (answer.status, answer.json())
}

#[test]
fn a_service_account_is_one_by_type_or_by_attribute() {
    const ATTRIBUTE: &str = "goauthentik.io/user/service-account";
    for profile in profiles() {
        let sim = Sim::start(profile.name);
        sim.state().add_person("person");
        let typed = profile.has(Feature::UserTypes);
        let (status, made) =
            post(&sim, "/core/users/service_account/", &json!({"name": "account"}));
        assert_eq!(status, 200, "{}", profile.name);
        let account = get(&sim, "/core/users/?username=account")["results"][0].clone();
        assert_eq!(account["pk"], made["user_pk"]);
        assert_eq!(account["uid"], made["user_uid"]);
        assert_eq!(account.get("type").is_some(), typed, "{}", profile.name);
        assert_eq!(account["attributes"][ATTRIBUTE] == true, !typed, "{}", profile.name);
        let person = get(&sim, "/core/users/?username=person")["results"][0].clone();
        if typed {
            assert_eq!(
                (&account["type"], &person["type"]),
                (&json!("service_account"), &json!("internal"))
            );
            let list = get(&sim, "/core/users/?type=service_account&type=external");
            assert_eq!(list["pagination"]["count"], 1);
        }
        let state = sim.state();
        let is = |name: &str| state.user(name).map(|user| state.is_service_account(user));
        assert_eq!((is("account"), is("person")), (Some(true), Some(false)), "{}", profile.name);
    }
}

#[test]
fn an_upgrade_turns_the_attribute_into_the_type() {
    let old = Sim::start("2022.12");
    old.state().add_service_account("account");
    old.state().add_person("person");
    old.state().add_user_of("ak-outpost-x", UserKind::Outpost);
    let state = old.state().clone();
    let new = Sim::builder("2023.10").state(state).start();
    let kind = |name: &str| {
        get(&new, &format!("/core/users/?username={name}"))["results"][0]["type"].clone()
    };
    assert_eq!(kind("account"), "service_account");
    assert_eq!(kind("person"), "internal");
    assert_eq!(kind("ak-outpost-x"), "internal_service_account");
}

#[test]
fn users_can_be_made_of_every_type_but_an_outposts() {
    let sim = Sim::start("2026.2");
    let user = |name: &str, kind: &str| json!({"username": name, "name": name, "type": kind, "path": "x/y"});
    for kind in ["internal", "external", "service_account"] {
        let (status, made) = post(&sim, "/core/users/", &user(kind, kind));
        assert_eq!((status, &made["type"], &made["path"]), (201, &json!(kind), &json!("x/y")));
    }
    let (status, refusal) = post(&sim, "/core/users/", &user("o", "internal_service_account"));
    assert_eq!(status, 400);
    assert!(refusal["type"].is_array());
    let (status, refusal) = post(&sim, "/core/users/", &user("p", "robot"));
    assert_eq!(
        (status, refusal["type"][0].as_str()),
        (400, Some("\"robot\" is not a valid choice."))
    );
}

#[test]
fn a_group_above_makes_superusers_and_opens_applications() {
    let sim = Sim::start("2026.2");
    {
        let mut state = sim.state();
        state.add_person("anna");
        let admins = state.group("authentik Admins").expect("the group")["pk"].clone();
        state.add_group_of("team", &["anna"]);
        let pk = state.add_provider(json!({"name": "NetBird", "client_id": "netbird"}));
        state.add_application(json!({"name": "NetBird", "slug": "netbird", "provider": pk}));
        state.bind_group("netbird", "authentik Admins");
        drop(state);
        assert!(!sim.may_log_in("anna") && sim.may_log_in("akadmin"));
        let mut state = sim.state();
        let team = state.groups.iter_mut().find(|group| group["name"] == "team");
        team.expect("the group")["parents"] = json!([admins]);
    }
    assert!(sim.may_log_in("anna"));
    let anna = get(&sim, "/core/users/?username=anna&is_superuser=true")["results"][0].clone();
    assert_eq!(anna["is_superuser"], true);
    sim.state().user_mut("anna").expect("anna")["is_active"] = json!(false);
    assert!(!sim.may_log_in("anna"));
}

#[test]
fn roles_give_permissions_through_groups_and_later_directly() {
    for (profile, direct) in [("2024.12", false), ("2025.12", true), ("2026.8", true)] {
        let sim = Sim::start(profile);
        let pk = sim.state().add_user_token("viewer", "key", &[]);
        let role = sim.state().add_role("view", &[]);
        let ask = || api(&sim.url(), "key", "GET", "/core/users/?page_size=1", &Value::Null).status;
        assert_eq!(ask(), 403);
        let assign = format!("/rbac/permissions/assigned_by_roles/{role}/assign/");
        let body = json!({"permissions": ["authentik_core.view_user"]});
        assert_eq!(post(&sim, &assign, &body).0, 200, "{profile}");
        assert_eq!(post(&sim, &assign, &body).0, 200, "{profile}");
        let held = get(&sim, &format!("/rbac/permissions/?role={role}"));
        assert_eq!(held["results"][0]["codename"], "view_user");
        assert_eq!(held["pagination"]["count"], 1);
        let member = |verb: &str| {
            post(&sim, &format!("/rbac/roles/{role}/{verb}_user/"), &json!({"pk": pk})).0
        };
        if direct {
            assert_eq!((member("add"), ask(), member("remove"), ask()), (204, 200, 204, 403));
        } else {
            assert_eq!(member("add"), 405);
        }
        let group = sim.state().add_group_of("viewers", &["viewer"]);
        let path = format!("/core/groups/{group}/");
        api(&sim.url(), DEFAULT_TOKEN, "PATCH", &path, &json!({"roles": [role]}));
        assert_eq!(ask(), 200, "{profile}");
        assert_eq!(post(&sim, &format!("{path}remove_user/"), &json!({"pk": pk})).0, 204);
        assert_eq!(ask(), 403, "{profile}");
    }
}

#[test]
fn an_installation_is_known_by_its_uids_and_default_objects() {
    let uid = |sim: &Sim| get(sim, "/core/users/me/")["user"]["uid"].clone();
    let first = Sim::start("2026.2");
    let again = Sim::builder("2026.2").state(first.state().clone()).start();
    let other = Sim::builder("2026.2").installation("restored elsewhere").start();
    assert_eq!(uid(&first), uid(&again));
    assert_eq!(uid(&first), uid(&Sim::start("2022.12")), "releases make it alike");
    assert_ne!(uid(&first), uid(&other));
    let me = |sim: &Sim| get(sim, "/core/users/me/")["user"]["pk"].clone();
    assert_eq!(me(&first), me(&other), "numbers begin again");
    let brand = |sim: &Sim| get(sim, "/core/brands/")["results"][0]["brand_uuid"].clone();
    assert_ne!(brand(&first), brand(&other));
    // References go along.
    let flow = get(&other, "/core/brands/")["results"][0]["flow_invalidation"].clone();
    assert_eq!(get(&other, "/flows/instances/default-invalidation-flow/")["pk"], flow);
}

#[test]
fn names_of_providers_are_taken_by_all_kinds_alike() {
    for (profile, unique) in [("2022.12", false), ("2024.2", true), ("2026.8", true)] {
        for (kind, component) in [
            (OtherProvider::Proxy, "ak-provider-proxy-form"),
            (OtherProvider::Ldap, "ak-provider-ldap-form"),
            (OtherProvider::Saml, "ak-provider-saml-form"),
        ] {
            let sim = Sim::start(profile);
            let pk = sim.state().add_other_provider("NetBird", kind);
            let all = get(&sim, "/providers/all/");
            assert_eq!(all["results"][0]["component"], component);
            let flow = get(&sim, "/flows/instances/default-invalidation-flow/")["pk"].clone();
            let body = json!({
                "name": "NetBird", "authorization_flow": flow, "invalidation_flow": flow,
                "redirect_uris": if sim.profile().has(Feature::RedirectList) { json!([]) } else { json!("") },
            });
            let (status, answer) = post(&sim, "/providers/oauth2/", &body);
            assert_eq!(status, if unique { 400 } else { 201 }, "{answer}");
            assert_eq!(answer["name"].is_array(), unique);
            let application = json!({"name": "x", "slug": "x", "provider": pk});
            let (status, made) = post(&sim, "/core/applications/", &application);
            assert_eq!((status, &made["provider_obj"]["component"]), (201, &json!(component)));
        }
    }
}

#[test]
fn a_proxy_provider_is_an_oauth2_provider_too() {
    let sim = Sim::start("2026.2");
    let pk = sim.state().add_other_provider("NetBird", OtherProvider::Proxy);
    assert_eq!(get(&sim, "/providers/oauth2/?name=NetBird")["results"][0]["pk"], pk);
    assert_eq!(get(&sim, "/providers/proxy/?name=NetBird")["pagination"]["count"], 1);
    assert_eq!(get(&sim, "/providers/all/")["pagination"]["count"], 1);
}

#[test]
fn what_is_bound_to_a_group_is_open_to_all_once_the_group_is_deleted() {
    let sim = Sim::start("2026.2");
    let group = {
        let mut state = sim.state();
        state.add_person("anna");
        let pk = state.add_provider(json!({"name": "NetBird", "client_id": "netbird"}));
        state.add_application(json!({"name": "NetBird", "slug": "netbird", "provider": pk}));
        let group = state.add_group_of("vpn", &[]);
        state.bind_group("netbird", "vpn");
        group
    };
    assert!(!sim.may_log_in("anna"));
    let path = format!("/core/groups/{group}/");
    assert_eq!(api(&sim.url(), DEFAULT_TOKEN, "DELETE", &path, &Value::Null).status, 204);
    assert!(sim.may_log_in("anna"));
}
