//! The proof that a login will work: ask what NetBird and browsers will ask, judge the answers, and hand on exactly what
//! was judged. Asking is in `gather`; judging is pure, in `judge`.

mod check_id;
mod evidence;
mod gather;
mod judge;
mod key_source;
mod login;
mod outcome;
mod ways;

pub use check_id::{CheckId, Entry, Group};
pub use evidence::{Evidence, Side, Subject};
pub use gather::gather;
pub use judge::{because, is_sound, judge};
pub use key_source::KeySource;
pub use outcome::{Check, Outcome};

use crate::authentik::oidc::Discovery;
use crate::netbird::Registration;

/// What was verified: all that the files say about the identity provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// How Authentik knows the client.
    pub registration: Registration,
    /// Where NetBird's parts and browsers go.
    pub endpoints: Endpoints,
    /// How NetBird's management comes by the keys.
    pub keys: Keys,
    /// The URL below which discovery was found: what browsers are told as the authority.
    pub authority: String,
    /// Where discovery is, at the public URL.
    pub discovery_url: String,
    /// `scope` of a login.
    pub scope: String,
    /// `claims_supported` of the discovery document; empty where it does not say.
    pub claims: Vec<String>,
    /// The issuer at the URL inside, where NetBird reaches Authentik there.
    pub internal_issuer: Option<String>,
    /// Whether this release sends people back from a logout.
    pub logout_returns: bool,
}

impl Proof {
    /// The issuer that NetBird's own provider is told.
    pub fn connector_issuer(&self) -> &str {
        self.internal_issuer.as_deref().unwrap_or(&self.registration.issuer)
    }
}

/// Endpoints as the discovery document names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// Where browsers log in.
    pub authorization: String,
    /// Where codes become tokens.
    pub token: String,
    /// Where headless clients begin.
    pub device: String,
    /// Where browsers log out.
    pub end_session: String,
}

impl Endpoints {
    /// Those of a document.
    pub fn of(document: &Discovery) -> Self {
        Self {
            authorization: document.authorization_endpoint.clone(),
            token: document.token_endpoint.clone(),
            device: document.device_authorization_endpoint.clone(),
            end_session: document.end_session_endpoint.clone(),
        }
    }
}

/// How NetBird's management comes by the keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    /// Where it gets them from (`HttpConfig.AuthKeysLocation`).
    pub location: String,
    /// Whether it fetches discovery at each start (`HttpConfig.OIDCConfigEndpoint`).
    pub discovery_at_start: bool,
    /// Whether it fetches keys again when they have aged (`HttpConfig.IdpSignKeyRefreshEnabled`).
    pub refresh: bool,
    /// Whether the keys at the public URL come with a max-age.
    pub public_max_age: bool,
}

impl Keys {
    /// What people must know who run NetBird with keys that it reads once (seen with NetBird 0.77.1).
    pub fn warning(&self) -> Option<String> {
        (!self.refresh).then(|| {
            format!(
                "management.json has key refresh off, since Authentik's key set comes without a max-age: restart \
                 NetBird's management after a key rotation, and after a start while Authentik was away; a proxy that \
                 adds \"Cache-Control: max-age=300\" to {} makes that unnecessary",
                self.location
            )
        })
    }
}
