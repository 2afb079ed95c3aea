//! Where NetBird's own services are: from their variables, else from NetBird's public URL, since one proxy in front of
//! all of them is what most have. What a hand-made management.json says instead goes before that.

use serde_json::{Value, json};

use super::json::Node;
use crate::config::{Config, parse};
use crate::http::BaseUrl;

/// The static user of the TURN server, as NetBird's own set-up names it.
pub const TURN_USER: &str = "self";

/// STUN's port, of a TURN server and of the relay's embedded one alike.
pub const STUN_PORT: u16 = 3478;

/// Where the services are, in the forms that the files need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Services {
    /// `http` or `https`, and host and port.
    pub signal: (String, String),
    /// The relays' addresses, the own one first; never empty.
    pub relays: Vec<String>,
    /// `stun:host:port`.
    pub stuns: Vec<String>,
    /// `NETBIRD_TURN_DOMAIN`.
    pub turn_domain: Option<String>,
}

/// Which of them a variable names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Chosen {
    /// `NETBIRD_SIGNAL_ENDPOINT`, `NETBIRD_SIGNAL_PORT`.
    pub signal: bool,
    /// `NETBIRD_RELAY_ENDPOINT`, `NETBIRD_RELAY_DOMAIN`, `NETBIRD_RELAY_PORT`.
    pub relays: bool,
    /// `NETBIRD_STUN_ENDPOINTS`, `NETBIRD_TURN_DOMAIN`.
    pub stuns: bool,
}

impl Services {
    /// What follows from NetBird's URL alone, as version 0.1.0 had it.
    pub fn derived(endpoint: &BaseUrl) -> Self {
        let relay_scheme = if endpoint.scheme() == "https" { "rels" } else { "rel" };
        let address = format!("{}:{}", endpoint.host(), endpoint.port());
        Self {
            relays: vec![format!("{relay_scheme}://{address}")],
            stuns: vec![format!("stun:{}:{STUN_PORT}", endpoint.host())],
            signal: (endpoint.scheme().to_owned(), address),
            turn_domain: None,
        }
    }

    /// What the variables say, and what follows from NetBird's URL where they are silent.
    pub fn wished(config: &Config) -> Self {
        let endpoint = &config.netbird.endpoint;
        let passed = |name: &str| config.netbird.passed.get(name).map(String::as_str);
        let mut wished = Self::derived(endpoint);
        if let Some(port) = passed("NETBIRD_SIGNAL_PORT") {
            wished.signal.1 = format!("{}:{port}", endpoint.host());
        }
        if let Some(signal) = passed("NETBIRD_SIGNAL_ENDPOINT") {
            wished.signal = signal_parts(signal, endpoint.scheme());
        }
        let (host, port) = (passed("NETBIRD_RELAY_DOMAIN"), passed("NETBIRD_RELAY_PORT"));
        if host.is_some() || port.is_some() {
            let scheme = if endpoint.scheme() == "https" { "rels" } else { "rel" };
            let host = host.unwrap_or(endpoint.host());
            let port = port.map_or(endpoint.port().to_string(), str::to_owned);
            wished.relays = vec![format!("{scheme}://{host}:{port}")];
        }
        if let Some(relays) = listed(passed("NETBIRD_RELAY_ENDPOINT")) {
            wished.relays = relays;
        }
        if let Some(domain) = passed("NETBIRD_TURN_DOMAIN") {
            wished.stuns = vec![format!("stun:{domain}:{STUN_PORT}")];
            wished.turn_domain = Some(domain.to_owned());
        }
        if let Some(stuns) = listed(passed("NETBIRD_STUN_ENDPOINTS")) {
            wished.stuns = stuns.iter().map(|stun| stun_uri(stun)).collect();
        }
        wished
    }

    /// The own relay.
    pub fn relay(&self) -> &str {
        self.relays.first().map_or("", String::as_str)
    }

    /// `Signal` of management.json, as far as it says where signal is.
    pub fn signal_node(&self) -> Node {
        json!({"Proto": self.signal.0, "URI": self.signal.1}).into()
    }

    /// `Relay.Addresses` of management.json.
    pub fn relays_node(&self) -> Node {
        Value::from(self.relays.clone()).into()
    }

    /// `Stuns` of management.json.
    pub fn stuns_node(&self) -> Node {
        let stuns = self.stuns.iter().map(|uri| json!({"Proto": "udp", "URI": uri}));
        Value::from_iter(stuns).into()
    }

    /// `TURNConfig.Turns` of management.json, without the password.
    pub fn turns_node(&self) -> Option<Node> {
        let uri = format!("turn:{}:{STUN_PORT}", self.turn_domain.as_ref()?);
        Some(json!([{"Proto": "udp", "URI": uri, "Username": TURN_USER}]).into())
    }
}

impl Chosen {
    /// By the variables.
    pub fn by(config: &Config) -> Self {
        let any = |names: &[&str]| names.iter().any(|n| config.netbird.passed.contains_key(*n));
        Self {
            signal: any(&["NETBIRD_SIGNAL_ENDPOINT", "NETBIRD_SIGNAL_PORT"]),
            relays: any(&["NETBIRD_RELAY_ENDPOINT", "NETBIRD_RELAY_DOMAIN", "NETBIRD_RELAY_PORT"]),
            stuns: any(&["NETBIRD_STUN_ENDPOINTS", "NETBIRD_TURN_DOMAIN"]),
        }
    }
}

fn listed(text: Option<&str>) -> Option<Vec<String>> {
    text.map(parse::list).filter(|items| !items.is_empty())
}

/// `https://host:port` as scheme and address; an address alone has NetBird's scheme.
fn signal_parts(endpoint: &str, scheme: &str) -> (String, String) {
    match parse::origin(endpoint) {
        Ok(url) => (url.scheme().to_owned(), format!("{}:{}", url.host(), url.port())),
        Err(_) => (scheme.to_owned(), endpoint.to_owned()),
    }
}

fn stun_uri(endpoint: &str) -> String {
    match endpoint.starts_with("stun:") || endpoint.starts_with("stuns:") {
        true => endpoint.to_owned(),
        false => format!("stun:{endpoint}"),
    }
}
