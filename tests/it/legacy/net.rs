//! The net has no holes: what today's binary is made to change is seen, and so is a refusal.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::changes::{Files, Kept, differences};
use super::leftovers::lay_out;
use super::{Allowed, Leftover, USUAL, WayOut, upgrade, usual};
use crate::support::Case;

/// Something done to the leftover that makes even today's binary change it, and the change that must be seen.
type Tampering = (fn(&Case), Allowed);

fn edit(case: &Case, name: &str, from: &str, to: &str) {
    let text = case.read(name);
    assert!(text.contains(from), "{name} has no {from}");
    fs::write(case.path(name), text.replace(from, to)).unwrap();
}

const TAMPERINGS: &[Tampering] = &[
    (
        |case| {
            edit(
                case,
                "management.json",
                "\"AuthAudience\": \"netbird\"",
                "\"AuthAudience\": \"x\"",
            )
        },
        Allowed {
            files: &["setup/management.json /HttpConfig/AuthAudience: \"x\" -> \"netbird\""],
            authentik: &[],
        },
    ),
    (
        |case| edit(case, "relay.env", "NB_ENABLE_STUN='true'", "NB_ENABLE_STUN='false'"),
        Allowed {
            files: &[
                "setup/relay.env - NB_ENABLE_STUN='false'",
                "setup/relay.env + NB_ENABLE_STUN='true'",
            ],
            authentik: &[],
        },
    ),
    (
        |case| fs::remove_file(case.path("relay.env")).unwrap(),
        Allowed { files: &["setup/relay.env: new"], authentik: &[] },
    ),
    (
        |case| {
            fs::set_permissions(case.path("dashboard.env"), fs::Permissions::from_mode(0o644))
                .unwrap()
        },
        Allowed { files: &["setup/dashboard.env: mode 0644 -> 0640"], authentik: &[] },
    ),
    (
        |case| {
            case.sim.state().provider_mut("NetBird").unwrap()["client_type"] = json!("confidential")
        },
        Allowed {
            files: &[],
            authentik: &["PATCH /api/v3/providers/oauth2/5/ {\"client_type\":\"public\"}"],
        },
    ),
    (
        |case| case.sim.state().brand_default_mut()["flow_device_code"] = json!(null),
        Allowed { files: &[], authentik: &["PATCH /api/v3/core/brands/…"] },
    ),
];

/// What every leftover gets, and this.
fn and(allowed: Allowed) -> Leftover {
    let all: Vec<Allowed> = USUAL.iter().copied().chain([allowed]).collect();
    Leftover { allowed: Box::leak(all.into()), ..usual("") }
}

#[test]
fn a_change_that_is_not_listed_is_caught() {
    for (tamper, allowed) in TAMPERINGS {
        let listed = and(*allowed);
        let tampered = || {
            let case = lay_out("plain-2026.2.2");
            tamper(&case);
            case
        };
        let expected = allowed.files.iter().chain(allowed.authentik).next().unwrap();
        let unlisted = upgrade(&mut tampered(), &usual("")).unwrap_err();
        let shown = format!("{:?}", expected.trim_end_matches('…'));
        assert!(unlisted.contains(shown.trim_end_matches('"')), "{expected}: {unlisted}");
        upgrade(&mut tampered(), &listed).unwrap();
        let stale = upgrade(&mut lay_out("plain-2026.2.2"), &listed).unwrap_err();
        assert!(stale.contains("listed, and not changed"), "{stale}");
    }
}

#[test]
fn a_refusal_is_met_by_its_way_out_and_by_nothing_else() {
    let refused = || {
        let mut case = lay_out("plain-2026.2.2");
        case.env("AUTHENTIK_SUB_MODE", "user_email");
        case
    };
    let way_out = WayOut {
        says: &["SETUP_ALLOW_IDENTITY_CHANGE"],
        set: &[("SETUP_ALLOW_IDENTITY_CHANGE", "true")],
        move_away: &[],
    };
    const WRITE: Allowed = Allowed {
        files: &[],
        authentik: &["PATCH /api/v3/providers/oauth2/5/ {\"sub_mode\":\"user_email\"}"],
    };
    let right = Leftover { way_out: Some(way_out), ..and(WRITE) };
    upgrade(&mut refused(), &right).unwrap();
    let none = upgrade(&mut refused(), &usual("")).unwrap_err();
    assert!(none.contains("ended with Some(65)"), "{none}");
    let wrong = WayOut { set: &[("AUTHENTIK_SUB_MODE", "user_upn")], ..way_out };
    upgrade(&mut refused(), &Leftover { way_out: Some(wrong), ..right }).unwrap_err();
    let silent = WayOut { says: &["SETUP_DIR"], ..way_out };
    upgrade(&mut refused(), &Leftover { way_out: Some(silent), ..usual("") }).unwrap_err();
    let needless =
        upgrade(&mut lay_out("plain-2026.2.2"), &Leftover { way_out: Some(way_out), ..usual("") });
    assert!(needless.unwrap_err().contains("is to refuse"));
}

#[test]
fn a_file_in_the_way_is_moved_away() {
    let in_the_way = || {
        let case = lay_out("plain-2026.2.2");
        let path = case.dir.path().join("state/secrets.json");
        let mut secrets: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        secrets["datastore_enc_key"] = json!("CAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg=");
        fs::write(path, secrets.to_string()).unwrap();
        case
    };
    let way_out = WayOut {
        says: &["different data store keys"],
        set: &[],
        move_away: &["state/secrets.json"],
    };
    const NEW: Allowed = Allowed { files: &["state/secrets.json: new"], authentik: &[] };
    let right = Leftover { way_out: Some(way_out), ..and(NEW) };
    upgrade(&mut in_the_way(), &right).unwrap();
    upgrade(&mut in_the_way(), &Leftover { allowed: &[], ..right }).unwrap_err();
}

#[test]
fn a_file_that_only_looks_the_same_is_told() {
    let then = SystemTime::UNIX_EPOCH;
    let files = |content: &str, later: u64| -> Files {
        let kept = Kept {
            content: content.to_owned(),
            mode: 0o640,
            modified: then + Duration::from_secs(later),
        };
        [("f".to_owned(), kept)].into()
    };
    let told = |a: &Files, b: &Files| differences(a, b);
    assert_eq!(told(&files("a\nb\n", 0), &files("a\nb\n", 0)), [""; 0]);
    assert_eq!(told(&files("a\nb\n", 0), &files("a\nb\n", 1)), ["f: written anew"]);
    assert_eq!(told(&files("a\nb\n", 0), &files("b\na\n", 1)), ["f: other bytes"]);
    assert_eq!(told(&files("a\na\n", 0), &files("a\n", 1)), ["f - a"]);
    assert_eq!(told(&files(r#"{"a": 1}"#, 0), &files(r#"{"a":1}"#, 1)), ["f: other bytes"]);
    assert_eq!(
        told(&files(r#"{"a": {"b": 1}}"#, 0), &files(r#"{"a": {}}"#, 1)),
        ["f /a/b: 1 -> -"]
    );
    assert_eq!(told(&files("", 0), &Files::new()), ["f: gone"]);
}
