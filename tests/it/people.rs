//! Who may use NetBird, and the service account that NetBird lists users with.

use authentik_sim::{Fault, FaultRule, Match};
use serde_json::{Value, json};

use crate::support::{Case, everywhere, release, side_by_side};

fn with_user_list(profile: &str) -> Case {
    let mut case = Case::new(profile);
    case.env("NETBIRD_MGMT_IDP", "authentik");
    case
}

fn accounts(case: &Case) -> usize {
    case.sim.state().users.iter().filter(|u| u["username"] == "Netbird").count()
}

#[test]
fn the_user_list_is_made_proven_and_kept() {
    everywhere(|profile| {
        if release(profile) < (2023, 2) {
            return;
        }
        for role in ["admin", "viewer"] {
            if role == "viewer" && release(profile) < (2024, 2) {
                continue;
            }
            let mut case = with_user_list(profile);
            case.env("AUTHENTIK_SERVICE_ACCOUNT_ROLE", role);
            let first = case.run(&[]);
            assert_eq!(first.code, Some(0), "{profile} {role}:\n{}", first.err);
            case.assert_one_of_each();
            assert_eq!(accounts(&case), 1);
            let kept: Value = serde_json::from_str(&case.read("secrets.json")).unwrap();
            {
                let state = case.sim.state();
                let token = state.token("service-account-netbird-password").unwrap();
                assert_eq!(token["key"], kept["service_account_password"], "{profile}");
                assert_eq!(token["expiring"], false, "{profile}");
                let user = state.user("Netbird").unwrap();
                assert_eq!(state.is_superuser(user), role == "admin", "{profile}");
            }
            let management: Value = serde_json::from_str(&case.read("management.json")).unwrap();
            let idp = &management["IdpManagerConfig"];
            assert_eq!(idp["ManagerType"], "authentik");
            assert_eq!(idp["ExtraConfig"]["Password"], kept["service_account_password"]);
            assert_eq!(idp["ExtraConfig"]["Username"], "Netbird");
            let setup = case.read("setup.env");
            assert!(setup.contains("NETBIRD_MGMT_IDP='authentik'"), "{setup}");

            case.sim.clear_requests();
            case.init();
            assert_eq!(case.sim.writes().len(), 0, "{profile} {role}: {:?}", case.sim.writes());
            assert!(case.sim.requests().len() <= 16, "{}", case.sim.requests().len());
            assert!(case.sim.dear_reads().is_empty());
        }
    });
}

#[test]
fn a_release_that_cannot_says_which_one_can() {
    let case = with_user_list("2022.12");
    case.run(&[]).expect(65).says(&["NETBIRD_MGMT_IDP=authentik", "2022.12", "2023.2"]);
    assert_eq!(case.sim.writes().len(), 0);
    let mut case = with_user_list("2023.10");
    case.env("AUTHENTIK_SERVICE_ACCOUNT_ROLE", "viewer");
    case.run(&[]).expect(65).says(&["AUTHENTIK_SERVICE_ACCOUNT_ROLE=viewer", "2024.2"]);
}

#[test]
fn another_sub_mode_is_refused_with_the_reason() {
    let mut case = with_user_list("2026.2");
    case.env("AUTHENTIK_SUB_MODE", "user_email");
    case.run(&[]).expect(78).says(&["AUTHENTIK_SUB_MODE", "by their number"]);

    let mut case = Case::new("2026.2");
    case.env("AUTHENTIK_SUB_MODE", "hashed_user_id");
    case.init();
    case.unset("AUTHENTIK_SUB_MODE").env("NETBIRD_MGMT_IDP", "authentik");
    case.run(&[])
        .expect(65)
        .says(&["NETBIRD_MGMT_IDP=authentik asks for user_id", "a new user of NetBird"]);
}

#[test]
fn what_somebody_changed_is_restored() {
    type Edit = fn(&mut authentik_sim::State);
    let edits: [(&str, Edit); 6] = [
        ("another key", |s| {
            s.token_mut("service-account-netbird-password").unwrap()["key"] = "x".into()
        }),
        ("no app password", |s| {
            s.tokens.retain(|t| t["identifier"] != "service-account-netbird-password")
        }),
        ("it expires", |s| {
            s.token_mut("service-account-netbird-password").unwrap()["expiring"] = true.into()
        }),
        ("no administrator", |s| {
            let pk = s.user("Netbird").unwrap()["pk"].clone();
            for group in &mut s.groups {
                group["users"].as_array_mut().unwrap().retain(|u| *u != pk);
            }
        }),
        ("no API scope", |s| {
            let api = s.scope_mapping("goauthentik.io/api").unwrap()["pk"].clone();
            s.provider_mut("NetBird").unwrap()["property_mappings"]
                .as_array_mut()
                .unwrap()
                .retain(|m| *m != api);
        }),
        ("bound to others", |s| {
            let group = s.add_group(json!({"name": "others"}));
            let target = s.application("netbird").unwrap()["pk"].clone();
            s.policy_bindings.push(json!({
                "pk": "00000000-0000-4000-8000-000000000001", "target": target, "group": group, "user": null,
                "policy": null, "enabled": true, "negate": false, "order": 0, "timeout": 30,
            }));
        }),
    ];
    side_by_side(&edits, |(what, edit)| {
        let case = with_user_list("2026.2");
        case.init();
        edit(&mut case.sim.state());
        let log = case.run(&[]);
        assert_eq!(log.code, Some(0), "{what}:\n{}", log.err);
        case.sim.clear_requests();
        case.init();
        assert_eq!(case.sim.writes().len(), 0, "{what}");
        assert_eq!(accounts(&case), 1, "{what}");
    });
}

#[test]
fn access_groups_are_made_and_bound_once_and_the_service_account_is_let_in() {
    for profile in ["2023.10", "2024.12", "2026.2"] {
        let mut case = with_user_list(profile);
        case.env("AUTHENTIK_ACCESS_GROUPS", "vpn users, staff");
        case.sim.state().add_group(json!({"name": "staff"}));
        case.init();
        {
            let state = case.sim.state();
            for name in ["vpn users", "staff"] {
                assert_eq!(
                    state.groups.iter().filter(|g| g["name"] == name).count(),
                    1,
                    "{profile}"
                );
            }
            assert_eq!(state.policy_bindings.len(), 3, "{profile}");
            let target = &state.application("netbird").unwrap()["pk"];
            assert!(
                state
                    .policy_bindings
                    .iter()
                    .all(|b| &b["target"] == target && b["enabled"] == true)
            );
        }
        case.sim.clear_requests();
        case.init();
        assert_eq!(case.sim.writes().len(), 0, "{profile}");
        case.sim.state().policy_bindings[0]["enabled"] = false.into();
        case.init();
        assert_eq!(case.sim.state().policy_bindings[0]["enabled"], true);
        assert_eq!(case.sim.state().policy_bindings.len(), 3);
    }
}

#[test]
fn an_application_that_asks_for_all_bindings_is_not_bound_further() {
    let mut case = Case::new("2026.2");
    case.init();
    case.sim.state().application_mut("netbird").unwrap()["policy_engine_mode"] = "all".into();
    case.sim.clear_requests();
    case.env("AUTHENTIK_ACCESS_GROUPS", "a,b");
    case.run(&[]).expect(65).says(&["asks for all of its bindings", "AUTHENTIK_ACCESS_GROUPS"]);
    assert_eq!(case.sim.writes().len(), 0);
}

#[test]
fn a_run_with_people_killed_at_any_request_makes_nothing_twice() {
    let configured = || {
        let mut case = with_user_list("2026.2");
        case.env("AUTHENTIK_ACCESS_GROUPS", "vpn");
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
                // Carried out, the answer lost, and then nothing answers any more.
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
                case.assert_one_of_each();
                let state = case.sim.state();
                assert_eq!(state.policy_bindings.len(), 2, "killed at {nth}");
                assert_eq!(state.groups.iter().filter(|g| g["name"] == "vpn").count(), 1);
                let tokens = state
                    .tokens
                    .iter()
                    .filter(|t| t["identifier"] == "service-account-netbird-password");
                assert_eq!(tokens.count(), 1, "killed at {nth}");
            });
        }
    });
}

#[test]
fn plan_shows_no_password_and_makes_none() {
    let mut case = with_user_list("2026.2");
    case.env("NETBIRD_IDP_MGMT_EXTRA_PASSWORD", "a-password-of-somebody");
    let plan = case.run(&["plan"]).expect(2);
    assert!(plan.out.contains("key: (secret) -> (secret)"), "{}", plan.out);
    assert!(!plan.out.contains("a-password-of-somebody"));
    assert!(!case.path("secrets.json").exists());
}

#[test]
fn runs_at_the_same_time_on_several_volumes_make_nothing_twice() {
    side_by_side(&["2024.12", "2026.2"], |profile| {
        for round in 0..6 {
            let sim = authentik_sim::Sim::builder(profile)
                .latency(std::time::Duration::from_millis(3))
                .start();
            let mut case = Case::with(sim);
            case.env("AUTHENTIK_ACCESS_GROUPS", "vpn,staff");
            let volumes: Vec<_> = (0..4).map(|_| crate::support::tempdir().unwrap()).collect();
            let running: Vec<_> = volumes
                .iter()
                .map(|dir| case.command(&[]).env("SETUP_DIR", dir.path()).spawn().unwrap())
                .collect();
            for child in running {
                let output = child.wait_with_output().unwrap();
                let log = String::from_utf8_lossy(&output.stderr).into_owned();
                assert!(output.status.success(), "{profile} {round}:\n{log}");
            }
            case.assert_one_of_each();
            let state = case.sim.state();
            for name in ["vpn", "staff"] {
                assert_eq!(
                    state.groups.iter().filter(|g| g["name"] == name).count(),
                    1,
                    "{profile} {name}"
                );
            }
            assert_eq!(state.policy_bindings.len(), 2, "{profile}: {:?}", state.policy_bindings);
        }
    });
}

/// The permissions in backticks that begin the lines of a list or table below a heading of docs/permissions.md.
fn documented(heading: &str) -> Vec<String> {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/permissions.md"))
        .unwrap();
    let section = page.split("### ").find(|s| s.starts_with(heading)).unwrap();
    let lines = section.lines().filter(|l| l.starts_with("- `") || l.starts_with("| `"));
    lines.map(|l| l.split('`').nth(1).unwrap().to_owned()).collect()
}

#[test]
fn groups_and_user_list_take_exactly_the_permissions_that_are_documented() {
    let list = [("NETBIRD_MGMT_IDP", "authentik")];
    let admin = [list[0], ("AUTHENTIK_SERVICE_ACCOUNT_ROLE", "admin")];
    let features = [
        ("Access groups", "2026.2", &[("AUTHENTIK_ACCESS_GROUPS", "vpn")] as &[_], None),
        ("User list\n", "2026.2", &list, None),
        ("User list\n", "2026.8", &list, None),
        ("User list, 2024.2", "2024.2", &list, Some("authentik_providers_oauth2.add_scopemapping")),
        ("User list, 2024.2", "2024.12", &list, Some("authentik_core.add_user_to_group")),
        ("User list, 2024.2", "2025.10", &list, Some("authentik_core.add_user_to_group")),
        ("User list, administrator", "2026.2", &admin, None),
    ];
    side_by_side(&features, |(heading, profile, variables, further)| {
        let base: Vec<String> =
            ["Always", "Device code flow"].into_iter().flat_map(documented).collect();
        let needed: Vec<String> =
            documented(heading).into_iter().chain(further.map(str::to_owned)).collect();
        assert!(needed.len() >= 4, "{heading} {needed:?}");
        let run = |permissions: &[&str]| {
            let mut case = Case::new(profile);
            case.sim.state().add_user_token("ci-bot", "a-token-of-ci-bot", permissions);
            case.env("AUTHENTIK_TOKEN", "a-token-of-ci-bot");
            for (variable, value) in variables.iter() {
                case.env(variable, *value);
            }
            case.run(&[])
        };
        let all: Vec<&str> = base.iter().chain(&needed).map(String::as_str).collect();
        run(&all).expect(0);
        for missing in &needed {
            let rest: Vec<&str> = all.iter().copied().filter(|p| p != missing).collect();
            run(&rest).expect(77).says(&[missing, "ci-bot"]);
        }
    });
}

#[test]
fn a_user_list_that_is_switched_on_later_takes_the_right_to_change_the_provider() {
    let mut permissions: Vec<String> = ["Always", "Device code flow", "User list\n"]
        .into_iter()
        .flat_map(documented)
        .filter(|permission| !permission.ends_with(".change_oauth2provider"))
        .collect();
    let later = |permissions: &[String]| {
        let permissions: Vec<&str> = permissions.iter().map(String::as_str).collect();
        let mut case = Case::new("2026.2");
        case.init();
        case.sim.state().add_user_token("ci-bot", "a-token-of-ci-bot", &permissions);
        case.env("AUTHENTIK_TOKEN", "a-token-of-ci-bot").env("NETBIRD_MGMT_IDP", "authentik");
        case.run(&[])
    };
    let change = "authentik_providers_oauth2.change_oauth2provider";
    later(&permissions).expect(77).says(&[change]);
    permissions.push(change.to_owned());
    later(&permissions).expect(0);
}
