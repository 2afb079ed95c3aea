//! The same promise with a user list and access groups: after exit code 0 a member of a group logs in, NetBird's management
//! lists users with what its file says, and somebody who is in none of the groups is kept out.

use authentik_sim::{Client, Fault, FaultRule, Match, State};
use serde_json::{Value, json};

use crate::http::request;
use crate::promise::{DRIFTS, Drift, logs_in, walk};
use crate::support::{Case, release};

/// One of each group of releases that behave alike for these states.
const RELEASES: [&str; 5] = ["2023.10", "2024.2", "2024.12", "2025.12", "2026.5"];

fn account(state: &mut State) -> &mut Value {
    state.user_mut("Netbird").unwrap()
}

/// What only the people and accounts of a run with everything can drift.
const FURTHER: &[Drift] = &[
    ("no bindings", |s| s.policy_bindings.clear()),
    ("disabled bindings", |s| {
        s.policy_bindings.iter_mut().for_each(|binding| binding["enabled"] = false.into());
    }),
    ("negated bindings", |s| {
        s.policy_bindings.iter_mut().for_each(|binding| binding["negate"] = true.into());
    }),
    ("an app password that ends", |s| {
        s.token_mut("service-account-netbird-password").unwrap()["expiring"] = true.into();
    }),
    ("no app password", |s| {
        s.tokens.retain(|token| token["identifier"] != "service-account-netbird-password");
    }),
    ("no service account", |s| {
        let pk = account(s)["pk"].clone();
        s.users.retain(|user| user["pk"] != pk);
        s.tokens.retain(|token| token["user"] != pk);
        s.policy_bindings.retain(|binding| binding["user"] != pk);
    }),
    ("an account without rights", |s| {
        account(s)["roles"] = json!([]);
        account(s)["groups"] = json!([]);
    }),
    ("a role without rights", |s| {
        s.roles.iter_mut().for_each(|role| role["permissions"] = json!([]));
    }),
    ("no role", |s| s.roles.clear()),
];

/// As NetBird's management does it, with what its file says.
fn lists_users(case: &Case) -> Result<(), String> {
    let management: Value = serde_json::from_str(&case.read("management.json")).unwrap();
    let manager = &management["IdpManagerConfig"];
    let (client, extra) = (&manager["ClientConfig"], &manager["ExtraConfig"]);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let base = case.sim.url();
    let path = text(&client["TokenEndpoint"]);
    let path = path.strip_prefix(&base).ok_or_else(|| format!("token endpoint {path}"))?.to_owned();
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", &text(&client["ClientID"]))
        .append_pair("username", &text(&extra["Username"]))
        .append_pair("password", &text(&extra["Password"]))
        .append_pair("grant_type", &text(&client["GrantType"]))
        .append_pair("scope", "goauthentik.io/api")
        .finish();
    let kind = "Content-Type: application/x-www-form-urlencoded";
    let (status, answer) = request(&base, "POST", &path, kind, &form);
    let token = answer["access_token"].as_str().ok_or_else(|| format!("{status} {answer}"))?;
    let bearer = format!("Authorization: Bearer {token}");
    match request(&base, "GET", "/api/v3/core/users/?page_size=100", &bearer, "") {
        (200, page) if page["results"].as_array().is_some_and(|users| users.len() > 1) => Ok(()),
        (status, answer) => Err(format!("listing users: {status} {answer}")),
    }
}

/// Whether somebody who is in no group comes in.
fn lets_in(case: &Case, username: &str) -> bool {
    let authority = format!("{}/application/o/netbird/", case.sim.url());
    let page = Client::page(&authority, "netbird", "https://netbird.example.com/auth");
    let mut browser = case.sim.browser();
    browser.log_in(username).unwrap();
    browser.log_in_to(&page).is_ok()
}

#[test]
fn an_app_password_that_a_run_made_and_gave_no_key_gets_one() {
    for profile in RELEASES {
        let case = begin(profile);
        let identifier = "service-account-netbird-password";
        case.sim.state().tokens.retain(|token| token["identifier"] != identifier);
        let rule = Match::path("POST", &format!("/api/v3/core/tokens/{identifier}/set_key/"));
        case.sim.fault(FaultRule::always(rule, Fault::Html(500)));
        case.run(&[]).expect(69);
        assert!(case.sim.state().token_mut(identifier).is_some());
        case.sim.clear_faults();
        case.init();
        lists_users(&case).unwrap_or_else(|why| panic!("{profile}: {why}"));
    }
}

fn begin(profile: &str) -> Case {
    let mut case = Case::new(profile);
    case.env("NETBIRD_MGMT_IDP", "authentik").env("AUTHENTIK_ACCESS_GROUPS", "vpn,staff");
    case.sim.state().add_group_of("vpn", &["akadmin"]);
    case.sim.state().add_person("mallory");
    case.init();
    case
}

#[test]
fn after_a_run_that_ends_well_members_log_in_and_management_lists_them() {
    let all: Vec<(&str, &Drift)> = RELEASES
        .iter()
        .flat_map(|profile| DRIFTS.iter().chain(FURTHER).map(move |drift| (*profile, drift)))
        .collect();
    let holds = |case: &Case| {
        logs_in(case)?;
        lists_users(case)?;
        match lets_in(case, "mallory") {
            true => Err("somebody came in who is in no group".to_owned()),
            false => Ok(()),
        }
    };
    let (broken, refused) = walk(&all, begin, holds);
    assert!(broken * 2 > all.len(), "what breaks nothing says nothing");
    assert!(refused * 8 < all.len(), "most of it is repaired");
    assert!(release(RELEASES[1]) >= (2024, 2), "roles are among them");
}
