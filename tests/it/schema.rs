//! What the program sends, and what it is answered, against the published schema of each release that has one.

use authentik_sim::find;
use authentik_sim::schema::{self, judged_by};

use crate::support::{Case, everywhere, release};

/// A name for the message, and the variables.
type Configuration = (&'static str, &'static [(&'static str, &'static str)]);

const CONFIGURATIONS: &[Configuration] = &[
    ("plain", &[]),
    (
        "user list, admin",
        &[("NETBIRD_MGMT_IDP", "authentik"), ("AUTHENTIK_SERVICE_ACCOUNT_ROLE", "admin")],
    ),
    (
        "user list, viewer",
        &[("NETBIRD_MGMT_IDP", "authentik"), ("AUTHENTIK_SERVICE_ACCOUNT_ROLE", "viewer")],
    ),
    ("access groups", &[("AUTHENTIK_ACCESS_GROUPS", "vpn users,staff")]),
    (
        "everything",
        &[
            ("NETBIRD_MGMT_IDP", "authentik"),
            ("AUTHENTIK_ACCESS_GROUPS", "vpn users"),
            (
                "AUTHENTIK_REDIRECT_URIS",
                "regex:https://.*\\.example\\.org/cb,https://x.example.com/cb",
            ),
            ("AUTHENTIK_SUB_MODE", "user_id"),
            ("AUTHENTIK_INVALIDATION_FLOW", "default-invalidation-flow"),
        ],
    ),
    (
        "TURN",
        &[
            ("NETBIRD_TURN_DOMAIN", "turn.example.com"),
            ("TURN_PASSWORD", "turn-password-for-tests"),
            ("SETUP_OUTPUTS", "setup.env,management.json,turnserver.conf"),
        ],
    ),
];

#[test]
fn every_request_and_every_answer_is_as_the_schema_says() {
    everywhere(|profile| {
        let version = find(profile).unwrap().version_current;
        if judged_by(version).is_none() {
            return;
        }
        for (name, variables) in CONFIGURATIONS {
            let mut case = Case::new(profile);
            for (variable, value) in *variables {
                case.env(variable, *value);
            }
            for args in [&["plan"] as &[&str], &[], &["check"], &[]] {
                let ended = case.run(args);
                let fine =
                    matches!(ended.code, Some(0)) || args == ["plan"] && ended.code == Some(2);
                assert!(fine, "{profile} {name} {args:?}: {}", ended.err);
            }
            let log = case.sim.requests();
            assert!(
                log.iter().filter(|request| request.is_write()).count() >= 4,
                "{profile} {name}"
            );
            let verdict = schema::judge_log(version, &log);
            assert!(
                verdict.complaints.is_empty(),
                "{profile} {name}:\n{}",
                verdict.complaints.join("\n")
            );
            // The one thing that is sent to releases that do not know it.
            let grants = verdict.excused.iter().any(|known| known.field == "grant_types");
            assert_eq!(grants, release(profile) < (2026, 5), "{profile} {name}");
        }
    });
}

#[test]
fn what_drifted_is_repaired_by_requests_of_the_schema() {
    everywhere(|profile| {
        let version = find(profile).unwrap().version_current;
        if judged_by(version).is_none() {
            return;
        }
        let mut case = Case::new(profile);
        case.env("NETBIRD_MGMT_IDP", "authentik").env("AUTHENTIK_ACCESS_GROUPS", "vpn,staff");
        case.init();
        {
            let mut state = case.sim.state();
            let provider = state.provider_mut("NetBird").unwrap();
            provider["client_type"] = "confidential".into();
            provider["access_code_validity"] = "minutes=1".into();
            provider["redirect_uris"].as_array_mut().unwrap().clear();
            provider["grant_types"] = serde_json::json!([]);
            provider["signing_key"] = serde_json::Value::Null;
            state.brand_default_mut()["flow_device_code"] = serde_json::Value::Null;
            state.token_mut("service-account-netbird-password").unwrap()["expiring"] = true.into();
            for binding in &mut state.policy_bindings {
                binding["enabled"] = false.into();
            }
        }
        case.env("AUTHENTIK_ACCESS_GROUPS", "vpn");
        case.sim.clear_requests();
        case.init();
        let log = case.sim.requests();
        let patches = log.iter().filter(|request| request.method == "PATCH").count();
        assert!(patches >= 4, "{profile}: {patches} changes");
        let verdict = schema::judge_log(version, &log);
        assert!(verdict.complaints.is_empty(), "{profile}:\n{}", verdict.complaints.join("\n"));
    });
}
