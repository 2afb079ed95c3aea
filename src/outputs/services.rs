//! The small files: `dashboard.env` and `relay.env` for entry points that source them, `turnserver.conf` for
//! a TURN server.

use super::endpoints::{self, Turn};
use super::shell;
use crate::config::Config;
use crate::netbird::api::login::CLIENT;
use crate::netbird::{dashboard, embedded};
use crate::proof::Proof;
use crate::state::secrets::Secrets;

const HEADER: &str =
    "# Written by netbird-authentik-init; edit the environment of that container instead.\n";

/// `dashboard.env`: everything that the dashboard's start script demands; it goes on with placeholders
/// where one is missing.
pub fn dashboard_env(config: &Config, proof: &Proof) -> String {
    let endpoint = config.netbird.endpoint.origin();
    let passed = |name: &str, ours: &str| {
        config.netbird.passed.get(name).map_or(ours, String::as_str).to_owned()
    };
    let values = [
        ("AUTH_AUTHORITY", proof.authority.clone()),
        ("AUTH_CLIENT_ID", proof.registration.client_id.clone()),
        ("AUTH_CLIENT_SECRET", String::new()),
        ("AUTH_AUDIENCE", proof.registration.client_id.clone()),
        ("AUTH_SUPPORTED_SCOPES", passed("NETBIRD_AUTH_SUPPORTED_SCOPES", &proof.scope)),
        ("AUTH_REDIRECT_URI", dashboard::redirect_path(config).to_owned()),
        ("AUTH_SILENT_REDIRECT_URI", dashboard::silent_redirect_path(config).to_owned()),
        ("USE_AUTH0", "false".to_owned()),
        ("NETBIRD_TOKEN_SOURCE", passed("NETBIRD_TOKEN_SOURCE", "accessToken")),
        ("NETBIRD_MGMT_API_ENDPOINT", endpoint.clone()),
        ("NETBIRD_MGMT_GRPC_API_ENDPOINT", endpoint),
        // Dashboards 2.80 to 2.89 allow the browser to reach the issuer's path only, and Authentik's token
        // endpoint is outside it; others do not mind.
        ("NETBIRD_CSP", config.connection.public.origin()),
        // TLS is the proxy's.
        ("LETSENCRYPT_DOMAIN", "none".to_owned()),
    ];
    file(values.iter().map(|(name, value)| (*name, value.as_str())))
}

/// `dashboard.env` where NetBird has a provider of its own: nothing in it comes from Authentik.
pub fn own_dashboard_env(config: &Config) -> String {
    let endpoint = config.netbird.endpoint.origin();
    let authority = embedded::issuer(config);
    let [login, silent] = dashboard::EMBEDDED_PATHS;
    let values = [
        ("AUTH_AUTHORITY", authority.as_str()),
        ("AUTH_CLIENT_ID", CLIENT),
        ("AUTH_CLIENT_SECRET", ""),
        ("AUTH_AUDIENCE", CLIENT),
        ("AUTH_SUPPORTED_SCOPES", "openid profile email groups"),
        ("AUTH_REDIRECT_URI", login),
        ("AUTH_SILENT_REDIRECT_URI", silent),
        ("USE_AUTH0", "false"),
        ("NETBIRD_MGMT_API_ENDPOINT", endpoint.as_str()),
        ("NETBIRD_MGMT_GRPC_API_ENDPOINT", endpoint.as_str()),
        // TLS is the proxy's.
        ("LETSENCRYPT_DOMAIN", "none"),
    ];
    file(values)
}

/// `relay.env`.
pub fn relay(config: &Config, secrets: &Secrets) -> String {
    let exposed = endpoints::relay(config);
    // A TURN server answers STUN itself, on the same port.
    let stun = if Turn::of(config).domain.is_some() { "false" } else { "true" };
    let port = endpoints::STUN_PORT.to_string();
    let values = [
        ("NB_LISTEN_ADDRESS", ":80"),
        ("NB_EXPOSED_ADDRESS", exposed.as_str()),
        ("NB_AUTH_SECRET", secrets.relay.expose()),
        ("NB_ENABLE_STUN", stun),
        ("NB_STUN_PORTS", port.as_str()),
    ];
    file(values)
}

fn file<'a>(values: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let lines: String =
        values.into_iter().map(|(name, value)| shell::assign(name, value)).collect();
    format!("{HEADER}{lines}")
}

/// `turnserver.conf`; nothing without `NETBIRD_TURN_DOMAIN`.
pub fn turnserver(config: &Config, secrets: &Secrets) -> Option<String> {
    let domain = Turn::of(config).domain?;
    let passed = |name: &str| config.netbird.passed.get(name);
    let mut lines = vec![
        format!("listening-port={}", endpoints::STUN_PORT),
        "fingerprint".to_owned(),
        "lt-cred-mech".to_owned(),
        format!("user={}:{}", endpoints::TURN_USER, secrets.turn.expose()),
        format!("realm={domain}"),
        "log-file=stdout".to_owned(),
        "no-software-attribute".to_owned(),
        "no-cli".to_owned(),
        "no-tls".to_owned(),
        "no-dtls".to_owned(),
    ];
    let optional = [("NETBIRD_TURN_EXTERNAL_IP", "external-ip")];
    for (variable, key) in optional {
        if let Some(value) = passed(variable) {
            lines.push(format!("{key}={value}"));
        }
    }
    Some(format!("{HEADER}{}\n", lines.join("\n")))
}
