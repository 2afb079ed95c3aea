//! `setup.env`: what NetBird's `configure.sh` sources. Superset of all releases since 0.8.10: what an older
//! one does not know it does not read.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::shell;
use crate::config::{Config, Problem};
use crate::netbird::dashboard::{REDIRECT_PATH, SILENT_REDIRECT_PATH};
use crate::proof::Proof;
use crate::state::secrets::Secrets;

/// The file's text.
pub fn render(config: &Config, proof: &Proof, secrets: &Secrets) -> String {
    let passed = &config.netbird.passed;
    let mut out = String::from(
        "# Written by netbird-authentik-init, and again whenever a value changes: edit the environment of\n\
         # that container instead. Values were proven against Authentik before they were written.\n",
    );
    let mut done: Vec<&str> = Vec::new();
    for (comment, assignments) in groups(config, proof, secrets) {
        let _ = write!(out, "\n# {comment}\n");
        for (name, ours) in assignments {
            // What was passed in is passed on as it is; what contradicts the proof was refused before.
            let value = passed.get(name).map_or(ours.as_str(), String::as_str);
            out.push_str(&shell::assign(name, value));
            done.push(name);
        }
    }
    // configure.sh sets this name itself and forgets what is not exported.
    out.push_str("\n# The key that NetBird's users are encrypted with: without it they are lost\n");
    out.push_str("export ");
    out.push_str(&shell::assign("NETBIRD_DATASTORE_ENC_KEY", secrets.datastore_key.expose()));
    let rest: BTreeMap<_, _> =
        passed.iter().filter(|(name, _)| !done.contains(&name.as_str())).collect();
    if !rest.is_empty() {
        out.push_str("\n# Passed on from the environment\n");
        for (name, value) in rest {
            out.push_str(&shell::assign(name, value));
        }
    }
    out
}

/// The file's text where NetBird has a provider of its own: what of it still has a meaning.
pub fn render_own(config: &Config, secrets: &Secrets) -> String {
    let mut out = String::from(
        "# Written by netbird-authentik-init, and again whenever a value changes: edit the environment of\n\
         # that container instead.\n\
         # NetBird's configure.sh does not know a NetBird with a provider of its own: do not run it with this file.\n\
         # management.json and dashboard.env are complete without it.\n\n",
    );
    out.push_str(&shell::assign("NETBIRD_DOMAIN", &config.netbird.domain));
    out.push_str(
        "\n# The key that NetBird's users are encrypted with: without it they are lost\nexport ",
    );
    out.push_str(&shell::assign("NETBIRD_DATASTORE_ENC_KEY", secrets.datastore_key.expose()));
    let passed = config.netbird.passed.iter();
    let rest: Vec<_> = passed.filter(|(name, _)| *name != "NETBIRD_DOMAIN").collect();
    if !rest.is_empty() {
        out.push_str("\n# Passed on from the environment\n");
        for (name, value) in rest {
            out.push_str(&shell::assign(name, value));
        }
    }
    out
}

type Group = (&'static str, Vec<(&'static str, String)>);

fn groups(config: &Config, proof: &Proof, secrets: &Secrets) -> Vec<Group> {
    let netbird = &config.netbird;
    let text = str::to_owned;
    let ports: Vec<String> = netbird.pkce_ports.iter().map(u16::to_string).collect();
    vec![
        ("NetBird", vec![("NETBIRD_DOMAIN", netbird.domain.clone())]),
        (
            "Authentik",
            vec![
                ("NETBIRD_AUTH_OIDC_CONFIGURATION_ENDPOINT", proof.discovery_url.clone()),
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
    let refresh = ("NETBIRD_MGMT_IDP_SIGNKEY_REFRESH", refresh);
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

/// Values that were passed in and contradict what was proven: with them NetBird would answer "token
/// invalid".
pub fn contradictions(config: &Config, discovery_url: &str, client_id: &str) -> Vec<Problem> {
    let proven = [
        ("NETBIRD_AUTH_OIDC_CONFIGURATION_ENDPOINT", discovery_url),
        ("NETBIRD_AUTH_AUDIENCE", client_id),
        ("NETBIRD_AUTH_DEVICE_AUTH_CLIENT_ID", client_id),
        ("NETBIRD_AUTH_DEVICE_AUTH_AUDIENCE", client_id),
    ];
    proven
        .into_iter()
        .filter_map(|(name, value)| {
            let passed = config.netbird.passed.get(name).filter(|passed| *passed != value)?;
            let wanted = format!("{value}, as Authentik has it, or nothing: unset it");
            Some(Problem::new(name, Some(passed), &wanted))
        })
        .collect()
}
