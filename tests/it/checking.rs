//! `check`: each known mistake is switched on, named, shown by `plan` and repaired by `init` where it may be.

use std::collections::BTreeSet;

use authentik_sim::{Sim, State};
use netbird_authentik_init::proof::CheckId;
use serde_json::{Value, json};

use crate::support::Case;
use crate::watch::Watch;

fn converged(profile: &str) -> Case {
    let mut case = Case::new(profile);
    case.env("NETBIRD_MGMT_IDP", "authentik");
    case.init();
    case
}

/// A line each.
fn failing(case: &Case, code: i32) -> BTreeSet<String> {
    let ended = case.run(&["check", "--format", "json"]).expect(code);
    let report: Value = serde_json::from_str(&ended.out).unwrap();
    let checks = report["checks"].as_array().unwrap();
    let failed = checks.iter().filter(|c| c["outcome"] == "fail");
    let mut names = BTreeSet::new();
    for check in failed {
        assert!(!check["remedy"].as_str().unwrap().is_empty(), "{check}");
        let name = check["name"].as_str().unwrap().to_owned();
        assert!(names.insert(name), "told twice: {check} in {}", ended.out);
    }
    names
}

#[test]
fn a_converged_server_passes_and_nothing_is_written() {
    let case = converged("2026.2");
    case.sim.clear_requests();
    let ended = case.run(&["check"]).expect(0);
    assert!(ended.out.ends_with(", 1 warn, 0 fail, 10 skip\n"), "{}", ended.out);
    assert_eq!(case.sim.writes().len(), 0);
    let devices = case.sim.requests().iter().filter(|r| r.path.ends_with("/o/device/")).count();
    assert_eq!(devices, 1, "twenty an hour are all there are");
    let text = ended.out.replace(&case.sim.url(), "http://authentik-server:9000");
    insta::assert_snapshot!("check_converged", text);
}

type Edit = fn(&mut State);

fn provider(state: &mut State) -> &mut Value {
    state.provider_mut("NetBird").unwrap()
}

/// What is wrong, the checks that must fail for it and no others, and whether it is `init`'s to repair.
const MISTAKES: &[(&str, &[&str], Edit)] = &[
    ("no signing key", &["signing-key"], |s| provider(s)["signing_key"] = Value::Null),
    ("an EC signing key", &["signing-key"], |s| {
        let pk = s.add_ec_key_pair("elliptic");
        provider(s)["signing_key"] = pk.into();
    }),
    ("encrypted tokens", &["encryption-key"], |s| {
        let key = provider(s)["signing_key"].clone();
        provider(s)["encryption_key"] = key;
    }),
    ("a confidential client", &["client-type"], |s| {
        provider(s)["client_type"] = "confidential".into()
    }),
    ("no offline_access", &["scope-mappings"], |s| {
        let pk = s.scope_mapping("offline_access").unwrap()["pk"].clone();
        provider(s)["property_mappings"].as_array_mut().unwrap().retain(|m| *m != pk);
    }),
    ("no API scope", &["scope-mappings"], |s| {
        let pk = s.scope_mapping("goauthentik.io/api").unwrap()["pk"].clone();
        provider(s)["property_mappings"].as_array_mut().unwrap().retain(|m| *m != pk);
    }),
    ("a redirect URI is gone", &["redirect-uris"], |s| {
        provider(s)["redirect_uris"]
            .as_array_mut()
            .unwrap()
            .retain(|u| u["url"] != "http://localhost:53000");
    }),
    ("no redirect URI of the dashboard", &["redirect-uris"], |s| {
        provider(s)["redirect_uris"] =
            json!([{"matching_mode": "strict", "url": "http://localhost:53000"}]);
    }),
    ("a code lives for a minute", &["code-lifetime"], |s| {
        provider(s)["access_code_validity"] = "minutes=1".into()
    }),
    ("no device code flow", &["device-code"], |s| {
        s.brand_default_mut()["flow_device_code"] = Value::Null
    }),
    ("bindings shut the account out", &["access"], |s| {
        let group = s.add_group(json!({"name": "others"}));
        let target = s.application("netbird").unwrap()["pk"].clone();
        s.policy_bindings.push(json!({
            "pk": "00000000-0000-4000-8000-000000000001", "target": target, "group": group, "user": null,
            "policy": null, "enabled": true, "negate": false, "order": 0, "timeout": 30,
        }));
    }),
    ("no role", &["service-account"], |s| {
        s.user_mut("Netbird").unwrap()["roles"] = json!([]);
    }),
];

#[test]
fn each_mistake_is_named_planned_and_mended() {
    std::thread::scope(|scope| {
        for (what, expected, edit) in MISTAKES {
            scope.spawn(move || {
                let case = converged("2026.2");
                edit(&mut case.sim.state());
                let expected: BTreeSet<String> = expected.iter().map(|s| (*s).to_owned()).collect();
                let found: BTreeSet<String> = {
                    let ended = case.run(&["check", "--format", "json"]);
                    assert!(!matches!(ended.code, Some(0)), "{what}: {}", ended.out);
                    failing(&case, ended.code.unwrap())
                };
                assert_eq!(found, expected, "{what}");
                case.run(&["plan"]).expect(2);
                let log = case.run(&[]);
                assert_eq!(log.code, Some(0), "{what}:\n{}", log.err);
                assert_eq!(failing(&case, 0), BTreeSet::new(), "{what}");
            });
        }
    });
}

/// Nothing but a login tells, and each leaves an event and a token in Authentik: `check` and the first cycle of `watch` log
/// in, whether something has changed or not.
#[test]
fn another_app_password_is_named_and_mended_by_watch() {
    let mut case = converged("2026.2");
    let token = "service-account-netbird-password";
    case.sim.state().token_mut(token).unwrap()["key"] = "another".into();
    assert_eq!(failing(&case, 76), BTreeSet::from(["service-account".to_owned()]));
    let mut watch = Watch::start(&mut case);
    assert!(watch.first.contains("~ app password"), "{}", watch.first);
    assert_eq!(failing(&case, 0), BTreeSet::new());
    let again = watch.cycle();
    assert!(!again.contains("app password"), "{again}");
}

#[test]
fn a_provider_without_grants_is_named() {
    let case = converged("2026.5");
    provider(&mut case.sim.state())["grant_types"] = json!([]);
    let found = failing(&case, 76);
    assert_eq!(found, BTreeSet::from(["grant-types".to_owned()]));
    case.init();
    assert_eq!(failing(&case, 0), BTreeSet::new());
}

#[test]
fn nothing_there_is_said_as_that() {
    let case = Case::new("2026.2");
    let found = failing(&case, 76);
    let expected = ["application", "device-code", "secrets"].map(str::to_owned);
    assert_eq!(found, BTreeSet::from(expected));
    assert_eq!(case.sim.writes().len(), 0);
}

#[test]
fn what_is_not_there_has_no_attributes_that_are_right() {
    const OF_PROVIDER: [&str; 6] = [
        "signing-key",
        "encryption-key",
        "client-type",
        "scope-mappings",
        "redirect-uris",
        "code-lifetime",
    ];
    let deleted = converged("2026.2");
    deleted.sim.state().providers.clear();
    deleted.sim.state().application_mut("netbird").unwrap()["provider"] = Value::Null;
    for case in [Case::new("2026.2"), deleted] {
        let ended = case.run(&["check", "--format", "json"]).expect(76);
        let report: Value = serde_json::from_str(&ended.out).unwrap();
        let checks = report["checks"].as_array().unwrap();
        for name in OF_PROVIDER {
            let check = checks.iter().find(|check| check["name"] == name).unwrap();
            let told = (check["outcome"].as_str().unwrap(), check["detail"].as_str().unwrap());
            assert_eq!(told, ("skip", "because application failed"), "{name}: {}", ended.out);
        }
    }
}

#[test]
fn files_are_held_against_authentik_and_each_other() {
    let case = converged("2026.2");
    for name in ["setup.env", "management.json", "dashboard.env", "relay.env"] {
        let sound = case.read(name);
        std::fs::write(case.path(name), sound.replace("netbird.example.com", "other.example.com"))
            .unwrap();
        assert_eq!(failing(&case, 76), BTreeSet::from([name.to_owned()]));
        std::fs::remove_file(case.path(name)).unwrap();
        assert_eq!(failing(&case, 73), BTreeSet::from([name.to_owned()]));
        std::fs::write(case.path(name), sound).unwrap();
    }
    // A relay that kept an old secret.
    let relay = case.read("relay.env");
    let kept: Value = serde_json::from_str(&case.read("secrets.json")).unwrap();
    let secret = kept["relay_auth_secret"].as_str().unwrap();
    std::fs::write(case.path("relay.env"), relay.replace(secret, "an-older-secret")).unwrap();
    let ended = case.run(&["check"]).expect(76);
    assert!(ended.out.contains("differs in NB_AUTH_SECRET") && !ended.out.contains(secret));
}

#[test]
fn a_clock_that_is_behind_is_a_warning_and_one_that_is_ahead_a_failure() {
    let case = Case::with(Sim::builder("2026.2").clock_offset(-90).start());
    case.init().says(&["check=\"clock\"", "synchronise"]);
    let ended = case.run(&["check"]).expect(0);
    assert!(ended.out.contains("WARN  clock"), "{}", ended.out);
    // NetBird refuses every token "used before issued".
    let case = Case::with(Sim::builder("2026.2").clock_offset(90).start());
    case.run(&[]).expect(76).says(&["check clock failed", "synchronise"]);
    let found = failing(&case, 76);
    assert!(found.contains("clock"), "{found:?}");
}

#[test]
fn the_documented_table_is_the_programs_table() {
    let mut table = String::from("| symptom | check | cause | what to do |\n|---|---|---|---|\n");
    for entry in CheckId::ALL.iter().map(|id| id.entry()) {
        let (symptom, cause) = (entry.symptom, entry.cause);
        table += &format!("| {symptom} | `{}` | {cause} | {} |\n", entry.name, entry.fix);
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/troubleshooting.md");
    let page = std::fs::read_to_string(path).unwrap();
    assert!(page.contains(&table), "the table in docs/troubleshooting.md should be:\n{table}");
}
