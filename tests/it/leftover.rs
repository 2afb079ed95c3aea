//! Accounts that nothing uses any more: named until they are gone, and never deleted.

use authentik_sim::UserKind;
use serde_json::json;

use crate::support::{Case, side_by_side};

const RELEASES: [&str; 4] = ["2023.10", "2024.12", "2026.2", "2026.8"];

fn with_user_list(profile: &str) -> Case {
    let mut case = Case::new(profile);
    case.env("NETBIRD_MGMT_IDP", "authentik");
    case
}

#[test]
fn the_account_of_another_name_is_named_until_it_is_gone() {
    side_by_side(&RELEASES, |profile| {
        let mut case = with_user_list(profile);
        case.env("AUTHENTIK_SERVICE_ACCOUNT_ROLE", "admin");
        case.init();
        case.env("NETBIRD_IDP_MGMT_EXTRA_USERNAME", "netbird-svc");
        let texts =
            ["service account Netbird has no use", "is an administrator", "deleted in Authentik"];
        let plan = case.run(&["plan"]).expect(2);
        texts.iter().for_each(|text| assert!(plan.out.contains(text), "{profile}: {}", plan.out));
        case.init().says(&texts);
        case.init_as_planned().says(&texts);
        let check = case.run(&["check"]).expect(0);
        texts.iter().for_each(|text| assert!(check.out.contains(text), "{profile}: {}", check.out));
        case.sim.clear_requests();
        case.init();
        assert!(case.sim.writes().is_empty(), "{profile}");
        // With no user list, both are without use.
        case.env("NETBIRD_MGMT_IDP", "none");
        case.init().says(&["service account Netbird ", "service account netbird-svc "]);
        // Back to the first name: this container made it.
        case.env("NETBIRD_MGMT_IDP", "authentik").unset("NETBIRD_IDP_MGMT_EXTRA_USERNAME");
        let log = case.init_as_planned().says(&["service account netbird-svc has no use"]);
        assert!(!log.err.contains("service account Netbird has"), "{profile}: {}", log.err);
        case.sim.state().users.retain(|user| user["username"] != "netbird-svc");
        for _ in 0..2 {
            let log = case.init_as_planned();
            assert!(!log.err.contains("has no use"), "{profile}: {}", log.err);
        }
        assert!(!case.read("state.json").contains("netbird-svc"), "{profile}");
    });
}

#[test]
fn check_names_the_person_whom_0_1_0_made_an_administrator_whatever_is_set_now() {
    side_by_side(&RELEASES, |profile| {
        let mut case = with_user_list(profile);
        {
            let mut state = case.sim.state();
            let person = state.add_user_of("Netbird", UserKind::Internal);
            state.add_to_group("Netbird", "authentik Admins");
            state.add_token(json!({
                "identifier": "service-account-netbird-password", "intent": "app_password",
                "user": person, "key": "of-0.1.0", "expiring": false,
            }));
        }
        case.env("NETBIRD_IDP_MGMT_EXTRA_USERNAME", "netbird-svc");
        let log = case.init_as_planned();
        assert!(!log.err.contains("0.1.0"), "{profile}: {}", log.err);
        let texts = [
            "user Netbird, a person, is an administrator of Authentik",
            "version 0.1.0 may have done that",
            "take them out of the group authentik Admins",
            "delete the app password service-account-netbird-password",
        ];
        for idp in ["authentik", "none", ""] {
            case.env("NETBIRD_MGMT_IDP", idp);
            if idp.is_empty() {
                case.unset("NETBIRD_IDP_MGMT_EXTRA_USERNAME");
            }
            case.run(&[]);
            let check = case.run(&["check"]);
            texts.iter().for_each(|text| {
                assert!(check.out.contains(text), "{profile} {idp:?}: {}", check.out);
            });
        }
        // What was advised, done.
        let mut state = case.sim.state();
        state.remove_from_group("Netbird", "authentik Admins");
        state.tokens.retain(|token| token["identifier"] != "service-account-netbird-password");
        drop(state);
        let check = case.run(&["check"]);
        assert!(!check.out.contains("0.1.0"), "{profile}: {}", check.out);
    });
}
