//! Where NetBird's own services are, from NetBird's public URL: one proxy in front of all of them.

use crate::config::Config;

/// The static user of the TURN server, as NetBird's own set-up names it.
pub const TURN_USER: &str = "self";

/// STUN's port, of a TURN server and of the relay's embedded one alike.
pub const STUN_PORT: u16 = 3478;

/// The relay's address as clients get it: TLS where NetBird's URL has it.
pub fn relay(config: &Config) -> String {
    if let Some(endpoint) = config.netbird.passed.get("NETBIRD_RELAY_ENDPOINT") {
        return endpoint.clone();
    }
    let endpoint = &config.netbird.endpoint;
    let scheme = if endpoint.scheme() == "https" { "rels" } else { "rel" };
    format!("{scheme}://{}:{}", endpoint.host(), endpoint.port())
}

/// Where STUN and TURN are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The TURN server's name, if there is one.
    pub domain: Option<String>,
    /// Of the TURN server, else of the relay's embedded STUN.
    pub stun_uri: String,
    /// Of the TURN server.
    pub turn_uri: Option<String>,
}

impl Turn {
    /// By `NETBIRD_TURN_DOMAIN`.
    pub fn of(config: &Config) -> Self {
        let domain = config.netbird.passed.get("NETBIRD_TURN_DOMAIN").cloned();
        let host = domain.as_deref().unwrap_or(config.netbird.endpoint.host());
        Self {
            stun_uri: format!("stun:{host}:{STUN_PORT}"),
            turn_uri: domain.as_ref().map(|d| format!("turn:{d}:{STUN_PORT}")),
            domain,
        }
    }
}
