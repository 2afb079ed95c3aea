//! What may be shown of a value in management.json: an allow-list, since of a key that is not known only its owner knows
//! whether it is secret.

use super::fold::fold;
use super::json::{Node, spelt};
use crate::text::excerpt;

/// What stands for a secret.
pub const SECRET: &str = "(secret)";

/// What stands for a value of which only its owner knows whether it is secret.
pub const HIDDEN: &str = "(not shown)";

/// Keys of management.json, folded, whose values are secret wherever they stand.
const SECRETS: &[&str] = &[
    "clientsecret",
    "datastoreencryptionkey",
    "hash",
    "password",
    "secret",
    "sessioncookieencryptionkey",
];

/// Keys of management.json, folded, whose values are known to be none. Of every other key only its owner knows.
const SHOWN: &[&str] = &[
    "accessgroups",
    "address",
    "addresses",
    "audience",
    "authaudience",
    "authcallbackurl",
    "authclientid",
    "authissuer",
    "authkeyslocation",
    "authorizationendpoint",
    "authurl",
    "authuseridclaim",
    "certfile",
    "certkey",
    "cliredirecturis",
    "clientid",
    "credentialsttl",
    "dashboardredirecturis",
    "datadir",
    "deviceauthendpoint",
    "domain",
    "email",
    "endsessionurl",
    "engine",
    "extraauthaudience",
    "granttype",
    "id",
    "issuer",
    "loginflag",
    "managertype",
    "name",
    "oidcconfigendpoint",
    "pkcechallenge",
    "proto",
    "provider",
    "redirecturi",
    "redirecturls",
    "scope",
    "scopes",
    "stuns",
    "tokenendpoint",
    "trustedhttpproxies",
    "trustedhttpproxiescount",
    "trustedpeers",
    "turns",
    "type",
    "uri",
    "username",
];

/// A value in one line, as far as it may be shown.
pub fn told(key: &str, node: &Node) -> String {
    match node.as_text().filter(|text| !text.is_empty()) {
        Some(text) if is_shown(key) => place(&text),
        _ => shown(key, node),
    }
}

fn is_shown(key: &str) -> bool {
    SHOWN.contains(&fold(key).as_str())
}

fn shown(key: &str, node: &Node) -> String {
    let is_empty = |text: Option<String>| text.is_some_and(|text| text.is_empty());
    match node {
        Node::Object(members) => {
            let member =
                |(name, value): &(String, Node)| format!("{name}: {}", shown(&spelt(name), value));
            format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(", "))
        }
        _ if is_empty(node.as_text()) => "\"\"".to_owned(),
        _ if SECRETS.contains(&fold(key).as_str()) => SECRET.to_owned(),
        Node::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| shown(key, item)).collect();
            format!("[{}]", items.join(", "))
        }
        Node::Scalar(raw) if matches!(raw.as_str(), "true" | "false" | "null") => raw.clone(),
        _ if !is_shown(key) => HIDDEN.to_owned(),
        Node::Scalar(raw) => match node.as_text() {
            Some(text) => format!("\"{}\"", place(&text)),
            None => raw.clone(),
        },
    }
}

/// A place of a service, whose user information is nobody's to read (`turn:user:password@host`); others as they are.
fn place(text: &str) -> String {
    let scheme = ["stun:", "stuns:", "turn:", "turns:"].iter().find(|s| text.starts_with(**s));
    match (scheme, text.rsplit_once('@')) {
        (Some(scheme), Some((_, host))) => excerpt(&format!("{scheme}…@{host}")),
        _ => excerpt(text),
    }
}
