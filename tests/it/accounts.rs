//! A name proves nothing about an account: who becomes the service account, what it gets, and what it loses.

use authentik_sim::{Fault, FaultRule, Match, State, UserKind};
use serde_json::{Value, json};

use crate::support::{Case, PROFILES, all_at_once, everywhere, release, side_by_side};

fn with_user_list(profile: &str) -> Case {
    let mut case = Case::new(profile);
    case.env("NETBIRD_MGMT_IDP", "authentik");
    case
}

/// On every release that has a user list.
fn wherever_users_are_listed(run: impl Fn(&'static str) + Sync) {
    everywhere(|profile| {
        if release(profile) >= (2023, 2) {
            run(profile);
        }
    });
}

fn is_superuser(state: &State, username: &str) -> bool {
    state.is_superuser(state.user(username).unwrap())
}

/// What a user can do, and with which tokens.
fn holdings(state: &State, username: &str) -> Value {
    let user = state.user(username).unwrap();
    let groups: Vec<&Value> = state.groups_of(user).iter().map(|g| &g["name"]).collect();
    let tokens: Vec<&Value> = state.tokens.iter().filter(|t| t["user"] == user["pk"]).collect();
    json!([groups, user["roles"], state.permissions_of(user), tokens])
}

#[test]
fn a_person_of_that_name_gets_nothing_and_the_message_says_what_0_1_0_did() {
    wherever_users_are_listed(|profile| {
        for kind in [UserKind::Internal, UserKind::External] {
            let mut case = with_user_list(profile);
            case.sim.state().add_user_of("Netbird", kind);
            let before = holdings(&case.sim.state(), "Netbird");
            for role in ["", "admin", "viewer"] {
                if role == "viewer" && release(profile) < (2024, 2) {
                    continue;
                }
                case.env("AUTHENTIK_SERVICE_ACCOUNT_ROLE", role);
                case.refused(&[
                    "user Netbird is a person's account",
                    "NETBIRD_IDP_MGMT_EXTRA_USERNAME",
                    "version 0.1.0 may have made this person an administrator",
                    "take them out of the group authentik Admins",
                    "service-account-netbird-password",
                ]);
                assert_eq!(holdings(&case.sim.state(), "Netbird"), before, "{profile}");
            }
        }
    });
}

#[test]
fn the_administrator_an_outpost_and_the_tokens_own_user_are_refused() {
    wherever_users_are_listed(|profile| {
        let mut case = with_user_list(profile);
        case.env("NETBIRD_IDP_MGMT_EXTRA_USERNAME", "akadmin");
        case.refused(&[
            "akadmin is the user of AUTHENTIK_TOKEN",
            "NETBIRD_IDP_MGMT_EXTRA_USERNAME",
        ]);
        case.sim.state().add_user_of("ak-outpost-0815", UserKind::Outpost);
        for name in ["ak-outpost-0815", "ak-outpost-new"] {
            case.env("NETBIRD_IDP_MGMT_EXTRA_USERNAME", name);
            case.refused(&["is the account of an outpost", "NETBIRD_IDP_MGMT_EXTRA_USERNAME"]);
        }
        // A service account whose token this container has is not NetBird's.
        let mut case = with_user_list(profile);
        case.sim.state().add_service_account("Netbird");
        case.sim.state().add_to_group("Netbird", "authentik Admins");
        case.sim.state().add_user_token("Netbird", "its-own-token", &[]);
        case.env("AUTHENTIK_TOKEN", "its-own-token");
        case.refused(&["Netbird is the user of AUTHENTIK_TOKEN"]);
    });
}

#[test]
fn a_deactivated_service_account_is_refused() {
    wherever_users_are_listed(|profile| {
        let case = with_user_list(profile);
        case.sim.state().add_service_account("Netbird");
        case.sim.state().user_mut("Netbird").unwrap()["is_active"] = json!(false);
        case.refused(&["user Netbird is deactivated", "activate the account"]);
    });
}

#[test]
fn a_service_account_that_was_found_may_view_and_does_not_become_an_administrator() {
    wherever_users_are_listed(|profile| {
        let has_roles = release(profile) >= (2024, 2);
        let mut case = with_user_list(profile);
        case.sim.state().add_service_account("Netbird");
        if has_roles {
            case.init_as_planned();
            assert!(!is_superuser(&case.sim.state(), "Netbird"), "{profile}");
        }
        // Not even after a run that used it: who made it may know its passwords.
        case.env("AUTHENTIK_SERVICE_ACCOUNT_ROLE", "admin");
        case.refused(&["was not made by this container", "NETBIRD_IDP_MGMT_EXTRA_USERNAME"]);
        // Somebody who may do so made it one.
        case.sim.state().add_to_group("Netbird", "authentik Admins");
        case.init_as_planned();
        case.init();
    });
}

#[test]
fn the_default_is_the_viewer_where_there_are_roles() {
    wherever_users_are_listed(|profile| {
        let case = with_user_list(profile);
        case.init_as_planned();
        let state = case.sim.state();
        let admin = is_superuser(&state, "Netbird");
        assert_eq!(admin, release(profile) < (2024, 2), "{profile}");
        if !admin {
            let permissions = state.permissions_of(state.user("Netbird").unwrap());
            assert_eq!(permissions, ["authentik_core.view_user"], "{profile}");
        }
    });
}

#[test]
fn an_administrator_whose_role_is_not_chosen_stays_one_with_a_warning() {
    wherever_users_are_listed(|profile| {
        let mut case = with_user_list(profile);
        case.env("AUTHENTIK_SERVICE_ACCOUNT_ROLE", "admin");
        case.init();
        case.unset("AUTHENTIK_SERVICE_ACCOUNT_ROLE");
        case.sim.clear_requests();
        let ended = case.init();
        assert!(case.sim.writes().is_empty(), "{profile}");
        assert!(is_superuser(&case.sim.state(), "Netbird"));
        if release(profile) >= (2024, 2) {
            let texts =
                ["is an administrator of Authentik", "AUTHENTIK_SERVICE_ACCOUNT_ROLE=viewer"];
            ended.says(&texts);
            let check = case.run(&["check"]).expect(0);
            texts.iter().for_each(|text| assert!(check.out.contains(text), "{}", check.out));
        }
    });
}

#[test]
fn viewer_takes_what_admin_gave_and_names_what_it_did_not() {
    wherever_users_are_listed(|profile| {
        if release(profile) < (2024, 2) {
            return;
        }
        let mut case = with_user_list(profile);
        case.env("AUTHENTIK_SERVICE_ACCOUNT_ROLE", "admin");
        case.init();
        let above = case.sim.state().add_group(json!({"name": "operators", "is_superuser": true}));
        case.env("AUTHENTIK_SERVICE_ACCOUNT_ROLE", "viewer");
        let plan = case.run(&["plan"]).expect(2);
        assert!(plan.out.contains("members: - Netbird"), "{profile}:\n{}", plan.out);
        case.init_as_planned();
        assert!(!is_superuser(&case.sim.state(), "Netbird"), "{profile}");
        case.sim.clear_requests();
        case.init();
        assert!(case.sim.writes().is_empty(), "{profile}");

        case.sim.state().add_to_group("Netbird", "operators");
        case.init().says(&["is an administrator through operators"]);
        let state = case.sim.state();
        let operators = state.groups.iter().find(|g| g["pk"] == json!(above)).unwrap();
        assert_eq!(operators["users"].as_array().unwrap().len(), 1, "somebody's choice stays");
        drop(state);
        // And back: this container made the account.
        case.sim.state().remove_from_group("Netbird", "operators");
        case.env("AUTHENTIK_SERVICE_ACCOUNT_ROLE", "admin");
        case.init_as_planned();
        assert!(is_superuser(&case.sim.state(), "Netbird"), "{profile}");
    });
}

#[test]
fn an_account_that_has_no_use_any_more_is_named_and_left() {
    let mut case = with_user_list("2026.2");
    case.init();
    case.env("NETBIRD_MGMT_IDP", "none");
    case.sim.clear_requests();
    case.init().says(&["service account Netbird has no use", "it can be deleted in Authentik"]);
    assert!(case.sim.writes().is_empty());
    case.unset("NETBIRD_MGMT_IDP");
    let log = case.init();
    assert!(!log.err.contains("has no use"), "{}", log.err);
}

#[test]
fn what_the_account_was_seen_to_be_is_seen_again_right_before_it_gains() {
    // It was a service account when the plan was made, and is a person when it is to join.
    let case = with_user_list("2026.2");
    case.sim.state().add_service_account("Netbird");
    let pk = case.sim.state().user("Netbird").unwrap()["pk"].clone();
    let person = json!({"pk": pk, "username": "Netbird", "type": "internal", "is_active": true});
    let json = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    let path = Match::path("GET", &format!("/api/v3/core/users/{pk}/"));
    case.sim.fault(FaultRule::always(path, Fault::Status(200, json, person.to_string())));
    let mut command = case.command(&[]);
    command.env("SETUP_TIMEOUT", "3s");
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(69), "{}", String::from_utf8_lossy(&output.stderr));
    let state = case.sim.state();
    let user = state.user("Netbird").unwrap();
    assert!(state.permissions_of(user).is_empty());
    assert!(state.tokens.iter().all(|token| token["user"] != pk), "no password either");
}

#[test]
fn a_role_or_group_of_that_name_gives_nothing_but_the_right_to_view() {
    all_at_once(&PROFILES, |profile| {
        if release(profile) < (2024, 2) {
            return;
        }
        const ROLE: &str = "NetBird user list";
        // More than viewing.
        let case = with_user_list(profile);
        case.sim
            .state()
            .add_role(ROLE, &["authentik_core.view_user", "authentik_core.delete_user"]);
        case.refused(&["holds more than authentik_core.view_user", "authentik_core.delete_user"]);
        // Nothing yet: whoever else has it would gain.
        let case = with_user_list(profile);
        case.sim.state().add_role(ROLE, &[]);
        case.refused(&["role NetBird user list does not hold authentik_core.view_user"]);
        // Exactly that: taken as it is.
        let case = with_user_list(profile);
        case.sim.state().add_role(ROLE, &["authentik_core.view_user"]);
        case.init_as_planned();
        assert!(!case.sim.writes().iter().any(|w| w.path.ends_with("/assign/")), "no change");
        if release(profile) < (2025, 12) {
            for (fields, why) in [
                (json!({"is_superuser": true}), "makes its members administrators"),
                (json!({"users": [1]}), "has other members"),
                (json!({"roles": ["another"]}), "carries other roles"),
            ] {
                let case = with_user_list(profile);
                let mut group = json!({"name": ROLE});
                group.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
                if why.starts_with("carries") {
                    group["roles"] = json!([case.sim.state().add_role("another", &[])]);
                }
                case.sim.state().add_group(group);
                case.refused(&["group NetBird user list", why]);
            }
        }
    });
}

#[test]
fn a_right_that_somebody_took_away_is_given_back_by_the_next_run() {
    wherever_users_are_listed(|profile| {
        if release(profile) < (2024, 2) {
            return;
        }
        let take: &[fn(&mut State)] = &[
            |state| {
                let role = state.roles.iter_mut().find(|role| role["name"] == "NetBird user list");
                role.unwrap()["permissions"] = json!([]);
            },
            |state| {
                let groups = state.groups.iter_mut();
                groups.filter(|g| g["name"] == "NetBird user list").for_each(|group| {
                    group["roles"] = json!([]);
                });
                let user = state.user_mut("Netbird").unwrap();
                if user.get("roles").is_some() {
                    user["roles"] = json!([]);
                }
            },
        ];
        for take in take {
            let case = with_user_list(profile);
            case.init();
            take(&mut case.sim.state());
            case.init_as_planned();
            let state = case.sim.state();
            let held = state.permissions_of(state.user("Netbird").unwrap());
            assert_eq!(held, ["authentik_core.view_user"], "{profile}");
        }
    });
}

#[test]
fn a_group_that_only_has_the_name_of_the_administrators_is_refused() {
    let mut case = with_user_list("2026.2");
    case.env("AUTHENTIK_SERVICE_ACCOUNT_ROLE", "admin");
    for group in &mut case.sim.state().groups {
        if group["name"] == "authentik Admins" {
            group["name"] = json!("renamed");
        }
    }
    case.sim.state().add_group(json!({"name": "authentik Admins"}));
    case.refused(&["group authentik Admins does not make its members administrators"]);
}

#[test]
fn a_run_that_dies_while_it_makes_an_administrator_is_completed() {
    let configured = || {
        let mut case = with_user_list("2026.2");
        case.env("AUTHENTIK_SERVICE_ACCOUNT_ROLE", "admin");
        case
    };
    let reference = configured();
    reference.init();
    let count = reference.sim.requests().len();
    std::thread::scope(|scope| {
        for nth in 1..=count {
            let configured = &configured;
            scope.spawn(move || {
                let case = configured();
                case.sim.fault(FaultRule::once(Match::Nth(nth), Fault::ResetAfter));
                case.sim.fault(FaultRule::always(
                    Match::Nth(nth + 1),
                    Fault::Hang(std::time::Duration::MAX),
                ));
                let running = case.spawn();
                case.await_requests(nth);
                running.signal(rustix::process::Signal::KILL);
                let _ = running.wait();
                case.sim.clear_faults();
                let log = case.run(&[]);
                assert_eq!(log.code, Some(0), "killed at {nth}:\n{}", log.err);
                assert!(is_superuser(&case.sim.state(), "Netbird"));
            });
        }
    });
}

#[test]
fn an_account_that_somebody_else_makes_meanwhile_is_theirs() {
    // It is not there when the run looks, and is there when the run makes it.
    let mut case = with_user_list("2026.2");
    case.env("AUTHENTIK_SERVICE_ACCOUNT_ROLE", "admin");
    case.sim.state().add_service_account("Netbird");
    let json = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    let nobody = r#"{"pagination":{"next":0,"count":0},"results":[],"autocomplete":{}}"#;
    let list = Match::regex("GET", r"^/api/v3/core/users/\?.*username=");
    case.sim.fault(FaultRule::once(list, Fault::Status(200, json, nobody.to_owned())));
    case.run(&[]).expect(65).says(&["was not made by this container"]);
    assert!(!is_superuser(&case.sim.state(), "Netbird"));
    case.run(&[]).expect(65);
}

/// A run that ends before its first write of an account, and what it leaves in the state.
fn interrupted_before_the_account(case: &Case) {
    let account = Match::path("POST", "/api/v3/core/users/service_account/");
    case.sim.fault(FaultRule::always(account, Fault::Hang(std::time::Duration::MAX)));
    let running = case.spawn();
    case.sim.wait_until(|sim| {
        sim.requests().iter().any(|request| request.path.ends_with("/service_account/"))
    });
    running.signal(rustix::process::Signal::KILL);
    let _ = running.wait();
    case.sim.clear_faults();
}

#[test]
fn an_intention_makes_nobody_an_administrator() {
    wherever_users_are_listed(|profile| {
        let mut case = with_user_list(profile);
        case.env("AUTHENTIK_SERVICE_ACCOUNT_ROLE", "admin");
        interrupted_before_the_account(&case);
        case.sim.state().add_service_account("Netbird");
        case.refused(&["was not made by this container"]);
        // Nor does the state of an earlier version, which knew a name and no more.
        let mut state: Value = serde_json::from_str(&case.read("state.json")).unwrap();
        state["service_account"] = json!({"username": "Netbird"});
        std::fs::write(case.path("state.json"), state.to_string()).unwrap();
        case.refused(&["was not made by this container", "NETBIRD_IDP_MGMT_EXTRA_USERNAME"]);
    });
}

#[test]
fn a_refused_create_leaves_no_intention() {
    let mut case = with_user_list("2026.2");
    case.env("AUTHENTIK_SERVICE_ACCOUNT_ROLE", "admin");
    let json = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    let body = r#"{"detail":"You do not have permission to perform this action."}"#;
    let account = Match::path("POST", "/api/v3/core/users/service_account/");
    case.sim.fault(FaultRule::always(account, Fault::Status(403, json, body.to_owned())));
    case.run(&[]).expect(77);
    let state: Value = serde_json::from_str(&case.read("state.json")).unwrap();
    assert!(state.get("service_account").is_none(), "{state}");
}

#[test]
fn an_intention_fills_no_role_that_somebody_has() {
    side_by_side(&["2024.2", "2025.10", "2026.2"], |profile| {
        for held in [true, false] {
            let case = with_user_list(profile);
            case.init();
            let mut state: Value = serde_json::from_str(&case.read("state.json")).unwrap();
            state["role"] = json!("");
            std::fs::write(case.path("state.json"), state.to_string()).unwrap();
            {
                let mut state = case.sim.state();
                state.users.retain(|user| user["username"] != "Netbird");
                state
                    .tokens
                    .retain(|token| token["identifier"] != "service-account-netbird-password");
                state.groups.retain(|group| group["name"] != "NetBird user list");
                let role =
                    state.roles.iter_mut().find(|r| r["name"] == "NetBird user list").unwrap();
                role["permissions"] = json!([]);
                let role = role["pk"].clone();
                state.add_person("holder");
                if held && release(profile) < (2025, 12) {
                    state.add_group(json!({"name": "holders", "roles": [role]}));
                } else if held {
                    state.user_mut("holder").unwrap()["roles"] = json!([role]);
                }
            }
            match held {
                true => drop(case.refused(&["does not hold authentik_core.view_user"])),
                false => drop(case.init_as_planned()),
            }
        }
    });
}
