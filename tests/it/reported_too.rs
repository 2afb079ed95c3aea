//! More login failures as people report them: a proxy that says what it should not, files of which one differs, accounts
//! and groups that somebody changed, and two things that are wrong at once.

use authentik_sim::{Sim, State};
use serde_json::{Value, json};

use crate::http::exchange;
use crate::reported::{
    DISCOVERY, LISTS, Report, answered, discovery, drifted, edited, management, provider,
    without_scope, works,
};
use crate::support::Case;

/// What Python's parser gives up on, so that Authentik answers 500 to whoever asks from a page.
fn unreadable(state: &mut State) {
    let uri = json!({"matching_mode": "regex", "url": "https://[a-z]+.example.com/"});
    state.provider_mut("NetBird").unwrap()["redirect_uris"].as_array_mut().unwrap().push(uri);
}

/// A group of an administrator's is bound to the application, with these members.
fn bound(state: &mut State, group: &str, members: &[&str]) {
    let group = state.add_group_of(group, members);
    let target = state.application("netbird").unwrap()["pk"].clone();
    state.policy_bindings.push(json!({
        "pk": "00000000-0000-4000-8000-000000000001", "target": target, "group": group, "user": null, "policy": null,
        "order": 7, "enabled": true, "negate": false, "timeout": 30, "failure_result": false,
    }));
}

fn clock(offset: i64) -> Case {
    let mut case = works("2026.2", &[]);
    let state = case.sim.state().clone();
    case.sim = Sim::builder("2026.2").state(state).clock_offset(offset).start();
    let url = case.sim.url();
    case.env("AUTHENTIK_HOST", url).env("SETUP_OUTPUTS", "none");
    case.sim.state().jwks_cache_control = Some("max-age=300".into());
    case
}

pub const FURTHER: &[Report] = &[
    ("a proxy that does not pass the host name on", &["issuer"], || {
        discovery(|document| {
            let text = document.to_string();
            let base = document["issuer"].as_str().unwrap().split("/application").next().unwrap();
            *document = serde_json::from_str(&text.replace(base, "http://server:9000")).unwrap();
        })
    }),
    ("an issuer with the wrong slash", &["issuer"], || {
        discovery(|document| {
            document["issuer"] = document["issuer"].as_str().unwrap().trim_end_matches('/').into();
        })
    }),
    ("a clock that is a minute behind", &["WARN clock"], || (clock(-60), None)),
    ("a public name that leads nowhere", &["WARN public-url"], || {
        let mut case = works("2026.2", &[]);
        case.env("AUTHENTIK_HOST_BROWSER", "http://auth.example.invalid");
        case.init();
        (case, None)
    }),
    ("another client id for devices", &["management.json"], || {
        management(|file| {
            file["DeviceAuthorizationFlow"]["ProviderConfig"]["ClientID"] = "other".into();
        })
    }),
    ("another audience", &["management.json"], || {
        management(|file| file["HttpConfig"]["AuthAudience"] = "other".into())
    }),
    ("keys of another host", &["management.json"], || {
        management(|file| {
            file["HttpConfig"]["AuthKeysLocation"] = "http://server:9000/jwks/".into();
        })
    }),
    ("a dashboard that logs in elsewhere", &["dashboard.env"], || {
        edited("dashboard.env", "AUTH_AUTHORITY='http", "AUTH_AUTHORITY='https")
    }),
    (
        "the client id was changed in Authentik",
        &["dashboard.env", "management.json", "setup.env"],
        || provider(|provider| provider["client_id"] = "other".into()),
    ),
    ("no groups in tokens", &["scope-mappings"], || without_scope("profile")),
    ("the consent flow is gone", &["objects"], || {
        drifted(|state| {
            let slug = "default-provider-authorization-explicit-consent";
            state.flows.retain(|flow| flow["slug"] != slug);
            // Authentik deletes with a flow what refers to it.
            state.providers.clear();
            state.application_mut("netbird").unwrap()["provider"] = Value::Null;
        })
    }),
    ("a group of somebody else's that nobody is in", &["WARN access"], || {
        drifted(|state| bound(state, "theirs", &[]))
    }),
    ("a redirect URI that Authentik cannot read, and a user list", &["redirect-uris"], || {
        let case = works("2026.2", &[LISTS]);
        unreadable(&mut case.sim.state());
        (case, None)
    }),
    ("a group that keeps the service account out", &["access"], || {
        let case = works("2026.2", &[LISTS]);
        bound(&mut case.sim.state(), "theirs", &["akadmin"]);
        (case, None)
    }),
    ("the service account was deactivated", &["refused"], || {
        let case = works("2026.2", &[LISTS]);
        case.sim.state().user_mut("Netbird").unwrap()["is_active"] = false.into();
        (case, None)
    }),
    ("the service account is gone", &["service-account"], || {
        let case = works("2026.2", &[LISTS]);
        let mut state = case.sim.state();
        state.users.retain(|user| user["username"] != "Netbird");
        // Authentik deletes tokens with their user.
        state.tokens.retain(|token| token["identifier"] != "service-account-netbird-password");
        drop(state);
        (case, None)
    }),
    ("a file that cannot be read, and a user list", &["management.json"], || {
        let case = works("2026.2", &[LISTS]);
        std::fs::write(case.path("management.json"), "{").unwrap();
        (case, None)
    }),
    ("the group that carries the role is gone", &["service-account"], || {
        let case = works("2025.10", &[LISTS]);
        case.sim.state().groups.retain(|group| group["name"] != "NetBird user list");
        (case, None)
    }),
    ("a token endpoint that fails, and a wrong issuer", &["issuer", "user-list"], || {
        let case = works("2026.2", &[LISTS]);
        let (_, _, body) = exchange(&case.sim.url(), "GET", DISCOVERY, "", "");
        let mut document: Value = serde_json::from_str(&body).unwrap();
        document["issuer"] = "https://auth.example.com/application/o/another/".into();
        answered(&case, "GET", DISCOVERY, 200, "https://netbird.example.com", &document);
        answered(&case, "POST", "/application/o/token/", 500, "", &json!({}));
        (case, None)
    }),
    ("a token endpoint that fails for the user list", &["user-list"], || {
        let case = works("2026.2", &[LISTS]);
        answered(&case, "POST", "/application/o/token/", 500, "", &json!({}));
        (case, None)
    }),
];

#[test]
fn what_authentik_cannot_read_is_told_whether_it_keeps_the_service_account_out_or_not() {
    for lists in [false, true] {
        let mut case = Case::new("2026.2");
        if lists {
            case.env(LISTS.0, LISTS.1);
        }
        case.init();
        unreadable(&mut case.sim.state());
        // Nothing is remembered of a login that worked.
        std::fs::remove_file(case.path("state.json")).unwrap();
        let told = ["cannot be read as a URL", "take it off the provider in Authentik"];
        case.refused(&told);
    }
}

#[test]
fn a_group_of_somebody_elses_is_looked_into_by_check_alone() {
    let mut case = Case::new("2026.2");
    case.init();
    bound(&mut case.sim.state(), "theirs", &["akadmin"]);
    case.run(&["check"])
        .expect(0)
        .prints(&["only these may open NetBird: members of group theirs"]);
    case.sim.state().groups.iter_mut().filter(|group| group["name"] == "theirs").for_each(
        |group| {
            group["users"] = json!([]);
        },
    );
    let nobody = "nobody may open NetBird: group theirs has no members";
    let before = case.sim.requests().len();
    case.run(&["check"]).expect(0).prints(&[nobody]);
    let groups = |request: &authentik_sim::Request| request.path.ends_with("/core/groups/");
    assert!(case.sim.requests()[before..].iter().any(groups));
    let before = case.sim.requests().len();
    case.init();
    assert!(!case.sim.requests()[before..].iter().any(groups), "a converged run asks no more");
    // Who may not see groups is told what is known without them.
    case.env("SETUP_TIMEOUT", "60s");
    let rule = authentik_sim::Match::path("GET", "/api/v3/core/groups/");
    let denied = authentik_sim::Fault::Status(
        403,
        vec![("Content-Type".into(), "application/json".into())],
        r#"{"detail": "You do not have permission"}"#.into(),
    );
    case.sim.fault(authentik_sim::FaultRule::always(rule, denied));
    case.run(&["check"]).expect(0).prints(&["members of group theirs"]);
}
