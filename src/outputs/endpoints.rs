//! Where NetBird's own services are, in the forms that its files have: from their variables, else from NetBird's public URL.
//! What a hand-made management.json says instead goes before that.

use serde_json::{Value, json};

use super::json::Node;
use crate::config::Config;
use crate::http::BaseUrl;

/// The static user of the TURN server, as NetBird's own set-up names it.
pub const TURN_USER: &str = "self";

/// STUN's port, of a TURN server and of the relay's embedded one alike.
pub const STUN_PORT: u16 = 3478;

/// Where the services are.
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

impl Services {
    /// What follows from NetBird's URL alone, as version 0.1.0 had it.
    pub fn derived(endpoint: &BaseUrl) -> Self {
        let relay_scheme = if endpoint.scheme() == "https" { "rels" } else { "rel" };
        let address = address(endpoint);
        Self {
            relays: vec![format!("{relay_scheme}://{address}")],
            stuns: vec![format!("stun:{}:{STUN_PORT}", endpoint.host())],
            signal: (endpoint.scheme().to_owned(), address),
            turn_domain: None,
        }
    }

    /// What the variables say, and what follows from NetBird's URL where they are silent.
    pub fn wished(config: &Config) -> Self {
        let services = &config.netbird.services;
        let signal = &services.signal.value;
        Self {
            signal: (signal.scheme().to_owned(), address(signal)),
            relays: services.relays.value.iter().map(|relay| relay.address.clone()).collect(),
            stuns: services.stuns.value.clone(),
            turn_domain: services.turn_domain.clone(),
        }
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

fn address(url: &BaseUrl) -> String {
    format!("{}:{}", url.host(), url.port())
}
