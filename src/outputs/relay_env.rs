//! `relay.env`: where the relay is, and the secret that it shares with management.

use super::endpoints::{self, Services};
use super::sourced;
use crate::state::evidence::{InUse, Kind};
use crate::state::secrets::Secrets;

/// The name of the secret in the file.
const SECRET: &str = "NB_AUTH_SECRET";

/// The file's text; nothing while the secret is known to NetBird's environment only.
pub fn render(services: &Services, secrets: &Secrets) -> Option<String> {
    // A TURN server answers STUN itself, on the same port.
    let stun = if services.turn_domain.is_some() { "false" } else { "true" };
    let port = endpoints::STUN_PORT.to_string();
    let values = [
        ("NB_LISTEN_ADDRESS", ":80"),
        ("NB_EXPOSED_ADDRESS", services.relay()),
        (SECRET, secrets.relay.as_ref()?.expose()),
        ("NB_ENABLE_STUN", stun),
        ("NB_STUN_PORTS", port.as_str()),
    ];
    Some(sourced::file(values))
}

/// The secrets that the file holds.
pub fn secrets_in(text: &str, place: &str) -> InUse {
    let mut in_use = InUse::default();
    if let Some(found) = sourced::secret(text, SECRET) {
        in_use.add(Kind::Relay, format!("{place}, {SECRET},"), found);
    }
    in_use
}
