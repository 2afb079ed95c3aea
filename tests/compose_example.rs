//! The example stack says what the pages say it does: who waits for whom, who sees what, and that
//! `.env.example` explains every variable. Compose itself is not needed: the files are read as
//! YAML, and the few rules of its interpolation are here.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use netbird_authentik_init::config::variables;
use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value, json};

const STACK: &str = "docker-compose.example.yml";
const SIDECAR: &str = "docker-compose.sidecar.example.yml";
const EXISTING: &str = "docker-compose.existing-authentik.example.yml";
/// Where NetBird has a provider of its own.
const KINDS: [&str; 2] =
    ["docker-compose.embedded.example.yml", "docker-compose.combined.example.yml"];
/// Laid over what NetBird's getting-started.sh makes.
const OVERLAY: &str = "docker-compose.getting-started.example.yml";
const INIT: &str = "netbird-authentik-init";

/// Whether this container knows this name. Other `NETBIRD_*` names would be passed on, but here they
/// would be typos.
fn is_known(name: &str) -> bool {
    variables::find(name).is_some() || variables::file_form(name).is_some()
}

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn read(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

// --- YAML ----------------------------------------------------------------------------------------

fn load(name: &str) -> Value {
    let text = read(name);
    let documents = Yaml::load_from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(documents.len(), 1, "{name} is one document");
    to_json(&documents[0])
}

fn to_json(node: &Yaml) -> Value {
    match node {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(value)) => json!(value),
        Yaml::Value(Scalar::Integer(value)) => json!(value),
        Yaml::Value(Scalar::FloatingPoint(value)) => json!(value.into_inner()),
        Yaml::Value(Scalar::String(value)) => json!(value),
        Yaml::Sequence(items) => items.iter().map(to_json).collect(),
        Yaml::Mapping(entries) => Value::Object(
            entries
                .iter()
                .map(|(key, value)| (key.as_str().unwrap().to_owned(), to_json(value)))
                .collect(),
        ),
        other => panic!("not plain YAML: {other:?}"),
    }
}

fn services(stack: &Value) -> &Map<String, Value> {
    stack["services"].as_object().unwrap()
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(|item| item.as_str().unwrap().to_owned()).collect()
}

fn set<const N: usize>(items: [&str; N]) -> BTreeSet<String> {
    items.into_iter().map(str::to_owned).collect()
}

// --- Compose's interpolation ---------------------------------------------------------------------

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Otherwise {
    Nothing,
    Default(String),
    Refuse,
}

/// Every `${NAME}`, `${NAME:-default}` and `${NAME:?message}`. `$$` is a literal `$`; another form
/// is a mistake here.
fn interpolate(text: &str, mut value: impl FnMut(&str, Otherwise) -> String) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        result.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            result.push('$');
            rest = after;
            continue;
        }
        let (inner, after) =
            rest.strip_prefix('{').and_then(|inner| inner.split_once('}')).unwrap_or_else(|| {
                panic!("`$` that Compose would take for a variable, before: {:.40}", rest);
            });
        let (name, otherwise) = if let Some((name, default)) = inner.split_once(":-") {
            (name, Otherwise::Default(default.to_owned()))
        } else if let Some((name, _)) = inner.split_once(":?") {
            (name, Otherwise::Refuse)
        } else {
            (inner, Otherwise::Nothing)
        };
        assert!(
            !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_'),
            "a form that docker-compose 1.29 does not read: ${{{inner}}}"
        );
        result.push_str(&value(name, otherwise));
        rest = after;
    }
    result + rest
}

/// The text as Compose sees it: without comments. None of the files has a `#` that starts a comment
/// inside a value, except for the Caddyfile's own comments, which have no variables in them.
fn without_comments(name: &str) -> String {
    read(name)
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .collect::<Vec<_>>()
        .join("\n")
}

fn interpolated(name: &str) -> BTreeMap<String, BTreeSet<Otherwise>> {
    let mut found: BTreeMap<String, BTreeSet<Otherwise>> = BTreeMap::new();
    interpolate(&without_comments(name), |variable, otherwise| {
        found.entry(variable.to_owned()).or_default().insert(otherwise);
        String::new()
    });
    found
}

/// A value as it is when `.env` holds nothing but the two names.
fn resolved(value: &Value) -> String {
    interpolate(value.as_str().unwrap(), |name, otherwise| match (name, otherwise) {
        ("NETBIRD_DOMAIN", _) => "netbird.example.com".to_owned(),
        ("AUTHENTIK_DOMAIN", _) => "auth.example.com".to_owned(),
        (_, Otherwise::Default(default)) => default,
        (name, _) => format!("<{name}>"),
    })
}

/// `.env.example`: the required names, which have no value, and the optional ones with the default
/// that the comment shows.
fn env_example() -> (BTreeSet<String>, BTreeMap<String, String>) {
    let (mut required, mut optional) = (BTreeSet::new(), BTreeMap::new());
    for line in read(".env.example").lines() {
        if let Some((name, value)) = line.strip_prefix('#').and_then(|rest| rest.split_once('=')) {
            if name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_') {
                assert_eq!(
                    optional.insert(name.to_owned(), value.to_owned()),
                    None,
                    "{name} twice"
                );
            }
        } else if let Some((name, value)) = line.split_once('=').filter(|_| !line.starts_with('#'))
        {
            assert_eq!(
                value, "",
                "{name}: a required variable has no value, or people go live with it"
            );
            assert!(required.insert(name.to_owned()), "{name} twice");
        }
    }
    (required, optional)
}

#[test]
fn env_example_has_every_variable_and_no_other() {
    let (required, optional) = env_example();
    let explained: BTreeSet<_> = required.iter().cloned().chain(optional.keys().cloned()).collect();
    let stacks = [STACK, EXISTING].into_iter().chain(KINDS);
    let used: BTreeSet<_> = stacks.flat_map(|stack| interpolated(stack).into_keys()).collect();
    assert_eq!(used, explained);
    for name in interpolated(OVERLAY).into_keys() {
        assert!(
            explained.contains(&name),
            "{OVERLAY} uses {name}, which .env.example does not have"
        );
    }
}

#[test]
fn required_variables_are_refused_when_empty_and_the_others_have_the_default_shown() {
    let (required, optional) = env_example();
    for file in [STACK, EXISTING, OVERLAY].into_iter().chain(KINDS) {
        for (name, uses) in interpolated(file) {
            let expected = match optional.get(&name) {
                Some(default) => Otherwise::Default(default.clone()),
                None => Otherwise::Refuse,
            };
            assert_eq!(uses, BTreeSet::from([expected]), "{file}: {name}");
            assert_ne!(required.contains(&name), optional.contains_key(&name));
        }
    }
}

/// The command of `.env.example`, run as it stands, with an `openssl` that counts.
#[cfg(unix)]
#[test]
fn the_command_fills_in_every_secret_and_never_twice() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("env-example");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("bin")).unwrap();
    fs::copy(path(".env.example"), folder.join(".env.example")).unwrap();
    let openssl = folder.join("bin/openssl");
    fs::write(
        &openssl,
        "#!/bin/sh\necho x >> count\nprintf 'secret%s\\n' \"$(grep -c x count)\"\n",
    )
    .unwrap();
    fs::set_permissions(&openssl, fs::Permissions::from_mode(0o755)).unwrap();

    let text = read(".env.example");
    let commands: Vec<String> = text
        .lines()
        .filter_map(|line| line.strip_prefix("#   ("))
        .map(|rest| format!("({rest}"))
        .collect();
    assert_eq!(commands.len(), 2, "{commands:?}");
    let run = |command: &str| {
        let search = format!("{}:{}", folder.join("bin").display(), std::env::var("PATH").unwrap());
        Command::new("sh")
            .arg("-c")
            .arg(command)
            .current_dir(&folder)
            .env("PATH", search)
            .output()
            .unwrap()
    };

    let first = run(&commands[0]);
    assert!(first.status.success(), "{first:?}");
    let made = fs::read_to_string(folder.join(".env")).unwrap();
    let mut values = BTreeMap::new();
    for line in made.lines().filter(|line| !line.starts_with('#')) {
        if let Some((name, value)) = line.split_once('=') {
            values.insert(name, value);
        }
    }
    let (required, _) = env_example();
    assert_eq!(values.keys().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>(), required);
    let mut secrets = BTreeSet::new();
    for (name, value) in values {
        let is_a_name = name.ends_with("_DOMAIN");
        assert_eq!(value.is_empty(), is_a_name, "{name}={value}");
        assert!(is_a_name || secrets.insert(value), "{name} has the value of another");
    }
    assert_eq!(fs::metadata(folder.join(".env")).unwrap().permissions().mode() & 0o777, 0o600);

    // A second .env would lock Authentik out of its database.
    assert!(!run(&commands[0]).status.success());
    assert_eq!(fs::read_to_string(folder.join(".env")).unwrap(), made);

    // The token's file holds what Authentik is given, for user 65532 and whoever may enter the directory.
    assert!(run(&commands[1]).status.success());
    let token = fs::read_to_string(folder.join("secrets/authentik-token")).unwrap();
    assert!(made.contains(&format!("AUTHENTIK_BOOTSTRAP_TOKEN={token}")), "{token}");
    let mode = |name: &str| fs::metadata(folder.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("secrets"), mode("secrets/authentik-token")), (0o700, 0o644));
}

// --- Who waits for whom, who sees what -----------------------------------------------------------

#[test]
fn everybody_waits_for_the_right_thing() {
    let stack = load(STACK);
    let waits: BTreeMap<_, _> = services(&stack)
        .iter()
        .map(|(name, service)| {
            let on: BTreeMap<_, _> = service["depends_on"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(other, how)| (other.as_str(), how["condition"].as_str().unwrap()))
                .collect();
            (name.as_str(), on)
        })
        .collect();
    let (started, healthy, succeeded) =
        ("service_started", "service_healthy", "service_completed_successfully");
    let expected = BTreeMap::from([
        ("postgresql", BTreeMap::new()),
        ("caddy", BTreeMap::new()),
        ("authentik-server", BTreeMap::from([("postgresql", healthy)])),
        ("authentik-worker", BTreeMap::from([("postgresql", healthy)])),
        (
            INIT,
            BTreeMap::from([
                ("authentik-server", started),
                ("authentik-worker", started),
                ("caddy", started),
            ]),
        ),
        ("netbird-management", BTreeMap::from([(INIT, succeeded), ("caddy", started)])),
        ("netbird-signal", BTreeMap::from([(INIT, succeeded)])),
        ("netbird-relay", BTreeMap::from([(INIT, succeeded), ("caddy", started)])),
        ("netbird-dashboard", BTreeMap::from([(INIT, succeeded)])),
    ]);
    assert_eq!(waits, expected);

    let existing = load(EXISTING);
    assert_eq!(
        existing["services"]["netbird-management"]["depends_on"][INIT]["condition"],
        succeeded
    );
}

/// The sidecar's file is laid over the stack: who waited for an end waits for health, and for nothing less.
#[test]
fn the_sidecar_is_waited_for_by_the_same_services() {
    let first = load(SIDECAR)["services"][INIT].clone();
    for (stack, over) in [STACK, KINDS[0], KINDS[1], EXISTING].map(|file| (file, sidecar_of(file)))
    {
        let (text, head) = (read(&over), read(stack));
        assert!(
            text.contains(&format!("-f {stack} -f {over} up -d")),
            "{over} says how it is used"
        );
        let names_another = |line: &str| line.contains(".sidecar.") && !line.contains(&over);
        assert!(!head.lines().any(names_another), "{stack} names another's");
        assert!(interpolated(&over).is_empty(), "nothing more to put into .env");
        let (stack, over_it) = (load(stack), load(&over));
        for (name, service) in services(&stack) {
            let waited = &service["depends_on"][INIT]["condition"];
            let instead = &over_it["services"][name]["depends_on"][INIT]["condition"];
            match waited.is_null() {
                true => assert!(instead.is_null(), "{over}: {name}"),
                false => assert_eq!(instead, "service_healthy", "{over}: {name}"),
            }
        }
        for name in services(&over_it).keys() {
            assert!(services(&stack).contains_key(name), "{over}: {name} is no service there");
        }
        assert_eq!(over_it["services"][INIT], first, "{over}");
    }
    assert_eq!(first["command"], "watch");
    assert_eq!(first["restart"], "unless-stopped");
    assert_eq!(
        first["healthcheck"]["test"],
        json!(["CMD", "/netbird-authentik-init", "healthcheck"])
    );
    for name in first["environment"].as_object().unwrap().keys() {
        assert!(is_known(name), "{name}");
    }
}

/// What is laid over this stack.
fn sidecar_of(stack: &str) -> String {
    stack.replacen("docker-compose.", "docker-compose.sidecar.", 1)
}

#[test]
fn whoever_is_waited_for_as_healthy_has_a_health_check() {
    let stack = load(STACK);
    for (name, service) in services(&stack) {
        // Authentik's image brings its own; this container runs once, and its exit code is its health.
        let none = name.starts_with("authentik-") || name == INIT;
        assert_eq!(service["healthcheck"]["test"].is_null(), none, "{name}");
    }
}

#[test]
fn only_our_container_runs_once() {
    for file in [STACK, EXISTING] {
        let stack = load(file);
        for (name, service) in services(&stack) {
            assert_eq!(
                service["restart"],
                if name == INIT { "no" } else { "unless-stopped" },
                "{file}: {name}"
            );
        }
    }
}

#[test]
fn readers_cannot_write_and_nobody_else_sees_the_secrets() {
    for file in [STACK, EXISTING] {
        let stack = load(file);
        let mut mounts: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
        for (name, service) in services(&stack) {
            for volume in strings(&service["volumes"]) {
                let (volume, target) = volume.split_once(':').unwrap();
                assert!(
                    !volume.starts_with(['.', '/']),
                    "{file}: {name} mounts {volume} from the host"
                );
                mounts
                    .entry(volume.to_owned())
                    .or_default()
                    .insert((name.clone(), target.to_owned()));
            }
        }
        let declared: BTreeSet<_> = stack["volumes"].as_object().unwrap().keys().collect();
        assert_eq!(mounts.keys().collect::<BTreeSet<_>>(), declared, "{file}");

        let users =
            |volume: &str| mounts[volume].iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>();
        assert_eq!(users("netbird_state"), [INIT], "{file}");
        // A volume for each part of NetBird: nobody mounts what it does not read.
        for (part, volume, place) in [
            ("netbird-management", "netbird_setup", "/setup"),
            ("netbird-dashboard", "netbird_dashboard", "/dashboard"),
            ("netbird-relay", "netbird_relay", "/relay"),
        ] {
            let mut expected = BTreeSet::from([(INIT.to_owned(), place.to_owned())]);
            if services(&stack).contains_key(part) {
                expected.insert((part.to_owned(), format!("{place}:ro")));
            }
            assert_eq!(mounts[volume], expected, "{file}");
        }
        if file == STACK {
            assert_eq!(users("authentik_database"), ["postgresql"]);
        }

        let environment = &stack["services"][INIT]["environment"];
        assert_eq!(
            (&environment["SETUP_DIR"], &environment["SETUP_STATE_DIR"]),
            (&json!("/setup"), &json!("/state"))
        );
        assert_eq!(
            environment["SETUP_OUTPUTS"],
            "management.json,dashboard.env=/dashboard,relay.env=/relay"
        );
    }
}

#[test]
fn nobody_but_authentik_sees_its_database() {
    let stack = load(STACK);
    let on = |network: &str| -> BTreeSet<String> {
        let has = |service: &Value| {
            let networks = &service["networks"];
            networks.get(network).is_some() || strings(networks).iter().any(|name| name == network)
        };
        services(&stack)
            .iter()
            .filter(|(_, service)| has(service))
            .map(|(name, _)| name.clone())
            .collect()
    };
    assert_eq!(on("database"), set(["postgresql", "authentik-server", "authentik-worker"]));
    let everybody_else: BTreeSet<_> =
        services(&stack).keys().filter(|name| *name != "postgresql").cloned().collect();
    assert_eq!(on("web"), everybody_else);
    // The token goes over this network in plain HTTP.
    assert_eq!(on("authentik"), set(["authentik-server", INIT]));
    for network in ["authentik", "database"] {
        assert_eq!(stack["networks"][network]["internal"], true, "{network}");
    }
}

#[test]
fn only_the_proxy_and_stun_are_reached_from_outside() {
    let stack = load(STACK);
    let published: BTreeMap<_, _> = services(&stack)
        .iter()
        .map(|(name, service)| (name.as_str(), strings(&service["ports"])))
        .filter(|(_, ports)| !ports.is_empty())
        .collect();
    let expected = BTreeMap::from([
        ("caddy", vec!["80:80".to_owned(), "443:443".to_owned()]),
        ("netbird-relay", vec!["3478:3478/udp".to_owned()]),
    ]);
    assert_eq!(published, expected);
}

#[test]
fn containers_reach_the_public_names_at_the_proxy() {
    let stack = load(STACK);
    let aliases = stack["services"]["caddy"]["networks"]["web"]["aliases"].as_array().unwrap();
    assert_eq!(
        aliases.iter().map(resolved).collect::<Vec<_>>(),
        ["auth.example.com", "netbird.example.com"]
    );
}

// --- The services --------------------------------------------------------------------------------

#[test]
fn every_image_has_a_version() {
    for file in [STACK, EXISTING] {
        let stack = load(file);
        for (name, service) in services(&stack) {
            let image = resolved(&service["image"]);
            let tag = image
                .rsplit('/')
                .next()
                .unwrap()
                .split_once(':')
                .unwrap_or_else(|| panic!("{name}: {image}"))
                .1;
            assert!(
                tag.contains(|letter: char| letter.is_ascii_digit()),
                "{file}: {name}: {image}"
            );
            assert_ne!(tag, "latest", "{file}: {name}");
        }
        let ours = resolved(&stack["services"][INIT]["image"]);
        assert_eq!(ours, concat!("netbird-authentik-init:", env!("CARGO_PKG_VERSION")));
    }
    assert!(!read(".env.example").contains("latest"));
}

#[test]
fn authentik_is_bootstrapped_with_the_token_that_we_use() {
    let stack = load(STACK);
    let server = &stack["services"]["authentik-server"];
    let worker = &stack["services"]["authentik-worker"];
    assert_eq!(server["image"], worker["image"]);
    assert_eq!(server["environment"], worker["environment"]);
    let token = resolved(&server["environment"]["AUTHENTIK_BOOTSTRAP_TOKEN"]);
    assert_eq!(token, "<AUTHENTIK_BOOTSTRAP_TOKEN>");
    assert!(stack["services"][INIT]["environment"].get("AUTHENTIK_TOKEN").is_none());
    assert!(server["environment"].get("AUTHENTIK_BOOTSTRAP_PASSWORD").is_some());
    assert!(!read(STACK).contains("redis"), "gone since 2025.10");
}

#[test]
fn our_container_is_told_only_what_it_knows() {
    for file in [STACK, EXISTING] {
        let stack = load(file);
        let environment = stack["services"][INIT]["environment"].as_object().unwrap();
        for name in environment.keys() {
            assert!(is_known(name), "{file}: {name}");
        }
        for required in ["AUTHENTIK_HOST", "NETBIRD_DOMAIN"] {
            assert!(environment.contains_key(required), "{file}: {required}");
        }
        assert!(
            environment.contains_key("AUTHENTIK_TOKEN")
                != environment.contains_key("AUTHENTIK_TOKEN_FILE"),
            "{file}"
        );
    }
    let stack = load(STACK);
    let environment = &stack["services"][INIT]["environment"];
    let host = environment["AUTHENTIK_HOST"].as_str().unwrap();
    let server = &stack["services"]["authentik-server"]["networks"]["authentik"];
    assert_eq!(host, format!("http://{}:9000", server["aliases"][0].as_str().unwrap()));
    assert!(!host.contains('_'), "Authentik answers 404 to a host name with an underscore");
    assert_eq!(resolved(&environment["AUTHENTIK_HOST_BROWSER"]), "https://auth.example.com");
}

#[test]
fn our_container_may_do_nothing_but_its_work() {
    for file in [STACK, EXISTING] {
        let stack = load(file);
        let service = &stack["services"][INIT];
        assert_eq!(service["read_only"], true, "{file}");
        assert_eq!(service["cap_drop"], json!(["ALL"]), "{file}");
        assert_eq!(service["security_opt"], json!(["no-new-privileges:true"]), "{file}");
        assert_eq!(service["mem_limit"], "16m", "{file}");
        for key in [
            "privileged",
            "user",
            "cap_add",
            "ports",
            "pid",
            "network_mode",
            "entrypoint",
            "command",
        ] {
            assert!(service.get(key).is_none(), "{file}: {key}");
        }
    }
}

#[test]
fn the_token_comes_from_a_file() {
    for file in [STACK, EXISTING] {
        let stack = load(file);
        let service = &stack["services"][INIT];
        assert_eq!(strings(&service["secrets"]), ["authentik-token"], "{file}");
        let path = "/run/secrets/authentik-token";
        assert_eq!(service["environment"]["AUTHENTIK_TOKEN_FILE"], path, "{file}");
        assert_eq!(stack["secrets"]["authentik-token"]["file"], "./secrets/authentik-token");
    }
    let host = &load(EXISTING)["services"][INIT]["environment"]["AUTHENTIK_HOST"];
    assert_eq!(resolved(host), "https://auth.example.com");
}

#[test]
fn nobody_may_make_packets_of_its_own() {
    for file in [STACK, EXISTING] {
        for (name, service) in services(&load(file)) {
            let dropped = strings(&service["cap_drop"]);
            let enough = dropped == ["NET_RAW"] || dropped == ["ALL"];
            assert!(enough, "{file}: {name} drops {dropped:?}");
        }
    }
}

#[test]
fn netbird_starts_from_our_files() {
    let stack = load(STACK);
    let entrypoint = |service: &str| strings(&stack["services"][service]["entrypoint"]);
    // The shell that each image has, `exec` so that signals arrive, and no `env_file`: Compose
    // would read that too early.
    assert_eq!(
        entrypoint("netbird-relay"),
        ["/busybox/sh", "-c", "set -a; . /relay/relay.env; set +a; exec /go/bin/netbird-relay"]
    );
    assert_eq!(
        entrypoint("netbird-dashboard"),
        [
            "/bin/sh",
            "-c",
            "set -a; . /dashboard/dashboard.env; set +a; exec /usr/bin/supervisord -c /etc/supervisord.conf"
        ]
    );
    for file in [STACK, EXISTING] {
        let stack = load(file);
        for (name, service) in services(&stack) {
            assert!(service.get("env_file").is_none(), "{file}: {name}");
        }
        let management = &stack["services"]["netbird-management"];
        assert!(management.get("entrypoint").is_none());
        let command =
            management["command"].as_array().unwrap().iter().map(resolved).collect::<Vec<_>>();
        assert_eq!(
            command,
            [
                "--config",
                "/setup/management.json",
                "--port",
                "80",
                "--log-file",
                "console",
                "--single-account-mode-domain",
                "netbird.example.com",
                "--dns-domain",
                "netbird.selfhosted"
            ],
            "{file}"
        );
    }
}

// --- The proxy -----------------------------------------------------------------------------------

/// The Caddyfile as Caddy gets it, one line of it each, without comments and indentation.
fn caddyfile() -> Vec<String> {
    let stack = load(STACK);
    resolved(&stack["services"]["caddy"]["environment"]["CADDYFILE"])
        .lines()
        .map(|line| line.trim().to_owned())
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect()
}

/// The lines between `NAME {` and the brace that closes it.
fn site(name: &str) -> Vec<String> {
    let lines = caddyfile();
    let start = lines
        .iter()
        .position(|line| *line == format!("{name} {{"))
        .unwrap_or_else(|| panic!("no {name}"));
    let mut depth = 1;
    let inside = lines[start + 1..].iter().take_while(|line| {
        depth += line.matches('{').count();
        depth -= line.matches('}').count();
        depth > 0
    });
    inside.cloned().collect()
}

#[test]
fn the_proxy_knows_every_path_of_netbird() {
    let routes: BTreeMap<_, _> = site("netbird.example.com")
        .into_iter()
        .map(|line| {
            let words: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
            match &words[..] {
                [directive, path, upstream] if directive == "reverse_proxy" => {
                    (path.clone(), upstream.clone())
                }
                [directive, upstream] if directive == "reverse_proxy" => {
                    ("*".to_owned(), upstream.clone())
                }
                _ => panic!("not a route: {line}"),
            }
        })
        .collect();
    let expected = [
        ("/signalexchange.SignalExchange/*", "h2c://netbird-signal:80"),
        ("/management.ManagementService/*", "h2c://netbird-management:80"),
        ("/ws-proxy/signal*", "netbird-signal:80"),
        ("/ws-proxy/management*", "netbird-management:80"),
        ("/api/*", "netbird-management:80"),
        ("/relay*", "netbird-relay:80"),
        ("*", "netbird-dashboard:80"),
    ];
    assert_eq!(
        routes,
        expected.into_iter().map(|(path, to)| (path.to_owned(), to.to_owned())).collect()
    );

    let stack = load(STACK);
    for upstream in routes.values() {
        let service = upstream.trim_start_matches("h2c://").split(':').next().unwrap();
        assert!(services(&stack).contains_key(service), "{upstream}");
    }
}

#[test]
fn the_proxy_gives_authentiks_keys_a_lifetime() {
    assert_eq!(
        site("auth.example.com"),
        [
            "@keys path /application/o/*/jwks/",
            "reverse_proxy @keys authentik-server:9000 {",
            "@ok status 200",
            "handle_response @ok {",
            "header Cache-Control \"max-age=300\"",
            "copy_response",
            "}",
            "}",
            "reverse_proxy authentik-server:9000",
        ]
    );
}

#[test]
fn the_proxy_reads_the_caddyfile_from_its_variable() {
    let stack = load(STACK);
    let caddy = &stack["services"]["caddy"];
    let entrypoint =
        caddy["entrypoint"].as_array().unwrap().iter().map(resolved).collect::<Vec<_>>();
    assert_eq!(
        entrypoint,
        [
            "/bin/sh",
            "-c",
            "printf '%s' \"$CADDYFILE\" > /etc/caddy/Caddyfile && exec caddy run --config /etc/caddy/Caddyfile --adapter caddyfile"
        ]
    );
    assert!(
        strings(&caddy["volumes"]).contains(&"caddy_data:/data".to_owned()),
        "certificates must survive"
    );
}

// --- What Compose and Docker read ----------------------------------------------------------------

/// docker-compose 1.29 knows neither `configs` with a content nor `secrets` from the environment,
/// and refuses keys that it does not know.
#[test]
fn both_generations_of_compose_know_every_key() {
    let top = set(["services", "networks", "volumes", "secrets"]);
    let service_keys = set([
        "build",
        "cap_drop",
        "command",
        "depends_on",
        "entrypoint",
        "environment",
        "healthcheck",
        "image",
        "mem_limit",
        "networks",
        "ports",
        "read_only",
        "restart",
        "secrets",
        "security_opt",
        "shm_size",
        "volumes",
    ]);
    for file in [STACK, SIDECAR, EXISTING] {
        let stack = load(file);
        for key in stack.as_object().unwrap().keys() {
            assert!(key.starts_with("x-") || top.contains(key), "{file}: {key}");
        }
        for (name, service) in services(&stack) {
            for key in service.as_object().unwrap().keys() {
                assert!(service_keys.contains(key), "{file}: {name}: {key}");
            }
        }
    }
}

#[test]
fn the_image_is_one_file_that_is_not_root() {
    let text = read("Dockerfile");
    let lines: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let (_, last) = text.split_once("\nFROM scratch\n").expect("the last stage is empty");
    assert!(!last.contains("\nFROM ") && !last.contains("\nRUN "));
    assert!(last.contains("\nUSER 65532:65532\n"));
    assert!(last.contains("\nENTRYPOINT [\"/netbird-authentik-init\"]\n"));
    assert!(
        last.contains("COPY --from=build --chown=65532:65532 /volumes/ /"),
        "or fresh volumes belong to root"
    );
    assert!(last.contains(concat!("ARG VERSION=", env!("CARGO_PKG_VERSION"), "\n")));
    // BuildKit only.
    assert!(
        !text.to_lowercase().contains("# syntax")
            && !lines.iter().any(|line| line.contains("--mount"))
    );
    assert!(
        lines
            .iter()
            .filter(|line| line.contains("cargo build"))
            .all(|line| line.contains("--locked"))
    );
    assert!(text.starts_with("# ") && lines[0] == "ARG BUILDER=rust:1-alpine");
}

#[test]
fn the_build_context_has_every_manifest_of_the_workspace() {
    let ignore = read(".dockerignore");
    let allowed: BTreeSet<_> = ignore.lines().filter_map(|line| line.strip_prefix('!')).collect();
    assert!(ignore.lines().any(|line| line == "*"), "everything else stays out");
    let manifest = read("Cargo.toml");
    let members = manifest.lines().find_map(|line| line.strip_prefix("members = ")).unwrap();
    let members: Vec<String> = serde_json::from_str(members).unwrap();
    for member in members {
        assert!(allowed.contains(format!("{member}/Cargo.toml").as_str()), "{member}");
    }
    for needed in ["Cargo.toml", "Cargo.lock", "src"] {
        assert!(allowed.contains(needed), "{needed}");
    }
}

// --- The pages -----------------------------------------------------------------------------------

const PAGES: &[&str] = &[
    "first-up",
    "files",
    "backup-and-rotation",
    "migration",
    "configure-sh",
    "operating",
    "image",
    "upgrading",
];

#[test]
fn the_pages_name_no_variable_that_does_not_exist() {
    let (required, optional) = env_example();
    for page in PAGES {
        let name = format!("docs/{page}.md");
        for word in
            read(&name).split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'))
        {
            let ours = word.starts_with("SETUP_") || word.starts_with("AUTHENTIK_");
            let known = is_known(word) || required.contains(word) || optional.contains_key(word);
            assert!(!ours || known, "{name}: {word}");
        }
    }
}

#[test]
fn every_page_and_file_that_is_pointed_at_exists() {
    let mut sources: Vec<String> = PAGES.iter().map(|page| format!("docs/{page}.md")).collect();
    sources.extend([STACK, SIDECAR, EXISTING, ".env.example", "Dockerfile"].map(str::to_owned));
    for source in sources {
        let text = read(&source);
        for word in
            text.split(|letter: char| letter.is_whitespace() || "`()[],:;\"'".contains(letter))
        {
            let word = word.trim_end_matches('.');
            if word.starts_with("docs/") && word.ends_with(".md") {
                assert!(path(word).exists(), "{source}: {word}");
            }
        }
        // Links between pages.
        for link in
            text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link)
        {
            let file = link.split('#').next().unwrap();
            assert!(file.contains("://") || path("docs").join(file).exists(), "{source}: {link}");
        }
    }
}
