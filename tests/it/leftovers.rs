//! What a released version left on a machine, from `tests/fixtures`: laid out anew, and what a run of today's binary
//! changes in it, one text a change.
//!
//! The forms of these texts, which `legacy.rs` lists:
//! - `setup/management.json /HttpConfig/AuthIssuer: "old" -> "new"`, with `-` for what is absent;
//! - `setup/relay.env - NB_ENABLE_STUN='true'` for a line that goes, with `+` for one that comes;
//! - `setup/relay.env: new`, `gone`, `mode 0640 -> 0600`, `other bytes` (same keys or lines, told otherwise), `written
//!   anew` (same bytes, later time);
//! - `PATCH /api/v3/providers/oauth2/5/ {"sub_mode":"user_id"}` for a write to Authentik.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use authentik_sim::{Sim, State};
use serde_json::Value;

use crate::support::{Case, Ended};

/// The only version released so far.
const VERSION: &str = "0.1.0";

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(VERSION)
}

/// All that there are.
pub fn names() -> BTreeSet<String> {
    let entries = fs::read_dir(fixtures()).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// The files in fresh directories, their modes, the simulated Authentik as it was, and the environment.
pub fn lay_out(name: &str) -> Case {
    let fixture = fixtures().join(name);
    let read = |file: &str| fs::read_to_string(fixture.join(file)).unwrap();
    let saved: Value = serde_json::from_str(&read("authentik.json")).unwrap();
    let release = saved["release"].as_str().unwrap();
    let mut case = Case::with(Sim::builder(release).state(State::from_json(&saved)).start());
    let url = case.sim.url();
    let place = |name: &str| case.dir.path().join(name).display().to_string();
    let places =
        [("{authentik}", url.clone()), ("{setup}", place("setup")), ("{state}", place("state"))];
    let variables =
        places.iter().fold(read("environment"), |text, (mark, value)| text.replace(mark, value));
    for name in ["setup", "state"] {
        fs::create_dir_all(case.dir.path().join(name)).unwrap();
    }
    let listed = read("modes");
    for (name, mode) in listed.lines().map(|line| line.split_once(' ').unwrap()) {
        let path = case.dir.path().join(name);
        fs::write(&path, read(name).replace("{authentik}", &url)).unwrap();
        let mode = u32::from_str_radix(mode, 8).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    }
    let kept = walk(&fixture).len() - ["authentik.json", "environment", "modes"].len();
    assert_eq!(listed.lines().count(), kept, "{name}: every file has a line in `modes`");
    for (name, value) in variables.lines().map(|line| line.split_once('=').unwrap()) {
        case.env(name, value);
    }
    case
}

/// One run, and everything that it changed, sorted.
pub fn run(case: &Case) -> (Ended, Vec<String>) {
    // Long ago, so that a file written again shows, however fast that was.
    for path in walk(case.dir.path()) {
        let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        File::open(path).unwrap().set_modified(long_ago).unwrap();
    }
    case.sim.clear_requests();
    let before = (files(case.dir.path()), case.sim.state().to_json());
    let ended = case.run(&[]);
    let after = (files(case.dir.path()), case.sim.state().to_json());
    let mut changes = differences(&before.0, &after.0);
    let requests = case.sim.requests();
    // Refused and unauthenticated ones too: today's binary has no reason to try.
    let writes = requests.iter().filter(|request| {
        request.path.starts_with("/api/")
            && !matches!(request.method.as_str(), "GET" | "HEAD" | "OPTIONS")
    });
    let told = changes.len();
    changes.extend(writes.map(|write| format!("{} {} {}", write.method, write.path, write.body)));
    if changes.len() == told && before.1 != after.1 {
        changes.push("Authentik changed without a write".to_owned());
    }
    let mut changes: Vec<String> =
        changes.iter().map(|change| change.replace(&case.sim.url(), "{authentik}")).collect();
    changes.sort();
    (ended, changes)
}

/// A file as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    pub content: String,
    pub mode: u32,
    pub modified: SystemTime,
}

/// All files, by their path below the directory.
pub type Files = BTreeMap<String, Kept>;

fn files(root: &Path) -> Files {
    let kept = |path: &PathBuf| {
        let about = fs::metadata(path).unwrap();
        Kept {
            content: fs::read_to_string(path).unwrap(),
            mode: about.permissions().mode() & 0o7777,
            modified: about.modified().unwrap(),
        }
    };
    let name = |path: &PathBuf| path.strip_prefix(root).unwrap().display().to_string();
    walk(root).iter().map(|path| (name(path), kept(path))).collect()
}

fn walk(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

/// What is not as it was.
pub fn differences(before: &Files, after: &Files) -> Vec<String> {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let mut found = vec![];
    for name in names {
        let (Some(old), Some(new)) = (before.get(name), after.get(name)) else {
            found
                .push(format!("{name}: {}", if after.contains_key(name) { "new" } else { "gone" }));
            continue;
        };
        if old.mode != new.mode {
            found.push(format!("{name}: mode {:04o} -> {:04o}", old.mode, new.mode));
        }
        if old.content != new.content {
            let json = |kept: &Kept| serde_json::from_str::<Value>(&kept.content).ok();
            let told = match (json(old), json(new)) {
                (Some(old), Some(new)) => keys(name, "", Some(&old), Some(&new)),
                _ => lines(name, &old.content, &new.content),
            };
            let silent = told.is_empty().then(|| format!("{name}: other bytes"));
            found.extend(told.into_iter().chain(silent));
        } else if old.modified != new.modified && old.mode == new.mode {
            found.push(format!("{name}: written anew"));
        }
    }
    found
}

fn keys(name: &str, path: &str, old: Option<&Value>, new: Option<&Value>) -> Vec<String> {
    if let (Some(Value::Object(a)), Some(Value::Object(b))) = (old, new) {
        let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
        return names
            .iter()
            .flat_map(|key| keys(name, &format!("{path}/{key}"), a.get(*key), b.get(*key)))
            .collect();
    }
    let show = |value: Option<&Value>| value.map_or("-".to_owned(), Value::to_string);
    let same = old == new;
    (!same).then(|| format!("{name} {path}: {} -> {}", show(old), show(new))).into_iter().collect()
}

fn lines(name: &str, old: &str, new: &str) -> Vec<String> {
    let without = |text: &str, other: &str, sign: char| -> Vec<String> {
        let mut rest: Vec<&str> = other.lines().collect();
        let mut lone = vec![];
        for line in text.lines() {
            match rest.iter().position(|candidate| *candidate == line) {
                Some(position) => drop(rest.remove(position)),
                None => lone.push(format!("{name} {sign} {line}")),
            }
        }
        lone
    };
    [without(old, new, '-'), without(new, old, '+')].concat()
}
