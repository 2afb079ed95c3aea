//! The published schema as second judge: of what real servers were recorded to answer, of what the simulator answers to
//! the same, and of every kind of answer it gives on every release that has a table.

mod common;
mod recordings;
mod translate;

use std::collections::BTreeSet;

use authentik_sim::schema::{self, KNOWN, PENDING, judged_by};
use authentik_sim::{DEFAULT_TOKEN, Evidence, Feature, Profile, Sim, profiles};
use common::api;
use recordings::RECORDINGS;
use serde_json::{Value, json};

fn path(exchange: &Value) -> &str {
    let path = exchange["request"]["path"].as_str().unwrap_or_default();
    path.split('?').next().unwrap_or_default()
}

/// Judges a recorded answer.
fn recorded(file: &str, exchange: &Value) -> schema::Verdict {
    let answer = &exchange["response"];
    let json = answer["headers"]["Content-Type"].as_str().is_some_and(|kind| kind.contains("json"));
    let method = exchange["request"]["method"].as_str().unwrap_or_default();
    let status = answer["status"].as_u64().and_then(|n| u16::try_from(n).ok()).unwrap_or_default();
    if !json && status != 204 {
        return schema::Verdict::default();
    }
    // A recording writes no body as an empty text.
    let body = Some(&answer["body"]).filter(|body| *body != "").unwrap_or(&Value::Null);
    schema::judge_answer(file, method, path(exchange), status, body)
}

#[test]
fn recorded_servers_answer_as_their_schema_says() {
    let mut complaints = BTreeSet::new();
    let mut excused = BTreeSet::new();
    for recording in RECORDINGS.iter().filter(|recording| judged_by(recording.file).is_some()) {
        for exchange in recordings::read(recording.file) {
            let verdict = recorded(recording.file, &exchange);
            complaints.extend(verdict.complaints);
            excused.extend(verdict.excused.iter().map(|known| (known.model, known.field)));
        }
    }
    let list: Vec<String> = complaints.into_iter().collect();
    assert!(list.is_empty(), "{}", list.join("\n"));
    for known in KNOWN.iter().filter(|known| known.evidence == Evidence::Recorded) {
        let found = excused.contains(&(known.model, known.field));
        assert!(found, "{} {} differs in no recording: {}", known.model, known.field, known.reason);
    }
}

#[test]
fn the_simulator_answers_recorded_questions_as_the_schema_says() {
    let mut complaints = BTreeSet::new();
    for recording in RECORDINGS.iter().filter(|recording| judged_by(recording.file).is_some()) {
        recordings::replay(recording, |exchange, answer| {
            let method = exchange["request"]["method"].as_str().unwrap_or_default();
            let (path, body) = (path(exchange), answer.json());
            if answer.media() == "application/json" || answer.status == 204 {
                complaints.extend(schema::validate_answer(
                    recording.file,
                    method,
                    path,
                    answer.status,
                    &body,
                ));
            }
        });
    }
    let list: Vec<String> = complaints.into_iter().collect();
    assert!(list.is_empty(), "{}", list.join("\n"));
}

/// Profiles that a table speaks of.
fn judged() -> impl Iterator<Item = &'static Profile> {
    profiles().into_iter().filter(|profile| judged_by(profile.version_current).is_some())
}

/// A caller that expects success.
struct Client(Sim);

impl Client {
    fn ask(&self, method: &str, path: &str, body: Value) -> Value {
        let answer = api(&self.0.url(), DEFAULT_TOKEN, method, path, &body);
        let name = self.0.profile().name;
        assert!(answer.status < 300, "{name}: {method} {path} {body}: {}", answer.json());
        answer.json()
    }

    fn get(&self, path: &str) -> Value {
        self.ask("GET", path, Value::Null)
    }

    fn post(&self, path: &str, body: Value) -> Value {
        self.ask("POST", path, body)
    }

    /// Lists, makes, reads, changes and lists objects of a kind; the object. `key` is in its URL.
    fn each(&self, list: &str, key: &str, body: Value, change: Value) -> Value {
        self.get(list);
        let made = self.post(list, body);
        let id = made[key].as_str().map_or_else(|| made[key].to_string(), str::to_owned);
        let one = format!("{list}{id}/");
        self.get(&one);
        self.ask("PATCH", &one, change);
        self.get(&format!("{list}?page_size=1"));
        self.get(&one)
    }
}

/// Every kind of answer the simulator has, once at least.
fn drive(sim: Sim) -> Sim {
    let profile = sim.profile();
    let client = Client(sim);
    for path in ["/admin/version/", "/root/config/", "/core/users/me/", "/core/brands/current/"] {
        client.get(path);
    }
    for path in ["/managed/blueprints/", "/propertymappings/all/", "/providers/all/"] {
        client.get(path);
    }
    let flow = json!({"name": "x", "slug": "x", "title": "x", "designation": "authorization"});
    let flow = client.each("/flows/instances/", "slug", flow, json!({"title": "y"}));
    let mapping = json!({"name": "x", "scope_name": "x", "expression": "return {}"});
    let mapping = client.each(
        "/propertymappings/provider/scope/",
        "pk",
        mapping,
        json!({"description": "y"}),
    );
    let pair = client.post(
        "/crypto/certificatekeypairs/generate/",
        json!({"common_name": "x", "validity_days": 1}),
    );
    let certificate =
        json!({"name": "certificate alone", "certificate_data": "-----BEGIN CERTIFICATE-----"});
    client.each("/crypto/certificatekeypairs/", "pk", certificate, json!({"name": "renamed"}));
    client.get("/crypto/certificatekeypairs/?has_key=true");
    let brand = json!({"domain": "x.example.com", "flow_device_code": null});
    client.each("/core/brands/", "brand_uuid", brand, json!({"flow_device_code": flow["pk"]}));

    let entries = json!([{"matching_mode": "strict", "url": "https://x.example.com"}]);
    let provider = json!({
        "name": "x", "authorization_flow": flow["pk"], "invalidation_flow": flow["pk"], "client_type": "public",
        "signing_key": pair["pk"], "property_mappings": [mapping["pk"]], "redirect_uris": entries,
    });
    let provider =
        client.each("/providers/oauth2/", "pk", provider, json!({"sub_mode": "user_id"}));
    client.get(&format!("/providers/oauth2/{}/setup_urls/", provider["pk"]));
    let application = json!({"name": "x", "slug": "x"});
    let link = json!({"provider": provider["pk"]});
    let application = client.each("/core/applications/", "slug", application, link);
    client.get(&format!("/providers/oauth2/{}/", provider["pk"]));
    client.get(&format!("/providers/oauth2/{}/setup_urls/", provider["pk"]));
    client.get("/providers/all/");

    let user = json!({"username": "x", "name": "x"});
    let user = client.each("/core/users/", "pk", user, json!({"email": "x@example.com"}));
    let group =
        client.each("/core/groups/", "pk", json!({"name": "x"}), json!({"is_superuser": true}));
    let parent = if profile.has(Feature::SmallPages) {
        json!({"name": "child", "parents": [group["pk"]]})
    } else {
        json!({"name": "child", "parent": group["pk"]})
    };
    client.each("/core/groups/", "pk", parent, json!({"users": [user["pk"]]}));
    let member = json!({"pk": user["pk"]});
    let name = |pk: &Value| pk.as_str().unwrap_or_default().to_owned();
    client.post(&format!("/core/groups/{}/add_user/", name(&group["pk"])), member.clone());
    client.get("/core/groups/?include_users=false");
    client.get("/core/users/?username=x");
    client.post("/core/users/service_account/", json!({"name": "one", "create_group": false}));
    client.post("/core/users/service_account/", json!({"name": "two", "create_group": true}));
    let token = json!({"identifier": "x", "intent": "app_password", "user": user["pk"]});
    client.each("/core/tokens/", "identifier", token, json!({"expiring": false}));
    client.post("/core/tokens/x/set_key/", json!({"key": "secret"}));
    client.get("/core/tokens/x/view_key/");

    for (kind, pk) in [("group", &group["pk"]), ("user", &user["pk"])] {
        let binding = json!({"target": application["pk"], "order": 0, kind: pk});
        client.each("/policies/bindings/", "pk", binding, json!({"enabled": false}));
    }
    let role = client.each("/rbac/roles/", "pk", json!({"name": "x"}), json!({"name": "y"}));
    let role = name(&role["pk"]);
    let assign = format!("/rbac/permissions/assigned_by_roles/{role}/assign/");
    client.post(&assign, json!({"permissions": ["authentik_core.view_user"]}));
    if profile.has(Feature::SmallPages) {
        client.post(&format!("/rbac/roles/{role}/add_user/"), member);
    }
    client.get(&format!("/core/users/{}/", user["pk"]));
    client.get(&format!("/core/groups/{}/", name(&group["pk"])));
    client.ask("DELETE", &format!("/rbac/roles/{role}/"), Value::Null);
    client.0
}

#[test]
// The list is for whoever runs the test with its output shown.
#[allow(clippy::disallowed_macros)]
fn every_kind_of_answer_is_as_the_schema_says() {
    let mut complaints = vec![];
    let mut pending = BTreeSet::new();
    for profile in judged() {
        let sim = drive(Sim::start(profile.name));
        let verdict = schema::judge_log(profile.version_current, &sim.requests());
        complaints.extend(verdict.complaints);
        pending.extend(verdict.excused.iter().map(|known| (known.model, known.field)));
    }
    for known in PENDING {
        let still = if pending.contains(&(known.model, known.field)) { "" } else { " (no longer)" };
        println!(
            "PENDING{still}: {} {} {:?}: {}",
            known.model, known.field, known.difference, known.reason
        );
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn a_judge_that_finds_nothing_would_be_useless() {
    let request = |query: &str, body: Value| {
        schema::validate_request("2026.2.2", "POST", "/api/v3/core/groups/", query, &body)
    };
    let answer = |path: &str, body: Value| {
        schema::validate_answer("2026.2.2", "GET", &format!("/api/v3{path}"), 200, &body)
    };
    assert_eq!(request("", json!({"name": "x"})), Vec::<String>::new());
    for (wrong, says) in [
        (request("page=1", json!({"name": "x"})), "unknown query parameter page"),
        (request("", json!({})), "name is missing"),
        (request("", json!({"name": 7})), "Text is expected"),
        (request("", json!({"name": null})), "name is null"),
        (request("", json!({"name": "x", "parent": null})), "parent is not in the schema"),
        (request("", Value::Null), "the body is missing"),
        (answer("/rbac/roles/x/", json!({"pk": "x", "name": "x"})), "Uuid is expected"),
        (answer("/core/groups/x/add_user/", Value::Null), "is not in the schema"),
        (answer("/flows/instances/x/", json!({"designation": "x"})), "is missing"),
        (answer("/core/tokens/x/", json!({"intent": "x"})), "IntentEnum"),
        (
            schema::validate_answer("2026.2.2", "GET", "/api/v3/core/users/", 201, &json!({})),
            "status 201",
        ),
        (
            schema::validate_request("2026.2.2", "GET", "/api/v3/core/tenants/", "", &Value::Null),
            "not in the schema",
        ),
        (
            schema::validate_request("2023.5.6", "GET", "/api/v3/core/users/", "", &Value::Null),
            "no table",
        ),
        (
            schema::validate_request(
                "2026.2.2",
                "GET",
                "/api/v3/core/users/",
                "is_active=x",
                &Value::Null,
            ),
            "Bool is expected",
        ),
    ] {
        assert!(wrong.iter().any(|complaint| complaint.contains(says)), "{says}: {wrong:?}");
    }
}
