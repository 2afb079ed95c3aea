//! Which Authentik it is: user numbers start again in another one, so its person 6 would get the NetBird account of
//! person 6 of the last one.

use authentik_sim::{Fault, FaultRule, Match, Sim};
use serde_json::{Value, json};

use crate::support::{Case, everywhere};

/// Another server, of another installation, behind the same volumes.
fn replaced(case: &mut Case, profile: &str) {
    case.sim = Sim::builder(profile).installation("another").start();
    let url = case.sim.url();
    case.env("AUTHENTIK_HOST", url);
}

#[test]
fn another_authentik_behind_the_same_url_is_refused_once_and_for_all_but_a_wish() {
    everywhere(|profile| {
        let mut case = Case::new(profile);
        case.init();
        let kept = case.read("state.json");
        replaced(&mut case, profile);
        case.refused(&["another Authentik", "other numbers", "SETUP_ALLOW_IDENTITY_CHANGE"]);
        assert_eq!(case.read("state.json"), kept, "{profile}");
        case.env("SETUP_ALLOW_IDENTITY_CHANGE", "true");
        case.init_as_planned().says(&["another Authentik than before, and it is accepted"]);
        case.unset("SETUP_ALLOW_IDENTITY_CHANGE");
        case.init_as_planned();
    });
}

#[test]
fn one_of_three_marks_is_enough() {
    everywhere(|profile| {
        for keep in ["user", "application", "brand"] {
            let case = Case::new(profile);
            case.init();
            let mut state: Value = serde_json::from_str(&case.read("state.json")).unwrap();
            let known = state["installation"].as_object_mut().unwrap();
            for (mark, key) in [("user", "uid"), ("application", "application"), ("brand", "brand")]
            {
                if mark != keep {
                    known[key] = json!("something else");
                }
            }
            std::fs::write(case.path("state.json"), state.to_string()).unwrap();
            case.init_as_planned();
            assert!(case.sim.writes().is_empty(), "{profile} {keep}");
        }
    });
}

#[test]
fn without_state_or_without_an_identity_in_the_files_it_is_recorded() {
    let mut case = Case::new("2026.2");
    case.init();
    std::fs::remove_file(case.path("state.json")).unwrap();
    replaced(&mut case, "2026.2");
    case.init();
    let state: Value = serde_json::from_str(&case.read("state.json")).unwrap();
    for key in ["uid", "application", "brand"] {
        assert!(!state["installation"][key].as_str().unwrap().is_empty(), "{key}");
    }
    // Nothing that NetBird started from is left.
    replaced(&mut case, "2026.2");
    for name in ["secrets.json", "management.json"] {
        std::fs::remove_file(case.path(name)).unwrap();
    }
    case.init();
}

#[test]
fn an_application_that_is_gone_from_the_same_authentik_is_made_again_with_a_warning() {
    everywhere(|profile| {
        let case = Case::new(profile);
        case.init();
        case.sim.state().applications.clear();
        case.init_as_planned().says(&["the application is no longer there", "+ application"]);
        case.assert_one_of_each();
    });
}

/// Each way out that is told leads out.
#[test]
fn a_slug_that_was_changed_in_authentik_is_put_back_or_taken() {
    let mut case = Case::new("2026.2");
    case.init();
    let rename = |case: &Case, from: &str, to: &str| {
        case.sim.state().application_mut(from).unwrap()["slug"] = to.into();
        for provider in &mut case.sim.state().providers {
            provider["assigned_application_slug"] = to.into();
        }
    };
    rename(&case, "netbird", "vpn");
    case.refused(&["belongs to application vpn", "set its slug in Authentik to netbird"]);
    rename(&case, "vpn", "netbird");
    case.init().says(&["in sync"]);
    rename(&case, "netbird", "vpn");
    case.env("AUTHENTIK_APPLICATION_SLUG", "vpn");
    case.refused(&["if that application has the slug vpn now", "SETUP_ALLOW_IDENTITY_CHANGE=true"]);
    case.env("SETUP_ALLOW_IDENTITY_CHANGE", "true");
    case.init();
    case.assert_one_of_each();
}

#[test]
fn another_slug_than_management_json_names_is_refused() {
    let mut case = Case::new("2026.2");
    case.env("AUTHENTIK_APPLICATION_SLUG", "mesh");
    case.init();
    case.unset("AUTHENTIK_APPLICATION_SLUG");
    case.refused(&["names the application mesh", "AUTHENTIK_APPLICATION_SLUG=mesh"]);
    case.env("AUTHENTIK_APPLICATION_SLUG", "mesh");
    case.init_as_planned();
    // Another identity provider's file is another matter.
    let management = case.read("management.json").replace("/application/o/mesh/", "/realms/mesh/");
    std::fs::write(case.path("management.json"), management).unwrap();
    case.init_as_planned();
}

#[test]
fn what_was_made_in_the_other_one_is_forgotten() {
    let mut case = Case::new("2026.2");
    case.env("NETBIRD_MGMT_IDP", "authentik").env("AUTHENTIK_SERVICE_ACCOUNT_ROLE", "admin");
    case.init();
    let number = case.sim.state().user("Netbird").unwrap()["pk"].clone();
    // Numbers start again: somebody's service account has the name and the number.
    replaced(&mut case, "2026.2");
    case.sim.state().add_service_account("Netbird");
    case.sim.state().user_mut("Netbird").unwrap()["pk"] = number;
    case.env("SETUP_ALLOW_IDENTITY_CHANGE", "true");
    case.refused(&["was not made by this container"]);
    case.env("AUTHENTIK_SERVICE_ACCOUNT_ROLE", "viewer");
    case.init_as_planned();
    case.unset("SETUP_ALLOW_IDENTITY_CHANGE").env("AUTHENTIK_SERVICE_ACCOUNT_ROLE", "admin");
    case.refused(&["was not made by this container"]);
}

#[test]
fn a_mark_that_was_not_looked_at_is_no_difference() {
    everywhere(|profile| {
        let mut case = Case::new(profile);
        case.init();
        // Another token, and an application that is gone: the brand is left to tell.
        let mut state: Value = serde_json::from_str(&case.read("state.json")).unwrap();
        for key in ["uid", "application"] {
            state["installation"][key] = json!("something else");
        }
        std::fs::write(case.path("state.json"), state.to_string()).unwrap();
        case.env("AUTHENTIK_DEVICE_CODE_FLOW", "none");
        case.init_as_planned();
        // Where the token may not see it, it is said that it could tell.
        state["installation"]["uid"] = json!("something else");
        std::fs::write(case.path("state.json"), state.to_string()).unwrap();
        let json = vec![("Content-Type".to_owned(), "application/json".to_owned())];
        let body = r#"{"detail":"You do not have permission to perform this action."}"#;
        let brands = Match::regex("GET", r"^/api/v3/core/(brands|tenants)/\?");
        case.sim.fault(FaultRule::always(brands, Fault::Status(403, json, body.to_owned())));
        case.refused(&["another Authentik", "let the token see brands"]);
    });
}
