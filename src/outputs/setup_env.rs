//! `setup.env`: what NetBird's `configure.sh` sources. Superset of all releases since 0.8.10: what an older
//! one does not know it does not read.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::management::places::{Follower, Places};
use super::{shell, sourced};
use crate::config::{Config, Problem};
use crate::netbird::dashboard::{REDIRECT_PATH, SILENT_REDIRECT_PATH};
use crate::proof::Proof;
use crate::state::evidence::{InUse, Kind};
use crate::state::secrets::Secrets;

/// Names in the file; the first and the last are of secrets.
const KEY: &str = "NETBIRD_DATASTORE_ENC_KEY";
const DISCOVERY: &str = "NETBIRD_AUTH_OIDC_CONFIGURATION_ENDPOINT";
const REFRESH: &str = "NETBIRD_MGMT_IDP_SIGNKEY_REFRESH";
const RELAY: &str = "NETBIRD_RELAY_ENDPOINT";
const PASSWORD: &str = "NETBIRD_IDP_MGMT_EXTRA_PASSWORD";

/// The file's text; nothing while the data store key is known to NetBird's environment only.
pub fn render(
    config: &Config,
    proof: &Proof,
    secrets: &Secrets,
    places: &Places,
) -> Option<String> {
    let key = secrets.datastore_key.as_ref()?;
    let passed = &config.netbird.passed;
    let mut out = format!(
        "{}, and again whenever a value changes: edit the environment of\n\
         # that container instead. Values were verified against Authentik before they were written.\n",
        sourced::MARK
    );
    let mut done: Vec<&str> = Vec::new();
    for (comment, assignments) in groups(config, proof, secrets, places) {
        let _ = write!(out, "\n# {comment}\n");
        for (name, own) in assignments {
            // What was passed in is passed on as it is; what contradicts the proof was refused before.
            let value = passed.get(name).map_or(own.as_str(), String::as_str);
            out.push_str(&shell::assign(name, value));
            done.push(name);
        }
    }
    // configure.sh sets this name itself and forgets what is not exported.
    out.push_str("\n# The key that NetBird's users are encrypted with: without it they are lost\n");
    out.push_str("export ");
    out.push_str(&shell::assign(KEY, key.expose()));
    let rest: BTreeMap<_, _> =
        passed.iter().filter(|(name, _)| !done.contains(&name.as_str())).collect();
    if !rest.is_empty() {
        out.push_str("\n# Passed on from the environment\n");
        for (name, value) in rest {
            out.push_str(&shell::assign(name, value));
        }
    }
    if !passed.contains_key(RELAY) && places.is_theirs(Follower::Relays) {
        out.push_str("\n# As management.json has it\n");
        out.push_str(&shell::assign(RELAY, places.services.relay()));
    }
    Some(out)
}

/// The secrets that the file holds.
pub fn secrets_in(text: &str, place: &str) -> InUse {
    let mut in_use = InUse::default();
    match sourced::secret(text, KEY) {
        Some(found) => in_use.add(Kind::DatastoreKey, format!("{place}, {KEY},"), found),
        None if text.trim().is_empty() => {}
        None => in_use.without_key.push(place.to_owned()),
    }
    if let Some(found) = sourced::secret(text, PASSWORD) {
        in_use.add(Kind::ServiceAccount, format!("{place}, {PASSWORD},"), found);
    }
    in_use
}

/// Whether the file says that keys come with a max-age.
pub fn public_max_age(text: &str) -> Option<bool> {
    let (_, value) = sourced::assignments(text).filter(|(name, _)| *name == REFRESH).last()?;
    shell::unquote(value)?.parse().ok()
}

/// The issuer whose discovery the file names.
pub fn issuer(text: &str) -> Option<String> {
    let (_, url) = sourced::assignments(text).filter(|(name, _)| *name == DISCOVERY).last()?;
    Some(shell::unquote(url)?.strip_suffix(".well-known/openid-configuration")?.to_owned())
}

/// Whether a value may be shown: one that was passed on may be secret, and only its owner knows.
pub fn is_shown(name: &str) -> bool {
    const SHOWN: &[&str] = &[
        "NETBIRD_DOMAIN",
        "NETBIRD_USE_AUTH0",
        "NETBIRD_TOKEN_SOURCE",
        "NETBIRD_MGMT_IDP",
        "NETBIRD_MGMT_IDP_SIGNKEY_REFRESH",
        "NETBIRD_IDP_MGMT_CLIENT_ID",
        "NETBIRD_IDP_MGMT_EXTRA_USERNAME",
        RELAY,
        "NETBIRD_SIGNAL_ENDPOINT",
        "NETBIRD_TURN_DOMAIN",
    ];
    SHOWN.contains(&name) || (name.starts_with("NETBIRD_AUTH_") && !name.contains("SECRET"))
}

/// The file's text where NetBird has a provider of its own: what of it still has a meaning. Nothing while the data store
/// key is known to NetBird's environment only.
pub fn render_own(config: &Config, secrets: &Secrets) -> Option<String> {
    let key = secrets.datastore_key.as_ref()?;
    let mut out = format!(
        "{}, and again whenever a value changes: edit the environment of\n\
         # that container instead.\n\
         # NetBird's configure.sh does not know a NetBird with a provider of its own: do not run it with this file.\n\
         # management.json and dashboard.env are complete without it.\n\n",
        sourced::MARK
    );
    out.push_str(&shell::assign("NETBIRD_DOMAIN", &config.netbird.domain));
    out.push_str(
        "\n# The key that NetBird's users are encrypted with: without it they are lost\nexport ",
    );
    out.push_str(&shell::assign(KEY, key.expose()));
    let passed = config.netbird.passed.iter();
    let rest: Vec<_> = passed.filter(|(name, _)| *name != "NETBIRD_DOMAIN").collect();
    if !rest.is_empty() {
        out.push_str("\n# Passed on from the environment\n");
        for (name, value) in rest {
            out.push_str(&shell::assign(name, value));
        }
    }
    Some(out)
}

type Group = (&'static str, Vec<(&'static str, String)>);

fn groups(config: &Config, proof: &Proof, secrets: &Secrets, places: &Places) -> Vec<Group> {
    let netbird = &config.netbird;
    let text = str::to_owned;
    let ports: Vec<String> = places.ports().iter().map(u16::to_string).collect();
    vec![
        ("NetBird", vec![("NETBIRD_DOMAIN", netbird.domain.clone())]),
        (
            "Authentik",
            vec![
                (DISCOVERY, proof.discovery_url.clone()),
                ("NETBIRD_AUTH_AUDIENCE", proof.registration.client_id.clone()),
                ("NETBIRD_AUTH_CLIENT_ID", proof.registration.client_id.clone()),
                ("NETBIRD_AUTH_SUPPORTED_SCOPES", proof.scope.clone()),
                ("NETBIRD_USE_AUTH0", text("false")),
                ("NETBIRD_TOKEN_SOURCE", text("accessToken")),
            ],
        ),
        (
            "Dashboard: paths, because Authentik refuses redirect URIs with a fragment",
            vec![
                ("NETBIRD_AUTH_REDIRECT_URI", text(REDIRECT_PATH)),
                ("NETBIRD_AUTH_SILENT_REDIRECT_URI", text(SILENT_REDIRECT_PATH)),
            ],
        ),
        (
            "Clients with a browser; prompt=login makes Authentik loop, so it is switched off",
            vec![
                ("NETBIRD_AUTH_PKCE_REDIRECT_URL_PORTS", ports.join(",")),
                ("NETBIRD_AUTH_PKCE_USE_ID_TOKEN", text("false")),
                ("NETBIRD_AUTH_PKCE_DISABLE_PROMPT_LOGIN", text("true")),
            ],
        ),
        (
            "Clients without a browser; all scopes, else their users would lose their groups",
            vec![
                ("NETBIRD_AUTH_DEVICE_AUTH_CLIENT_ID", proof.registration.client_id.clone()),
                ("NETBIRD_AUTH_DEVICE_AUTH_AUDIENCE", proof.registration.client_id.clone()),
                ("NETBIRD_AUTH_DEVICE_AUTH_SCOPE", proof.scope.clone()),
                ("NETBIRD_AUTH_DEVICE_AUTH_USE_ID_TOKEN", text("false")),
            ],
        ),
        users(config, proof, secrets),
    ]
}

fn users(config: &Config, proof: &Proof, secrets: &Secrets) -> Group {
    let refresh = proof.keys.public_max_age.to_string();
    let refresh = (REFRESH, refresh);
    match &secrets.service_account {
        None => (
            "Users: NetBird knows them from their tokens, so it needs no access to Authentik's user list",
            vec![("NETBIRD_MGMT_IDP", "none".to_owned()), refresh],
        ),
        Some(password) => (
            "Users: NetBird lists them through a service account",
            vec![
                ("NETBIRD_MGMT_IDP", "authentik".to_owned()),
                ("NETBIRD_IDP_MGMT_CLIENT_ID", proof.registration.client_id.clone()),
                ("NETBIRD_IDP_MGMT_EXTRA_USERNAME", config.netbird.service_account.clone()),
                ("NETBIRD_IDP_MGMT_EXTRA_PASSWORD", password.expose().to_owned()),
                refresh,
            ],
        ),
    }
}

/// Values that were passed in and contradict what was verified: with them NetBird would answer "token
/// invalid".
pub fn contradictions(config: &Config, discovery_url: &str, client_id: &str) -> Vec<Problem> {
    let as_authentik = "as Authentik has it";
    let mut verified = vec![
        (DISCOVERY, discovery_url, as_authentik),
        ("NETBIRD_AUTH_AUDIENCE", client_id, as_authentik),
        ("NETBIRD_AUTH_DEVICE_AUTH_CLIENT_ID", client_id, as_authentik),
        ("NETBIRD_AUTH_DEVICE_AUTH_AUDIENCE", client_id, as_authentik),
    ];
    if config.netbird.lists_users() {
        let why = "as management.json has it with NETBIRD_MGMT_IDP=authentik";
        verified.push(("NETBIRD_IDP_MGMT_CLIENT_ID", client_id, why));
    }
    verified
        .into_iter()
        .filter_map(|(name, value, why)| {
            let passed = config.netbird.passed.get(name).filter(|passed| *passed != value)?;
            let wanted = format!("{value}, {why}, or nothing: unset it");
            Some(Problem::new(name, Some(passed), &wanted))
        })
        .collect()
}
