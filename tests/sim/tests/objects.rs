//! What tests rely on when they look at objects: permissions, the traps, upgrades, and every release by its own shape.

mod common;

use authentik_sim::{DEFAULT_TOKEN, Feature, SCOPE, SELF_SIGNED, Sim, find, profiles};
use common::{api, send};
use serde_json::{Value, json};

/// A provider in the shape of the release, with its application.
fn provision(sim: &Sim) -> Value {
    let profile = sim.profile();
    let url = sim.url();
    let get = |path: &str| api(&url, DEFAULT_TOKEN, "GET", path, &Value::Null).json();
    let flow =
        get("/flows/instances/default-provider-authorization-implicit-consent/")["pk"].clone();
    let key = get("/crypto/certificatekeypairs/?has_key=true")["results"][0]["pk"].clone();
    let path = if profile.has(Feature::MappingsMoved) { "provider/scope" } else { "scope" };
    let mappings = get(&format!("/propertymappings/{path}/?page_size=100"));
    let mappings: Vec<Value> = mappings["results"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|mapping| mapping["managed"].as_str().is_some_and(|name| name.starts_with(SCOPE)))
        .map(|mapping| mapping["pk"].clone())
        .collect();
    let mut body = json!({
        "name": "NetBird", "client_id": "netbird", "client_type": "public", "authorization_flow": flow,
        "signing_key": key, "property_mappings": mappings, "access_code_validity": "minutes=10",
        "grant_types": ["authorization_code", "refresh_token"],
    });
    if profile.has(Feature::InvalidationFlow) {
        body["invalidation_flow"] =
            get("/flows/instances/default-provider-invalidation-flow/")["pk"].clone();
    }
    body["redirect_uris"] = if profile.has(Feature::RedirectList) {
        json!([{"matching_mode": "strict", "url": "http://localhost:53000"}])
    } else {
        json!("http://localhost:53000")
    };
    let provider = api(&url, DEFAULT_TOKEN, "POST", "/providers/oauth2/", &body);
    assert_eq!(provider.status, 201, "{} {}", profile.name, provider.json());
    let application =
        json!({"name": "NetBird", "slug": "netbird", "provider": provider.json()["pk"]});
    let application = api(&url, DEFAULT_TOKEN, "POST", "/core/applications/", &application);
    assert_eq!(application.status, 201, "{} {}", profile.name, application.json());
    get(&format!("/providers/oauth2/{}/", provider.json()["pk"]))
}

#[test]
fn every_release_takes_its_own_shape_and_publishes_it() {
    for profile in profiles() {
        let sim = Sim::start(profile.name);
        let provider = provision(&sim);
        assert_eq!(provider["assigned_application_slug"], "netbird");
        assert_eq!(provider["redirect_uris"].is_array(), profile.has(Feature::RedirectList));
        assert_eq!(provider.get("grant_types").is_some(), profile.has(Feature::GrantTypes));
        let get = |path: &str| send(&sim.url(), "GET", path, &[], "").expect("an answer");
        let document = get("/application/o/netbird/.well-known/openid-configuration").json();
        assert_eq!(document["issuer"], format!("{}/application/o/netbird/", sim.url()));
        assert_eq!(get("/application/o/netbird/jwks/").json()["keys"][0]["kty"], "RSA");
        let query = "client_id=netbird&response_type=code&scope=openid&redirect_uri=http://localhost:53000&prompt=none";
        let probe = get(&format!("/application/o/authorize/?{query}"));
        assert_eq!(probe.status, 302, "{}", profile.name);
        assert!(probe.header("location").is_some_and(|url| url.contains("error=login_required")));
    }
}

#[test]
fn an_upgrade_moves_what_an_older_release_left() {
    let old = Sim::start("2024.2");
    provision(&old);
    let state = old.state().clone();
    drop(old);
    let new = Sim::builder("2026.5").state(state).start();
    let url = new.url();
    let list =
        api(&url, DEFAULT_TOKEN, "GET", "/providers/oauth2/?client_id=netbird", &Value::Null)
            .json();
    let provider = &list["results"][0];
    // Lines of the old text become strict, whatever pattern they were, but for "everything".
    assert_eq!(provider["redirect_uris"][0]["matching_mode"], "strict");
    assert_eq!(provider["grant_types"].as_array().map(Vec::len), Some(7));
    assert!(provider["invalidation_flow"].is_string());
    assert!(new.state().scope_mapping("goauthentik.io/api").is_some());
    assert_eq!(
        api(&url, DEFAULT_TOKEN, "GET", "/core/brands/?default=true", &Value::Null).status,
        200
    );
    drop(new);

    let fresh = Sim::start("2026.5");
    let flow =
        fresh.state().flow("default-provider-invalidation-flow").map(|flow| flow["pk"].clone());
    let body = json!({"name": "x", "authorization_flow": flow, "invalidation_flow": flow, "redirect_uris": []});
    let made = api(&fresh.url(), DEFAULT_TOKEN, "POST", "/providers/oauth2/", &body).json();
    assert_eq!(made["grant_types"], json!([]), "what the API creates allows nothing by itself");
}

#[test]
fn a_caller_with_few_permissions_is_refused_where_it_has_none() {
    let sim = Sim::start("2026.2");
    sim.state().add_user_token("provisioner", "few", &["authentik_flows.view_flow"]);
    let url = sim.url();
    let ask = |method: &str, path: &str, body: Value| {
        let answer = api(&url, "few", method, path, &body);
        (answer.status, answer.json()["detail"].as_str().unwrap_or_default().to_owned())
    };
    let refused = (403, "You do not have permission to perform this action.".to_owned());
    assert_eq!(ask("GET", "/admin/version/", Value::Null).0, 200);
    assert_eq!(ask("GET", "/flows/instances/?slug=absent", Value::Null).0, 200);
    assert_eq!(ask("GET", "/providers/oauth2/?name=absent", Value::Null), refused);
    assert_eq!(ask("POST", "/core/groups/", json!({"name": "x"})), refused);
    assert_eq!(ask("GET", "/core/users/me/", Value::Null).0, 200);
    assert!(!sim.requests().iter().any(|request| request.status == 401));
}

#[test]
fn the_application_list_remembers_the_wrong_thing() {
    let sim = Sim::start("2026.2");
    sim.state().add_application(json!({"name": "a", "slug": "a"}));
    sim.state().add_application(json!({"name": "b", "slug": "b"}));
    let slugs = |query: &str| {
        let list = api(
            &sim.url(),
            DEFAULT_TOKEN,
            "GET",
            &format!("/core/applications/?{query}"),
            &Value::Null,
        )
        .json();
        let items = list["results"].as_array().cloned().unwrap_or_default();
        items
            .iter()
            .map(|item| item["slug"].as_str().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(slugs("slug=a"), ["a"]);
    assert_eq!(slugs("slug=b"), ["a"], "filtered for once, remembered for all");
    assert_eq!(slugs("slug=b&superuser_full_list=true"), ["b"]);
}

#[test]
fn dear_reads_and_rounds_are_counted() {
    let sim = Sim::start("2026.2");
    let url = sim.url();
    let get = |path: &str| api(&url, DEFAULT_TOKEN, "GET", path, &Value::Null).status;
    for path in ["/core/applications/none/", "/flows/instances/none/", "/core/users/me/"] {
        get(path);
    }
    assert!(sim.dear_reads().is_empty());
    get("/flows/instances/?slug=none");
    get("/core/applications/");
    get("/crypto/certificatekeypairs/");
    assert_eq!(sim.dear_reads().len(), 2);
    assert_eq!(sim.rounds(), [1; 6]);
    sim.clear_requests();
    assert!(sim.requests().is_empty() && sim.writes().is_empty());
    let old = Sim::start("2024.2");
    api(&old.url(), DEFAULT_TOKEN, "GET", "/crypto/certificatekeypairs/", &Value::Null);
    api(
        &old.url(),
        DEFAULT_TOKEN,
        "GET",
        "/crypto/certificatekeypairs/?include_details=false",
        &Value::Null,
    );
    assert_eq!(old.dear_reads().len(), 1);
}

#[test]
fn everything_moves_under_a_sub_path() {
    let sim = Sim::builder("2026.2").web_path("/auth/").start();
    assert!(sim.url().ends_with("/auth"));
    let bearer = format!("Bearer {DEFAULT_TOKEN}");
    let get = |path: &str| {
        send(&sim.url(), "GET", path, &[("Authorization", &bearer)], "").expect("an answer")
    };
    assert_eq!(get("/auth/api/v3/core/users/me/").status, 200);
    assert_eq!(get("/api/v3/core/users/me/").status, 404);
    assert_eq!(get("/auth/-/health/live/").status, 200);
    assert_eq!(
        get("/auth/").header("location"),
        Some("/auth/flows/-/default/authentication/?next=/")
    );
}

#[test]
fn other_keys_sign_and_certificates_do_not() {
    let sim = Sim::start("2026.2");
    let provider = provision(&sim)["pk"].clone();
    let path = format!("/providers/oauth2/{provider}/");
    let algorithm = |key: Value| {
        let patched = api(&sim.url(), DEFAULT_TOKEN, "PATCH", &path, &json!({"signing_key": key}));
        assert_eq!(patched.status, 200);
        let get = |what: &str| {
            send(&sim.url(), "GET", &format!("/application/o/netbird/{what}"), &[], "")
                .expect("one")
        };
        let document = get(".well-known/openid-configuration").json();
        (document["id_token_signing_alg_values_supported"][0].clone(), get("jwks/").json())
    };
    let ec = json!(sim.state().add_ec_key_pair("ec"));
    assert_eq!(algorithm(ec).0, "ES256");
    let (name, keys) = algorithm(Value::Null);
    assert_eq!((name, keys), (json!("HS256"), json!({})));
    let certificate = sim.state().add_certificate("public only");
    let list = api(
        &sim.url(),
        DEFAULT_TOKEN,
        "GET",
        "/crypto/certificatekeypairs/?has_key=true",
        &Value::Null,
    )
    .json();
    let names: Vec<&Value> =
        list["results"].as_array().into_iter().flatten().map(|pair| &pair["name"]).collect();
    assert_eq!(names, [SELF_SIGNED, "ec"]);
    assert!(!certificate.is_empty());
    sim.state().jwks_cache_control = Some("max-age=60".to_owned());
    let answer =
        send(&sim.url(), "GET", "/application/o/netbird/jwks/", &[], "").expect("an answer");
    assert_eq!(answer.header("cache-control"), Some("max-age=60"));
    assert!(find("2026.2").is_some());
}

#[test]
fn what_a_release_does_not_know_it_does_not_keep() {
    let sim = Sim::start("2024.2");
    let flow = sim
        .state()
        .flow("default-provider-authorization-implicit-consent")
        .map(|flow| flow["pk"].clone());
    let body = json!({
        "name": "x", "authorization_flow": flow, "redirect_uris": "http://a", "invalidation_flow": "no uuid",
        "grant_types": "nonsense",
    });
    let made = api(&sim.url(), DEFAULT_TOKEN, "POST", "/providers/oauth2/", &body);
    assert_eq!(made.status, 201);
    let state = sim.state();
    let provider = state.provider_by_name("x").expect("a provider");
    assert_eq!(
        (&provider["invalidation_flow"], &provider["grant_types"]),
        (&Value::Null, &json!([]))
    );
}

#[test]
fn some_blueprints_never_succeed_although_all_is_well() {
    let failing = |profile: &str| {
        let sim = Sim::start(profile);
        let list = api(
            &sim.url(),
            DEFAULT_TOKEN,
            "GET",
            "/managed/blueprints/?page_size=100",
            &Value::Null,
        )
        .json();
        list["results"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|blueprint| blueprint["status"] == "error")
    };
    assert!(failing("2025.12") && failing("2023.10") && !failing("2026.2"));
}

#[test]
fn the_clock_is_the_servers_own() {
    let date = |offset: i64| {
        let sim = Sim::builder("2026.2").clock_offset(offset).start();
        let answer = send(&sim.url(), "GET", "/-/health/live/", &[], "").expect("an answer");
        let date = answer.header("date").and_then(|date| httpdate::parse_http_date(date).ok());
        date.expect("a date")
    };
    let ahead =
        date(1_000_000).duration_since(date(-1_000_000)).expect("the later after the earlier");
    assert!((1_999_000..2_001_000).contains(&ahead.as_secs()));
}

#[test]
fn what_is_gathered_was_side_by_side() {
    let sim = Sim::start("2026.2");
    let url = sim.url();
    sim.gather(&[3, 1]);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| api(&url, DEFAULT_TOKEN, "GET", "/core/users/me/", &Value::Null));
        }
    });
    api(&url, DEFAULT_TOKEN, "GET", "/core/users/me/", &Value::Null);
    assert_eq!(sim.rounds(), [3, 1]);
}
