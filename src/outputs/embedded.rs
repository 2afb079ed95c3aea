//! `management.json` of a NetBird that has a provider of its own: the section `EmbeddedIdP`, with Authentik as one of its
//! connectors. What else is in the section, and other connectors, stay. Field names are compared without case, but for a
//! connector's `config`, which is a map.

use serde_json::{Map, Value, json};

use super::connector;
use super::management::{braced, defaults, lookup, merge, services, text};
use crate::config::Config;
use crate::error::Result;
use crate::netbird::dashboard::EMBEDDED_PATHS;
use crate::netbird::embedded::issuer;
use crate::proof::Proof;
use crate::state::owner::{InFile, Owner};
use crate::state::secrets::Secrets;

/// The section's name.
pub(super) const SECTION: &str = "EmbeddedIdP";

/// Where the list of connectors is in it.
const CONNECTORS: &str = "StaticConnectors";

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
    known: Option<&str>,
    base: Option<Map<String, Value>>,
) -> Result<(String, String)> {
    let fresh = base.is_none();
    let mut file = base.unwrap_or_default();
    if fresh {
        merge(&mut file, defaults(config));
    }
    merge(&mut file, services(config, secrets));
    if !fresh && section(&file).is_none() {
        super::conversion::without_issuer(&mut file, config);
    }
    let mut connectors = connectors(&file);
    let id = connector::put(&mut connectors, config, proof, known)?;
    let section = ours(config, &file, secrets, connectors);
    merge(&mut file, json!({ SECTION: section }));
    Ok((text(file), id))
}

/// The section, if it is switched on.
pub fn section(file: &Map<String, Value>) -> Option<&Map<String, Value>> {
    let section = lookup(file, SECTION)?.as_object()?;
    let is_on = lookup(section, "Enabled").and_then(Value::as_bool).unwrap_or(false);
    is_on.then_some(section)
}

/// What a file says about the provider and its owner.
pub fn in_file(file: &Map<String, Value>) -> InFile {
    let Some(section) = section(file) else { return InFile::default() };
    let owner = lookup(section, "Owner").and_then(Value::as_object).and_then(|owner| {
        let text = |key| lookup(owner, key)?.as_str().filter(|s| !s.is_empty()).map(str::to_owned);
        Some((text("Email")?, text("Hash")?))
    });
    InFile { has_provider: true, owner }
}

/// The connectors of a file.
pub fn connectors(file: &Map<String, Value>) -> Vec<Value> {
    let section = lookup(file, SECTION).and_then(Value::as_object);
    let list = section.and_then(|section| lookup(section, CONNECTORS)?.as_array().cloned());
    list.unwrap_or_default()
}

/// What the section is to say.
fn ours(
    config: &Config,
    file: &Map<String, Value>,
    secrets: &Secrets,
    connectors: Vec<Value>,
) -> Value {
    let there = lookup(file, SECTION).and_then(Value::as_object);
    let there = |key: &str| there.and_then(|section| lookup(section, key));
    let mut section = json!({
        "Enabled": true,
        "Issuer": braced(&issuer(config)),
        "DashboardRedirectURIs": with_dashboard(config, there("DashboardRedirectURIs")),
        CONNECTORS: connectors,
    });
    if let Some(key) = &secrets.cookie_key {
        section["SessionCookieEncryptionKey"] = braced(key.expose()).into();
    }
    if let Some(Owner { email, hash, .. }) = &secrets.owner {
        section["Owner"] = json!({"Email": braced(email), "Hash": braced(hash.expose())});
        let has_name = there("Owner")
            .and_then(Value::as_object)
            .is_some_and(|owner| lookup(owner, "Username").is_some());
        if !has_name {
            section["Owner"]["Username"] = OWNER_NAME.into();
        }
    }
    if let Some(local_auth) = config.owner.local_auth.wish() {
        let is_off = there("LocalAuthDisabled").and_then(Value::as_bool).unwrap_or(false);
        // Absent says the same as false.
        if is_off == *local_auth {
            section["LocalAuthDisabled"] = (!local_auth).into();
        }
    }
    section
}

/// The dashboard's redirect URIs, and what somebody added to them.
fn with_dashboard(config: &Config, there: Option<&Value>) -> Vec<Value> {
    let origin = config.netbird.endpoint.origin();
    let mut uris = there.and_then(Value::as_array).cloned().unwrap_or_default();
    for path in EMBEDDED_PATHS {
        let uri = format!("{origin}{path}");
        if !uris.iter().any(|there| *there == uri.as_str()) {
            uris.push(Value::from(braced(&uri)));
        }
    }
    uris
}
