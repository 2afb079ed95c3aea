//! The API's oddities that a client must know, one by one: what the replayed recording has met once, met in other states.

mod common;

use authentik_sim::{Fault, FaultRule, Match};
use common::{authentik, browser, claimed, come, management};
use netbird_sim::NetBird;
use netbird_sim::browser::{Dashboard, Login, Person};
use serde_json::{Value, json};

fn service_user(netbird: &NetBird, owner: &Login, role: &str) -> (String, String) {
    let api = netbird.api(&owner.token);
    let body = json!({"name": "robot", "role": role, "auto_groups": [], "is_service_user": true});
    let user = api.call("POST", "/api/users", &body).body["id"].as_str().expect("an id").to_owned();
    let made = api.call(
        "POST",
        &format!("/api/users/{user}/tokens"),
        &json!({"name": "t", "expires_in": 1}),
    );
    (user, made.body["plain_token"].as_str().expect("a token").to_owned())
}

#[test]
fn settings_are_replaced_whole_and_the_answer_is_not_to_be_trusted() {
    let sim = authentik("2026.2");
    let (netbird, owner) = claimed(&sim);
    let api = netbird.api(&owner.token);
    let account = api.get("/api/accounts").body[0].clone();
    let path = format!("/api/accounts/{}", account["id"].as_str().expect("an id"));
    let same = api.call("PUT", &path, &json!({"settings": account["settings"]}));
    assert_eq!(same.body["settings"]["embedded_idp_enabled"], false, "always false here");
    assert_eq!(api.get("/api/accounts").body[0], account, "the same put back changes nothing");
    let few = json!({"settings": {"peer_login_expiration": 7200, "unheard_of": 1}});
    assert_eq!(api.call("PUT", &path, &few).status, 200);
    let after = api.get("/api/accounts").body[0]["settings"].clone();
    assert_eq!(after["regular_users_view_blocked"], false);
    assert_eq!(after["groups_propagation_enabled"], false);
    assert_eq!(after["extra"], account["settings"]["extra"], "kept whole if left out whole");
    assert_eq!(after["embedded_idp_enabled"], true);
    let both = json!({
        "settings": {"peer_login_expiration": 1},
        "onboarding": {"onboarding_flow_pending": false, "signup_form_pending": false},
    });
    assert_eq!(api.call("PUT", &path, &both).status, 422);
    let onboarding = api.get("/api/accounts").body[0]["onboarding"].clone();
    assert_eq!(onboarding["signup_form_pending"], false, "written before the settings failed");
    assert_eq!(api.call("PUT", &path, &json!({"settings": {"dns_domain": 5}})).status, 400);
}

#[test]
fn who_may_do_what() {
    let sim = authentik("2026.2");
    let (netbird, owner) = claimed(&sim);
    let alice = come(&netbird, &sim, "alice");
    let id = alice.claims()["sub"].as_str().expect("a subject").to_owned();
    let api = netbird.api(&owner.token);
    let can = |token: &str| {
        let api = netbird.api(token);
        let reads = api.get("/api/accounts").status;
        let users = api.get("/api/users").body.as_array().map_or(0, Vec::len);
        let providers = api.get("/api/identity-providers").status;
        let writes = api.call("POST", "/api/groups", &json!({"name": token.get(..9)})).status;
        (reads, users, providers, writes)
    };
    assert_eq!(can(&alice.token), (403, 0, 403, 403), "she waits");
    assert_eq!(api.approve(&id).body["role"], "user");
    for (role, expected) in [
        ("user", (403, 1, 403, 403)),
        ("auditor", (200, 2, 200, 403)),
        ("network_admin", (200, 2, 200, 200)),
    ] {
        assert_eq!(api.set_role(&id, role).status, 200);
        assert_eq!(can(&alice.token), expected, "{role}");
    }
    assert_eq!(api.set_role(&id, "admin").status, 200);
    let admin = netbird.api(&alice.token);
    let own = owner.claims()["sub"].as_str().expect("a subject").to_owned();
    assert_eq!(
        admin.set_role(&id, "user").message(),
        format!(
            "failed to process update for user {}: admins can't change their role",
            id.to_lowercase()
        )
    );
    assert_eq!(admin.set_role(&own, "user").status, 403, "an admin cannot unmake the owner");
    assert_eq!(api.set_role(&id, "owner").status, 200);
    let roles: Vec<String> = netbird.state().users.iter().map(|user| user.role.clone()).collect();
    assert_eq!(roles, ["admin", "owner"]);
    let (robot, token) = service_user(&netbird, &alice, "user");
    assert_eq!(
        (netbird.api(&token).me().status, netbird.api(&token).get("/api/users").status),
        (403, 200)
    );
    assert_eq!(netbird.api(&token).approve(&id).status, 403);
    assert_eq!(netbird.api(&alice.token).set_role(&robot, "owner").status, 403);
}

#[test]
fn a_pending_person_is_let_in_by_a_put_and_comes_back_after_a_rejection() {
    let sim = authentik("2026.2");
    let (netbird, owner) = claimed(&sim);
    let api = netbird.api(&owner.token);
    let bob = come(&netbird, &sim, "bob");
    let id = bob.claims()["sub"].as_str().expect("a subject").to_owned();
    let put = api.set_role(&id, "admin");
    assert_eq!(
        (&put.body["pending_approval"], &put.body["status"]),
        (&json!(true), &json!("active"))
    );
    assert_eq!(netbird.api(&bob.token).me().role(), Some("admin"));
    assert_eq!(api.approve(&id).status, 200);
    assert_eq!(api.approve(&id).status, 422);
    let carol = come(&netbird, &sim, "carol");
    let id = carol.claims()["sub"].as_str().expect("a subject").to_owned();
    let reject = || api.call("DELETE", &format!("/api/users/{id}/reject"), &Value::Null).status;
    assert_eq!(reject(), 200);
    assert_eq!(reject(), 404);
    assert_eq!(netbird.api(&carol.token).me().status, 403);
    assert_eq!(reject(), 200, "her next request made her anew");
}

#[test]
fn a_connector_made_again_makes_its_people_new() {
    let sim = authentik("2026.2");
    let (netbird, owner) = claimed(&sim);
    let api = netbird.api(&owner.token);
    let before = come(&netbird, &sim, "alice");
    let delete = api.call("DELETE", "/api/identity-providers/authentik", &Value::Null);
    assert_eq!(delete.status, 200);
    assert_eq!(netbird.api(&before.token).me().status, 403, "known still, and waiting");
    let from = common::connector();
    let wanted = json!({
        "type": "authentik", "name": "Authentik", "issuer": from["config"]["issuer"],
        "client_id": from["config"]["clientID"], "client_secret": common::SECRET,
    });
    let two: Vec<Value> = (0..2)
        .map(|_| api.call("POST", "/api/identity-providers", &wanted).body["id"].clone())
        .collect();
    assert_ne!(two[0], two[1], "twice the same makes two");
    let after = come(&netbird, &sim, "alice");
    assert_ne!(before.claims()["sub"], after.claims()["sub"]);
    assert_eq!(netbird.state().users.len(), 3);
}

#[test]
fn tokens_end_and_are_told_apart() {
    let sim = authentik("2026.2");
    let (netbird, owner) = claimed(&sim);
    let (robot, token) = service_user(&netbird, &owner, "admin");
    let status = |token: &str| netbird.api(token).get("/api/accounts").status;
    assert_eq!(status(&token), 200);
    let listed = netbird.api(&owner.token).get(&format!("/api/users/{robot}/tokens"));
    assert!(listed.body[0]["last_used"].is_string());
    netbird.state().tokens[0].expires = 0;
    assert_eq!(status(&token), 401, "expired");
    netbird.state().tokens.clear();
    let gone = netbird.api(&token).get("/api/accounts");
    assert_eq!(gone.status, 404, "taken away");
    assert!(gone.message().starts_with("invalid token: pat: "), "{gone:?}");
    assert_eq!(status(&token.replace("nbp_", "nbp_x")), 401, "malformed");
    let alice = come(&netbird, &sim, "alice");
    let id = alice.claims()["sub"].as_str().expect("a subject").to_owned();
    let body = json!({"name": "x", "expires_in": 1});
    let other = netbird.api(&owner.token).call("POST", &format!("/api/users/{id}/tokens"), &body);
    assert_eq!(other.status, 403, "nobody makes tokens for another person");
}

#[test]
fn faults_are_what_they_say() {
    let sim = authentik("2026.2");
    let (netbird, owner) = claimed(&sim);
    let api = netbird.api(&owner.token);
    let make = || api.call("POST", "/api/groups", &json!({"name": "made"})).status;
    let groups = || netbird.state().accounts[0].groups.len();
    let once = |fault: Fault| {
        netbird.clear_faults();
        netbird.fault(FaultRule::once(Match::path("POST", "/api/groups"), fault));
    };
    once(Fault::Status(503, vec![], String::new()));
    assert_eq!((make(), groups()), (503, 1));
    once(Fault::Reset);
    assert_eq!((make(), groups()), (0, 1));
    once(Fault::ResetAfter);
    assert_eq!((make(), groups()), (0, 2), "done, and the answer lost");
    assert_eq!(make(), 409);
    netbird.clear_requests();
    assert_eq!(make(), 409);
    assert_eq!(netbird.writes().len(), 1);
    assert!(netbird.requests().iter().all(|request| request.authenticated));
    netbird.stop();
    assert_eq!(make(), 0);
    netbird.restart().expect("it starts");
    assert_eq!(make(), 409, "what was made is kept");
}

#[test]
fn the_user_list_of_authentik_is_read_or_nobody_gets_in() {
    let sim = authentik("2026.2");
    let app = format!("{}/application/o", common::AUTHENTIK);
    let mut file = common::standalone();
    file["IdpManagerConfig"] = json!({
        "ManagerType": "authentik",
        "ClientConfig": {
            "Issuer": format!("{app}/netbird-public/"), "TokenEndpoint": format!("{app}/token/"),
            "ClientID": "netbird-public", "GrantType": "client_credentials",
        },
        "ExtraConfig": {"Username": "Netbird", "Password": "app-password"},
    });
    let dashboard = Dashboard::from_env(&common::dashboard_env(), common::NETBIRD);
    let netbird = management(&file, &sim);
    assert!(netbird.logged(
        "failed warming up cache due to error: unable to get authentik token, statusCode 400"
    ));
    let alice =
        || browser(&netbird, &sim).log_in(&dashboard, Person::Authentik("alice")).expect("tokens");
    assert_eq!(alice().me.status, 401);
    {
        let mut state = sim.state();
        let pk = state.add_user(json!({"username": "Netbird", "type": "service_account"}));
        state.add_token(json!({"identifier": "nb", "intent": "app_password", "user": pk, "key": "app-password"}));
        let groups = &mut state.groups;
        let admins =
            groups.iter_mut().find(|group| group["is_superuser"] == true).expect("the group");
        admins["users"].as_array_mut().expect("users").push(json!(pk));
        let api = common::api_scope(&state);
        let provider = state.provider_mut("netbird-public").expect("the provider");
        provider["property_mappings"].as_array_mut().expect("mappings").push(api);
    }
    assert_eq!(alice().role(), Some("owner"));
    assert!(netbird.logged("entries for"), "{:?}", netbird.log());
}
