//! What today's binary does to what version 0.1.0 left on people's machines: nothing, or what this table says.
//!
//! The fixtures and how they were made: `tests/fixtures/README.md`. The forms of the texts: `leftovers.rs`.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, SystemTime};

use serde_json::json;

use crate::leftovers::{Files, Kept, differences, lay_out, names, run};
use crate::support::Case;

/// What the first run changes: exactly these. A text that ends in `…` stands for any that begins so.
#[derive(Clone, Copy)]
struct Allowed {
    /// Key by key in JSON files, line by line in others.
    files: &'static [&'static str],
    /// Write by write.
    authentik: &'static [&'static str],
}

/// How to go on where a version refuses with 65. Each name in it stands in `docs/upgrading.md`.
#[derive(Clone, Copy)]
struct WayOut {
    /// What the log says.
    says: &'static [&'static str],
    /// Variables to set; an empty value takes one away.
    set: &'static [(&'static str, &'static str)],
    /// Files to move out of the volumes.
    move_away: &'static [&'static str],
}

/// One configuration in which 0.1.0 ran.
struct Leftover {
    name: &'static str,
    allowed: Allowed,
    way_out: Option<WayOut>,
}

const NOTHING: Allowed = Allowed { files: &[], authentik: &[] };

/// What changes for everyone, beside what the leftover's own row has.
const EVERYWHERE: Allowed = NOTHING;

const fn unchanged(name: &'static str) -> Leftover {
    Leftover { name, allowed: NOTHING, way_out: None }
}

const LEFTOVERS: &[Leftover] = &[
    unchanged("plain-2022.12.3"),
    unchanged("plain-2024.2.4"),
    unchanged("plain-2024.10.0"),
    unchanged("plain-2024.12.5"),
    unchanged("plain-2026.2.2"),
    unchanged("plain-2026.5.6"),
    unchanged("plain-2026.8.5"),
    unchanged("compose-example"),
    unchanged("one-volume"),
    unchanged("user-list"),
    unchanged("user-list-admin"),
    unchanged("user-list-viewer"),
    unchanged("user-list-2023.5.6"),
    unchanged("user-list-viewer-2024.2.4"),
    unchanged("access-groups"),
    unchanged("everything"),
    unchanged("turn"),
    unchanged("setup-env-only"),
    unchanged("adopted-file"),
    unchanged("adopted-provider"),
];

/// Runs today's binary over what was left, takes the way out if there is one, and runs it again.
fn upgrade(case: &mut Case, leftover: &Leftover) -> Result<(), String> {
    let (mut ended, mut changes) = run(case);
    if let Some(way_out) = &leftover.way_out {
        let silent = way_out.says.iter().any(|text| !ended.err.contains(text));
        if ended.code != Some(65) || silent || !changes.is_empty() {
            return Err(format!("is to refuse, and change nothing: {ended:?}\n{changes:#?}"));
        }
        for (name, value) in way_out.set {
            match *value {
                "" => case.unset(name),
                value => case.env(name, value),
            };
        }
        for name in way_out.move_away {
            fs::remove_file(case.dir.path().join(name)).map_err(|e| format!("{name}: {e}"))?;
        }
        (ended, changes) = run(case);
    }
    if ended.code != Some(0) {
        return Err(format!("ended with {:?}:\n{}", ended.code, ended.err));
    }
    let lists =
        [EVERYWHERE, leftover.allowed].map(|allowed| [allowed.files, allowed.authentik].concat());
    let allowed = lists.concat();
    let fits = |entry: &str, change: &str| match entry.strip_suffix('…') {
        Some(beginning) => change.starts_with(beginning),
        None => entry == change,
    };
    let more: Vec<_> =
        changes.iter().filter(|c| !allowed.iter().any(|entry| fits(entry, c))).collect();
    let less: Vec<_> =
        allowed.iter().filter(|entry| !changes.iter().any(|c| fits(entry, c))).collect();
    if !more.is_empty() || !less.is_empty() {
        return Err(format!(
            "changed, and not listed: {more:#?}\nlisted, and not changed: {less:#?}"
        ));
    }
    let (ended, changes) = run(case);
    match ended.code == Some(0) && changes.is_empty() {
        true => Ok(()),
        false => Err(format!("the second run: {ended:?}\n{changes:#?}")),
    }
}

#[test]
fn what_version_0_1_0_left_is_met_as_listed() {
    let failures: Vec<String> = std::thread::scope(|scope| {
        let story = |leftover: &'static Leftover| {
            move || {
                upgrade(&mut lay_out(leftover.name), leftover)
                    .map_err(|e| format!("{}: {e}", leftover.name))
            }
        };
        let running: Vec<_> =
            LEFTOVERS.iter().map(|leftover| scope.spawn(story(leftover))).collect();
        running.into_iter().filter_map(|thread| thread.join().unwrap().err()).collect()
    });
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn every_fixture_has_its_row_and_every_way_out_is_documented() {
    let rows: BTreeSet<String> =
        LEFTOVERS.iter().map(|leftover| leftover.name.to_owned()).collect();
    assert_eq!(rows, names());
    let page = include_str!("../../docs/upgrading.md");
    for way_out in LEFTOVERS.iter().filter_map(|leftover| leftover.way_out) {
        let variables = way_out.set.iter().map(|(name, _)| *name);
        let files = way_out.move_away.iter().map(|path| path.rsplit('/').next().unwrap());
        for name in variables.chain(files) {
            assert!(page.contains(name), "docs/upgrading.md does not name {name}");
        }
    }
}

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
        |case| fs::remove_file(case.path("setup.env")).unwrap(),
        Allowed { files: &["setup/setup.env: new"], authentik: &[] },
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

#[test]
fn a_change_that_is_not_listed_is_caught() {
    for (tamper, allowed) in TAMPERINGS {
        let tampered = || {
            let case = lay_out("plain-2026.2.2");
            tamper(&case);
            case
        };
        let expected = allowed.files.iter().chain(allowed.authentik).next().unwrap();
        let unlisted = upgrade(&mut tampered(), &unchanged("")).unwrap_err();
        let shown = format!("{:?}", expected.trim_end_matches('…'));
        assert!(unlisted.contains(shown.trim_end_matches('"')), "{expected}: {unlisted}");
        let listed = Leftover { allowed: *allowed, ..unchanged("") };
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
    let write = Allowed {
        files: &[],
        authentik: &["PATCH /api/v3/providers/oauth2/5/ {\"sub_mode\":\"user_email\"}"],
    };
    let right = Leftover { name: "", allowed: write, way_out: Some(way_out) };
    upgrade(&mut refused(), &right).unwrap();
    let none = upgrade(&mut refused(), &unchanged("")).unwrap_err();
    assert!(none.contains("ended with Some(65)"), "{none}");
    let wrong = WayOut { set: &[("AUTHENTIK_SUB_MODE", "user_upn")], ..way_out };
    upgrade(&mut refused(), &Leftover { way_out: Some(wrong), ..right }).unwrap_err();
    let silent = WayOut { says: &["SETUP_DIR"], ..way_out };
    upgrade(&mut refused(), &Leftover { way_out: Some(silent), ..unchanged("") }).unwrap_err();
    let needless = upgrade(
        &mut lay_out("plain-2026.2.2"),
        &Leftover { way_out: Some(way_out), ..unchanged("") },
    );
    assert!(needless.unwrap_err().contains("is to refuse"));
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
