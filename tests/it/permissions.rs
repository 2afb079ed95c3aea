//! `docs/permissions.md` held against every release that has roles: what it lists is enough, and each of it is
//! needed. The lists are read from the page, so that it cannot say anything else than what is so.

use authentik_sim::{Fault, FaultRule, Feature, Match, State, find};
use serde_json::{Value, json};

use crate::http::request;
use crate::support::{Case, PROFILES, all_at_once, everywhere};

/// One line of the page's tables.
struct Line {
    permission: String,
    columns: Vec<bool>,
}

/// The lines for a release, in the words of its time.
fn page(profile: &str) -> Vec<Line> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/permissions.md");
    let text = std::fs::read_to_string(path).unwrap();
    let brands = find(profile).unwrap().has(Feature::Brands);
    let lines = text.lines().filter(|line| line.starts_with("| `authentik_"));
    lines
        .map(|line| {
            let cells: Vec<&str> = line.split('|').skip(1).collect();
            let names: Vec<&str> = cells[0].split('`').skip(1).step_by(2).collect();
            let name = if brands { names[0] } else { names[names.len() - 1] };
            let columns = cells[1..5].iter().map(|cell| cell.trim() == "x").collect();
            Line { permission: name.to_owned(), columns }
        })
        .collect()
}

/// What a column of the tables asks for.
fn column(profile: &str, column: usize) -> Vec<String> {
    let lines = page(profile).into_iter().filter(|line| line.columns[column]);
    let names: Vec<String> = lines.map(|line| line.permission).collect();
    assert!(names.len() >= 3, "the page's tables cannot be read");
    names
}

fn call(case: &Case, method: &str, path: &str, body: &Value) -> Value {
    let token = authentik_sim::DEFAULT_TOKEN;
    let headers = format!("Authorization: Bearer {token}\r\nContent-Type: application/json");
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let path = format!("/api/v3/{path}");
    let (status, answer) = request(&case.sim.url(), method, &path, &headers, &body);
    assert!(status < 300, "{method} {path}: {status} {answer}");
    answer
}

/// The page's recipe, call by call. The program runs with that token from then on.
fn role_token(case: &mut Case, profile: &str) {
    let role = call(case, "POST", "rbac/roles/", &json!({"name": "netbird-init"}));
    let account = json!({"name": "netbird-init", "create_group": true, "expiring": false});
    let account = call(case, "POST", "core/users/service_account/", &account);
    let (role, user) = (role["pk"].as_str().unwrap(), &account["user_pk"]);
    if crate::support::release(profile) >= (2025, 12) {
        call(case, "POST", &format!("rbac/roles/{role}/add_user/"), &json!({"pk": user}));
    } else {
        let group = account["group_pk"].as_str().unwrap();
        call(case, "PATCH", &format!("core/groups/{group}/"), &json!({"roles": [role]}));
    }
    let token = json!({
        "identifier": "netbird-init", "intent": "api", "user": user, "expiring": false,
    });
    call(case, "POST", "core/tokens/", &token);
    let key = call(case, "GET", "core/tokens/netbird-init/view_key/", &Value::Null);
    case.env("AUTHENTIK_TOKEN", key["key"].as_str().unwrap());
}

/// Makes these the role's permissions.
fn assign(case: &Case, permissions: &[String]) {
    let role = {
        let mut state = case.sim.state();
        let role = state.roles.iter_mut().find(|r| r["name"] == "netbird-init").unwrap();
        role["permissions"] = json!([]);
        role["pk"].as_str().unwrap().to_owned()
    };
    let path = format!("rbac/permissions/assigned_by_roles/{role}/assign/");
    call(case, "POST", &path, &json!({"permissions": permissions}));
}

fn restore(case: &Case, state: &State) {
    *case.sim.state() = state.clone();
}

/// With all of them the run ends with `code`; without any one of them, in 77 with its name.
fn each_is_needed(case: &Case, profile: &str, args: &[&str], permissions: &[String], code: i32) {
    let start = case.sim.state().clone();
    for missing in permissions {
        restore(case, &start);
        let rest: Vec<String> = permissions.iter().filter(|p| *p != missing).cloned().collect();
        assign(case, &rest);
        let ended = case.run(args);
        let what = format!("{profile} {args:?} without {missing}:\n{}", ended.err);
        assert_eq!(ended.code, Some(77), "{what}");
        assert!(ended.err.contains(&format!("the permission {missing} ")), "{what}");
        assert!(ended.err.contains("the token's user is netbird-init"), "{what}");
    }
    restore(case, &start);
    assign(case, permissions);
    let ended = case.run(args);
    assert_eq!(ended.code, Some(code), "{profile} {args:?}:\n{}", ended.err);
}

#[test]
fn what_the_page_lists_is_enough_and_each_of_it_is_needed() {
    all_at_once(&PROFILES, |profile| {
        if !find(profile).unwrap().has(Feature::Rbac) {
            return;
        }
        let [first, repair, look, idle] = [0, 1, 2, 3].map(|n| column(profile, n));
        let mut case = Case::new(profile);
        role_token(&mut case, profile);
        each_is_needed(&case, profile, &["plan"], &look, 2);
        each_is_needed(&case, profile, &["init"], &first, 0);
        case.assert_one_of_each();
        case.sim.clear_requests();
        each_is_needed(&case, profile, &["plan"], &idle, 0);
        each_is_needed(&case, profile, &["init"], &idle, 0);
        assert!(case.sim.writes().iter().all(|w| w.path.contains("/rbac/")), "{profile}");
        {
            let mut state = case.sim.state();
            state.provider_mut("NetBird").unwrap()["client_type"] = json!("confidential");
            state.application_mut("netbird").unwrap()["provider"] = Value::Null;
            state.brand_default_mut()["flow_device_code"] = Value::Null;
        }
        each_is_needed(&case, profile, &["plan"], &look, 2);
        each_is_needed(&case, profile, &["init"], &repair, 0);
        case.assert_one_of_each();
    });
}

#[test]
fn without_the_device_code_flow_its_permissions_are_not_needed() {
    let mut case = Case::new("2026.2");
    role_token(&mut case, "2026.2");
    let own = |p: &String| !p.contains("brand") && !p.contains("add_flow");
    let rest: Vec<String> = column("2026.2", 0).into_iter().filter(own).collect();
    case.env("AUTHENTIK_DEVICE_CODE_FLOW", "none");
    each_is_needed(&case, "2026.2", &["init"], &rest, 0);
}

#[test]
fn a_permission_for_single_objects_is_not_taken_for_an_empty_server() {
    // The caller may see some other provider: the list has nothing of NetBird, and no refusal.
    let mut case = Case::new("2026.2");
    role_token(&mut case, "2026.2");
    assign(&case, &column("2026.2", 0));
    let existing = json!({"name": "NetBird", "client_id": "netbird", "client_type": "public"});
    case.sim.state().add_provider(existing);
    let empty = json!({"pagination": {"next": 0}, "results": []}).to_string();
    let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    let list = Match::path("GET", "/api/v3/providers/oauth2/");
    case.sim.fault(FaultRule::always(list, Fault::Status(200, headers, empty)));
    case.run(&[]).expect(77).says(&[
        "lacks the permission authentik_providers_oauth2.view_oauth2provider for all objects",
        "the token's user is netbird-init",
        "docs/permissions.md",
    ]);
}

#[test]
fn an_outposts_token_is_refused_although_its_lists_are_only_empty() {
    everywhere(|profile| {
        let mut case = Case::new(profile);
        let outpost = json!({"username": "ak-outpost-0815", "type": "internal_service_account"});
        case.sim.state().add_user(outpost);
        case.sim.state().add_user_token("ak-outpost-0815", "the-secret-key", &[]);
        case.env("AUTHENTIK_TOKEN", "the-secret-key");
        let started = case.run(&[]).expect(77);
        let log = started.says(&["AUTHENTIK_SECRET_KEY", "AUTHENTIK_BOOTSTRAP_TOKEN"]);
        assert!(!log.err.contains("waiting"), "{profile}: {}", log.err);
        assert_eq!(case.sim.writes().len(), 0);
    });
}

#[test]
fn before_there_were_roles_an_administrator_is_needed_and_the_user_is_named() {
    for profile in ["2022.12", "2023.5"] {
        let mut case = Case::new(profile);
        case.sim.state().add_user_token("somebody", "a-token-of-somebody", &[]);
        case.env("AUTHENTIK_TOKEN", "a-token-of-somebody");
        case.run(&[]).expect(77).says(&["lacks the permission", "somebody", "authentik Admins"]);
    }
}
