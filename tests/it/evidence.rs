//! Files of this container that somebody edited, moved or left behind: a secret in them is in use, in whatever form it is
//! written, and what cannot be read is no reason to make another one.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::support::{Case, side_by_side};

const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
const OTHER: &str = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=";
const MARK: &str = "# Written by netbird-authentik-init\n";

fn of_kind(kind: &str) -> Case {
    let mut case = Case::new("2026.2");
    case.env("SETUP_NETBIRD", kind);
    case.state_apart();
    case
}

fn state(case: &Case, name: &str) -> PathBuf {
    case.dir.path().join("state").join(name)
}

fn kept(case: &Case) -> Value {
    serde_json::from_str(&std::fs::read_to_string(state(case, "secrets.json")).unwrap()).unwrap()
}

/// Refused by each command with these words; nothing is written anywhere.
#[track_caller]
fn refused(case: &Case, says: &[&str]) {
    let file = |path: PathBuf| std::fs::read(path).ok();
    let names = ["config.yaml", "management.json", "setup.env", "relay.env", "secrets.json"];
    let tree = || names.map(|name| (file(case.path(name)), file(state(case, name))));
    let before = tree();
    case.refused(says);
    case.run(&["check"]).expect(65);
    assert!(tree() == before);
}

#[test]
fn a_config_yaml_is_read_in_the_forms_that_people_write() {
    let forms: [fn(&str) -> String; 5] = [
        |text| text.replace('"', ""),
        |text| text.replace('"', "'"),
        |text| text.lines().map(|line| format!("{line} # note\n")).collect(),
        |text| text.replace(": ", " :   ").replace('\n', "\r\n"),
        |text| {
            let lines = text.lines().map(|line| {
                let inside = line.trim_start();
                format!("{}{inside}\n", " ".repeat((line.len() - inside.len()) * 2))
            });
            lines.collect()
        },
    ];
    side_by_side(&forms, |form| {
        let case = of_kind("combined");
        case.init();
        let (before, secrets) = (case.read("config.yaml"), kept(&case));
        std::fs::write(case.path("config.yaml"), form(&before)).unwrap();
        case.init_as_planned();
        assert_eq!(case.read("config.yaml"), before);
        std::fs::write(case.path("config.yaml"), form(&before)).unwrap();
        std::fs::remove_file(state(&case, "secrets.json")).unwrap();
        case.init_as_planned();
        for key in ["datastore_enc_key", "relay_auth_secret", "session_cookie_key"] {
            assert_eq!(kept(&case)[key], secrets[key], "{key}");
        }
        assert_eq!(case.read("config.yaml"), before, "the owner's login too");
    });
}

#[test]
fn a_config_yaml_that_is_not_read_is_never_replaced() {
    let key = format!("    encryptionKey: \"{KEY}\"\n");
    let file = |server: &str, store: &str, rest: &str| {
        format!("{MARK}server:\n{server}  store:\n{store}{rest}")
    };
    let refusals = [
        (
            file("", &format!("    encryptionKey: |\n      {KEY}\n"), ""),
            "server.store.encryptionKey",
        ),
        (file("", &format!("    encryptionKey: {{_: {KEY}}}\n"), ""), "server.store.encryptionKey"),
        (file("", &format!("    <<: *a\n{key}"), ""), "server.store.encryptionKey"),
        (
            file("", &format!("{key}    encryptionKey: \"{OTHER}\"\n"), ""),
            "server.store.encryptionKey",
        ),
        (
            format!("{MARK}server: {{store: {{encryptionKey: \"{KEY}\"}}}}\n"),
            "server.store.encryptionKey",
        ),
        (format!("{MARK}\tserver:: [\n"), "server.store.encryptionKey"),
        (file("", "    encryptionKey: ${KEY}\n", ""), "server.store.encryptionKey"),
        (file("  authSecret: [a]\n", &key, ""), "server.authSecret"),
        (
            file("", &key, "  auth:\n    sessionCookieEncryptionKey: !!binary x\n"),
            "sessionCookieEncryptionKey",
        ),
        (file("", &key, "  auth:\n    owner: {email: a@example.com}\n"), "server.auth.owner.email"),
    ];
    side_by_side(&refusals, |(text, place)| {
        let case = of_kind("combined");
        std::fs::write(case.path("config.yaml"), text).unwrap();
        refused(&case, &["config.yaml", place]);
    });
    // Neither what is kept nor a variable decides it.
    let mut case = of_kind("combined");
    case.init();
    let before = case.read("config.yaml");
    let edited = |key: &str| {
        let lines =
            before.lines().map(|line| match line.trim_start().starts_with("encryptionKey") {
                true => format!("    encryptionKey: {key}\n"),
                false => format!("{line}\n"),
            });
        std::fs::write(case.path("config.yaml"), lines.collect::<String>()).unwrap();
    };
    edited(OTHER);
    refused(&case, &["different data store keys"]);
    edited("[]");
    refused(&case, &["server.store.encryptionKey"]);
    let key = kept(&case)["datastore_enc_key"].as_str().unwrap().to_owned();
    case.env("NETBIRD_DATASTORE_ENC_KEY", key);
    refused(&case, &["server.store.encryptionKey"]);
}

#[test]
fn a_shell_file_that_assigns_in_another_way_is_never_replaced() {
    for (name, line, variable) in [
        (
            "setup.env",
            format!("readonly NETBIRD_DATASTORE_ENC_KEY={KEY}"),
            "NETBIRD_DATASTORE_ENC_KEY",
        ),
        (
            "setup.env",
            "NETBIRD_DATASTORE_ENC_KEY=$(cat /key)".to_owned(),
            "NETBIRD_DATASTORE_ENC_KEY",
        ),
        ("relay.env", "export A=1 NB_AUTH_SECRET=in-use".to_owned(), "NETBIRD_RELAY_AUTH_SECRET"),
        ("relay.env", ": ${NB_AUTH_SECRET:=in-use}".to_owned(), "NETBIRD_RELAY_AUTH_SECRET"),
    ] {
        let mut case = of_kind("standalone");
        std::fs::write(case.path(name), format!("{MARK}{line}\n")).unwrap();
        refused(&case, &[name, "must not be replaced"]);
        let is_key = name == "setup.env";
        case.env(variable, if is_key { KEY } else { "the-next-relay-secret" });
        match is_key {
            true => refused(&case, &[name, "must not be replaced"]),
            false => drop(case.init_as_planned()),
        }
    }
    let case = of_kind("standalone");
    std::fs::write(
        case.path("setup.env"),
        format!("{MARK}export\tNETBIRD_DATASTORE_ENC_KEY='{KEY}'\n"),
    )
    .unwrap();
    std::fs::write(case.path("relay.env"), format!("{MARK}export  NB_AUTH_SECRET=in-use\n"))
        .unwrap();
    case.init();
    assert_eq!(kept(&case)["datastore_enc_key"], KEY);
    assert_eq!(kept(&case)["relay_auth_secret"], "in-use");
}

#[test]
fn an_output_that_got_another_directory_is_evidence_where_it_was_and_named() {
    let outputs = ["management.json", "setup.env", "relay.env"];
    for output in outputs {
        let mut case = of_kind("standalone");
        case.env("SETUP_OUTPUTS", output);
        case.init();
        let before = kept(&case);
        std::fs::remove_file(state(&case, "secrets.json")).unwrap();
        let own = case.path("of-its-own");
        std::fs::create_dir(&own).unwrap();
        case.env("SETUP_OUTPUTS", format!("{output}={}", own.display()));
        let ended =
            case.init_as_planned().says(&["is left from before SETUP_OUTPUTS", "is taken from"]);
        let key = if output == "relay.env" { "relay_auth_secret" } else { "datastore_enc_key" };
        assert_eq!(kept(&case)[key], before[key], "{output}: {}", ended.err);
        std::fs::remove_file(case.path(output)).unwrap();
        assert!(!case.init().err.contains("is left from before"));
    }
}

#[test]
fn a_config_yaml_of_this_container_is_evidence_whatever_the_kind() {
    for (kind, outputs) in [
        ("combined", "dashboard.env"),
        ("embedded", "management.json"),
        ("embedded", "dashboard.env"),
        ("standalone", "management.json"),
    ] {
        let mut case = of_kind("combined");
        case.init();
        let before = kept(&case);
        std::fs::remove_dir_all(case.dir.path().join("state")).unwrap();
        case.state_apart();
        case.env("SETUP_NETBIRD", kind).env("SETUP_OUTPUTS", outputs);
        case.init().says(&["the data store key is taken from", "config.yaml"]);
        assert_eq!(kept(&case)["datastore_enc_key"], before["datastore_enc_key"], "{kind}");
        // Somebody else's is none.
        std::fs::write(
            case.path("config.yaml"),
            format!("server:\n  store:\n    encryptionKey: {KEY}\n"),
        )
        .unwrap();
        case.init();
    }
}

#[test]
fn a_stale_secrets_json_in_setup_dir_does_not_beat_what_is_in_use() {
    let mut case = Case::new("2026.2");
    case.init();
    case.state_apart();
    case.env("NETBIRD_RELAY_AUTH_SECRET", "the-rotated-relay-secret").init();
    case.unset("NETBIRD_RELAY_AUTH_SECRET");
    std::fs::remove_file(state(&case, "secrets.json")).unwrap();
    refused(&case, &["Relay.Secret", "setup/secrets.json", "differ", "NETBIRD_RELAY_AUTH_SECRET"]);
    std::fs::remove_file(case.path("secrets.json")).unwrap();
    case.init();
    assert_eq!(kept(&case)["relay_auth_secret"], "the-rotated-relay-secret");
}

#[test]
fn a_session_key_or_owner_that_is_no_text_is_kept_or_refused() {
    let file = |key: Value, hash: Value| {
        json!({"DataStoreEncryptionKey": KEY, "EmbeddedIdP": {
            "Enabled": true, "SessionCookieEncryptionKey": key,
            "Owner": {"Email": "me@example.com", "Hash": hash},
        }})
    };
    let hash = || json!("$2b$10$1E4fNMWl15VbIreSlGbRwuXDlvju3h929.scaZdb.xmWS6kRCFuPG");
    for (key, hash, place) in [
        (json!({"_secret": "x"}), hash(), "SessionCookieEncryptionKey"),
        (json!(12), hash(), "SessionCookieEncryptionKey"),
        (json!("key"), json!({"_secret": "x"}), "Owner.Hash"),
    ] {
        let case = of_kind("embedded");
        std::fs::write(case.path("management.json"), file(key, hash).to_string()).unwrap();
        refused(&case, &["management.json", place]);
    }
    let case = of_kind("embedded");
    let templates = file(json!("{{ .KEY }}"), json!("{{ .HASH }}"));
    std::fs::write(case.path("management.json"), templates.to_string()).unwrap();
    case.init_as_planned();
    let now: Value = serde_json::from_str(&case.read("management.json")).unwrap();
    for path in ["/EmbeddedIdP/SessionCookieEncryptionKey", "/EmbeddedIdP/Owner"] {
        assert_eq!(now.pointer(path), templates.pointer(path));
    }
}
