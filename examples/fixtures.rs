//! Makes what a released binary leaves behind: its files, and the simulated Authentik that it changed, for
//! `tests/it/legacy.rs`. How to call it, and what came of it, stands in `tests/fixtures/README.md`.
//!
//! `cargo run --example fixtures -- BINARY DIRECTORY [NAME...]`

use std::error::Error;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use authentik_sim::{DEFAULT_TOKEN, Release, Sim};
use serde_json::json;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What is on the machine before the released binary runs.
#[derive(Clone, Copy, PartialEq)]
enum Before {
    /// Empty volumes, and an Authentik that knows nothing of NetBird.
    Nothing,
    /// A management.json made by hand.
    File,
    /// Application and provider made by hand, as guides tell, and no file.
    Provider,
}

/// One configuration.
struct Leftover {
    name: &'static str,
    profile: &'static str,
    before: Before,
    environment: &'static [(&'static str, &'static str)],
}

/// What every configuration has; its own values come on top, and an empty one takes the variable away.
const COMMON: &[(&str, &str)] = &[
    ("AUTHENTIK_HOST", "{authentik}"),
    // Public, and not reachable from here: as on a machine without hairpin, and the same in every run.
    ("AUTHENTIK_HOST_BROWSER", "https://auth.example.com"),
    ("AUTHENTIK_TOKEN", DEFAULT_TOKEN),
    ("NETBIRD_DOMAIN", "netbird.example.com"),
    ("SETUP_DIR", "{setup}"),
    ("SETUP_STATE_DIR", "{state}"),
];

const USER_LIST: (&str, &str) = ("NETBIRD_MGMT_IDP", "authentik");
const VIEWER: &[(&str, &str)] = &[USER_LIST, ("AUTHENTIK_SERVICE_ACCOUNT_ROLE", "viewer")];

const fn plain(name: &'static str, profile: &'static str) -> Leftover {
    Leftover { name, profile, before: Before::Nothing, environment: &[] }
}

const fn on_2026_2(
    name: &'static str,
    environment: &'static [(&'static str, &'static str)],
) -> Leftover {
    Leftover { name, profile: "2026.2.2", before: Before::Nothing, environment }
}

const LEFTOVERS: &[Leftover] = &[
    plain("plain-2022.12.3", "2022.12.3"),
    plain("plain-2024.2.4", "2024.2.4"),
    plain("plain-2024.10.0", "2024.10.0"),
    plain("plain-2024.12.5", "2024.12.5"),
    plain("plain-2026.2.2", "2026.2.2"),
    plain("plain-2026.5.6", "2026.5.6"),
    plain("plain-2026.8.5", "2026.8.5"),
    // As docker-compose.example.yml passes things on when .env has the required values alone.
    on_2026_2(
        "compose-example",
        &[("NETBIRD_MGMT_IDP", "none"), ("SETUP_MANAGEMENT_DISCOVERY", "true")],
    ),
    on_2026_2("one-volume", &[("SETUP_STATE_DIR", "")]),
    on_2026_2("user-list", &[USER_LIST]),
    on_2026_2("user-list-admin", &[USER_LIST, ("AUTHENTIK_SERVICE_ACCOUNT_ROLE", "admin")]),
    on_2026_2("user-list-viewer", VIEWER),
    // Before roles, and before Authentik knew types of users.
    Leftover {
        name: "user-list-2023.5.6",
        profile: "2023.5.6",
        before: Before::Nothing,
        environment: &[USER_LIST],
    },
    // The role hangs on a group here, and the redirect URIs are one text.
    Leftover {
        name: "user-list-viewer-2024.2.4",
        profile: "2024.2.4",
        before: Before::Nothing,
        environment: VIEWER,
    },
    on_2026_2("access-groups", &[("AUTHENTIK_ACCESS_GROUPS", "netbird-users,ops team")]),
    on_2026_2(
        "everything",
        &[
            USER_LIST,
            ("AUTHENTIK_ACCESS_GROUPS", "netbird-users,ops team"),
            ("NETBIRD_MGMT_DNS_DOMAIN", "mesh.example.com"),
            ("NETBIRD_MGMT_API_ENDPOINT", "https://netbird.example.com:8443"),
            ("AUTHENTIK_REDIRECT_URIS", "https://other.example.com/cb"),
        ],
    ),
    on_2026_2(
        "turn",
        &[
            ("NETBIRD_TURN_DOMAIN", "turn.example.com"),
            ("SETUP_OUTPUTS", "setup.env,management.json,dashboard.env,relay.env,turnserver.conf"),
        ],
    ),
    on_2026_2("setup-env-only", &[("SETUP_OUTPUTS", "setup.env")]),
    Leftover { name: "adopted-file", profile: "2026.2.2", before: Before::File, environment: &[] },
    Leftover {
        name: "adopted-provider",
        profile: "2026.2.2",
        before: Before::Provider,
        environment: &[],
    },
];

const HAND_MADE: &str = include_str!("../tests/fixtures/hand-made-management.json");

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [binary, directory, names @ ..] = arguments.as_slice() else {
        return Err("usage: fixtures BINARY DIRECTORY [NAME...]".into());
    };
    let wished =
        |leftover: &&Leftover| names.is_empty() || names.iter().any(|n| n == leftover.name);
    for leftover in LEFTOVERS.iter().filter(wished) {
        make(leftover, Path::new(binary), &Path::new(directory).join(leftover.name))
            .map_err(|error| format!("{}: {error}", leftover.name))?;
    }
    Ok(())
}

fn make(leftover: &Leftover, binary: &Path, into: &Path) -> Result<()> {
    let sim = Sim::start(leftover.profile);
    let work = tempfile::tempdir()?;
    let places =
        ["setup", "state"].map(|name| (name, work.path().join(name).display().to_string()));
    for (_, path) in &places {
        std::fs::create_dir(path)?;
    }
    match leftover.before {
        Before::Nothing => {}
        Before::File => std::fs::write(work.path().join("setup/management.json"), HAND_MADE)?,
        Before::Provider => by_hand(&sim),
    }
    let variables = environment(leftover);
    let filled = |value: &str| {
        places.iter().fold(value.replace("{authentik}", &sim.url()), |value, (name, path)| {
            value.replace(&format!("{{{name}}}"), path)
        })
    };
    let output = Command::new(binary)
        .env_clear()
        .envs(variables.iter().map(|(name, value)| (name, filled(value))))
        .stdin(Stdio::null())
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }

    if into.exists() {
        std::fs::remove_dir_all(into)?;
    }
    std::fs::create_dir_all(into)?;
    let lines = |pairs: &[(String, String)], sign| -> String {
        pairs.iter().map(|(name, value)| format!("{name}{sign}{value}\n")).collect()
    };
    let mut modes = vec![];
    for (place, path) in &places {
        for entry in std::fs::read_dir(path)? {
            let entry = entry?;
            let name = format!("{place}/{}", entry.file_name().display());
            let mode = entry.metadata()?.permissions().mode() & 0o7777;
            let text = std::fs::read_to_string(entry.path())?.replace(&sim.url(), "{authentik}");
            if text.contains("127.0.0.1") || places.iter().any(|(_, path)| text.contains(path)) {
                return Err(format!("{name} depends on this run").into());
            }
            std::fs::create_dir_all(into.join(place))?;
            std::fs::write(into.join(&name), text)?;
            modes.push((name, format!("{mode:04o}")));
        }
    }
    modes.sort();
    std::fs::write(into.join("modes"), lines(&modes, ' '))?;
    std::fs::write(into.join("environment"), lines(&variables, '='))?;
    if sim.profile().release < Release(2023, 8, 0) {
        mark_service_accounts(&sim);
    }
    let state = format!("{:#}\n", sim.state().to_json());
    if state.contains("127.0.0.1") {
        return Err("what is in Authentik depends on this run".into());
    }
    std::fs::write(into.join("authentik.json"), state)?;
    Ok(())
}

fn environment(leftover: &Leftover) -> Vec<(String, String)> {
    let mut variables = COMMON.to_vec();
    for (name, value) in leftover.environment {
        variables.retain(|(known, _)| known != name);
        if !value.is_empty() {
            variables.push((name, value));
        }
    }
    variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// What Authentik itself puts on the service accounts that it makes, before users have types.
fn mark_service_accounts(sim: &Sim) {
    let mut state = sim.state();
    let accounts = state.users.iter_mut().filter(|user| user["type"] == "service_account");
    for account in accounts {
        account["attributes"]["goauthentik.io/user/service-account"] = json!(true);
    }
}

/// A confidential client with two redirect URIs and another subject mode, whose application has the slug.
fn by_hand(sim: &Sim) {
    let mut state = sim.state();
    let pk_of = |object: Option<&serde_json::Value>| object.map(|object| object["pk"].clone());
    let flow = pk_of(state.flow("default-provider-authorization-implicit-consent"));
    let invalidation = pk_of(state.flow("default-provider-invalidation-flow"));
    let key = pk_of(state.key_pair(authentik_sim::SELF_SIGNED));
    let provider = state.add_provider(json!({
        "name": "Our VPN", "client_id": "h4nd-m4d3", "sub_mode": "user_email", "signing_key": key,
        "authorization_flow": flow, "invalidation_flow": invalidation,
        "redirect_uris": [
            {"matching_mode": "strict", "url": "http://localhost:53000"},
            {"matching_mode": "regex", "url": "https://netbird\\.example\\.com/.*"},
        ],
    }));
    state.add_application(json!({"name": "VPN", "slug": "netbird", "provider": provider}));
}
