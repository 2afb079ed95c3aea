//! NetBird that takes its tokens from Authentik directly: dashboard, desktop clients and headless ones are all the
//! same public client.

use super::client::{ClientType, OidcClient, Scope, wished_uris};
use super::dashboard;
use crate::authentik::Release;
use crate::authentik::redirect::{Purpose, RedirectUri};
use crate::config::Config;

/// The scope that lets Authentik's API take a token of the provider; NetBird's management asks for it.
pub const API_SCOPE: &str = "goauthentik.io/api";

/// Authentik's `access_code_validity` is the device code's lifetime too, and its default of one minute is too short
/// for people.
const CODE_MINUTES: u64 = 10;

impl OidcClient {
    /// What NetBird with Authentik as its issuer needs of this release.
    pub fn standalone(config: &Config, release: Release, ports: &[u16]) -> Self {
        let lists_users = config.netbird.lists_users();
        // Whatever the release: one that has no grant types ignores them, and one that has them creates
        // providers with none.
        let mut grant_types = vec![
            "authorization_code",
            "refresh_token",
            "urn:ietf:params:oauth:grant-type:device_code",
        ];
        if lists_users {
            grant_types.push("client_credentials");
        }
        Self {
            client_type: ClientType::Public,
            redirect_uris: redirect_uris(config, release, ports),
            scopes: scopes(release, lists_users),
            grant_types,
            code_minutes: CODE_MINUTES,
            origins: dashboard::origins(config),
            probes: probes(config, ports),
        }
    }
}

fn scopes(release: Release, lists_users: bool) -> Vec<Scope> {
    let login = |name, managed| Scope { name, managed: Some(managed), at_login: true };
    let mut scopes = vec![
        login("openid", "goauthentik.io/providers/oauth2/scope-openid"),
        login("profile", "goauthentik.io/providers/oauth2/scope-profile"),
        login("email", "goauthentik.io/providers/oauth2/scope-email"),
    ];
    if release.has_offline_access() {
        scopes
            .push(login("offline_access", "goauthentik.io/providers/oauth2/scope-offline_access"));
    }
    if lists_users {
        let managed = "goauthentik.io/providers/oauth2/scope-authentik_api";
        let managed = release.has_api_scope_mapping().then_some(managed);
        scopes.push(Scope { name: API_SCOPE, managed, at_login: false });
    }
    scopes
}

/// Byte for byte, since strict matching knows no trailing slash: the dashboard's, both forms of its logout, and each
/// port on which a client waits.
fn redirect_uris(config: &Config, release: Release, ports: &[u16]) -> Vec<RedirectUri> {
    let mut uris: Vec<RedirectUri> = Vec::new();
    let mut add = |uri: RedirectUri| {
        if !uris.contains(&uri) {
            uris.push(uri);
        }
    };
    for origin in dashboard::origins(config) {
        for path in [dashboard::redirect_path(config), dashboard::silent_redirect_path(config)] {
            if path.starts_with('/') && !path.contains('#') {
                add(RedirectUri::strict(format!("{origin}{path}")));
            }
        }
        for path in dashboard::PATHS {
            add(RedirectUri::strict(format!("{origin}{path}")));
        }
        // Management's own: it is where the API is.
        if origin == config.netbird.endpoint.origin() {
            add(RedirectUri::strict(format!("{origin}{}", dashboard::PROXY_CALLBACK)));
        }
        for logout in [format!("{origin}/"), origin] {
            add(RedirectUri::strict(logout.clone()));
            if release.has_logout_redirects() {
                add(RedirectUri { purpose: Purpose::Logout, ..RedirectUri::strict(logout) });
            }
        }
    }
    for port in ports {
        add(RedirectUri::strict(format!("http://localhost:{port}")));
        add(RedirectUri::strict(format!("http://localhost:{port}/")));
    }
    wished_uris(config, release).into_iter().for_each(&mut add);
    uris
}

/// The dashboard's, and a waiting client's with and without slash.
fn probes(config: &Config, ports: &[u16]) -> Vec<String> {
    let path = dashboard::redirect_path(config);
    let mut uris: Vec<String> =
        dashboard::origins(config).iter().map(|origin| format!("{origin}{path}")).collect();
    if let Some(port) = ports.first() {
        uris.push(format!("http://localhost:{port}"));
        uris.push(format!("http://localhost:{port}/"));
    }
    uris
}
