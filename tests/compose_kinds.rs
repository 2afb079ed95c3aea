//! The example stacks of a NetBird with a provider of its own say what the pages say, and what they make of empty volumes
//! is a NetBird that people get into: the container's settings are taken from the files as they stand.

#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use netbird_authentik_init::config::{load, variables};
use netbird_sim::browser::{Browser, Dashboard, Person};
use netbird_sim::{Image, NetBird};
use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value, json};

#[path = "it/connect/world.rs"]
#[allow(dead_code)]
mod people;
#[path = "it/support.rs"]
#[allow(dead_code)]
mod support;

const EMBEDDED: &str = "docker-compose.embedded.example.yml";
const COMBINED: &str = "docker-compose.combined.example.yml";
const OVERLAY: &str = "docker-compose.getting-started.example.yml";
const INIT: &str = "netbird-authentik-init";
const CONNECT: &str = "netbird-connect";

fn read(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

fn services(name: &str) -> Map<String, Value> {
    let text = read(name);
    let documents = Yaml::load_from_str(&text).unwrap();
    json_of(&documents[0])["services"].as_object().unwrap().clone()
}

fn json_of(node: &Yaml<'_>) -> Value {
    match node {
        Yaml::Value(Scalar::Boolean(flag)) => json!(flag),
        Yaml::Value(Scalar::Integer(number)) => json!(number),
        Yaml::Value(Scalar::String(text)) => json!(text),
        Yaml::Sequence(items) => items.iter().map(json_of).collect(),
        Yaml::Mapping(pairs) => {
            let pairs =
                pairs.iter().map(|(k, v)| (json_of(k).as_str().unwrap().to_owned(), json_of(v)));
            Value::Object(pairs.collect())
        }
        _ => Value::Null,
    }
}

/// A text with its variables as they are when `.env` holds nothing but the two names.
fn resolved(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (inside, after) = after.split_once('}').unwrap();
        out.push_str(before);
        let (name, default) = match inside.split_once(":-") {
            Some((name, default)) => (name, default),
            None => (inside.split_once(":?").unwrap().0, ""),
        };
        out.push_str(match name {
            "NETBIRD_DOMAIN" => "netbird.example.com",
            "AUTHENTIK_DOMAIN" => "auth.example.com",
            _ => default,
        });
        rest = after;
    }
    out + rest
}

fn environment(service: &Value) -> BTreeMap<String, String> {
    let pairs = service["environment"].as_object().unwrap();
    pairs.iter().map(|(name, value)| (name.clone(), resolved(value.as_str().unwrap()))).collect()
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(|v| v.as_str().unwrap().to_owned()).collect()
}

#[test]
fn netbird_waits_for_the_files_and_connect_for_netbird() {
    for (file, server) in [(EMBEDDED, "netbird-management"), (COMBINED, "netbird-server")] {
        let services = services(file);
        let condition = |of: &str, on: &str| services[of]["depends_on"][on]["condition"].clone();
        let netbirds: Vec<&String> = services
            .keys()
            .filter(|name| name.starts_with("netbird-") && *name != INIT && *name != CONNECT)
            .collect();
        assert!(netbirds.len() >= 2, "{file}");
        for name in netbirds {
            assert_eq!(condition(name, INIT), "service_completed_successfully", "{file}: {name}");
            assert!(services[name]["depends_on"][CONNECT].is_null(), "connect comes after NetBird");
        }
        assert_eq!(condition(CONNECT, INIT), "service_completed_successfully");
        assert_eq!(condition(CONNECT, server), "service_started");
        assert_eq!(services[CONNECT]["command"], "connect");
        assert_eq!(services[CONNECT]["restart"], "no");
        assert_eq!(services[INIT]["restart"], "no");
    }
}

#[test]
fn every_setting_is_known_and_good() {
    for (file, name) in [
        (EMBEDDED, INIT),
        (EMBEDDED, CONNECT),
        (COMBINED, INIT),
        (COMBINED, CONNECT),
        (OVERLAY, INIT),
    ] {
        let mut vars = environment(&services(file)[name]);
        for variable in vars.keys() {
            let known =
                variables::find(variable).is_some() || variables::file_form(variable).is_some();
            assert!(known, "{file}: {variable}");
        }
        // Compose mounts them; here they are values.
        for secret in ["AUTHENTIK_TOKEN", "NB_PAT"] {
            if vars.remove(&format!("{secret}_FILE")).is_some() {
                vars.insert(secret.to_owned(), "token-of-letters".to_owned());
            }
        }
        let loaded = load(vars.into_iter().map(|(name, value)| (name.into(), value.into())));
        assert!(loaded.config.is_ok(), "{file}, {name}: {:?}", loaded.config);
        assert_eq!(loaded.warnings, Vec::<String>::new(), "{file}, {name}");
    }
}

/// What they wish both have to be told: with the sidecar file the first keeps roles as well, and takes away those that its
/// variables do not name.
#[test]
fn both_of_this_containers_services_are_told_the_same() {
    for file in [EMBEDDED, COMBINED] {
        let services = services(file);
        let (init, connect) = (&services[INIT]["environment"], &services[CONNECT]["environment"]);
        let connect = connect.as_object().unwrap();
        assert!(connect.contains_key("SETUP_ROLE_GROUPS"), "{file}: {connect:?}");
        for (name, value) in connect {
            let is_wish = name.starts_with("SETUP_") && name != "SETUP_DIR";
            match init.get(name) {
                Some(other) => assert_eq!(value, other, "{file}: {name}"),
                None => assert!(!is_wish, "{file}: {INIT} has no {name}"),
            }
        }
        assert_eq!(services[INIT]["image"], services[CONNECT]["image"]);
    }
}

#[test]
fn nobody_else_sees_the_secrets_and_readers_cannot_write() {
    for file in [EMBEDDED, COMBINED] {
        for (name, service) in services(file) {
            let own = name == INIT || name == CONNECT;
            for mount in texts(&service["volumes"]) {
                let volume = mount.split(':').next().unwrap();
                assert_eq!(
                    volume == "netbird_state",
                    own && mount.ends_with(":/state"),
                    "{file}: {name}"
                );
                if matches!(volume, "netbird_setup" | "netbird_dashboard" | "netbird_relay") && !own
                {
                    assert!(mount.ends_with(":ro"), "{file}: {name}: {mount}");
                }
            }
            if own {
                assert_eq!(texts(&service["cap_drop"]), ["ALL"]);
                assert_eq!(service["read_only"], true);
                assert_eq!(texts(&service["security_opt"]), ["no-new-privileges:true"]);
            } else {
                assert_eq!(texts(&service["cap_drop"]), ["NET_RAW"], "{file}: {name}");
            }
        }
    }
}

#[test]
fn the_proxy_has_every_route_of_the_kind() {
    for (file, wanted) in [
        (
            EMBEDDED,
            &[
                "/signalexchange.SignalExchange/*",
                "/management.ManagementService/*",
                "/ws-proxy/signal*",
                "/ws-proxy/management*",
                "/api/*",
                "/oauth2/*",
                "/relay*",
            ][..],
        ),
        (
            COMBINED,
            &[
                "/signalexchange.SignalExchange/*",
                "/management.ManagementService/*",
                "/management.ProxyService/*",
                "/ws-proxy/*",
                "/api/*",
                "/oauth2/*",
                "/relay*",
            ][..],
        ),
    ] {
        let services = services(file);
        let caddyfile = services["caddy"]["environment"]["CADDYFILE"].as_str().unwrap().to_owned();
        let site = caddyfile.split("${NETBIRD_DOMAIN").nth(1).unwrap();
        let routes: BTreeSet<&str> = site
            .lines()
            .filter_map(|line| line.trim().strip_prefix("reverse_proxy /"))
            .filter_map(|rest| rest.split_whitespace().next())
            .collect();
        let wanted: BTreeSet<&str> =
            wanted.iter().map(|path| path.trim_start_matches('/')).collect();
        assert_eq!(routes, wanted, "{file}");
        for line in site.lines().filter(|line| line.contains("reverse_proxy")) {
            let target = line.split_whitespace().last().unwrap();
            let host = target.trim_start_matches("h2c://").split(':').next().unwrap();
            assert!(services.contains_key(host), "{file}: {host}");
            assert_eq!(
                line.contains("Service/") || line.contains("SignalExchange/"),
                target.starts_with("h2c://"),
                "{line}"
            );
        }
    }
}

#[test]
fn the_overlay_adds_one_service_and_writes_no_file_of_netbird() {
    let services = services(OVERLAY);
    assert_eq!(services.keys().collect::<Vec<_>>(), [INIT]);
    let service = &services[INIT];
    let environment = environment(service);
    assert_eq!(environment["SETUP_OUTPUTS"], "none");
    assert_eq!(service["command"], "watch");
    assert_eq!(texts(&service["volumes"]), ["netbird_authentik_state:/state"]);
    assert_eq!(texts(&service["networks"]), ["netbird"]);
    assert_eq!(
        texts(&service["healthcheck"]["test"]),
        ["CMD", "/netbird-authentik-init", "healthcheck"]
    );
}

/// From empty volumes to a login, with the settings of the file and simulated servers behind its names.
#[test]
fn the_stacks_end_in_a_login() {
    for (file, image) in [(EMBEDDED, Image::Management), (COMBINED, Image::Combined)] {
        let services = services(file);
        let mut case = support::Case::with(people::authentik("2026.2"));
        let dir = |case: &support::Case, path: &str| {
            let dir = case.dir.path().join(path.trim_start_matches('/'));
            std::fs::create_dir_all(&dir).unwrap();
            dir.display().to_string()
        };
        let apply = |case: &mut support::Case, name: &str| {
            for (variable, value) in environment(&services[name]) {
                let value = match variable.as_str() {
                    "AUTHENTIK_HOST" => case.sim.url(),
                    "AUTHENTIK_TOKEN_FILE" | "NB_MANAGEMENT_URL" => continue,
                    "SETUP_DIR" | "SETUP_STATE_DIR" => dir(case, &value),
                    "SETUP_OUTPUTS" => {
                        let place = |item: &str| match item.split_once('=') {
                            Some((name, path)) => format!("{name}={}", dir(case, path)),
                            None => item.to_owned(),
                        };
                        value.split(',').map(place).collect::<Vec<_>>().join(",")
                    }
                    _ => value,
                };
                case.env(&variable, value);
            }
        };
        apply(&mut case, INIT);
        case.init();
        // NetBird's flags and mounts name the file.
        let server =
            if image == Image::Management { "netbird-management" } else { "netbird-server" };
        let command = texts(&services[server]["command"]);
        let inside = &command[command.iter().position(|flag| flag == "--config").unwrap() + 1];
        let mount = texts(&services[server]["volumes"]);
        let setup = mount.iter().find(|mount| mount.starts_with("netbird_setup:")).unwrap();
        let at = setup.split(':').nth(1).unwrap();
        let config = case.path(inside.strip_prefix(at).unwrap().trim_start_matches('/'));
        let netbird = NetBird::with_file(image, &config)
            .resolve(people::AUTHENTIK, &case.sim.url())
            .start()
            .unwrap();
        apply(&mut case, CONNECT);
        case.env("NB_MANAGEMENT_URL", netbird.url());
        case.run(&["connect"]).expect(0);

        let dashboard =
            std::fs::read_to_string(case.dir.path().join("dashboard/dashboard.env")).unwrap();
        let dashboard = Dashboard::from_env(&dashboard, people::NETBIRD);
        let mut browser = Browser::new(&netbird).with_authentik(people::AUTHENTIK, &case.sim);
        let login = browser.log_in(&dashboard, Person::Authentik("alice")).unwrap();
        assert!(login.waits(), "{file}: the owner was there first");
    }
}
