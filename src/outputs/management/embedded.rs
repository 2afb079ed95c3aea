//! `management.json` of a NetBird that has a provider of its own: the section `EmbeddedIdP`, with Authentik as one of its
//! connectors. What else is in the section, and other connectors, stay.

use serde_json::{Value, json};

use super::own_provider::{CONNECTORS, connectors, is_on};
use super::places::Places;
use super::standalone::{defaults, follow, put, shared, wishes};
use super::{File, connector, conversion};
use crate::config::Config;
use crate::error::Result;
use crate::netbird::dashboard::EMBEDDED_PATHS;
use crate::netbird::embedded::issuer;
use crate::outputs::json::Node;
use crate::proof::Proof;
use crate::state::owner::Owner;
use crate::state::secrets::Secrets;

/// The section's name.
const SECTION: &str = "EmbeddedIdP";

/// Who the owner is to people who look at the file.
const OWNER_NAME: &str = "owner";

/// The file's text, made from the one that is there, if any; and the id of Authentik's connector in it.
///
/// # Errors
/// See [`connector::find`].
pub fn render(
    config: &Config,
    proof: &Proof,
    secrets: &Secrets,
    places: &Places,
    known: Option<&str>,
    before: Option<&File>,
) -> Result<(String, String)> {
    let mut root = before.map_or_else(|| defaults(config).into(), |file| file.root.clone());
    follow(&mut root, places);
    shared(&mut root, config, secrets);
    wishes(&mut root, config);
    if before.is_some_and(|file| !is_on(file)) {
        conversion::without_issuer(&mut root, config);
    }
    let mut connectors = connectors(&root).to_vec();
    let id = connector::put(&mut connectors, config, proof, known)?;
    section(&mut root, config, secrets, connectors);
    Ok((root.pretty(), id))
}

/// What the section is to say.
fn section(root: &mut Node, config: &Config, secrets: &Secrets, connectors: Vec<Node>) {
    let mut set = |key: &str, value: Value| put(root, &format!("{SECTION}.{key}"), value.into());
    set("Enabled", true.into());
    set("Issuer", issuer(config).into());
    if let Some(key) = &secrets.cookie_key {
        set("SessionCookieEncryptionKey", key.expose().into());
    }
    if let Some(Owner { email, hash, .. }) = &secrets.owner {
        set("Owner.Email", email.as_str().into());
        set("Owner.Hash", hash.expose().into());
        if root.at("EmbeddedIdP.Owner.Username").is_none() {
            root.set("EmbeddedIdP.Owner.Username", Node::text(OWNER_NAME));
        }
    }
    put(root, CONNECTORS, Node::Array(connectors));
    let dashboard = with_dashboard(config, root.at("EmbeddedIdP.DashboardRedirectURIs"));
    put(root, "EmbeddedIdP.DashboardRedirectURIs", dashboard);
    if let Some(local_auth) = config.owner.local_auth.wish() {
        const PATH: &str = "EmbeddedIdP.LocalAuthDisabled";
        let is_off = matches!(root.at(PATH), Some(Node::Scalar(raw)) if raw == "true");
        // Absent says the same as false.
        if is_off == *local_auth {
            root.set(PATH, json!(!local_auth).into());
        }
    }
}

/// The dashboard's redirect URIs, and what somebody added to them.
fn with_dashboard(config: &Config, there: Option<&Node>) -> Node {
    let origin = config.netbird.endpoint.origin();
    let mut uris = there.map(Node::items).unwrap_or_default().to_vec();
    for path in EMBEDDED_PATHS {
        let uri = Node::text(&format!("{origin}{path}"));
        if !uris.iter().any(|there| there.meaning() == uri.meaning()) {
            uris.push(uri);
        }
    }
    Node::Array(uris)
}
