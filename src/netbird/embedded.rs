//! NetBird with a provider of its own, inside `management` or `netbird-server`: that provider alone is Authentik's client,
//! and nobody but NetBird's server ever has the secret.

use super::client::{ClientType, OidcClient, Scope, wished_uris};
use crate::authentik::Release;
use crate::authentik::redirect::{Purpose, RedirectUri};
use crate::config::Config;

/// Authentik's own default: codes go from one server to another, and device codes are NetBird's.
const CODE_MINUTES: u64 = 1;

/// The provider's issuer: everything of it is below.
pub fn issuer(config: &Config) -> String {
    format!("{}/oauth2", config.netbird.endpoint.origin())
}

/// The one redirect URI that the provider ever sends.
pub fn callback(config: &Config) -> String {
    format!("{}/callback", issuer(config))
}

/// Where Authentik sends people back to who log out: only there the provider ends its own session.
pub fn logout_callback(config: &Config) -> String {
    format!("{}/logout/callback", issuer(config))
}

impl OidcClient {
    /// What NetBird's own provider needs of this release.
    pub fn embedded(config: &Config, release: Release) -> Self {
        let callback = callback(config);
        let mut redirect_uris = vec![RedirectUri::strict(&callback)];
        // Before there were types, Authentik read no URI to go back to after a logout: listing it would do nothing.
        if release.has_logout_redirects() {
            redirect_uris.push(RedirectUri {
                purpose: Purpose::Logout,
                ..RedirectUri::strict(logout_callback(config))
            });
        }
        redirect_uris.extend(wished_uris(config, release));
        Self {
            client_type: ClientType::Confidential,
            redirect_uris,
            scopes: vec![
                scope("openid", "goauthentik.io/providers/oauth2/scope-openid"),
                scope("profile", "goauthentik.io/providers/oauth2/scope-profile"),
                scope("email", "goauthentik.io/providers/oauth2/scope-email"),
            ],
            grant_types: vec!["authorization_code", "refresh_token"],
            code_minutes: CODE_MINUTES,
            origins: Vec::new(),
            probes: vec![callback],
        }
    }
}

fn scope(name: &'static str, managed: &'static str) -> Scope {
    Scope { name, managed: Some(managed), at_login: true }
}
