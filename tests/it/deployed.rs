//! What is shipped for Kubernetes and Swarm does its work: each container of this project is run with the environment that its
//! manifest gives it, as a process against the simulator, and the files that NetBird's containers would find at their mounts
//! are compared.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rustix::process::Signal;
use saphyr::{LoadableYamlNode, Yaml};
use serde_json::Value;

use crate::support::Case;
use crate::watch::Watch;

pub const INIT: &str = "netbird-authentik-init";

pub type Environment = BTreeMap<String, String>;

pub fn documents(path: &Path) -> Vec<Yaml<'static>> {
    let text: &'static str = std::fs::read_to_string(path).unwrap().leak();
    Yaml::load_from_str(text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

pub fn deploy(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(path)
}

fn text<'a>(node: &'a Yaml<'a>, path: &str) -> &'a str {
    let found = path.split('.').fold(node, |node, key| match key.parse::<usize>() {
        Ok(index) => &node[index],
        Err(_) => &node[key],
    });
    found.as_str().unwrap_or_else(|| panic!("no text at {path}"))
}

pub fn items<'a>(node: &'a Yaml<'a>, key: &str) -> &'a [Yaml<'a>] {
    node.as_mapping_get(key).and_then(Yaml::as_sequence).map_or(&[], Vec::as_slice)
}

pub fn pairs<'a>(node: &'a Yaml<'a>) -> impl Iterator<Item = (String, String)> + 'a {
    let own = |yaml: &Yaml| yaml.as_str().unwrap().to_owned();
    node.as_mapping().unwrap().iter().map(move |(k, v)| (own(k), own(v)))
}

/// Secrets as the instructions make them.
const SECRETS: [(&str, &str); 3] = [
    ("token", authentik_sim::DEFAULT_TOKEN),
    ("datastore-key", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="),
    ("relay-secret", "5ba1fe8c0f3de7f7a64f2aeb4ec9ca5ba5ba1fe8c0f3de7f7a64f2aeb4ec9ca5"),
];

pub fn given(key: &str) -> Option<String> {
    secret(key).map(str::to_owned)
}

fn secret(key: &str) -> Option<&'static str> {
    SECRETS.iter().find(|(name, _)| *name == key).map(|(_, value)| *value)
}

/// A container: its environment, its arguments, and where each of its volumes is mounted.
pub struct Container {
    pub environment: Environment,
    pub args: Vec<String>,
    pub mounts: BTreeMap<String, String>,
}

impl Container {
    /// This project's, of a pod; the environment as the kubelet makes it.
    pub fn of_pod(
        pod: &Yaml,
        config: &Environment,
        secret: impl Fn(&str) -> Option<String>,
    ) -> Self {
        let ours = [items(pod, "initContainers"), items(pod, "containers")]
            .concat()
            .into_iter()
            .find(|c| c["name"].as_str() == Some(INIT))
            .unwrap();
        let mut environment = config.clone();
        for variable in items(&ours, "env") {
            let name = text(variable, "name").to_owned();
            if let Some(value) = variable.as_mapping_get("value") {
                environment.insert(name, value.as_str().unwrap().to_owned());
                continue;
            }
            let reference = &variable["valueFrom"]["secretKeyRef"];
            let optional = reference.as_mapping_get("optional").and_then(|o| o.as_bool());
            match secret(text(reference, "key")) {
                Some(value) => drop(environment.insert(name, value)),
                None => assert_eq!(optional, Some(true), "{name} is in no secret"),
            }
        }
        let args = items(&ours, "args").iter().map(|a| a.as_str().unwrap().to_owned()).collect();
        let mounts = items(&ours, "volumeMounts").iter();
        let mounts = mounts.map(|m| (text(m, "name").to_owned(), text(m, "mountPath").to_owned()));
        Self { environment, args, mounts: mounts.collect() }
    }

    /// The environment for a process: volumes are directories below `root`, and Authentik is the simulator.
    pub fn apply(&self, case: &mut Case, root: &Path) {
        for (name, value) in &self.environment {
            let mut value = value.clone();
            for (volume, path) in &self.mounts {
                let dir = root.join(volume);
                std::fs::create_dir_all(&dir).unwrap();
                let dir = dir.display();
                let replace = |item: &str| match item.strip_prefix(path) {
                    Some(rest) if rest.is_empty() || rest.starts_with('/') => {
                        format!("{dir}{rest}")
                    }
                    _ => item.to_owned(),
                };
                let items: Vec<String> = value
                    .split(',')
                    .map(|item| match item.split_once('=') {
                        Some((output, dir)) => format!("{output}={}", replace(dir)),
                        None => replace(item),
                    })
                    .collect();
                value = items.join(",");
            }
            case.env(name, value);
        }
        case.env("AUTHENTIK_HOST", case.sim.url());
    }
}

/// A bare environment: what is run is what the manifests say.
pub fn bare() -> Case {
    let mut case = Case::new("2026.2");
    for name in ["AUTHENTIK_TOKEN", "NETBIRD_DOMAIN", "SETUP_DIR", "SETUP_TIMEOUT"] {
        case.unset(name);
    }
    case
}

pub fn read(dir: &Path, name: &str) -> String {
    let path = dir.join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

pub fn listing(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap();
    let mut names: Vec<String> =
        entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn assigned(text: &str, name: &str) -> String {
    let line = text.lines().find_map(|l| l.strip_prefix(&format!("{name}='"))).unwrap();
    line.trim_end_matches('\'').to_owned()
}

/// The three files are about one Authentik and one NetBird, with the secrets that were given.
fn agree(management: &str, dashboard: &str, relay: &str) {
    let json: Value = serde_json::from_str(management).unwrap();
    assert_eq!(json["DataStoreEncryptionKey"], secret("datastore-key").unwrap());
    assert_eq!(json["Relay"]["Secret"], secret("relay-secret").unwrap());
    assert_eq!(assigned(relay, "NB_AUTH_SECRET"), secret("relay-secret").unwrap());
    assert_eq!(json["Relay"]["Addresses"][0], assigned(relay, "NB_EXPOSED_ADDRESS"));
    assert_eq!(json["HttpConfig"]["AuthAudience"], assigned(dashboard, "AUTH_CLIENT_ID"));
    let authority = assigned(dashboard, "AUTH_AUTHORITY");
    assert!(authority.starts_with("https://auth.example.com/"), "{authority}");
    assert_eq!(json["HttpConfig"]["AuthIssuer"], authority);
}

#[test]
fn pods_on_kubernetes_start_from_files_that_agree() {
    let files = ["config", "management", "dashboard", "relay", "watch"];
    let all = files.map(|name| documents(&deploy(&format!("kubernetes/{name}.yaml"))));
    let config: Environment = pairs(&all[0][0]["data"]).collect();
    let pod =
        |file: usize| Container::of_pod(&all[file][0]["spec"]["template"]["spec"], &config, given);
    let outputs = [(1, "management.json"), (2, "dashboard.env"), (3, "relay.env")];

    let mut case = bare();
    let root = tempfile::tempdir().unwrap();
    let mut first = BTreeMap::new();
    for round in ["first", "again"] {
        for (file, output) in outputs {
            let pod = pod(file);
            let dir = root.path().join(round).join(files[file]);
            pod.apply(&mut case, &dir);
            assert!(pod.args.is_empty(), "init is the default");
            let log = case.run(&[]).expect(0).err;
            assert!(!log.contains("is not a variable"), "{log}");
            assert_eq!(listing(&dir.join("setup")), [output], "one file, and nothing else");
            let text = read(&dir.join("setup"), output);
            let before = first.entry(output).or_insert_with(|| text.clone());
            assert_eq!(*before, text, "a pod that is started again finds the same");
        }
    }
    agree(&first["management.json"], &first["dashboard.env"], &first["relay.env"]);
    case.assert_one_of_each();

    // The Deployment that keeps them right sees what the pods see, and says which of them to restart.
    let watch = pod(4);
    assert_eq!(watch.args, ["watch"]);
    let dir = root.path().join("watch");
    watch.apply(&mut case, &dir);
    case.sim.clear_requests();
    case.env("SETUP_LISTEN", "127.0.0.1:0").env("SETUP_INTERVAL", "1h");
    case.env("SETUP_LOG", "info,netbird_authentik_init::commands::watch=debug");
    case.env("SETUP_LOG_FORMAT", "text");
    let mut watch = Watch::spawn(&case);
    watch.until_ended();
    assert!(case.sim.writes().is_empty(), "there is nothing left to do");
    for (name, text) in &first {
        assert_eq!(read(&dir.join("setup"), name), *text, "{name}");
    }
    assert!(listing(&dir.join("state")).contains(&"secrets.json".to_owned()));
    assert_eq!(watch.page("/").0, 200, "the liveness probe");
    assert_eq!(watch.page("/healthz").0, 200, "the readiness probe");
    assert_eq!(watch.end(Signal::TERM).0, Some(0));
}

#[test]
fn services_on_swarm_mount_what_the_sidecar_writes() {
    let stack = &documents(&deploy("swarm/stack.yml"))[0];
    let services = &stack["services"];
    let mount = |item: &Yaml| {
        let mut parts = item.as_str().unwrap().split(':').map(str::to_owned);
        (parts.next().unwrap(), parts.next().unwrap())
    };
    let ours = &services[INIT];
    let mut case = bare();
    let root = tempfile::tempdir().unwrap();
    let mut mounts: BTreeMap<String, String> = items(ours, "volumes").iter().map(mount).collect();
    mounts.insert("secrets".into(), "/run/secrets".into());
    let container =
        Container { environment: pairs(&ours["environment"]).collect(), args: vec![], mounts };
    let secrets = root.path().join("secrets");
    std::fs::create_dir_all(&secrets).unwrap();
    for granted in items(ours, "secrets") {
        let source = text(granted, "source");
        let (_, key) = source.split_once('_').unwrap();
        // As `openssl rand … | docker secret create` makes them: with the line's end.
        let value = secret(&key.replace('_', "-")).unwrap();
        std::fs::write(secrets.join(source), format!("{value}\n")).unwrap();
    }
    container.apply(&mut case, root.path());
    case.env("SETUP_LISTEN", "127.0.0.1:0").env("SETUP_INTERVAL", "1h");
    case.env("SETUP_LOG", "info,netbird_authentik_init::commands::watch=debug");
    let mut watch = Watch::spawn(&case);
    watch.until_ended();
    assert_eq!(watch.page("/healthz").0, 200);

    let found = |service: &str, file: &str| {
        let volumes = items(&services[service], "volumes");
        let (volume, _) = mount(&volumes[0]);
        assert!(volumes[0].as_str().unwrap().ends_with(":ro"), "{service} only reads it");
        let dir = root.path().join(volume);
        assert_eq!(listing(&dir), [file], "{service} mounts what it reads and nothing else");
        read(&dir, file)
    };
    agree(
        &found("netbird-management", "management.json"),
        &found("netbird-dashboard", "dashboard.env"),
        &found("netbird-relay", "relay.env"),
    );
    assert_eq!(watch.end(Signal::TERM).0, Some(0));
}
