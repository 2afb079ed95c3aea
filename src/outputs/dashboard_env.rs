//! `dashboard.env`: everything that the dashboard's start script demands; it goes on with placeholders where one is
//! missing.

use super::sourced;
use crate::config::Config;
use crate::netbird::api::login::CLIENT;
use crate::netbird::{dashboard, embedded};
use crate::proof::Proof;

/// The file's text.
pub fn render(config: &Config, proof: &Proof) -> String {
    let endpoint = config.netbird.endpoint.origin();
    let passed = |name: &str, else_value: &str| {
        config.netbird.passed.get(name).map_or(else_value, String::as_str).to_owned()
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
        // TLS is the proxy's. Not "none": the start script puts that into the content security policy as a host.
        ("LETSENCRYPT_DOMAIN", String::new()),
    ];
    sourced::file(values.iter().map(|(name, value)| (*name, value.as_str())))
}

/// The file's text where NetBird has a provider of its own: nothing in it comes from Authentik.
pub fn render_own(config: &Config) -> String {
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
        // TLS is the proxy's; see above.
        ("LETSENCRYPT_DOMAIN", ""),
    ];
    sourced::file(values)
}
