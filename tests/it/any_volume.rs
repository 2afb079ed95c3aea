//! Properties over random volumes, adversarial kinds of files included: `plan` says what `init` does, secrets in use stay in
//! use, what is somebody else's keeps its bytes, and nothing outside of the outputs changes.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use netbird_authentik_init::outputs::json::Node;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::Value;

use crate::support::Case;

const OTHER_KEY: &str = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=";

/// What lies in the place of a file.
#[derive(Clone, Debug)]
enum Place {
    AsWritten,
    Absent,
    Empty,
    /// A text is replaced by another one, everywhere.
    Edited(&'static str, &'static str),
    Holds(String),
    Mode(u32),
    LinkOutside,
    LinkToSecrets,
    Directory,
    Pipe,
    Sparse,
}

/// Each kind of NetBird, and what a run writes for it.
const KINDS: [(&str, &[&str]); 3] = [
    ("standalone", &NAMES),
    ("embedded", &NAMES),
    ("combined", &["config.yaml", "dashboard.env", "secrets.json", "state.json"]),
];

const NAMES: [&str; 6] =
    ["setup.env", "management.json", "dashboard.env", "relay.env", "secrets.json", "state.json"];

fn place(name: &'static str) -> BoxedStrategy<Place> {
    let edits: &[(&str, &str)] = match name {
        "management.json" => &[
            ("netbird.example.com", "older.example.com"),
            ("\"24h\"", "\"12h\""),
            ("\"sqlite\"", "\"postgres\""),
            ("\"LoginFlag\": 0", "\"LoginFlag\": 1, \"Theirs\": [1e2, \"\\u007b\\u007b\", -0]"),
            ("rels://netbird.example.com:443", "rels://theirs.example.net:1"),
            ("\"DataStoreEncryptionKey\"", "\"Else\""),
            ("\"AuthIssuer\"", "\"authissuer\": \"x\", \"AuthIssuer\""),
            ("\"Secret\": \"", "\"Secret\": \"$'"),
            ("\"Owner\"", "\"Theirs\""),
            ("\"id\": \"authentik\"", "\"id\": \"renamed\""),
            ("\"StaticConnectors\"", "\"staticconnectors\": [], \"StaticConnectors\""),
            ("\"SessionCookieEncryptionKey\"", "\"Else\""),
        ],
        "config.yaml" => &[
            ("# Written", "# Made"),
            ("\n", "\n# x\n"),
            ("localAuthDisabled: false", "localAuthDisabled: true"),
            ("encryptionKey: ", "encryptionKeys: "),
            ("encryptionKey: ", "encryptionKey: x"),
            ("owner:", "owners:"),
            ("authSecret: \"", "authSecret: \"old-"),
            ("  auth:", "  auth: {}\n  more:"),
        ],
        "secrets.json" => &[
            ("\"version\": 1", "\"version\": 1, \"later\": {\"n\": 1}"),
            ("_secret\"", "_no\""),
            ("datastore_enc_key", "x"),
        ],
        "state.json" => &[
            ("\"version\": 1", "\"version\": 2"),
            ("\"version\": 1", "\"version\": 1, \"later\": []"),
            ("written", "forgotten"),
        ],
        _ => &[
            ("='", "='$"),
            ("netbird.example.com", "older.example.com"),
            ("# Written", "# Made"),
            ("\n", "\n# x\n"),
            ("KEY='", "KEY='"),
            ("NB_AUTH_SECRET='", "NB_AUTH_SECRET='old-"),
        ],
    };
    let edits: Vec<Place> = edits.iter().map(|(from, to)| Place::Edited(from, to)).collect();
    let holds = vec![
        Place::Holds("{}".into()),
        Place::Holds("[]".into()),
        Place::Holds("# theirs\n".into()),
        Place::Holds(format!(
            "{{\"DataStoreEncryptionKey\": \"{OTHER_KEY}\", \"X\": [1.50, 1e2, \"\\u00e9\"]}}"
        )),
        Place::Holds("{\"DataStoreEncryptionKey\": {\"_secret\": 1}}".into()),
        Place::Holds(format!(
            "# Written by netbird-authentik-init\nexport NETBIRD_DATASTORE_ENC_KEY='{OTHER_KEY}'\n"
        )),
        Place::Holds("{\"version\": 1}".into()),
    ];
    prop_oneof![
        30 => Just(Place::AsWritten),
        10 => prop::sample::select(edits),
        4 => Just(Place::Absent),
        1 => Just(Place::Empty),
        2 => prop::sample::select(holds),
        1 => Just(Place::Mode(0o666)),
        1 => prop_oneof![Just(Place::LinkOutside), Just(Place::LinkToSecrets), Just(Place::Directory), Just(Place::Pipe), Just(Place::Sparse)],
    ]
    .boxed()
}

/// What there is, by its path: what it holds, and its mode. Nothing is opened that would block.
fn tree(root: &Path) -> BTreeMap<PathBuf, (Vec<u8>, u32)> {
    let mut found = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
            let meta = fs::symlink_metadata(&entry).unwrap();
            let bytes = match meta.file_type() {
                kind if kind.is_dir() => {
                    open.push(entry.clone());
                    b"directory".to_vec()
                }
                kind if kind.is_symlink() => {
                    fs::read_link(&entry).unwrap().into_os_string().into_encoded_bytes()
                }
                kind if kind.is_file() && meta.len() < 1 << 20 => fs::read(&entry).unwrap(),
                _ => b"something".to_vec(),
            };
            found.insert(entry, (bytes, meta.permissions().mode() & 0o7777));
        }
    }
    found
}

struct Volume {
    case: Case,
    names: &'static [&'static str],
    state: PathBuf,
    sound: BTreeMap<&'static str, String>,
    outside: PathBuf,
}

impl Volume {
    fn new(kind: &str, names: &'static [&'static str]) -> Self {
        let mut case = Case::new("2026.2");
        let mut state = case.path("");
        if kind != "standalone" {
            state = case.dir.path().join("state");
            fs::create_dir(&state).unwrap();
            case.env("SETUP_NETBIRD", kind).env("SETUP_STATE_DIR", state.display().to_string());
        }
        // A pipe or a full second would hold a run up for ever.
        case.env("SETUP_TIMEOUT", "20s");
        case.init();
        let outside = case.dir.path().join("outside");
        let mut volume = Self { case, names, state, sound: BTreeMap::new(), outside };
        let read = |name: &&'static str| (*name, fs::read_to_string(volume.path(name)).unwrap());
        volume.sound = names.iter().map(read).collect();
        volume
    }

    fn path(&self, name: &str) -> PathBuf {
        match name {
            "secrets.json" | "state.json" => self.state.join(name),
            _ => self.case.path(name),
        }
    }

    fn lay_out(&self, places: &[Place]) {
        let dir = self.case.path("");
        fs::remove_dir_all(&dir).unwrap();
        let _ = fs::remove_dir_all(&self.state);
        fs::create_dir_all(&self.state).unwrap();
        fs::create_dir_all(dir.join("theirs")).unwrap();
        fs::write(dir.join("theirs/notes.txt"), "keep").unwrap();
        fs::write(dir.join("caddy.json"), "keep").unwrap();
        fs::write(&self.outside, format!("{{\"DataStoreEncryptionKey\": \"{OTHER_KEY}\"}}"))
            .unwrap();
        for (name, place) in self.names.iter().zip(places) {
            let (path, sound) = (self.path(name), &self.sound[name]);
            let write = |text: &str| {
                fs::write(&path, text).unwrap();
                let mode =
                    if name.ends_with("s.json") || *name == "state.json" { 0o600 } else { 0o640 };
                fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            };
            match place {
                Place::AsWritten => write(sound),
                Place::Absent => {}
                Place::Empty => write(""),
                Place::Edited(from, to) => write(&sound.replace(from, to)),
                Place::Holds(text) => write(text),
                Place::Mode(mode) => {
                    write(sound);
                    fs::set_permissions(&path, fs::Permissions::from_mode(*mode)).unwrap();
                }
                Place::LinkOutside => symlink(&self.outside, &path).unwrap(),
                Place::LinkToSecrets => symlink("secrets.json", &path).unwrap(),
                Place::Directory => fs::create_dir(&path).unwrap(),
                Place::Pipe => {
                    let pipe = rustix::fs::FileType::Fifo;
                    rustix::fs::mknodat(rustix::fs::CWD, &path, pipe, 0o600.into(), 0).unwrap();
                }
                Place::Sparse => fs::File::create(&path).unwrap().set_len(3 << 30).unwrap(),
            }
        }
    }
}

/// Every data store key that a file holds, as a text.
fn keys(tree: &BTreeMap<PathBuf, (Vec<u8>, u32)>) -> Vec<String> {
    let mut keys = Vec::new();
    for (path, (bytes, _)) in tree {
        let text = String::from_utf8_lossy(bytes);
        let name = path.file_name().unwrap().to_str().unwrap();
        let json = serde_json::from_str::<Value>(&text).unwrap_or_default();
        let key = match name {
            "management.json" => json["DataStoreEncryptionKey"].as_str().map(str::to_owned),
            "secrets.json" => json["datastore_enc_key"].as_str().map(str::to_owned),
            "setup.env" => {
                let line =
                    text.lines().find_map(|l| l.strip_prefix("export NETBIRD_DATASTORE_ENC_KEY='"));
                line.map(|rest| rest.trim_end_matches('\'').to_owned())
            }
            "config.yaml" if text.starts_with("# Written") => {
                let line = text.lines().find_map(|l| l.trim().strip_prefix("encryptionKey: \""));
                line.map(|rest| rest.trim_end_matches('"').to_owned())
            }
            _ => None,
        };
        keys.extend(key.filter(|key| !key.is_empty()));
    }
    keys.sort();
    keys.dedup();
    keys
}

/// Secrets that are kept and have no say in Authentik.
fn kept(tree: &BTreeMap<PathBuf, (Vec<u8>, u32)>) -> Vec<(&'static str, String)> {
    let file = tree.iter().find(|(path, _)| path.ends_with("secrets.json"));
    let text = file.map(|(_, (bytes, _))| String::from_utf8_lossy(bytes)).unwrap_or_default();
    let json = serde_json::from_str::<Value>(&text).unwrap_or_default();
    let names = ["relay_auth_secret", "owner_email", "owner_password", "owner_password_hash"];
    let value = |name| Some((name, json[name].as_str()?.to_owned()));
    names.into_iter().filter_map(value).collect()
}

/// Members of management.json that no rule of this container speaks of.
fn foreign(tree: &BTreeMap<PathBuf, (Vec<u8>, u32)>) -> Vec<(&'static str, Node)> {
    let file = tree.iter().find(|(path, _)| path.ends_with("management.json"));
    let Some(Ok(root)) = file.map(|(_, (bytes, _))| Node::parse(&String::from_utf8_lossy(bytes)))
    else {
        return Vec::new();
    };
    let paths: [&'static str; 11] = [
        "X",
        "Else",
        "Theirs",
        "StoreConfig",
        "TURNConfig",
        "ReverseProxy",
        "Relay.CredentialsTTL",
        "DisableDefaultPolicy",
        "PKCEAuthorizationFlow.ProviderConfig.Theirs",
        "HttpConfig.CertFile",
        "EmbeddedIdP.Theirs",
    ];
    paths.iter().filter_map(|path| Some((*path, root.at(path)?.clone()))).collect()
}

#[test]
fn plan_says_what_init_does_and_nothing_of_theirs_is_lost() {
    crate::support::side_by_side(&KINDS, |(kind, names)| any_volumes(kind, names));
}

fn any_volumes(kind: &str, names: &'static [&'static str]) {
    let volume = Volume::new(kind, names);
    let case = &volume.case;
    let mut runner = TestRunner::deterministic();
    let strategy: Vec<BoxedStrategy<Place>> = names.iter().map(|name| place(name)).collect();
    let mut ends: BTreeMap<i32, usize> = BTreeMap::new();
    for round in 0..ROUNDS {
        let places: Vec<Place> =
            strategy.iter().map(|s| s.new_tree(&mut runner).unwrap().current()).collect();
        volume.lay_out(&places);
        let told = format!("{kind}, round {round}: {places:?}");
        let before = tree(case.dir.path());
        let first = case.run(&["plan"]);
        assert!(tree(case.dir.path()) == before, "{told}: plan wrote something");
        let init = case.run(&[]);
        let after = tree(case.dir.path());
        let (plan, code) = (first.code.unwrap(), init.code.unwrap());
        *ends.entry(code).or_default() += 1;
        assert!(matches!(code, 0 | 65 | 73), "{told}: {code}\n{}", init.err);
        assert!(
            plan == code || code == 0 && plan == 2,
            "{told}: plan {plan}, init {code}\n{}",
            init.err
        );
        let changed: Vec<String> = before
            .keys()
            .chain(after.keys().filter(|path| !before.contains_key(*path)))
            .filter(|path| before.get(*path) != after.get(*path))
            .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
            .collect();
        if code != 0 {
            assert!(changed.is_empty(), "{told}: {code}, and changed {changed:?}");
            continue;
        }
        // Named exactly what changed.
        let mut named: Vec<String> = first
            .out
            .lines()
            .filter_map(|line| line.strip_prefix("+ ").or_else(|| line.strip_prefix("~ ")))
            .map(|rest| rest.split(':').next().unwrap().to_owned())
            .collect();
        let mut changed = changed;
        [&mut named, &mut changed].into_iter().for_each(|names| {
            names.sort();
            names.dedup();
        });
        assert_eq!(named, changed, "{told}:\n{}\n{}", first.out, init.err);
        assert!(changed.iter().all(|name| names.contains(&name.as_str())), "{told}: {changed:?}");
        let again = case.run(&["plan"]);
        let changes =
            again.out.lines().any(|line| line.starts_with("+ ") || line.starts_with("~ "));
        assert!(again.code == Some(0) && !changes, "{told}: {}", again.out);
        // Secrets and what is somebody else's.
        let keys_before = keys(&before);
        let in_use = keys(&after);
        assert_eq!(in_use.len(), 1, "{told}: {in_use:?}");
        assert!(keys_before.is_empty() || keys_before == in_use, "{told}: the key was replaced");
        let still = kept(&after);
        for secret in kept(&before) {
            assert!(still.contains(&secret), "{told}: {} was replaced", secret.0);
        }
        let management = names.iter().position(|name| *name == "management.json");
        if let Some(management) = management
            && !matches!(
                places[management],
                Place::LinkOutside | Place::LinkToSecrets | Place::Absent
            )
        {
            let after = foreign(&after);
            let lost: Vec<_> =
                foreign(&before).into_iter().filter(|kept| !after.contains(kept)).collect();
            assert!(lost.is_empty(), "{told}: {lost:?}");
        }
    }
    assert!(ends.len() == 3 && ends[&0] > ROUNDS / 4, "all endings were met: {ends:?}");
}

/// Some seconds; a longer run is a matter of this number.
const ROUNDS: usize = 120;
