//! Every kind of answer that the simulator has, asked for over HTTP.

use authentik_sim::{DEFAULT_TOKEN, Feature, Sim};
use serde_json::{Value, json};

use crate::common::api;

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
pub fn drive(sim: Sim) -> Sim {
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
        "grant_types": ["authorization_code"],
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

    if profile.has(Feature::RedirectType) {
        client.get("/admin/settings/");
        client.get("/core/applications/x/check_access/");
    }

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
