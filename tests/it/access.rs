//! Who may open NetBird: never anybody whom the variable refuses, and what was bound by others stays.

use std::time::Duration;

use authentik_sim::{Fault, FaultRule, Feature, Match, find};
use serde_json::json;

use crate::support::{Case, PROFILES, all_at_once, everywhere, release};

fn with_groups(profile: &str, groups: &str) -> Case {
    let mut case = Case::new(profile);
    case.env("AUTHENTIK_ACCESS_GROUPS", groups);
    case
}

/// People to try the door with: `outsider` is in no group.
fn people(case: &Case) {
    let mut state = case.sim.state();
    for name in ["outsider", "vera", "stan"] {
        state.add_person(name);
    }
    state.add_group_of("vpn", &["vera"]);
    state.add_group_of("staff", &["stan"]);
}

fn bound(case: &Case) -> Vec<String> {
    let state = case.sim.state();
    let name =
        |pk| state.groups.iter().find(|g| g["pk"] == pk)?["name"].as_str().map(str::to_owned);
    let mut names: Vec<String> =
        state.policy_bindings.iter().filter_map(|b| name(b["group"].clone())).collect();
    names.sort();
    names
}

#[test]
fn groups_come_and_go_with_the_variable() {
    everywhere(|profile| {
        let mut case = with_groups(profile, "vpn,staff");
        people(&case);
        case.init_as_planned();
        let may = |case: &Case| ["vera", "stan", "outsider"].map(|who| case.sim.may_log_in(who));
        assert_eq!(may(&case), [true, true, false], "{profile}");
        case.env("AUTHENTIK_ACCESS_GROUPS", "vpn");
        let plan = case.run(&["plan"]).expect(2);
        assert!(plan.out.contains("- binding staff"), "{profile}:\n{}", plan.out);
        let check = case.run(&["check"]);
        assert!(check.out.contains("binding staff is no longer wanted"), "{}", check.out);
        case.init_as_planned().says(&["- binding staff"]);
        assert_eq!(may(&case), [true, false, false], "{profile}");
        case.env("AUTHENTIK_ACCESS_GROUPS", "");
        case.init_as_planned().says(&[
            "AUTHENTIK_ACCESS_GROUPS is not set",
            "(vpn)",
            "set it to *",
        ]);
        assert_eq!(may(&case), [true, false, false], "{profile}");
        case.env("AUTHENTIK_ACCESS_GROUPS", "*");
        case.init_as_planned().says(&["every user of Authentik may open NetBird"]);
        assert_eq!(may(&case), [true, true, true], "{profile}");
        case.sim.clear_requests();
        case.init();
        assert!(case.sim.writes().is_empty(), "{profile}");
    });
}

#[test]
fn a_group_that_version_0_1_0_bound_is_ours_after_one_finished_run() {
    let mut case = with_groups("2026.2", "vpn,staff");
    people(&case);
    case.init();
    std::fs::remove_file(case.path("state.json")).unwrap();
    case.init();
    case.env("AUTHENTIK_ACCESS_GROUPS", "vpn");
    case.init();
    assert_eq!(bound(&case), ["vpn"]);
    // Without a run between, it is not known whose the binding is.
    case.env("AUTHENTIK_ACCESS_GROUPS", "vpn,staff");
    case.init();
    std::fs::remove_file(case.path("state.json")).unwrap();
    case.env("AUTHENTIK_ACCESS_GROUPS", "vpn");
    case.init_as_planned().says(&["not known to be made by this container stay (staff)"]);
    assert_eq!(bound(&case), ["staff", "vpn"]);
}

#[test]
fn what_others_bound_stays_and_is_named() {
    everywhere(|profile| {
        let mut case = Case::new(profile);
        people(&case);
        case.init();
        case.sim.state().add_group_of("contractors", &["outsider"]);
        let theirs = {
            let mut state = case.sim.state();
            [state.bind_group("netbird", "contractors"), state.bind_user("netbird", "stan")]
        };
        case.env("AUTHENTIK_ACCESS_GROUPS", "vpn");
        case.init_as_planned()
            .says(&["not known to be made by this container stay (contractors, stan)"]);
        for wish in ["staff", "*", ""] {
            case.env("AUTHENTIK_ACCESS_GROUPS", wish);
            case.init_as_planned();
        }
        let state = case.sim.state();
        for pk in theirs {
            assert!(state.policy_bindings.iter().any(|b| b["pk"] == json!(pk)), "{profile}");
        }
        assert_eq!(
            state.policy_bindings.len(),
            2,
            "{profile}: the binding of this container went with *"
        );
    });
}

#[test]
fn a_binding_that_somebody_turned_round_is_theirs_from_then_on() {
    let mut case = with_groups("2026.2", "vpn,staff");
    people(&case);
    case.init();
    let staff = case.sim.state().group("staff").unwrap()["pk"].clone();
    for binding in &mut case.sim.state().policy_bindings {
        if binding["group"] == staff {
            binding["negate"] = json!(true);
        }
    }
    case.env("AUTHENTIK_ACCESS_GROUPS", "vpn");
    case.init();
    assert_eq!(
        bound(&case),
        ["staff", "vpn"],
        "it keeps people out: taking it away would let them in"
    );
}

#[test]
fn with_a_star_the_service_account_is_unbound_too_unless_others_are_bound() {
    for others in [false, true] {
        let mut case = with_groups("2026.2", "vpn");
        people(&case);
        case.env("NETBIRD_MGMT_IDP", "authentik");
        case.init();
        assert_eq!(case.sim.state().policy_bindings.len(), 2);
        if others {
            case.sim.state().bind_group("netbird", "staff");
        }
        case.env("AUTHENTIK_ACCESS_GROUPS", "*");
        case.init_as_planned();
        assert_eq!(case.sim.may_log_in("outsider"), !others);
        assert_eq!(case.sim.state().policy_bindings.len(), if others { 2 } else { 0 });
    }
}

#[test]
fn nobody_enters_whom_the_variable_refuses_whenever_a_run_is_killed() {
    // A first run, and one that restricts what others may use already.
    type Prepare = fn(&Case);
    let prepared: [(&str, Prepare); 4] = [
        ("nothing is there", |_| ()),
        ("an application without a provider", |case| {
            case.sim.state().add_application(json!({"name": "Mesh", "slug": "netbird"}));
        }),
        ("an orphaned provider", |case| {
            let pk = json!({"name": "NetBird", "client_id": "netbird"});
            case.sim.state().add_provider(pk);
        }),
        ("a linked one that is open", |case| {
            let pk =
                case.sim.state().add_provider(json!({"name": "NetBird", "client_id": "netbird"}));
            let fields = json!({"name": "NetBird", "slug": "netbird", "provider": pk});
            case.sim.state().add_application(fields);
        }),
    ];
    for (what, prepare) in prepared {
        let configured = || {
            let case = with_groups("2026.2", "vpn,staff");
            people(&case);
            prepare(&case);
            case
        };
        let reference = configured();
        reference.init();
        let open_before = what.contains("open");
        std::thread::scope(|scope| {
            for nth in 1..=reference.sim.requests().len() {
                let configured = &configured;
                scope.spawn(move || {
                    let case = configured();
                    case.sim.fault(FaultRule::once(Match::Nth(nth), Fault::ResetAfter));
                    let hang = Fault::Hang(Duration::MAX);
                    case.sim.fault(FaultRule::always(Match::Nth(nth + 1), hang));
                    let running = case.spawn();
                    case.await_requests(nth);
                    running.signal(rustix::process::Signal::KILL);
                    let _ = running.wait();
                    let entered = case.sim.may_log_in("outsider");
                    assert!(!entered || open_before, "{what}: killed at {nth}");
                    case.sim.clear_faults();
                    let log = case.run(&[]);
                    assert_eq!(log.code, Some(0), "{what}: killed at {nth}:\n{}", log.err);
                    assert!(!case.sim.may_log_in("outsider"), "{what}: killed at {nth}");
                    assert_eq!(bound(&case), ["staff", "vpn"], "{what}: killed at {nth}");
                    // It knows what it made: the group leaves.
                    let mut case = case;
                    case.env("AUTHENTIK_ACCESS_GROUPS", "vpn");
                    case.init();
                    assert_eq!(bound(&case), ["vpn"], "{what}: killed at {nth}");
                });
            }
        });
    }
}

/// A run that dies as soon as this holds, with the answer of the write that brought it about lost.
fn killed_when(case: &Case, write: &str, holds: impl Fn(&authentik_sim::State) -> bool) {
    case.sim.fault(FaultRule::once(Match::path("POST", write), Fault::ResetAfter));
    let running = case.spawn();
    case.sim.wait_until(|sim| holds(&sim.state()));
    let hang = Match::regex("GET", r"^/api/v3/");
    case.sim.fault(FaultRule::always(hang, Fault::Hang(Duration::MAX)));
    running.signal(rustix::process::Signal::KILL);
    let _ = running.wait();
    case.sim.clear_faults();
}

#[test]
fn a_binding_that_was_only_intended_stays_and_is_named() {
    // The binding is made, its answer lost, and the run dies there: nothing tells whose it is.
    let mut case = with_groups("2026.2", "staff");
    people(&case);
    killed_when(&case, "/api/v3/policies/bindings/", |state| !state.policy_bindings.is_empty());
    case.env("AUTHENTIK_ACCESS_GROUPS", "vpn");
    case.init_as_planned().says(&["not known to be made by this container", "(staff)"]);
    assert_eq!(bound(&case), ["staff", "vpn"]);
    // Named in a finished run, it is this container's.
    case.env("AUTHENTIK_ACCESS_GROUPS", "vpn,staff");
    case.init();
    case.env("AUTHENTIK_ACCESS_GROUPS", "vpn");
    case.init();
    assert_eq!(bound(&case), ["vpn"]);
}

#[test]
fn what_the_variable_bound_is_bound_again_when_it_is_unset_and_the_application_is_gone() {
    everywhere(|profile| {
        for kind in ["standalone", "embedded", "combined"] {
            let mut case = with_groups(profile, "vpn,staff");
            if kind != "standalone" {
                case.env("SETUP_NETBIRD", kind);
                case.state_apart();
            }
            people(&case);
            case.init();
            case.sim.state().applications.clear();
            case.sim.state().policy_bindings.clear();
            case.env("AUTHENTIK_ACCESS_GROUPS", "");
            let texts = ["is bound again (vpn, staff)", "set it to *"];
            case.init_as_planned().says(&texts);
            let may =
                |case: &Case| ["vera", "stan", "outsider"].map(|who| case.sim.may_log_in(who));
            assert_eq!(may(&case), [true, true, false], "{profile} {kind}");
            let log = case.init_as_planned();
            assert!(!log.err.contains("bound again"), "{profile} {kind}:\n{}", log.err);
            case.env("AUTHENTIK_ACCESS_GROUPS", "*");
            case.init_as_planned();
            assert_eq!(may(&case), [true, true, true], "{profile} {kind}");
            // Opened by a wish, it stays so.
            case.env("AUTHENTIK_ACCESS_GROUPS", "");
            case.init_as_planned();
            assert_eq!(may(&case), [true, true, true], "{profile} {kind}");
        }
    });
}

#[test]
fn a_group_that_is_deleted_while_the_variable_is_unset_opens_nothing() {
    everywhere(|profile| {
        let mut case = with_groups(profile, "vpn");
        people(&case);
        case.init();
        case.env("AUTHENTIK_ACCESS_GROUPS", "");
        {
            let mut state = case.sim.state();
            state.groups.retain(|group| group["name"] != "vpn");
            state.policy_bindings.clear();
        }
        let texts =
            ["the group vpn that AUTHENTIK_ACCESS_GROUPS bound before is gone", "+ group vpn"];
        case.init_as_planned().says(&texts);
        assert!(!case.sim.may_log_in("outsider"), "{profile}");
        case.init_as_planned();
    });
}

#[test]
fn a_run_that_dies_before_it_binds_and_a_variable_that_is_unset_then_open_nothing() {
    everywhere(|profile| {
        let mut case = with_groups(profile, "vpn");
        people(&case);
        case.env("NETBIRD_MGMT_IDP", if release(profile) >= (2023, 2) { "authentik" } else { "" });
        let made = "/api/v3/core/applications/";
        killed_when(&case, made, |state| state.application("netbird").is_some());
        assert!(bound(&case).is_empty(), "{profile}");
        case.unset("AUTHENTIK_ACCESS_GROUPS");
        case.init_as_planned().says(&["is bound again (vpn)"]);
        assert!(case.sim.may_log_in("vera") && !case.sim.may_log_in("outsider"), "{profile}");
    });
}

#[test]
fn all_bindings_must_agree_is_refused_in_the_first_run_and_in_every_other() {
    everywhere(|profile| {
        let application =
            json!({"name": "NetBird", "slug": "netbird", "policy_engine_mode": "all"});
        let case = with_groups(profile, "vpn,staff");
        people(&case);
        case.sim.state().add_application(application.clone());
        case.refused(&["asks for all of its bindings", "policy engine mode to any"]);
        // One group is one binding, then and later.
        let mut case = with_groups(profile, "vpn");
        people(&case);
        case.sim.state().add_application(application);
        case.init_as_planned();
        case.sim.clear_requests();
        case.init();
        assert!(case.sim.writes().is_empty(), "{profile}");
        case.env("AUTHENTIK_ACCESS_GROUPS", "vpn,staff");
        case.refused(&["asks for all of its bindings"]);
        // Converged, and then changed by hand.
        let case = with_groups(profile, "vpn,staff");
        people(&case);
        case.init();
        case.sim.state().application_mut("netbird").unwrap()["policy_engine_mode"] = json!("all");
        case.refused(&["asks for all of its bindings"]);
    });
}

#[test]
fn a_bound_group_without_members_is_a_warning() {
    everywhere(|profile| {
        let case = with_groups(profile, "vpn");
        let texts = ["group vpn has no members", "akadmin included", "nobody may open NetBird"];
        case.init_as_planned().says(&texts);
        let check = case.run(&["check"]).expect(0);
        texts.iter().for_each(|text| assert!(check.out.contains(text), "{profile}: {}", check.out));
        case.sim.state().add_to_group("akadmin", "vpn");
        let log =
            case.init_as_planned().says(&["only these may open NetBird: members of group vpn"]);
        assert!(!log.err.contains("has no members"), "{profile}");
        let check = case.run(&["check"]).expect(0);
        assert!(check.out.contains("members of group vpn"), "{profile}: {}", check.out);
    });
}

#[test]
fn an_application_that_is_open_to_nobody_is_not_called_open() {
    everywhere(|profile| {
        if !find(profile).unwrap().has(Feature::DefaultAccess) {
            return;
        }
        let mut case = Case::new(profile);
        case.init_as_planned().says(&["every user of Authentik may open NetBird"]);
        std::fs::remove_file(case.path("state.json")).unwrap();
        case.sim.state().default_app_access = false;
        let texts = ["nobody may open NetBird", "core_default_app_access"];
        case.init_as_planned().says(&texts);
        let check = case.run(&["check"]).expect(0);
        texts.iter().for_each(|text| assert!(check.out.contains(text), "{profile}: {}", check.out));
        // The service account gets a binding of its own, and NetBird its user list.
        case.env("NETBIRD_MGMT_IDP", "authentik");
        case.init_as_planned().says(&["+ binding Netbird"]);
        case.sim.state().default_app_access = true;
        case.env("AUTHENTIK_ACCESS_GROUPS", "*");
        case.init_as_planned().says(&["every user of Authentik may open NetBird"]);
    });
}

#[test]
fn the_setting_is_unknown_to_a_token_that_may_not_ask() {
    let mut case = Case::new("2026.8");
    let settings = Match::path("GET", "/api/v3/admin/settings/");
    let body = r#"{"detail":"You do not have permission to perform this action."}"#;
    let json = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    case.sim.fault(FaultRule::always(settings, Fault::Status(403, json.clone(), body.into())));
    let texts = ["does not see who may open NetBird", "authentik_rbac.view_system_settings"];
    case.init_as_planned().says(&texts);
    let bindings = Match::path("GET", "/api/v3/policies/bindings/");
    case.sim.fault(FaultRule::always(bindings, Fault::Status(403, json, body.into())));
    case.init_as_planned().says(&["authentik_policies.view_policybinding"]);
    // Where groups are asked for, it must be seen.
    case.env("AUTHENTIK_ACCESS_GROUPS", "vpn");
    case.run(&[]).expect(77).says(&["authentik_policies.view_policybinding"]);
}

#[test]
fn a_binding_that_has_ended_counts_for_nothing_and_one_that_will_end_says_when() {
    let case = with_groups("2026.8", "vpn");
    people(&case);
    case.init();
    let now = case.sim.now();
    let pk = case.sim.state().policy_bindings[0]["pk"].as_str().unwrap().to_owned();
    case.sim.state().expire_binding(&pk, now + 86_400);
    case.init_as_planned().says(&["the binding of vpn ends at"]);
    assert!(case.sim.may_log_in("vera"));
    case.sim.state().expire_binding(&pk, now - 86_400);
    assert!(!case.sim.may_log_in("outsider") || case.sim.state().default_app_access);
    case.init_as_planned().says(&["+ binding vpn"]);
    assert!(case.sim.may_log_in("vera") && !case.sim.may_log_in("outsider"));
    case.sim.clear_requests();
    case.init();
    assert!(case.sim.writes().is_empty());
}

#[test]
fn two_groups_of_one_name_are_refused_with_their_keys() {
    all_at_once(&PROFILES, |profile| {
        if release(profile) >= (2025, 12) {
            return;
        }
        let case = with_groups(profile, "vpn");
        let keys = {
            let mut state = case.sim.state();
            [state.add_group(json!({"name": "vpn"})), state.add_group(json!({"name": "vpn"}))]
        };
        case.refused(&["2 groups have the name vpn", &keys[0], &keys[1]]);
    });
}

#[test]
fn a_name_that_is_given_twice_costs_nothing() {
    let case = with_groups("2026.2", "vpn, vpn,vpn");
    people(&case);
    let log = case.init();
    assert!(!log.err.contains("looking again"), "{}", log.err);
    assert_eq!(bound(&case), ["vpn"]);
    let bindings = case.sim.writes().iter().filter(|w| w.path.contains("/bindings/")).count();
    assert_eq!(bindings, 1);
}

#[test]
fn a_binding_that_somebody_had_disabled_or_negated_is_named_when_its_group_is() {
    for (field, value, how) in [("enabled", false, "disabled"), ("negate", true, "negated")] {
        let mut case = Case::new("2026.2");
        people(&case);
        case.init();
        let theirs = case.sim.state().bind_group("netbird", "vpn");
        for binding in &mut case.sim.state().policy_bindings {
            if binding["pk"] == json!(theirs) {
                binding[field] = json!(value);
            }
        }
        case.env("AUTHENTIK_ACCESS_GROUPS", "vpn");
        let text = format!("somebody had {how} the binding of vpn");
        case.init_as_planned().says(&[&text, "leave vpn out of AUTHENTIK_ACCESS_GROUPS"]);
        let log = case.init_as_planned();
        assert!(!log.err.contains("somebody had"), "{}", log.err);
    }
}

#[test]
fn who_may_enter_is_not_claimed_of_a_setting_that_was_not_asked() {
    let case = Case::new("2026.8");
    case.init().says(&["every user of Authentik may open NetBird"]);
    case.sim.state().default_app_access = false;
    let log = case.init_as_planned().says(&["unless core_default_app_access was switched off"]);
    assert!(!log.err.contains("every user of Authentik may open NetBird"), "{}", log.err);
    let check = case.run(&["check"]);
    assert!(check.out.contains("nobody may open NetBird"), "{}", check.out);
}

#[test]
fn the_group_that_carries_the_right_to_see_users_lets_nobody_in() {
    for (profile, role, code) in [
        ("2024.2", "", 78),
        ("2024.12", "", 78),
        ("2025.10", "viewer", 78),
        ("2024.12", "admin", 0),
        ("2023.10", "", 0),
        ("2026.2", "", 0),
    ] {
        let mut case = with_groups(profile, "vpn,NetBird user list");
        case.env("NETBIRD_MGMT_IDP", "authentik").env("AUTHENTIK_SERVICE_ACCOUNT_ROLE", role);
        people(&case);
        let texts: &[&str] = &["AUTHENTIK_ACCESS_GROUPS", "NetBird user list", "NETBIRD_MGMT_IDP"];
        let log = case.run(&[]).expect(code);
        if code == 78 {
            log.says(texts);
            assert!(case.sim.writes().is_empty(), "{profile}");
            case.run(&["plan"]).expect(78).says(texts);
        }
    }
}

#[test]
fn two_groups_of_one_name_with_members_end_the_run_at_once() {
    let case = with_groups("2024.12", "vpn");
    people(&case);
    case.sim.state().add_group_of("vpn", &["stan"]);
    case.refused(&["2 groups have the name vpn"]);
    let looks = case.sim.requests().iter().filter(|r| r.path.ends_with("/users/me/")).count();
    assert_eq!(looks, 2, "plan and init, once each");
    // An empty one may be what another run has just made: it says what it waits for.
    let case = with_groups("2024.12", "vpn");
    people(&case);
    case.sim.state().add_group(json!({"name": "vpn"}));
    let log = case.run(&[]).expect(65).says(&["another run may be at work"]);
    assert!(!log.err.contains("worker"), "{}", log.err);
}

#[test]
fn a_token_that_may_not_see_bindings_links_nothing_that_was_bound_before() {
    let mut case = with_groups("2026.2", "vpn");
    people(&case);
    let made = "/api/v3/core/applications/";
    killed_when(&case, made, |state| state.application("netbird").is_some());
    case.unset("AUTHENTIK_ACCESS_GROUPS");
    let body = r#"{"detail":"You do not have permission to perform this action."}"#;
    let json = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    let bindings = Match::path("GET", "/api/v3/policies/bindings/");
    case.sim.fault(FaultRule::always(bindings, Fault::Status(403, json, body.into())));
    case.run(&[]).expect(77).says(&["authentik_policies.view_policybinding"]);
    assert!(!case.sim.may_log_in("outsider"));
}
