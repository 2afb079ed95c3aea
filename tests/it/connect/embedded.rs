//! A NetBird with a provider of its own, from one file: what is written, that people get in with it, and who owns it.

use std::os::unix::fs::{MetadataExt, PermissionsExt};

use netbird_sim::browser::Person;
use netbird_sim::{Image, NetBird};
use serde_json::{Value, json};

use super::world::{
    AUTHENTIK, NETBIRD, browser, case, dashboard, log_in, netbird, remembered, role,
};
use crate::support::{Case, everywhere, release};

fn management(case: &Case) -> Value {
    serde_json::from_str(&case.read("management.json")).unwrap()
}

fn secrets(case: &Case) -> Value {
    let path = case.dir.path().join("state/secrets.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn owner(
    netbird: &NetBird,
    case: &Case,
) -> Result<netbird_sim::browser::Login, netbird_sim::browser::Stuck> {
    let kept = secrets(case);
    let (email, password) =
        (kept["owner_email"].as_str().unwrap(), kept["owner_password"].as_str().unwrap());
    browser(netbird, case).log_in(&dashboard(case), Person::Local { email, password })
}

#[test]
fn from_empty_volumes_to_a_login_in_every_release() {
    everywhere(|profile| {
        let mut case = case(profile, "embedded");
        case.init();
        let provider = case.sim.state().providers[0].clone();
        assert_eq!(provider["client_type"], "confidential", "{profile}");
        let section = management(&case)["EmbeddedIdP"].clone();
        assert_eq!(section["Issuer"], format!("{NETBIRD}/oauth2"));
        let connector = &section["StaticConnectors"][0];
        assert_eq!(connector["id"], "authentik");
        assert_eq!(connector["config"]["clientSecret"], provider["client_secret"]);
        assert_eq!(connector["config"]["redirectURI"], format!("{NETBIRD}/oauth2/callback"));
        assert!(management(&case).get("HttpConfig").is_none());

        let netbird = netbird(&mut case, Image::Management);
        case.run(&["connect"]).expect(0).says(&["belongs to its owner"]);
        let alice = log_in(&netbird, &case, "alice");
        assert!(alice.waits(), "{profile}: the owner was there first");
        assert_eq!(owner(&netbird, &case).unwrap().role(), Some("owner"));
        let bob = browser(&netbird, &case).client_log_in(Person::Authentik("bob")).unwrap();
        assert!(bob.waits());

        let meta = |path: std::path::PathBuf| {
            let meta = std::fs::metadata(path).unwrap();
            (meta.ino(), meta.mtime_nsec(), meta.ctime_nsec())
        };
        let files =
            ["setup.env", "management.json", "dashboard.env", "relay.env"].map(|f| case.path(f));
        let state = ["secrets.json", "state.json"].map(|f| case.dir.path().join("state").join(f));
        let all = || files.iter().chain(&state).map(|p| meta(p.clone())).collect::<Vec<_>>();
        let before = all();
        case.sim.clear_requests();
        netbird.clear_requests();
        case.init().says(&["created=0", "changed=0", "files_written=0"]);
        case.run(&["connect"]).expect(0).says(&["nothing to do"]);
        assert_eq!(case.sim.writes().len(), 0, "{profile}");
        assert!(case.sim.requests().len() <= 12, "{profile}: {}", case.sim.requests().len());
        assert_eq!(netbird.requests().len(), 0);
        assert_eq!(before, all(), "{profile}");
    });
}

#[test]
fn devices_brands_and_cors_are_none_of_its_business() {
    let case = case("2026.2", "embedded");
    let flows = case.sim.state().flows.len();
    let brand = case.sim.state().brand_default().unwrap().clone();
    case.init();
    assert_eq!(case.sim.state().flows.len(), flows);
    assert_eq!(*case.sim.state().brand_default().unwrap(), brand);
    let state = case.sim.state();
    let uris = state.providers[0]["redirect_uris"].as_array().unwrap();
    assert_eq!(uris.len(), 1, "{uris:?}");
    assert_eq!(uris[0]["url"], format!("{NETBIRD}/oauth2/callback"));
}

#[test]
fn logging_out_asks_authentik_again_in_every_release() {
    everywhere(|profile| {
        let mut case = case(profile, "embedded");
        case.init();
        let returns = release(profile) >= (2026, 5);
        let config = management(&case)["EmbeddedIdP"]["StaticConnectors"][0]["config"].clone();
        let overrides = &config["providerDiscoveryOverrides"];
        if returns {
            assert!(overrides.is_null(), "{profile}: {overrides}");
        } else {
            assert_eq!(overrides["endSessionURL"], format!("{NETBIRD}/oauth2/logout/callback"));
            assert_eq!(config["pkceChallenge"], "S256");
        }
        let netbird = netbird(&mut case, Image::Management);
        let mut at_alice = browser(&netbird, &case);
        let dashboard = dashboard(&case);
        let login = at_alice.log_in(&dashboard, Person::Authentik("alice")).unwrap();
        at_alice.log_out(&dashboard, &login).unwrap();
        let again = at_alice.log_in(&dashboard, Person::Authentik("alice")).unwrap();
        let asked = again.way.iter().any(|at| at.contains("/application/o/authorize/"));
        assert!(asked, "{profile}: {:?}", again.way);
    });
}

#[test]
fn authentik_may_be_reached_at_another_url_than_people_use() {
    let mut case = case("2026.2", "embedded");
    case.env("SETUP_AUTHENTIK_INTERNAL", "true");
    case.init();
    let config = management(&case)["EmbeddedIdP"]["StaticConnectors"][0]["config"].clone();
    assert_eq!(config["issuer"], format!("{}/application/o/netbird/", case.sim.url()));
    let overrides = &config["providerDiscoveryOverrides"];
    assert_eq!(overrides["authURL"], format!("{AUTHENTIK}/application/o/authorize/"));
    assert_eq!(config["pkceChallenge"], "S256");
    let netbird = NetBird::with_file(Image::Management, &case.path("management.json"))
        .looks_names_up()
        .start()
        .unwrap();
    assert_eq!(log_in(&netbird, &case, "alice").role(), Some("owner"));
}

#[test]
fn a_private_ca_goes_into_the_file_as_text() {
    let mut case = Case::with(super::world::authentik("2026.2"));
    let state = case.dir.path().join("state");
    std::fs::create_dir_all(&state).unwrap();
    let ca = case.side_file("ca.pem", case.sim.ca_pem());
    let url = case.sim.https_url();
    case.env("SETUP_NETBIRD", "embedded")
        .env("SETUP_STATE_DIR", state.display().to_string())
        .env("AUTHENTIK_HOST_BROWSER", &url)
        .env("AUTHENTIK_CA_FILE", ca);
    case.init();
    let config = management(&case)["EmbeddedIdP"]["StaticConnectors"][0]["config"].clone();
    assert_eq!(config["rootCAs"], json!([case.sim.ca_pem()]));
    let netbird = NetBird::with_file(Image::Management, &case.path("management.json"))
        .looks_names_up()
        .start()
        .unwrap();
    let mut browser = netbird_sim::browser::Browser::new(&netbird).with_authentik(&url, &case.sim);
    let login = browser.log_in(&dashboard(&case), Person::Authentik("alice"));
    let login = login.unwrap_or_else(|stuck| panic!("{stuck:?}: {:#?}", netbird.log()));
    assert_eq!(login.role(), Some("owner"));
}

#[test]
fn what_somebody_added_to_the_file_stays() {
    let case = case("2026.2", "embedded");
    case.init();
    let mut file = management(&case);
    let other =
        json!({"type": "oidc", "name": "Other", "id": "other", "config": {"issuer": "https://o/"}});
    let section = &mut file["EmbeddedIdP"];
    section["StaticConnectors"].as_array_mut().unwrap().insert(0, other.clone());
    section["StaticConnectors"][1]["config"]["allowedGroups"] = json!(["vpn"]);
    section["StaticConnectors"][1]["name"] = json!("Company login");
    section["MfaSessionMaxLifetime"] = json!("8h");
    section["DashboardRedirectURIs"].as_array_mut().unwrap().push(json!("https://extra/nb-auth"));
    section["Owner"]["Username"] = json!("chief");
    file["Extra"] = json!({"a": 1.5});
    let text = format!("{file:#}\n");
    std::fs::write(case.path("management.json"), &text).unwrap();
    case.init().says(&["files_written=0"]);
    assert_eq!(case.read("management.json"), text);
    assert_eq!(management(&case)["EmbeddedIdP"]["StaticConnectors"][0], other);
}

#[test]
fn the_connector_keeps_its_id_whatever_it_is() {
    let case = case("2026.2", "embedded");
    case.init();
    let mut file = management(&case);
    file["EmbeddedIdP"]["StaticConnectors"][0]["id"] = json!("authentik-of-old");
    std::fs::write(case.path("management.json"), format!("{file:#}\n")).unwrap();
    std::fs::remove_file(case.dir.path().join("state/state.json")).unwrap();
    case.init();
    assert_eq!(management(&case)["EmbeddedIdP"]["StaticConnectors"][0]["id"], "authentik-of-old");
    assert_eq!(remembered(&case)["connector"]["id"], "authentik-of-old");
    // The file is lost: people who come back are the same people.
    std::fs::remove_file(case.path("management.json")).unwrap();
    case.init();
    assert_eq!(management(&case)["EmbeddedIdP"]["StaticConnectors"][0]["id"], "authentik-of-old");
}

#[test]
fn connectors_that_could_both_be_meant_are_refused_before_anything_is_changed() {
    let case = case("2026.2", "embedded");
    case.init();
    let mut file = management(&case);
    let list = file["EmbeddedIdP"]["StaticConnectors"].as_array_mut().unwrap();
    let mut second = list[0].clone();
    second["id"] = json!("second");
    list.push(second);
    std::fs::write(case.path("management.json"), format!("{file:#}\n")).unwrap();
    std::fs::remove_file(case.dir.path().join("state/state.json")).unwrap();
    case.sim.clear_requests();
    case.run(&[]).expect(65).says(&["authentik, second"]);
    assert_eq!(case.sim.requests().len(), 0);

    file["EmbeddedIdP"]["StaticConnectors"] = json!([
        {"type": "authentik", "name": "x", "id": "authentik", "config": {"issuer": "https://former/"}}
    ]);
    std::fs::write(case.path("management.json"), format!("{file:#}\n")).unwrap();
    case.run(&[]).expect(65).says(&["for another issuer"]);
}

/// One after the other is made, and the last of one id counts: it need not be the one that was looked at.
#[test]
fn two_connectors_of_the_id_that_is_remembered_are_refused() {
    let case = case("2026.2", "embedded");
    case.init();
    let mut file = management(&case);
    let list = file["EmbeddedIdP"]["StaticConnectors"].as_array_mut().unwrap();
    list.push(list[0].clone());
    std::fs::write(case.path("management.json"), format!("{file:#}\n")).unwrap();
    case.run(&["plan"]).expect(65);
    case.run(&[]).expect(65).says(&["several connectors", "authentik, authentik"]);
}

/// A warning wherever people look: the log, the plan, and `check`.
#[test]
fn what_is_not_as_it_seems_in_the_file_is_warned_of() {
    let mut case = case("2026.2", "embedded");
    case.init();
    let mut file = management(&case);
    file["EmbeddedIdP"]["StaticConnectors"][0]["id"] = json!("renamed");
    file["PKCEAuthorizationFlow"] = json!({"ProviderConfig": {"ClientID": "theirs"}});
    std::fs::write(case.path("management.json"), format!("{file:#}\n")).unwrap();
    let renamed = "had the id authentik and now has renamed";
    let ignored = "NetBird ignores PKCEAuthorizationFlow";
    case.run(&["plan"]).prints(&[renamed, ignored]);
    let check = case.run(&["check"]);
    let line = check.out.lines().find(|line| line.contains("management.json")).unwrap();
    assert!(line.starts_with("WARN"), "{line}");
    case.env("SETUP_LOG", "warn");
    case.init().says(&[renamed, ignored]);
    case.init().says(&[ignored]);
    assert_eq!(remembered(&case)["connector"]["id"], "renamed");
}

/// Its NetBird may have an owner: whoever wants another login there says which.
#[test]
fn a_password_alone_makes_no_owner_in_somebodys_file() {
    let mut case = case("2026.2", "embedded");
    let file = json!({
        "DataStoreEncryptionKey": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
        "EmbeddedIdP": {"Enabled": true},
    });
    std::fs::write(case.path("management.json"), file.to_string()).unwrap();
    case.env("SETUP_OWNER_PASSWORD", "a-good-password");
    let warning = "SETUP_OWNER_PASSWORD alone makes no owner";
    case.run(&["plan"]).expect(2).prints(&[warning, "SETUP_OWNER_EMAIL"]);
    case.init_as_planned().says(&[warning]);
    assert!(management(&case)["EmbeddedIdP"].get("Owner").is_none());
    assert!(secrets(&case).get("owner_password").is_none());
    case.env("SETUP_OWNER_EMAIL", "chief@example.com");
    let log = case.init();
    assert!(!log.err.contains(warning), "{}", log.err);
    assert_eq!(management(&case)["EmbeddedIdP"]["Owner"]["Email"], "chief@example.com");
}

/// By which an Authentik is known again, as in the kind that has a device code flow on it.
#[test]
fn the_default_brand_is_remembered_in_every_kind() {
    for kind in ["standalone", "embedded", "combined"] {
        let case = case("2026.2", kind);
        case.init();
        let state = std::fs::read_to_string(case.dir.path().join("state/state.json")).unwrap();
        let state: Value = serde_json::from_str(&state).unwrap();
        let brand = case.sim.state().brand_default().unwrap()["brand_uuid"].clone();
        assert_eq!(state["installation"]["brand"], brand, "{kind}");
        case.sim.clear_requests();
        case.init();
        let asked = case.sim.requests();
        assert!(!asked.iter().any(|r| r.path == "/api/v3/core/brands/"), "{kind}");
    }
}

/// Without local logins a password is of no use.
#[test]
fn without_local_logins_a_token_is_the_only_way() {
    let mut case = case("2026.2", "embedded");
    case.env("SETUP_LOCAL_AUTH", "false").env("SETUP_ROLE_GROUPS", "staff:admin");
    case.init();
    let _netbird = netbird(&mut case, Image::Management);
    let told = case.run(&["connect"]).expect(77);
    let told = told.says(&["NB_PAT"]);
    assert!(!told.err.contains("SETUP_OWNER_PASSWORD"), "{}", told.err);
}

/// The owner's login takes them away, also where nothing else is asked for.
#[test]
fn roles_go_when_the_variable_is_not_set_any_more() {
    let mut case = case("2026.2", "embedded");
    case.env("SETUP_ROLE_GROUPS", "staff:admin");
    case.init();
    let netbird = netbird(&mut case, Image::Management);
    case.run(&["connect"]).expect(0);
    log_in(&netbird, &case, "alice");
    case.run(&["connect"]).expect(0).says(&["role: user -> admin"]);
    case.unset("SETUP_ROLE_GROUPS");
    case.run(&["connect"]).expect(0).says(&["role: admin -> user"]);
    assert_eq!(role(&netbird, "alice@example.com"), "user");
    case.run(&["connect"]).expect(0).says(&["nothing to do"]);
}

/// Which users came through the connector is known after `init` alone.
#[test]
fn roles_wait_for_init_where_the_state_is_lost() {
    let mut case = case("2026.2", "embedded");
    case.env("SETUP_ROLE_GROUPS", "staff:admin");
    case.init();
    let _netbird = netbird(&mut case, Image::Management);
    std::fs::remove_file(case.dir.path().join("state/state.json")).unwrap();
    case.env("SETUP_TIMEOUT", "4s");
    case.run(&["connect"]).expect(69).says(&["what init leaves in SETUP_STATE_DIR"]);
    case.env("SETUP_TIMEOUT", "60s");
    case.init();
    case.run(&["connect"]).expect(0);
}

/// Another application of the same Authentik is somebody else's, whichever way its issuer is written.
#[test]
fn another_applications_connector_stays_as_it_is() {
    for issuer in ["", "application/o/netbird/"] {
        let case = case("2026.2", "embedded");
        let other = json!({
            "type": "oidc", "name": "Corp", "id": "corp",
            "config": {"issuer": format!("{AUTHENTIK}/{issuer}"), "clientID": "other-app", "clientSecret": "theirs"},
        });
        let file = json!({
            "DataStoreEncryptionKey": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
            "EmbeddedIdP": {"Enabled": true, "StaticConnectors": [other]},
        });
        std::fs::write(case.path("management.json"), file.to_string()).unwrap();
        case.init();
        let list = management(&case)["EmbeddedIdP"]["StaticConnectors"].clone();
        assert_eq!(list[0], other, "{issuer}");
        assert_eq!(list[1]["id"], "authentik");
        assert_eq!(list[1]["config"]["clientID"], "netbird");
    }
}

/// `init` would change nothing, so nothing that it would change is told as what to repair.
#[test]
fn check_over_a_file_of_another_kind_names_that_and_nothing_else() {
    for (before, now, check) in
        [("standalone", "embedded", "refused"), ("embedded", "standalone", "embedded-idp")]
    {
        let mut case = case("2026.2", before);
        case.init();
        case.env("SETUP_NETBIRD", now).unset("SETUP_MANAGEMENT_DISCOVERY");
        let told = case.run(&["check"]).expect(65).out;
        let failed: Vec<&str> = told.lines().filter(|line| line.starts_with("FAIL")).collect();
        assert_eq!(failed.len(), 1, "{told}");
        assert!(failed[0].starts_with(&format!("FAIL  {check} ")), "{told}");
        assert!(!told.contains("run init") && !told.contains("PASS  refused"), "{told}");
        assert!(told.contains(&format!("because {check} failed")), "{told}");
        let case_of_steps = now == "embedded";
        assert_eq!(told.contains("netbird-idp-migrate"), case_of_steps, "{told}");
    }
}

/// What NetBird needs to take Authentik's tokens is any of three places; people may have logged in with each.
#[test]
fn a_file_of_the_other_kind_is_known_by_any_place_that_names_the_application() {
    let document = format!("{AUTHENTIK}/application/o/netbird/.well-known/openid-configuration");
    let keys = format!("{AUTHENTIK}/application/o/netbird/jwks/");
    for http in [json!({"OIDCConfigEndpoint": document}), json!({"AuthKeysLocation": keys})] {
        let mut case = case("2026.2", "embedded");
        let file = json!({
            "DataStoreEncryptionKey": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
            "HttpConfig": http, "EmbeddedIdP": {"Enabled": false},
        });
        std::fs::write(case.path("management.json"), file.to_string()).unwrap();
        case.run(&["plan"]).expect(65).says(&["idp-migrate"]);
        case.run(&[]).expect(65).says(&["idp-migrate"]);
        assert_eq!(management(&case), file);
        case.env("SETUP_ALLOW_IDENTITY_CHANGE", "true");
        case.init();
        assert!(management(&case).get("HttpConfig").is_none(), "it is of this application");
    }
}

/// The browser must not be sent to a URL that Authentik had once.
#[test]
fn overrides_follow_the_public_url_and_go_with_their_reason() {
    for profile in ["2026.2", "2026.8"] {
        let mut case = case(profile, "embedded");
        case.env("SETUP_AUTHENTIK_INTERNAL", "true");
        case.init();
        let options =
            |case: &Case| management(case)["EmbeddedIdP"]["StaticConnectors"][0]["config"].clone();
        let overrides = "providerDiscoveryOverrides";
        let authorize = format!("{AUTHENTIK}/application/o/authorize/");
        assert_eq!(options(&case)[overrides]["authURL"], authorize, "{profile}");
        case.env("AUTHENTIK_HOST_BROWSER", "https://auth2.example.com");
        case.init();
        let moved = "https://auth2.example.com/application/o/authorize/";
        assert_eq!(options(&case)[overrides]["authURL"], moved, "{profile}");
        case.unset("SETUP_AUTHENTIK_INTERNAL");
        case.init();
        let text = options(&case)[overrides].to_string();
        assert!(!text.contains("//auth"), "{profile}: {text}");
    }
}

/// NetBird's provider asks for discovery below the issuer, and Authentik has none at its root.
#[test]
fn the_issuer_is_the_applications() {
    let mut case = case("2026.2", "embedded");
    case.init();
    case.sim.state().providers[0]["issuer_mode"] = json!("global");
    case.init().says(&["issuer_mode: global -> per_provider"]);
    let config = management(&case)["EmbeddedIdP"]["StaticConnectors"][0]["config"].clone();
    assert_eq!(config["issuer"], format!("{AUTHENTIK}/application/o/netbird/"));
    let netbird = netbird(&mut case, Image::Management);
    case.run(&["connect"]).expect(0);
    assert!(log_in(&netbird, &case, "alice").waits());
}

#[test]
fn uris_for_a_logout_are_none_for_a_login() {
    let mut case = case("2026.8", "embedded");
    case.env("AUTHENTIK_REDIRECT_URIS", "logout:https://bye.example.com/");
    case.init();
    let uris = case.sim.state().providers[0]["redirect_uris"].clone();
    let of = uris.as_array().unwrap().iter().find(|u| u["url"] == "https://bye.example.com/");
    assert_eq!(of.unwrap()["redirect_uri_type"], "logout");
}

#[test]
fn who_has_to_start_again_is_told() {
    let mut case = case("2026.2", "embedded");
    let first = case.init();
    assert!(!first.err.contains("restart"), "{}", first.err);
    case.sim.state().providers[0]["client_secret"] = json!("another-client-secret-0123456789");
    case.init().says(&["management.json has changed: restart NetBird's management"]);
    case.env("SETUP_LOCAL_AUTH", "false");
    case.init().says(&["the first person who logs in owns it"]);
}

#[test]
fn the_owners_password_is_hashed_once_and_anew_when_it_changes() {
    let mut case = case("2026.2", "embedded");
    case.init();
    let first = management(&case)["EmbeddedIdP"]["Owner"].clone();
    assert_eq!(first["Email"], "owner@netbird.example.com");
    assert!(first["Hash"].as_str().unwrap().starts_with("$2b$10$"));
    let mode = std::fs::metadata(case.dir.path().join("state/secrets.json")).unwrap().permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
    case.env("SETUP_OWNER_PASSWORD", "another-password")
        .env("SETUP_OWNER_EMAIL", "chief@example.com");
    let log = case.init();
    assert!(!log.err.contains("another-password"));
    let second = management(&case)["EmbeddedIdP"]["Owner"].clone();
    assert_ne!(first["Hash"], second["Hash"]);
    assert_eq!(second["Email"], "chief@example.com");
    case.init().says(&["files_written=0"]);
    let netbird = netbird(&mut case, Image::Management);
    case.run(&["connect"]).expect(0);
    assert_eq!(owner(&netbird, &case).unwrap().role(), Some("owner"));
}

#[test]
fn authentik_may_be_the_only_way_in() {
    let mut case = case("2026.2", "embedded");
    case.env("SETUP_LOCAL_AUTH", "false");
    case.init();
    assert_eq!(management(&case)["EmbeddedIdP"]["LocalAuthDisabled"], true);
    let netbird = netbird(&mut case, Image::Management);
    case.run(&["connect"]).expect(0).says(&["the first person who logs in owns it"]);
    assert_eq!(log_in(&netbird, &case, "alice").role(), Some("owner"));
    assert!(owner(&netbird, &case).is_err());
    case.unset("SETUP_LOCAL_AUTH");
    case.init().says(&["files_written=0"]);
    case.env("SETUP_LOCAL_AUTH", "true");
    case.init();
    assert_eq!(management(&case)["EmbeddedIdP"]["LocalAuthDisabled"], false);
}

#[test]
fn who_was_there_before_the_owner_is_told_once() {
    let mut case = case("2026.2", "embedded");
    case.init();
    let netbird = netbird(&mut case, Image::Management);
    assert_eq!(log_in(&netbird, &case, "alice").role(), Some("owner"));
    case.run(&["connect"]).expect(65).says(&["this NetBird has an owner: give NB_PAT"]);
}

#[test]
fn a_file_of_the_other_kind_is_refused_with_the_steps() {
    let mut case = case("2026.2", "standalone");
    case.init();
    let before = case.read("management.json");
    case.unset("SETUP_MANAGEMENT_DISCOVERY").env("SETUP_NETBIRD", "embedded");
    case.sim.clear_requests();
    case.run(&[]).expect(65).says(&[
        "idp-migrate",
        "--force",
        "idp-seed-info",
        "SETUP_ALLOW_IDENTITY_CHANGE",
    ]);
    case.run(&["plan"]).expect(65);
    assert_eq!(case.sim.requests().len(), 0);
    assert_eq!(case.read("management.json"), before);

    let key =
        |text: &str| serde_json::from_str::<Value>(text).unwrap()["DataStoreEncryptionKey"].clone();
    case.env("SETUP_ALLOW_IDENTITY_CHANGE", "true");
    case.init().says(&["client_type: public -> confidential"]);
    let file = management(&case);
    assert_eq!(key(&before), file["DataStoreEncryptionKey"]);
    for section in
        ["HttpConfig", "IdpManagerConfig", "PKCEAuthorizationFlow", "DeviceAuthorizationFlow"]
    {
        assert!(file.get(section).is_none(), "{section} is left");
    }
    case.unset("SETUP_ALLOW_IDENTITY_CHANGE");
    case.init().says(&["files_written=0"]);
    let netbird = netbird(&mut case, Image::Management);
    case.run(&["connect"]).expect(0);
    assert!(log_in(&netbird, &case, "alice").waits());

    case.env("SETUP_NETBIRD", "standalone");
    case.run(&[]).expect(65).says(&["EmbeddedIdP.Enabled is on"]);
}

#[test]
fn people_keep_their_accounts_through_netbirds_own_migration() {
    use base64::Engine;
    let mut case = case("2026.2", "standalone");
    case.env("SETUP_OUTPUTS", "setup.env,management.json,dashboard.env,relay.env,idp-seed-info");
    case.init();
    let seed = case.dir.path().join("state/idp-seed-info");
    assert_eq!(std::fs::metadata(&seed).unwrap().permissions().mode() & 0o777, 0o600);
    let seed = std::fs::read_to_string(seed).unwrap();
    let seed = base64::engine::general_purpose::STANDARD.decode(seed.trim()).unwrap();
    let seed: Value = serde_json::from_slice(&seed).unwrap();
    assert_eq!(seed["id"], "authentik");
    assert_eq!(seed["config"]["clientSecret"], case.sim.state().providers[0]["client_secret"]);
    let state = {
        let netbird = netbird(&mut case, Image::Management);
        assert_eq!(log_in(&netbird, &case, "alice").role(), Some("owner"));
        let mut state = netbird.state().clone();
        // What idp-migrate does in NetBird's database, and then to the file.
        assert_eq!(state.migrate_ids("authentik"), 1);
        state
    };
    let mut file = management(&case);
    for section in
        ["IdpManagerConfig", "PKCEAuthorizationFlow", "DeviceAuthorizationFlow", "HttpConfig"]
    {
        file.as_object_mut().unwrap().remove(section);
    }
    file["EmbeddedIdP"] = json!({
        "Enabled": true, "Issuer": format!("{NETBIRD}/oauth2"), "StaticConnectors": [seed],
    });
    std::fs::write(case.path("management.json"), format!("{file:#}\n")).unwrap();

    case.unset("SETUP_MANAGEMENT_DISCOVERY")
        .unset("SETUP_OUTPUTS")
        .env("SETUP_NETBIRD", "embedded");
    case.init();
    assert!(management(&case)["EmbeddedIdP"].get("Owner").is_none(), "it has an owner: alice");
    let netbird = NetBird::with_file(Image::Management, &case.path("management.json"))
        .resolve(AUTHENTIK, &case.sim.url())
        .state(state)
        .start()
        .unwrap();
    assert_eq!(log_in(&netbird, &case, "alice").role(), Some("owner"));
    assert_eq!(netbird.state().users.len(), 1);
}

#[test]
fn a_changed_client_secret_reaches_the_file() {
    let mut case = case("2026.2", "embedded");
    case.init();
    case.sim.state().providers[0]["client_secret"] = json!("rotated-secret-of-letters-and-digits");
    case.init().says(&["management.json written"]);
    let netbird = netbird(&mut case, Image::Management);
    assert_eq!(log_in(&netbird, &case, "alice").role(), Some("owner"));
}

#[test]
fn a_secret_that_authentik_does_not_take_ends_the_run() {
    let case = case("2026.2", "embedded");
    case.init();
    let token = authentik_sim::Match::path("POST", "/application/o/token/");
    let body = json!({"error": "invalid_client", "error_description": "no"}).to_string();
    let fault = authentik_sim::Fault::Status(
        400,
        vec![("Content-Type".to_owned(), "application/json".to_owned())],
        body,
    );
    case.sim.fault(authentik_sim::FaultRule::always(token, fault));
    case.run(&[]).expect(76).says(&["invalid_client"]);
}

/// The client of a NetBird that runs would become another one.
#[test]
fn a_netbird_of_one_container_does_not_take_over_what_another_one_uses() {
    let mut case = case("2026.2", "standalone");
    case.init();
    case.env("SETUP_NETBIRD", "combined").unset("SETUP_MANAGEMENT_DISCOVERY");
    case.refused(&["management.json", "SETUP_NETBIRD is combined", "AUTHENTIK_APPLICATION_SLUG"]);
    let check = case.run(&["check"]).expect(65).out;
    assert!(check.contains("FAIL  refused") && check.contains(", 1 fail, "), "{check}");
    case.env("SETUP_ALLOW_IDENTITY_CHANGE", "true");
    case.init();
    // From now on it is the file of this kind that tells.
    case.unset("SETUP_ALLOW_IDENTITY_CHANGE");
    case.init();
}
