//! What today's binary does to what version 0.1.0 left on people's machines: nothing, or what this table says.
//!
//! `tests/fixtures/README.md` tells what was left and how it was made, `legacy/changes.rs` the forms of the texts.

mod changes;
mod leftovers;
mod net;

use std::collections::BTreeSet;
use std::fs;

use leftovers::{lay_out, names, run};

use crate::support::Case;

/// What the first run changes: each of these once, and nothing else. A text that ends in `…` stands for one that begins
/// so. What several leftovers have in common is best a constant of its own.
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
    allowed: &'static [Allowed],
    way_out: Option<WayOut>,
}

/// What this version remembers, and 0.1.0 did not.
const STATE: Allowed = Allowed { files: &["state/state.json: new"], authentik: &[] };

/// The same where `SETUP_STATE_DIR` is not set.
const STATE_BESIDE: Allowed = Allowed { files: &["setup/state.json: new"], authentik: &[] };

/// The second line of `setup.env` in plainer words.
const HEADER: Allowed = Allowed {
    files: &[
        "setup/setup.env - # that container instead. Values were proven against Authentik before they were written.",
        "setup/setup.env + # that container instead. Values were verified against Authentik before they were written.",
    ],
    authentik: &[],
};

/// The dashboard has no certificate of its own; `none` became a host in its content security policy.
const NO_CERTIFICATE: Allowed = Allowed {
    files: &[
        "setup/dashboard.env - LETSENCRYPT_DOMAIN='none'",
        "setup/dashboard.env + LETSENCRYPT_DOMAIN=''",
    ],
    authentik: &[],
};

/// Where redirect URIs are one text, its escaped dots kept the dashboard's scripts from reading Authentik's answers.
const CORS: Allowed = Allowed {
    files: &[],
    authentik: &["PATCH /api/v3/providers/oauth2/5/ {\"redirect_uris\":\"…"],
};

/// Where the API has an origin of its own, the dashboard may be at that of `NETBIRD_DOMAIN` too.
const TWO_ORIGINS: Allowed = Allowed {
    files: &[],
    authentik: &["PATCH /api/v3/providers/oauth2/5/ {\"redirect_uris\":[…"],
};

/// What every leftover gets that has all files.
const USUAL: &[Allowed; 3] = &[STATE, HEADER, NO_CERTIFICATE];

/// The same on releases whose redirect URIs are one text.
const fn textual(name: &'static str) -> Leftover {
    Leftover { name, allowed: &[STATE, HEADER, NO_CERTIFICATE, CORS], way_out: None }
}

/// Nothing but that.
const fn usual(name: &'static str) -> Leftover {
    Leftover { name, allowed: USUAL, way_out: None }
}

const LEFTOVERS: &[Leftover] = &[
    textual("plain-2022.12.3"),
    textual("plain-2024.2.4"),
    textual("plain-2024.10.0"),
    usual("plain-2024.12.5"),
    usual("plain-2026.2.2"),
    usual("plain-2026.5.6"),
    usual("plain-2026.8.5"),
    usual("compose-example"),
    Leftover {
        name: "one-volume",
        allowed: &[STATE_BESIDE, HEADER, NO_CERTIFICATE],
        way_out: None,
    },
    usual("user-list"),
    usual("user-list-admin"),
    usual("user-list-viewer"),
    textual("user-list-2023.5.6"),
    textual("user-list-viewer-2024.2.4"),
    usual("access-groups"),
    Leftover {
        name: "everything",
        allowed: &[STATE, HEADER, NO_CERTIFICATE, TWO_ORIGINS],
        way_out: None,
    },
    usual("turn"),
    Leftover { name: "setup-env-only", allowed: &[STATE, HEADER], way_out: None },
    usual("adopted-file"),
    usual("adopted-provider"),
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
    let fits = |entry: &str, change: &str| match entry.strip_suffix('…') {
        Some(beginning) => change.starts_with(beginning),
        None => entry == change,
    };
    let mut listed: Vec<&str> =
        leftover.allowed.iter().flat_map(|a| [a.files, a.authentik].concat()).collect();
    changes.retain(|change| match listed.iter().position(|entry| fits(entry, change)) {
        Some(position) => {
            listed.remove(position);
            false
        }
        None => true,
    });
    if !changes.is_empty() || !listed.is_empty() {
        return Err(format!(
            "changed, and not listed: {changes:#?}\nlisted, and not changed: {listed:#?}"
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
