//! Authentik as an entry of `StaticConnectors`. Its id is part of the id of everyone who logs in through it, so an entry
//! that is there keeps it; its options are set one by one, and others stay.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::management::{braced, lookup, unbraced};
use crate::config::{Config, Kind};
use crate::error::{Error, Exit, Result};
use crate::netbird::embedded::{callback, logout_callback};
use crate::proof::Proof;

/// The id of an entry that this container makes. NetBird's API calls a connector by its type only if the id contains it.
pub const ID: &str = "authentik";

/// Its options, as Dex has them.
const OVERRIDES: &str = "providerDiscoveryOverrides";
const END_SESSION: &str = "endSessionURL";
const PKCE: &str = "pkceChallenge";

/// Issuers that Authentik has for this application, at the URL that people use and at the one inside: the application's,
/// or Authentik's root where the provider's `issuer_mode` is `global`.
pub fn issuers(config: &Config) -> Vec<String> {
    let path = format!("application/o/{}/", config.wishes.slug);
    let urls = [&config.connection.public, &config.connection.internal];
    urls.into_iter().flat_map(|url| [url.join(&path), url.join("")]).collect()
}

/// Which entry is Authentik's: the one whose id is remembered, else the one with its issuer (and its client id, if there
/// are several). Nothing if there is none.
///
/// # Errors
/// [`Exit::Refused`] where several could be meant, or the id of a new entry is taken.
pub fn find(
    connectors: &[Value],
    known: Option<&str>,
    issuers: &[String],
    client_id: &str,
) -> Result<Option<usize>> {
    let remembered = |entry: &Value| known.is_some() && field(entry, "id") == known;
    if let Some(position) = connectors.iter().position(remembered) {
        return Ok(Some(position));
    }
    let option = |entry: &Value, name: &str| {
        lookup(entry.as_object()?, "config")?.get(name)?.as_str().map(str::to_owned)
    };
    let of_issuer = |(_, entry): &(usize, &Value)| {
        option(entry, "issuer").is_some_and(|issuer| issuers.contains(&issuer))
    };
    let same: Vec<(usize, &Value)> = connectors.iter().enumerate().filter(of_issuer).collect();
    let of_client: Vec<(usize, &Value)> = same
        .iter()
        .copied()
        .filter(|(_, entry)| option(entry, "clientID").as_deref() == Some(client_id))
        .collect();
    match (&same[..], &of_client[..]) {
        ([], _) => match connectors.iter().any(|entry| field(entry, "id") == Some(ID)) {
            true => Err(taken()),
            false => Ok(None),
        },
        ([one], _) | (_, [one]) => Ok(Some(one.0)),
        _ => Err(several(&same)),
    }
}

/// Puts Authentik into the list; the entry's id.
///
/// # Errors
/// See [`find`].
pub fn put(
    connectors: &mut Vec<Value>,
    config: &Config,
    proof: &Proof,
    known: Option<&str>,
) -> Result<String> {
    let client_id = &proof.registration.client_id;
    let position = match find(connectors, known, &issuers(config), client_id)? {
        Some(position) => position,
        None => {
            connectors.push(json!({"type": ID, "name": "Authentik", "id": known.unwrap_or(ID)}));
            connectors.len() - 1
        }
    };
    let Some(entry) = connectors.get_mut(position).and_then(Value::as_object_mut) else {
        return Err(Error::new(Exit::Bug, "a connector that is no object"));
    };
    let name = entry.keys().find(|key| key.eq_ignore_ascii_case("config")).cloned();
    let name = name.unwrap_or_else(|| "config".to_owned());
    let slot = entry.entry(name).or_insert_with(|| json!({}));
    if !slot.is_object() {
        *slot = json!({});
    }
    if let Some(options) = slot.as_object_mut() {
        set_options(options, config, proof);
    }
    Ok(field(&connectors[position], "id").unwrap_or(ID).to_owned())
}

/// An entry of its own in base64, for `--idp-seed-info` of NetBird's `idp-migrate`. Its client secret is the one that
/// Authentik holds for the public client already.
pub fn seed_info(config: &Config, proof: &Proof) -> String {
    let mut options = Map::new();
    set_options(&mut options, config, proof);
    let entry = json!({"type": ID, "name": "Authentik", "id": ID, "config": options});
    // No template is run in it.
    format!("{}\n", STANDARD.encode(unbraced(&entry.to_string())))
}

/// What the entry is to say, option by option.
fn set_options(options: &mut Map<String, Value>, config: &Config, proof: &Proof) {
    let mut set = |key: &str, value: &str| {
        options.insert(key.to_owned(), braced(value).into());
    };
    set("issuer", proof.connector_issuer());
    set("clientID", &proof.registration.client_id);
    if let Some(secret) = &proof.registration.secret {
        set("clientSecret", secret.expose());
    }
    set("redirectURI", &callback(config));
    // The text itself: a path of this container is none of NetBird's.
    if let Some(pem) = &config.connection.tls.extra_roots {
        let text = braced(&String::from_utf8_lossy(pem));
        options.insert("rootCAs".to_owned(), json!([text]));
    }
    let wished = overrides(config, proof);
    let there = options.get(OVERRIDES).and_then(Value::as_object).cloned();
    let mut merged = there.unwrap_or_default();
    // Of an Authentik that returns from a logout by itself, one that this container put there is not needed any more.
    let is_own = |value: &Value| *value == logout_callback(config).as_str();
    if proof.logout_returns && merged.get(END_SESSION).is_some_and(is_own) {
        merged.shift_remove(END_SESSION);
    }
    merged.extend(wished);
    match merged.is_empty() {
        true => {
            options.shift_remove(OVERRIDES);
        }
        false => {
            options.insert(OVERRIDES.to_owned(), Value::Object(merged));
            // Dex drops everything that it discovered, and with it that Authentik does PKCE.
            options.insert(PKCE.to_owned(), "S256".into());
        }
    }
}

/// What Dex must not take from the discovery document.
fn overrides(config: &Config, proof: &Proof) -> Map<String, Value> {
    let mut overrides = Map::new();
    if proof.internal_issuer.is_some() {
        // The browser cannot go where NetBird's container goes.
        overrides.insert("authURL".to_owned(), braced(&proof.endpoints.authorization).into());
    }
    // Before 2026.5 Authentik never sends anybody back from a logout, and only there NetBird ends its own session.
    let end_session = match proof.logout_returns {
        false => Some(logout_callback(config)),
        true if proof.internal_issuer.is_some() => Some(proof.endpoints.end_session.clone()),
        true => None,
    };
    if let Some(url) = end_session.filter(|url| !url.is_empty()) {
        overrides.insert(END_SESSION.to_owned(), braced(&url).into());
    }
    overrides
}

fn field<'a>(entry: &'a Value, key: &str) -> Option<&'a str> {
    lookup(entry.as_object()?, key)?.as_str()
}

/// Whether NetBird's file can name a connector: before Authentik is asked.
///
/// # Errors
/// See [`find`].
pub fn admit(config: &Config, connectors: &[Value], known: Option<&str>) -> Result<()> {
    if config.kind != Kind::Embedded {
        return Ok(());
    }
    find(connectors, known, &issuers(config), &config.wishes.client_id.value).map(|_| ())
}

fn taken() -> Error {
    Error::new(Exit::Refused, format!("management.json has a connector with the id {ID} for another issuer"))
        .because("the id is part of the id of everyone who logged in through it, so it is not taken over")
        .remedy(
            "if it is this Authentik under its former URL, set its config.issuer to the new one; else remove it from \
             EmbeddedIdP.StaticConnectors, or give it another id if nobody logged in through it",
        )
}

fn several(entries: &[(usize, &Value)]) -> Error {
    let ids: Vec<&str> = entries.iter().filter_map(|(_, entry)| field(entry, "id")).collect();
    Error::new(
        Exit::Refused,
        format!("management.json has several connectors for this application of Authentik: {}", ids.join(", ")),
    )
    .because("the id is part of everybody's identity in NetBird, so none may be picked at random")
    .remedy("leave the one that people logged in through in EmbeddedIdP.StaticConnectors, and remove the others")
}
