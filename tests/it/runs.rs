//! First run, second run, and what they cost the server.

use std::os::unix::fs::{MetadataExt, PermissionsExt};

use authentik_sim::Sim;
use serde_json::json;

use crate::support::{Case, everywhere, release};

#[test]
fn a_first_run_makes_one_of_each_and_proves_it() {
    everywhere(|profile| {
        let case = Case::new(profile);
        case.init().says(&["+ provider NetBird", "+ application NetBird", "NetBird can start"]);
        case.assert_one_of_each();
        let requests = case.sim.requests().len();
        assert!(requests <= 25, "{profile}: a first run took {requests} requests");

        let state = case.sim.state();
        let provider = state.provider_by_name("NetBird").unwrap();
        assert_eq!(provider["client_type"], "public");
        assert_eq!(provider["client_id"], "netbird");
        // Before 2023.2 there is no such mode; nobody asked for it, so the release's own default it is.
        let mode = if release(profile) < (2023, 2) { "hashed_user_id" } else { "user_id" };
        assert_eq!(provider["sub_mode"], mode);
        assert_eq!(provider["access_code_validity"], "minutes=10");
        let brand = state.brand_default().unwrap();
        let flow = state.flow("default-device-code-flow").unwrap();
        assert_eq!(brand["flow_device_code"], flow["pk"]);
        assert_eq!(flow["authentication"], "require_authenticated");
    });
}

#[test]
fn a_second_run_sends_no_write_asks_nothing_dear_and_touches_no_file() {
    everywhere(|profile| {
        let case = Case::new(profile);
        case.init();
        let meta = |name: &str| {
            let meta = std::fs::metadata(case.path(name)).unwrap();
            (meta.ino(), meta.mtime_nsec(), meta.ctime_nsec())
        };
        let files = ["setup.env", "management.json", "dashboard.env", "relay.env", "secrets.json"];
        let before: Vec<_> = files.iter().map(|f| meta(f)).collect();
        case.sim.clear_requests();

        case.init().says(&["created=0", "changed=0", "files_written=0"]);
        assert_eq!(case.sim.writes().len(), 0, "{profile}");
        let dear: Vec<String> = case.sim.dear_reads().iter().map(|r| r.path.clone()).collect();
        assert!(dear.is_empty(), "{profile}: {dear:?}");
        let after: Vec<_> = files.iter().map(|f| meta(f)).collect();
        assert_eq!(before, after, "{profile}");
    });
}

#[test]
fn a_separate_public_url_is_what_files_say_whether_it_answers_or_not() {
    for answers in [true, false] {
        let mut case = Case::new("2026.2");
        let public = if answers { case.sim.https_url() } else { "https://127.0.0.1:1".into() };
        let ca = case.side_file("ca.pem", case.sim.ca_pem());
        case.env("AUTHENTIK_HOST_BROWSER", &public).env("AUTHENTIK_CA_FILE", ca);
        case.init();
        let log = case.init();
        assert!(case.read("setup.env").contains(&format!(
            "NETBIRD_AUTH_OIDC_CONFIGURATION_ENDPOINT='{public}/application/o/netbird/.well-known/openid-configuration'"
        )));
        let warned = log.err.contains("does not answer from this container");
        assert_eq!(warned, !answers, "{}", log.err);
    }
}

#[test]
fn files_have_their_mode_and_a_changed_mode_is_applied_without_writing() {
    let mut case = Case::new("2026.2");
    case.init();
    let mode =
        |name: &str| std::fs::metadata(case.path(name)).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode("setup.env"), 0o640);
    assert_eq!(mode("secrets.json"), 0o600);
    let mtime = std::fs::metadata(case.path("setup.env")).unwrap().modified().unwrap();
    case.env("SETUP_FILE_MODE", "0600");
    case.init();
    let meta = std::fs::metadata(case.path("setup.env")).unwrap();
    assert_eq!(meta.permissions().mode() & 0o7777, 0o600);
    assert_eq!(meta.modified().unwrap(), mtime);
}

#[test]
fn an_application_list_that_lies_is_never_asked() {
    let case = Case::new("2026.2");
    case.init();
    let lists = case.sim.requests();
    assert!(lists.iter().all(|r| !(r.path.ends_with("/core/applications/") && r.method == "GET")));
}

#[test]
fn a_second_page_of_scope_mappings_is_read() {
    let case = Case::new("2026.2");
    for n in 0..150 {
        case.sim.state().add_scope_mapping(json!({"name": format!("a{n}"), "scope_name": "x"}));
    }
    case.init();
    case.assert_one_of_each();
}

#[test]
fn a_sub_path_is_part_of_every_url() {
    let sim = Sim::builder("2026.2").web_path("/auth/").start();
    let mut case = Case::with(sim);
    let host = case.sim.url();
    assert!(host.trim_end_matches('/').ends_with("/auth"));
    case.env("AUTHENTIK_HOST", format!("{host}//"));
    case.init();
    case.env("AUTHENTIK_HOST", host.trim_end_matches('/'));
    case.init();
    let issuer = format!("AUTH_AUTHORITY='{}/application/o/netbird/'", host.trim_end_matches('/'));
    assert!(case.read("dashboard.env").contains(&issuer));
}
