//! NetBird's dashboard in the browser: its paths, and where it may be sent back to.

use crate::config::Config;

/// `NETBIRD_AUTH_REDIRECT_URI`: the dashboard's own default has a fragment, which Authentik refuses.
pub const REDIRECT_PATH: &str = "/auth";

/// `NETBIRD_AUTH_SILENT_REDIRECT_URI`, for the same reason.
pub const SILENT_REDIRECT_PATH: &str = "/silent-auth";

/// The dashboard's paths for its login: what is written for it, and what NetBird's embedded provider uses.
pub const PATHS: [&str; 4] = [REDIRECT_PATH, SILENT_REDIRECT_PATH, "/nb-auth", "/nb-silent-auth"];

/// Those of a dashboard whose provider is NetBird's own: for a login, and for a silent one.
pub const EMBEDDED_PATHS: [&str; 2] = ["/nb-auth", "/nb-silent-auth"];

/// Where NetBird's management takes logins of its reverse proxy feature (`AuthCallbackURL`).
pub const PROXY_CALLBACK: &str = "/api/reverse-proxy/callback";

/// Where the dashboard may be: on the API's origin, or on that of `NETBIRD_DOMAIN`.
pub fn origins(config: &Config) -> Vec<String> {
    let endpoint = &config.netbird.endpoint;
    let mut origins = vec![endpoint.origin()];
    let domain = url::Url::parse(&format!("{}://{}", endpoint.scheme(), config.netbird.domain));
    let domain = domain.map(|url| url.origin().ascii_serialization());
    origins.extend(domain.ok().filter(|origin| *origin != endpoint.origin()));
    origins
}

/// The path of a login, unless `NETBIRD_AUTH_REDIRECT_URI` names another one.
pub fn redirect_path(config: &Config) -> &str {
    path(config, "NETBIRD_AUTH_REDIRECT_URI", REDIRECT_PATH)
}

/// The path of a silent login, unless `NETBIRD_AUTH_SILENT_REDIRECT_URI` names another one.
pub fn silent_redirect_path(config: &Config) -> &str {
    path(config, "NETBIRD_AUTH_SILENT_REDIRECT_URI", SILENT_REDIRECT_PATH)
}

fn path<'a>(config: &'a Config, variable: &str, default: &'a str) -> &'a str {
    config.netbird.passed.get(variable).map_or(default, String::as_str)
}
