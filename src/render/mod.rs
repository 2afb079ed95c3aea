//! From what was proven to the files that NetBird starts from. Pure: no file is touched here.

pub mod setup_env;
pub mod shell;

use crate::authentik::oidc::{Discovery, Oidc};
use crate::config::BaseUrl;

/// What was proven about the provider: the files say this and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The issuer of every token.
    pub issuer: String,
    /// The client id, which is also the audience: Authentik puts the client id into `aud`.
    pub client_id: String,
    /// Where discovery is, at the public URL.
    pub discovery_url: String,
    /// Where browsers log in.
    pub authorization_endpoint: String,
    /// Where codes become tokens.
    pub token_endpoint: String,
    /// Where headless clients begin.
    pub device_endpoint: String,
    /// Where the keys are.
    pub jwks_uri: String,
    /// Whether the keys come with a max-age.
    pub keys_have_max_age: bool,
    /// The scopes that a login asks for.
    pub scopes: String,
}

impl Facts {
    /// From the proven discovery document.
    pub fn new(
        public: &BaseUrl,
        slug: &str,
        client_id: &str,
        discovery: &Discovery,
        keys_have_max_age: bool,
        offline_access: bool,
    ) -> Self {
        let scopes = match offline_access {
            true => "openid profile email offline_access",
            false => "openid profile email",
        };
        Self {
            issuer: discovery.issuer.clone(),
            client_id: client_id.to_owned(),
            discovery_url: public.join(&Oidc::discovery_path(slug)),
            authorization_endpoint: discovery.authorization_endpoint.clone(),
            token_endpoint: discovery.token_endpoint.clone(),
            device_endpoint: discovery.device_authorization_endpoint.clone(),
            jwks_uri: discovery.jwks_uri.clone(),
            keys_have_max_age,
            scopes: scopes.to_owned(),
        }
    }
}
