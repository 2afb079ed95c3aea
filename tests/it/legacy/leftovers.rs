//! What a released version left on a machine, from `tests/fixtures`: laid out anew, and what a run of today's binary
//! changes in it.

use std::collections::BTreeSet;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use authentik_sim::{Sim, State};
use serde_json::Value;

use super::changes::{Files, Kept, differences};
use crate::support::{Case, Ended};

/// The only version released so far.
const VERSION: &str = "0.1.0";

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(VERSION)
}

/// What stands in the fixtures for what differs from run to run. The public URL of Authentik becomes one that is as far
/// out of reach, and that no name server is asked for.
fn marks(case: &Case) -> [(&'static str, String); 4] {
    let place = |name: &str| case.dir.path().join(name).display().to_string();
    [
        ("{authentik}", case.sim.url()),
        ("{setup}", place("setup")),
        ("{state}", place("state")),
        ("https://auth.example.com", "https://127.0.0.1:1".to_owned()),
    ]
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
    let marks = marks(&case);
    let filled =
        |file: &str| marks.iter().fold(read(file), |text, (mark, value)| text.replace(mark, value));
    for name in ["setup", "state"] {
        fs::create_dir_all(case.dir.path().join(name)).unwrap();
    }
    let listed = read("modes");
    for (name, mode) in listed.lines().map(|line| line.split_once(' ').unwrap()) {
        let path = case.dir.path().join(name);
        fs::write(&path, filled(name)).unwrap();
        let mode = u32::from_str_radix(mode, 8).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    }
    let kept = walk(&fixture).len() - ["authentik.json", "environment", "modes"].len();
    assert_eq!(listed.lines().count(), kept, "{name}: every file has a line in `modes`");
    for (name, value) in filled("environment").lines().map(|line| line.split_once('=').unwrap()) {
        case.env(name, value);
    }
    case
}

/// One run, and everything that it changed, sorted: the texts of `changes.rs` for files, and for Authentik
/// `PATCH /api/v3/providers/oauth2/5/ {"sub_mode":"user_id"}` for each write.
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
    for (mark, value) in marks(case) {
        changes.iter_mut().for_each(|change| *change = change.replace(&value, mark));
    }
    changes.sort();
    (ended, changes)
}

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
