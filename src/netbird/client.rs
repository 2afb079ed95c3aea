//! NetBird as an OIDC client: the one value that says what a kind of NetBird needs of Authentik. What is planned,
//! asked and written follows from it.

use crate::authentik::Release;
use crate::authentik::redirect::{Purpose, RedirectUri};
use crate::config::Config;
use crate::text::Secret;

/// `client_type` of an OAuth2 provider (RFC 6749, section 2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientType {
    /// Without a secret: browsers and desktop programs cannot keep one.
    Public,
    /// With a secret.
    Confidential,
}

impl ClientType {
    /// As Authentik's API has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Confidential => "confidential",
        }
    }
}

/// A scope that some mapping of the provider must serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    /// `scope_name`.
    pub name: &'static str,
    /// The name under which Authentik's blueprints keep the mapping for it; nothing where the release has none.
    pub managed: Option<&'static str>,
    /// Whether people's logins ask for it. The API's scope is asked for by NetBird's management alone.
    pub at_login: bool,
}

/// What NetBird needs of Authentik.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OidcClient {
    /// With or without a secret.
    pub client_type: ClientType,
    /// Every URI that it may ask to be sent back to.
    pub redirect_uris: Vec<RedirectUri>,
    /// Every scope that it asks for.
    pub scopes: Vec<Scope>,
    /// Every grant that it uses, as `grant_types` has them from Authentik 2026.5 on.
    pub grant_types: Vec<&'static str>,
    /// The shortest lifetime of codes that people can work with, in minutes (`access_code_validity`).
    pub code_minutes: u64,
    /// Origins from which its scripts ask Authentik (CORS).
    pub origins: Vec<String>,
    /// One redirect URI of each kind: what an accepted login is tried with.
    pub probes: Vec<String>,
}

/// What `AUTHENTIK_REDIRECT_URIS` adds. Releases without types look at no URI when a session ends, so that one for a logout
/// would let nobody out there, and people in at a place that was not meant for it.
pub fn wished_uris(config: &Config, release: Release) -> Vec<RedirectUri> {
    let wishes = config.wishes.redirect_uris.iter();
    wishes
        .filter(|wish| !wish.logout || release.has_logout_redirects())
        .map(|wish| RedirectUri {
            pattern: wish.pattern,
            purpose: if wish.logout { Purpose::Logout } else { Purpose::Authorization },
            ..RedirectUri::strict(&wish.url)
        })
        .collect()
}

impl OidcClient {
    /// `scope` of a login (RFC 6749, section 3.3).
    pub fn login_scope(&self) -> String {
        let names: Vec<&str> =
            self.scopes.iter().filter(|scope| scope.at_login).map(|scope| scope.name).collect();
        names.join(" ")
    }

    /// Whether machines without a browser log in (RFC 8628).
    pub fn has_device_login(&self) -> bool {
        self.grant_types.contains(&"urn:ietf:params:oauth:grant-type:device_code")
    }

    /// Whether Authentik sends people back who log out.
    pub fn returns_from_logout(&self) -> bool {
        self.redirect_uris.iter().any(|uri| uri.purpose == Purpose::Logout)
    }

    /// Every redirect URI of a login that is compared byte for byte.
    pub fn strict_redirect_uris(&self) -> Vec<String> {
        self.redirect_uris
            .iter()
            .filter(|uri| !uri.pattern && uri.purpose == Purpose::Authorization)
            .map(|uri| uri.url.clone())
            .collect()
    }
}

/// How Authentik knows the client: what observing and applying yield, and what a proof is held against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// `client_id` of the provider, which is the audience of its tokens.
    pub client_id: String,
    /// `client_secret` of the provider. Authentik makes one for a public client too, which does not use it.
    pub secret: Option<Secret>,
    /// The issuer that its tokens must have, byte for byte.
    pub issuer: String,
}
