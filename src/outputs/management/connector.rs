//! Authentik as an entry of `StaticConnectors`. Its id is part of the id of everyone who logs in through it, so an entry
//! that is there keeps it; its options are set one by one, and others stay.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::authentik::oidc::Oidc;
use crate::config::Config;
use crate::error::{Error, Exit, Result};
use crate::netbird::embedded::{callback, logout_callback};
use crate::outputs::json::Node;
use crate::proof::Proof;
use crate::text::excerpt;

/// The id of an entry that this container makes. NetBird's API calls a connector by its type only if the id contains it.
pub const ID: &str = "authentik";

/// Its options, as Dex has them.
const OVERRIDES: &str = "providerDiscoveryOverrides";
const AUTH: &str = "authURL";
const END_SESSION: &str = "endSessionURL";
const PKCE: &str = "pkceChallenge";

/// Issuers that Authentik has for this application, at the URL that people use and at the one inside: the application's,
/// or Authentik's root where the provider's `issuer_mode` is `global`.
pub fn issuers(config: &Config) -> Vec<String> {
    let path = format!("application/o/{}/", config.wishes.slug);
    let urls = [&config.connection.public, &config.connection.internal];
    urls.into_iter().flat_map(|url| [url.join(&path), url.join("")]).collect()
}

/// Which entry is Authentik's: the one whose id is remembered, else the one with its issuer and its client id. Another
/// application's entry is none, whichever Authentik it is of. Nothing if there is none.
///
/// # Errors
/// [`Exit::Refused`] where several could be meant, or the id of a new entry is taken.
pub fn find(
    connectors: &[Node],
    known: Option<&str>,
    issuers: &[String],
    client_id: &str,
) -> Result<Option<usize>> {
    // NetBird makes one after the other, and of several with one id the last counts.
    let remembered: Vec<(usize, &Node)> = connectors
        .iter()
        .enumerate()
        .filter(|(_, entry)| known.is_some() && field(entry, "id").as_deref() == known)
        .collect();
    match &remembered[..] {
        [] => {}
        [one] => return Ok(Some(one.0)),
        several_are => return Err(several(several_are)),
    }
    let of_issuer = |(_, entry): &(usize, &Node)| is_of(entry, issuers);
    let of_client =
        |(_, entry): &(usize, &Node)| option(entry, "clientID").as_deref() == Some(client_id);
    let own: Vec<(usize, &Node)> =
        connectors.iter().enumerate().filter(of_issuer).filter(of_client).collect();
    match &own[..] {
        [] => match connectors.iter().any(|entry| field(entry, "id").as_deref() == Some(ID)) {
            true => Err(taken()),
            false => Ok(None),
        },
        [one] => Ok(Some(one.0)),
        several_are => Err(several(several_are)),
    }
}

fn option(entry: &Node, name: &str) -> Option<String> {
    entry.at("config")?.exact(name)?.as_text()
}

fn is_of(entry: &Node, issuers: &[String]) -> bool {
    option(entry, "issuer").is_some_and(|issuer| issuers.contains(&issuer))
}

/// Puts Authentik into the list; the entry's id.
///
/// # Errors
/// See [`find`].
pub fn put(
    connectors: &mut Vec<Node>,
    config: &Config,
    proof: &Proof,
    known: Option<&str>,
) -> Result<String> {
    let client_id = &proof.registration.client_id;
    let position = match find(connectors, known, &issuers(config), client_id)? {
        Some(position) => position,
        None => {
            let id = known.unwrap_or(ID);
            connectors.push(json!({"type": ID, "name": "Authentik", "id": id}).into());
            connectors.len() - 1
        }
    };
    let entry = &mut connectors[position];
    let mut options = entry.at("config").cloned().unwrap_or_else(Node::empty);
    set_options(&mut options, config, proof);
    entry.set("config", options);
    Ok(field(entry, "id").unwrap_or_else(|| ID.to_owned()))
}

/// An entry of its own in base64, for `--idp-seed-info` of NetBird's `idp-migrate`. Its client secret is the one that
/// Authentik holds for the public client already.
pub fn seed_info(config: &Config, proof: &Proof) -> String {
    let mut entry = Node::from(json!({"type": ID, "name": "Authentik", "id": ID}));
    let mut options = Node::empty();
    set_options(&mut options, config, proof);
    entry.set("config", options);
    format!("{}\n", STANDARD.encode(entry.pretty()))
}

/// What the entry is to say, option by option: a map of Go, whose names are what they are.
fn set_options(options: &mut Node, config: &Config, proof: &Proof) {
    let mut set = |key: &str, value: Value| put_exact(options, key, value.into());
    set("issuer", proof.connector_issuer().into());
    set("clientID", proof.registration.client_id.as_str().into());
    if let Some(secret) = &proof.registration.secret {
        set("clientSecret", secret.expose().into());
    }
    set("redirectURI", callback(config).into());
    // The text itself: a path of this container is none of NetBird's.
    if let Some(pem) = &config.connection.tls.extra_roots {
        set("rootCAs", json!([String::from_utf8_lossy(pem)]));
    }
    let mut merged = options.exact(OVERRIDES).cloned().unwrap_or_else(Node::empty);
    let wanted = overrides(config, proof);
    for key in [AUTH, END_SESSION] {
        let there = merged.exact(key).and_then(Node::as_text);
        let is_wanted = wanted.iter().any(|(wanted, _)| *wanted == key);
        if !is_wanted && there.is_some_and(|url| is_own_override(config, &url)) {
            merged.remove_exact(key);
        }
    }
    for (key, url) in wanted {
        put_exact(&mut merged, key, Node::text(&url));
    }
    match merged.members().is_empty() {
        true => options.remove_exact(OVERRIDES),
        false => {
            put_exact(options, OVERRIDES, merged);
            // Dex drops everything that it discovered, and with it that Authentik does PKCE.
            put_exact(options, PKCE, Node::text("S256"));
        }
    }
}

/// Whether this container writes overrides of this form: NetBird's own logout, or an endpoint of the application. What it
/// put there for a URL that Authentik no longer has must not outlive that URL.
fn is_own_override(config: &Config, url: &str) -> bool {
    let slug = &config.wishes.slug;
    url == logout_callback(config)
        || url.ends_with(Oidc::AUTHORIZE_PATH)
        || url.ends_with(&format!("/application/o/{slug}/end-session/"))
}

/// Values that are the same to NetBird keep the form that they have.
fn put_exact(map: &mut Node, key: &str, value: Node) {
    if map.exact(key).is_none_or(|there| there.meaning() != value.meaning()) {
        map.set_exact(key, value);
    }
}

/// What Dex must not take from the discovery document.
fn overrides(config: &Config, proof: &Proof) -> Vec<(&'static str, String)> {
    let mut overrides = Vec::new();
    if proof.internal_issuer.is_some() {
        // The browser cannot go where NetBird's container goes.
        overrides.push((AUTH, proof.endpoints.authorization.clone()));
    }
    // Before 2026.5 Authentik never sends anybody back from a logout, and only there NetBird ends its own session.
    let end_session = match proof.logout_returns {
        false => Some(logout_callback(config)),
        true if proof.internal_issuer.is_some() => Some(proof.endpoints.end_session.clone()),
        true => None,
    };
    overrides.extend(end_session.filter(|url| !url.is_empty()).map(|url| (END_SESSION, url)));
    overrides
}

fn field(entry: &Node, key: &str) -> Option<String> {
    entry.at(key)?.as_text()
}

/// Whether NetBird's file can name a connector: before Authentik is asked.
///
/// # Errors
/// See [`find`].
pub fn admit(config: &Config, connectors: &[Node], known: Option<&str>) -> Result<()> {
    let issuers = issuers(config);
    let client_id = &config.wishes.client_id;
    let of_issuer = connectors.iter().filter(|entry| is_of(entry, &issuers)).count();
    match find(connectors, known, &issuers, &client_id.value) {
        // Which client id an adopted provider has, only Authentik knows.
        Err(_) if of_issuer == 1 && !client_id.chosen => Ok(()),
        found => found.map(|_| ()),
    }
}

/// What a changed id means to people, where the entry of Authentik has another one than the state remembers.
pub fn renamed(config: &Config, connectors: &[Node], known: Option<&str>) -> Option<String> {
    let known = known?;
    let client_id = &config.wishes.client_id.value;
    let position = find(connectors, Some(known), &issuers(config), client_id).ok()??;
    let id = field(&connectors[position], "id").filter(|id| id != known)?;
    Some(format!(
        "management.json: the connector of Authentik had the id {known} and now has {}, so everybody who logged in through \
         it is a new user: put the former id back in EmbeddedIdP.StaticConnectors if that was not meant",
        excerpt(&id)
    ))
}

fn taken() -> Error {
    Error::new(Exit::Refused, format!("management.json has a connector with the id {ID} for another issuer or client"))
        .because("the id is part of the id of everyone who logged in through it, so it is not taken over")
        .remedy(
            "if it is this application under a former URL or client id, set its config.issuer and config.clientID to the \
             present ones; else remove it from EmbeddedIdP.StaticConnectors, or give it another id if nobody logged in \
             through it",
        )
}

fn several(entries: &[(usize, &Node)]) -> Error {
    let ids: Vec<String> = entries.iter().filter_map(|(_, entry)| field(entry, "id")).collect();
    Error::new(
        Exit::Refused,
        format!("management.json has several connectors for this application of Authentik: {}", ids.join(", ")),
    )
    .because("the id is part of everybody's identity in NetBird, so none may be picked at random")
    .remedy("leave the one that people logged in through in EmbeddedIdP.StaticConnectors, and remove the others")
}
