//! What the server does with its file at a start and the next one, and without Authentik.

mod common;

use std::time::Duration;

use authentik_sim::{Fault, FaultRule, Match, Stage};
use common::{AUTHENTIK, authentik, embedded, knows, put, standalone};
use netbird_sim::{Image, Kind, NetBird};
use serde_json::{Value, json};

#[test]
fn variables_of_the_environment_are_put_in() {
    let sim = authentik("2026.2");
    let text = put(
        embedded(),
        "/EmbeddedIdP/StaticConnectors/0/config/clientSecret",
        json!("{{ .AUTHENTIK_SECRET }}"),
    );
    let netbird =
        knows(NetBird::management(&text), &sim).env("AUTHENTIK_SECRET", "a-secret").start();
    let netbird = netbird.expect("it starts");
    let secret = |netbird: &NetBird| {
        netbird.state().idp.connector("authentik").expect("it is there").config["clientSecret"]
            .clone()
    };
    assert_eq!(secret(&netbird), "a-secret");
    let unset = knows(NetBird::management(&text), &sim).start().expect("it starts");
    assert_eq!(secret(&unset), "<no value>");
    let escaped = text.replace("{{ .AUTHENTIK_SECRET }}", "\\u007b{ x");
    let kept = knows(NetBird::management(&escaped), &sim).start().expect("it starts");
    assert_eq!(secret(&kept), "{{ x");
}

#[test]
fn without_a_key_the_file_is_written_anew_with_one() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("management.json");
    let sim = authentik("2026.2");
    let mut file = standalone();
    file["DataStoreEncryptionKey"] = json!("");
    file["Nonsense"] = json!(1);
    file["HttpConfig"]["AuthUserIDClaim"] = json!("{{ .CLAIM }}");
    std::fs::write(&path, file.to_string()).expect("written");
    let start =
        || knows(NetBird::with_file(Image::Management, &path), &sim).env("CLAIM", "sub").start();
    let netbird = start().expect("it starts");
    let written: Value = serde_json::from_str(&netbird.config_text()).expect("JSON");
    assert_eq!(written["DataStoreEncryptionKey"].as_str().map(str::len), Some(44));
    assert_eq!(written["HttpConfig"]["AuthUserIDClaim"], "sub", "expanded");
    assert!(
        written["Nonsense"].is_null() && !written["StoreConfig"].is_null(),
        "by its own fields"
    );
    drop(netbird);
    let again = start().expect("it starts");
    let kept: Value = serde_json::from_str(&again.config_text()).expect("JSON");
    assert_eq!(kept, written, "the second start has nothing to write");
    drop(again);
    std::fs::remove_file(&path).expect("removed");
    assert!(start().is_err_and(|refused| refused.0.contains("open ")));
}

#[test]
fn authentik_away_at_the_start() {
    let sim = authentik("2026.2");
    let discovery =
        json!(format!("{AUTHENTIK}/application/o/netbird-public/.well-known/openid-configuration"));
    let with_discovery = put(standalone(), "/HttpConfig/OIDCConfigEndpoint", discovery);
    sim.set_stage(Stage::Refused);
    let refused = knows(NetBird::management(&with_discovery), &sim).start().err();
    assert!(refused.is_some_and(|refused| refused.0.contains("connection refused")));
    let kept =
        knows(NetBird::management(&standalone().to_string()), &sim).start().expect("it starts");
    assert!(kept.logged("could not get keys from location"));
    let inside =
        knows(NetBird::management(&embedded().to_string()), &sim).start().expect("it starts");
    assert!(inside.logged("Failed to open connector"));

    sim.set_stage(Stage::Ready);
    sim.fault(FaultRule::always(Match::Any, Fault::Hang(Duration::MAX)));
    let patience = Duration::from_millis(50);
    let silent = knows(NetBird::management(&with_discovery), &sim).patience(patience).start().err();
    assert!(silent.is_some_and(|refused| refused.0.contains("deadline exceeded")));
}

#[test]
fn a_server_that_ended_refuses_and_says_why_and_may_be_started_again() {
    let sim = authentik("2026.2");
    let netbird =
        knows(NetBird::management(&embedded().to_string()), &sim).start().expect("it starts");
    assert_eq!(netbird.kind(), Some(Kind::Embedded));
    netbird.set_config("{{");
    assert!(netbird.restart().is_err());
    assert_eq!((netbird.open_api().get("/api/instance").status, netbird.kind()), (0, None));
    assert!(netbird.logged("FATL failed reading provided config file: error parsing template"));
    netbird.set_config(&standalone().to_string());
    assert_eq!(netbird.restart(), Ok(()));
    assert_eq!(netbird.kind(), Some(Kind::Standalone));
    assert_eq!(netbird.open_api().get("/oauth2/keys").status, 404, "no provider of its own");
}

#[test]
fn debug_shows_the_secret_and_no_other_level_does() {
    let sim = authentik("2026.2");
    let file = embedded().to_string();
    let shows = |netbird: &NetBird| netbird.logged(common::SECRET);
    assert!(!shows(&knows(NetBird::management(&file), &sim).start().expect("it starts")));
    assert!(shows(&knows(NetBird::management(&file), &sim).debug().start().expect("it starts")));
}
