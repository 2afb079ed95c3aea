//! The secrets that a `management.json` holds. A text with `{{` is filled in by NetBird's environment.

use super::manager::asks_elsewhere;
use super::{AUTHENTIK, File};
use crate::config::Config;
use crate::outputs::endpoints::TURN_USER;
use crate::outputs::json::Node;
use crate::state::evidence::{Found, InUse, Kind};
use crate::text::Secret;

/// All of them.
pub fn secrets_in(file: &File, config: &Config) -> InUse {
    let mut in_use = InUse::default();
    let place = |path: &str| format!("{}, {path},", file.place);
    let root = &file.root;
    match root.at("DataStoreEncryptionKey").and_then(found) {
        Some(found) => in_use.add(Kind::DatastoreKey, place("DataStoreEncryptionKey"), found),
        None => in_use.without_key.push(file.place.clone()),
    }
    if let Some(found) = root.at("Relay.Secret").and_then(found) {
        in_use.add(Kind::Relay, place("Relay.Secret"), found);
    }
    // Of several the first: they may be servers of other people.
    let turns = root.at("TURNConfig.Turns").map(Node::items).unwrap_or_default();
    let own = turns.iter().find(|turn| is_own_turn(turn));
    if let Some(found) = own.and_then(|turn| turn.at("Password")).and_then(found) {
        in_use.add(Kind::Turn, place("TURNConfig.Turns.Password"), found);
    }
    if file.manager().as_deref() == Some(AUTHENTIK) && !asks_elsewhere(file, config) {
        let extra = root.at("IdpManagerConfig.ExtraConfig");
        if let Some(found) = extra.and_then(|extra| extra.exact("Password")).and_then(found) {
            in_use.add(Kind::ServiceAccount, place("IdpManagerConfig.ExtraConfig.Password"), found);
        }
    }
    in_use
}

/// Whether a TURN server is used with NetBird's own user.
pub(super) fn is_own_turn(turn: &Node) -> bool {
    turn.at("Username").and_then(Node::as_text).as_deref() == Some(TURN_USER)
}

/// What stands in a secret's place; nothing where Go reads an empty text.
pub(super) fn found(node: &Node) -> Option<Found> {
    if node.is_null() {
        return None;
    }
    if node.is_template() {
        return Some(Found::Template);
    }
    match (node.as_text(), node) {
        (Some(text), _) if text.is_empty() => None,
        (Some(text), _) => Some(Found::Text(Secret::new(text))),
        (None, Node::Scalar(raw)) if raw.starts_with('"') => {
            Some(Found::Other("a text with half a character"))
        }
        _ => Some(Found::Other(node.kind())),
    }
}
