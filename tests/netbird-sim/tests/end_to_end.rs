//! People log in: by the dashboard, by NetBird's client and on another device, in all three kinds, through the simulated
//! Authentik.

mod common;

use common::{OWNER, PASSWORD, authentik, browser, combined, embedded, management, standalone};
use netbird_sim::browser::{Dashboard, Person};
use serde_json::json;

const ALICE: Person<'_> = Person::Authentik("alice");
const BOB: Person<'_> = Person::Authentik("bob");
const LOCAL: Person<'_> = Person::Local { email: OWNER, password: PASSWORD };

#[test]
fn embedded_the_owner_claims_the_network_and_others_wait() {
    let sim = authentik("2026.2");
    let netbird = management(&embedded(), &sim);
    let dashboard = Dashboard::of(&netbird);
    let mut at_owner = browser(&netbird, &sim);
    let owner = at_owner.log_in(&dashboard, LOCAL).expect("the owner's login");
    assert_eq!(owner.role(), Some("owner"));
    assert_eq!(owner.claims()["email"], OWNER);

    let mut at_alice = browser(&netbird, &sim);
    let alice = at_alice.log_in(&dashboard, ALICE).expect("alice's login");
    assert!(alice.waits(), "{:?}", alice.me);
    assert_eq!(alice.claims()["sub"], "CgE2EglhdXRoZW50aWs", "the id of a real server");
    assert_eq!(alice.claims()["groups"], json!(["vpn", "staff"]));
    let id = alice.claims()["sub"].as_str().expect("a subject").to_owned();

    let api = netbird.api(&owner.token);
    assert_eq!(api.approve(&id).status, 200);
    assert_eq!(api.set_role(&id, "admin").body["role"], "admin");
    let again = at_alice.log_in(&dashboard, ALICE).expect("alice again");
    assert_eq!(again.role(), Some("admin"));
    let asked = |way: &[String]| way.iter().any(|at| at.contains("/application/o/authorize/"));
    assert!(asked(&alice.way) && !asked(&again.way), "the second time the session will do");
}

#[test]
fn embedded_whoever_comes_first_is_owner() {
    let sim = authentik("2026.2");
    let netbird = management(&embedded(), &sim);
    let dashboard = Dashboard::of(&netbird);
    let alice = browser(&netbird, &sim).log_in(&dashboard, ALICE).expect("a login");
    assert_eq!(alice.role(), Some("owner"));
    let owner = browser(&netbird, &sim).log_in(&dashboard, LOCAL).expect("a login");
    assert!(owner.waits(), "the owner of the file came too late");
}

#[test]
fn embedded_clients_log_in_by_browser_and_by_device() {
    let sim = authentik("2026.2");
    let netbird = management(&embedded(), &sim);
    let first = browser(&netbird, &sim).client_log_in(ALICE).expect("by browser");
    assert_eq!(first.claims()["aud"], "netbird-cli");
    assert_eq!(first.role(), Some("owner"));
    let device = browser(&netbird, &sim).device_log_in(ALICE).expect("by device");
    assert_eq!(device.claims()["sub"], first.claims()["sub"]);
    let local = browser(&netbird, &sim).device_log_in(LOCAL).expect("by device, locally");
    assert!(local.waits());
}

#[test]
fn embedded_alone_authentik_is_asked_without_a_choice() {
    let sim = authentik("2026.2");
    let mut file = embedded();
    file["EmbeddedIdP"]["LocalAuthDisabled"] = json!(true);
    let netbird = management(&file, &sim);
    let login = browser(&netbird, &sim).log_in(&Dashboard::of(&netbird), ALICE).expect("a login");
    assert_eq!(login.role(), Some("owner"));
    let refused = browser(&netbird, &sim).log_in(&Dashboard::of(&netbird), LOCAL);
    assert!(refused.is_err(), "nobody gets in by password");
}

#[test]
fn logging_out_ends_the_session_only_with_a_way_back() {
    let sim = authentik("2026.2");
    let mut file = embedded();
    for ends in [false, true] {
        if ends {
            let config = &mut file["EmbeddedIdP"]["StaticConnectors"][0]["config"];
            let back = format!("{}/oauth2/logout/callback", common::NETBIRD);
            config["providerDiscoveryOverrides"] = json!({"endSessionURL": back});
            config["pkceChallenge"] = json!("S256");
        }
        let netbird = management(&file, &sim);
        let dashboard = Dashboard::of(&netbird);
        let mut browser = browser(&netbird, &sim);
        let login = browser.log_in(&dashboard, ALICE).expect("a login");
        let (at, page) = browser.log_out(&dashboard, &login).expect("a page");
        assert_eq!(at.starts_with(common::NETBIRD), ends, "{at}: {page}");
        assert_eq!(netbird.state().idp.sessions(), usize::from(!ends));
        let again = browser.log_in_again(&dashboard, ALICE).expect("a login");
        let asked = again.way.iter().any(|at| at.contains("/application/o/authorize/"));
        assert_eq!(asked, ends, "{:?}", again.way);
    }
}

#[test]
fn newer_authentik_sends_the_browser_back_from_a_registered_logout() {
    let sim = authentik("2026.5");
    let back = format!("{}/oauth2/logout/callback", common::NETBIRD);
    let logout = json!({"matching_mode": "strict", "url": back, "redirect_uri_type": "logout"});
    {
        let mut state = sim.state();
        let provider = state.provider_mut("netbird-embedded").expect("the provider");
        provider["redirect_uris"].as_array_mut().expect("entries").push(logout);
    }
    let netbird = management(&embedded(), &sim);
    let dashboard = Dashboard::of(&netbird);
    let mut browser = browser(&netbird, &sim);
    let login = browser.log_in(&dashboard, ALICE).expect("a login");
    let (at, page) = browser.log_out(&dashboard, &login).expect("a page");
    assert_eq!(at, back, "{page}");
    assert!(page.contains("Logged Out"), "{page}");
    assert_eq!(netbird.state().idp.sessions(), 0);
}

#[test]
fn an_internal_issuer_works_with_overrides() {
    let sim = authentik("2026.2");
    let inside = "http://authentik-server:9000";
    let mut file = embedded();
    let config = &mut file["EmbeddedIdP"]["StaticConnectors"][0]["config"];
    config["issuer"] = json!(format!("{inside}/application/o/netbird-embedded/"));
    let start = |file: &serde_json::Value| {
        let builder = netbird_sim::NetBird::management(&file.to_string());
        builder.resolve(inside, &sim.url()).start().expect("it starts")
    };
    let netbird = start(&file);
    let lost = browser(&netbird, &sim).log_in(&Dashboard::of(&netbird), ALICE).unwrap_err();
    assert!(lost.text.contains("nobody is behind http://authentik-server:9000"), "{lost}");
    let config = &mut file["EmbeddedIdP"]["StaticConnectors"][0]["config"];
    config["pkceChallenge"] = json!("S256");
    config["providerDiscoveryOverrides"] = json!({
        "authURL": format!("{}/application/o/authorize/", common::AUTHENTIK),
        "endSessionURL": format!("{}/application/o/netbird-embedded/end-session/", common::AUTHENTIK),
    });
    let netbird = start(&file);
    let login = browser(&netbird, &sim).log_in(&Dashboard::of(&netbird), ALICE).expect("a login");
    assert_eq!(login.claims()["sub"], "CgE2EglhdXRoZW50aWs");
    assert!(netbird.logged("can be a vulnerability"));
}

#[test]
fn combined_a_connector_is_added_and_used_at_once() {
    let sim = authentik("2026.2");
    let netbird = combined(&sim);
    assert_eq!(netbird.open_api().get("/api/instance").body, json!({"setup_required": true}));
    let owner = json!({"email": OWNER, "password": PASSWORD, "name": "Owner"});
    assert_eq!(netbird.open_api().call("POST", "/api/setup", &owner).status, 200);
    let dashboard = Dashboard::of(&netbird);
    let owner = browser(&netbird, &sim).log_in(&dashboard, LOCAL).expect("the owner's login");
    assert_eq!(owner.role(), Some("owner"));
    let wanted = json!({
        "type": "authentik", "name": "Authentik", "client_id": "netbird-embedded",
        "client_secret": common::SECRET,
        "issuer": format!("{}/application/o/netbird-embedded/", common::AUTHENTIK),
    });
    let api = netbird.api(&owner.token);
    let made = api.call("POST", "/api/identity-providers", &wanted);
    assert_eq!(made.status, 200, "{made:?}");
    let bob = browser(&netbird, &sim).log_in(&dashboard, BOB).expect("bob's login");
    assert!(bob.waits());
    let connector = made.body["id"].as_str().expect("an id");
    assert_eq!(bob.claims()["sub"], netbird_sim::user_id("7", connector).as_str());
    assert_eq!(
        browser(&netbird, &sim).client_log_in(BOB).expect("a login").claims()["aud"],
        "netbird-cli"
    );
}

#[test]
fn standalone_tokens_of_authentik_are_taken() {
    let sim = authentik("2026.2");
    let flow =
        sim.state().flow("default-provider-invalidation-flow").map(|flow| flow["pk"].clone());
    sim.state().brand_default_mut()["flow_device_code"] = flow.unwrap_or_default();
    let netbird = management(&standalone(), &sim);
    let dashboard = Dashboard::from_env(&common::dashboard_env(), common::NETBIRD);
    let alice = browser(&netbird, &sim).log_in(&dashboard, ALICE).expect("a login");
    assert_eq!(alice.role(), Some("owner"));
    assert_eq!(alice.claims()["sub"], "6");
    let client = browser(&netbird, &sim).client_log_in(ALICE).expect("a login");
    assert_eq!(client.role(), Some("owner"));
    let device = browser(&netbird, &sim).device_log_in(ALICE).expect("a login");
    assert_eq!(device.role(), Some("owner"));
    assert!(browser(&netbird, &sim).log_in(&dashboard, BOB).expect("a login").waits());
}

#[test]
fn somebody_authentik_shuts_out_never_gets_back() {
    let sim = authentik("2026.2");
    {
        let mut state = sim.state();
        let group = state.group("staff").map(|group| group["pk"].clone());
        let application = state.application("netbird-embedded").map(|app| app["pk"].clone());
        let binding = json!({
            "pk": "binding", "target": application, "group": group, "user": null, "policy": null,
            "enabled": true, "negate": false, "order": 0,
        });
        state.policy_bindings.push(binding);
    }
    let netbird = management(&embedded(), &sim);
    let dashboard = Dashboard::of(&netbird);
    let stuck = browser(&netbird, &sim).log_in(&dashboard, BOB).unwrap_err();
    assert!(stuck.at.starts_with(common::AUTHENTIK) && stuck.text.contains("denied"), "{stuck}");
    assert!(browser(&netbird, &sim).log_in(&dashboard, ALICE).is_ok());
    assert_eq!(netbird.state().users.len(), 1);
}

#[test]
fn people_get_in_with_every_release_of_authentik() {
    for profile in authentik_sim::profiles() {
        let sim = authentik(profile.name);
        let netbird = management(&embedded(), &sim);
        let login = browser(&netbird, &sim).log_in(&Dashboard::of(&netbird), ALICE);
        let login = login.unwrap_or_else(|stuck| panic!("{}: {stuck}", profile.name));
        assert_eq!(login.claims()["sub"], "CgE2EglhdXRoZW50aWs", "{}", profile.name);
        let client = browser(&netbird, &sim).client_log_in(ALICE).expect("a login");
        assert_eq!(client.role(), Some("owner"), "{}", profile.name);
    }
}
