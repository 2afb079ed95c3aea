//! The commands that README, pages and CONTRIBUTING show: each is run, or what it names is seen to exist, or a list
//! here says why neither is possible on a machine without a network.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support::Case;
use crate::tools::words;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn pages() -> Vec<PathBuf> {
    let docs = std::fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let mut pages: Vec<PathBuf> =
        docs.filter(|path| path.extension().is_some_and(|ending| ending == "md")).collect();
    let others =
        ["README.md", "CONTRIBUTING.md", "tests/sim/README.md", "tests/netbird-sim/README.md"];
    pages.extend(others.map(|name| root().join(name)));
    pages.sort();
    pages
}

/// A command as a page shows it, on one line.
struct Shown {
    page: String,
    text: String,
}

impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.page, self.text)
    }
}

impl Shown {
    /// Its words, without assignments before them, quotation marks and a comment behind them.
    fn words(&self) -> Vec<&str> {
        let text = self.text.split(" #").next().unwrap();
        let is_assignment = |word: &&str| {
            let name = word.split('=').next().unwrap();
            word.contains('=') && name.chars().all(|c| c.is_ascii_uppercase() || c == '_')
        };
        text.split_whitespace().skip_while(is_assignment).map(|w| w.trim_matches('"')).collect()
    }
}

/// What begins a command where it stands within a sentence; one word alone is a name there.
const BEGINNINGS: &[&str] =
    &["docker", "cargo", "sudo", "bash", "mkdir", "printf", "chmod", "export"];

/// The shell's blocks of a page.
fn blocks(text: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut open: Option<String> = None;
    for line in text.lines() {
        let line = line.trim_start();
        match &mut open {
            Some(_) if line.starts_with("```") => blocks.extend(open.take()),
            Some(block) => *block += &format!("{line}\n"),
            None if line.starts_with("```sh") => open = Some(String::new()),
            None => {}
        }
    }
    blocks
}

fn commands() -> Vec<Shown> {
    let mut all = Vec::new();
    for path in pages() {
        let text = std::fs::read_to_string(&path).unwrap();
        let page = path.strip_prefix(root()).unwrap().display().to_string();
        let shown = |text: &str| Shown { page: page.clone(), text: text.trim().to_owned() };
        for block in blocks(&text) {
            let joined = block.replace("\\\n", " ");
            all.extend(joined.lines().filter(|l| !l.trim().is_empty()).map(shown));
        }
        let spans = text.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
        let begins =
            |span: &&str| shown(span).words().first().is_some_and(|w| BEGINNINGS.contains(w));
        all.extend(spans.filter(|span| span.contains(' ')).filter(begins).map(shown));
    }
    all
}

/// Services of the example stacks and of those that their pages lay over them.
fn services() -> BTreeSet<String> {
    let top = std::fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().path());
    let stacks = top.filter(|path| path.to_str().unwrap().ends_with(".example.yml"));
    let mut all = BTreeSet::new();
    for stack in stacks {
        let text = std::fs::read_to_string(stack).unwrap();
        let names = text.lines().filter_map(|line| line.strip_prefix("  ")?.strip_suffix(':'));
        all.extend(names.filter(|name| !name.contains([' ', '#'])).map(str::to_owned));
    }
    all
}

/// Commands that Compose 1.29 and 2 have both.
const COMPOSE: &[&str] =
    &["exec", "images", "kill", "logs", "ps", "restart", "run", "start", "stop", "up"];

/// Beginnings that are not run here, and why.
const NOT_RUN: &[(&str, &str)] = &[
    ("docker", "needs Docker"),
    ("kubectl", "needs a cluster; tests/it/deployed.rs runs what the manifests start"),
    ("promtool", "tests/deploy.rs runs it"),
    ("ssh", "needs another machine"),
    ("sqlite3", "needs NetBird's database"),
    ("netbird-idp-migrate", "NetBird's own tool"),
    ("diff", "compares files of the reader"),
    ("cd", "what follows is run in the right place"),
    ("{", "a group of commands, for its syntax only"),
    ("sed", "part of that group"),
];

/// `docker compose ...`: the command and what it names.
fn compose(shown: &Shown, case: &mut Case) {
    let mut words = shown.words().into_iter().skip(2).peekable();
    while let Some(file) = words.next_if_eq(&"-f").and_then(|_| words.next()) {
        assert!(root().join(file).exists(), "{shown}");
    }
    let command = words.next().unwrap();
    assert!(COMPOSE.contains(&command), "Compose 1.29 has no {command}: {shown}");
    let mut set = Vec::new();
    let mut named = Vec::new();
    while let Some(word) = words.next() {
        match word {
            "-e" => set.push(words.next().unwrap().split_once('=').unwrap()),
            "-s" => drop(words.next()),
            option if option.starts_with('-') => {}
            name => named.push(name.trim_end_matches(|c: char| "\"):".contains(c))),
        }
        if !named.is_empty() && ["run", "exec"].contains(&command) {
            break;
        }
    }
    for name in &named {
        assert!(services().contains(*name), "no example has a service {name}: {shown}");
    }
    if command == "run" {
        assert_eq!(named, ["netbird-authentik-init"], "{shown}");
        for (name, value) in &set {
            case.env(name, *value);
        }
        let args: Vec<&str> = words.collect();
        let ended = case.run(&args);
        assert_eq!(ended.code, Some(0), "{shown}: {ended:?}");
        for (name, _) in set {
            case.unset(name);
        }
    }
}

fn cargo(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO"));
    // What Cargo tells a test about its package, build scripts of dependencies take for their own: they would be
    // built again here, and again by the next Cargo that does not say it.
    let of_a_package = |name: &str| {
        ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"]
            .iter()
            .any(|prefix| name.starts_with(prefix))
    };
    for (name, _) in std::env::vars().filter(|(name, _)| of_a_package(name)) {
        command.env_remove(name);
    }
    command.args(args).current_dir(root()).env("CARGO_NET_OFFLINE", "true").output().unwrap()
}

/// `cargo ...`: what it names exists; programs are run.
fn cargo_command(shown: &Shown) {
    let words = shown.words();
    let value = |option: &str| {
        words.iter().position(|word| *word == option).and_then(|at| words.get(at + 1)).copied()
    };
    if let Some(path) = value("--manifest-path") {
        assert!(root().join(path).exists(), "{shown}");
    }
    let package = match value("-p") {
        Some("authentik-sim") => root().join("tests/sim"),
        Some(package) => root().join("tests").join(package),
        None => root().to_path_buf(),
    };
    assert!(package.join("Cargo.toml").exists(), "{shown}");
    if let Some(name) = value("--test") {
        let places = [format!("tests/{name}.rs"), format!("tests/{name}/main.rs")];
        assert!(places.iter().any(|place| package.join(place).exists()), "{shown}");
    }
    if words[1..] == ["run", "--example", "quickstart"] {
        let ended = cargo(&["run", "--quiet", "--example", "quickstart"]);
        let out = String::from_utf8(ended.stdout.clone()).unwrap();
        assert!(ended.status.success() && ended.stderr.is_empty(), "{}", self::words(&ended));
        let long = out.lines().find(|line| line.chars().count() > 100);
        assert_eq!(long, None, "more than 100 columns");
        assert!(out.lines().last().is_some_and(|line| line.starts_with("Done")), "{out}");
    } else if words[1] == "run" && value("-p").is_some() {
        // Run as built beside the examples: for its package alone Cargo would build half of the dependencies again,
        // with fewer of their features.
        let packages = ["-p", "netbird-authentik-init", "-p", "authentik-sim", "-p", "netbird-sim"];
        let built = cargo(&[&["build", "--quiet", "--bins", "--examples"], &packages[..]].concat());
        assert!(built.status.success(), "{shown}: {}", self::words(&built));
        let simulator = Path::new(env!("CARGO_BIN_EXE_netbird-authentik-init"))
            .with_file_name(value("-p").unwrap());
        let args = words.iter().skip_while(|word| **word != "--").skip(1);
        // The simulator's options are read from left to right: it shows its help if all of them are known.
        let ended = Command::new(simulator).args(args).arg("--help").output().unwrap();
        assert!(ended.status.success(), "{shown}: {}", self::words(&ended));
    }
}

#[test]
fn every_command_that_a_page_shows_works() {
    let mut case = Case::new("2026.2");
    case.state_apart();
    case.init();
    let local = tempfile::tempdir().unwrap();
    let mut seen = BTreeSet::new();
    for shown in commands() {
        let words = shown.words();
        let first = words.first().copied().unwrap_or_default();
        match first {
            // The lines of one page go on from each other, as steps do.
            "mkdir" | "printf" | "chmod" => {
                let ended = Command::new("bash")
                    .args(["-euc", &shown.text.replace("management.json", "/dev/null")])
                    .current_dir(&local)
                    .output();
                assert!(ended.unwrap().status.success(), "{shown}");
            }
            "export" => {
                let files = words[1].strip_prefix("COMPOSE_FILE=").unwrap_or_default();
                // The reader's own file may be among them.
                for file in files.split(':').filter(|file| file.contains(".example.")) {
                    assert!(root().join(file).exists(), "{shown}");
                }
            }
            "docker" if words.get(1) == Some(&"compose") => compose(&shown, &mut case),
            "cargo" => cargo_command(&shown),
            "bash" | "sudo" => assert!(root().join(words[1]).exists(), "{shown}"),
            _ => {
                let reason = NOT_RUN.iter().find(|(name, _)| *name == first);
                assert!(reason.is_some(), "nothing here says how this is tried: {shown}");
            }
        }
        seen.insert(first.to_owned());
    }
    for expected in ["docker", "cargo", "mkdir", "export", "sudo"] {
        assert!(seen.contains(expected), "no {expected} was found: the pages are read wrongly");
    }
    let token = std::fs::read_to_string(local.path().join("secrets/authentik-token"));
    assert_eq!(token.unwrap(), "TOKEN OF AUTHENTIK", "docs/combined.md");
}

#[test]
fn every_block_of_commands_is_sound_shell() {
    for path in pages() {
        for block in blocks(&std::fs::read_to_string(&path).unwrap()) {
            let ended = Command::new("bash").args(["-n", "-c", &block]).output().unwrap();
            assert!(ended.status.success(), "{}: {block}{}", path.display(), words(&ended));
        }
    }
}
