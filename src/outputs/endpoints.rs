//! Where NetBird's own services are, in the forms that its files have.

use crate::config::Config;

/// The static user of the TURN server, as NetBird's own set-up names it.
pub const TURN_USER: &str = "self";

/// STUN's port, of a TURN server and of the relay's embedded one alike.
pub const STUN_PORT: u16 = 3478;

/// The first relay's address as clients get it.
pub fn relay(config: &Config) -> String {
    let relays = &config.netbird.services.relays.value;
    relays.first().map(|relay| relay.address.clone()).unwrap_or_default()
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
        let services = &config.netbird.services;
        let domain = services.turn_domain.clone();
        Self {
            stun_uri: services.stuns.value.first().cloned().unwrap_or_default(),
            turn_uri: domain.as_ref().map(|d| format!("turn:{d}:{STUN_PORT}")),
            domain,
        }
    }
}
