//! Proves that NetBird will be able to log people in: asks what NetBird will ask, and judges the answers.
//! Asking is here; judging is pure, in `judge`.

mod judge;
mod key_source;

use std::time::Duration;

use futures_util::future::{OptionFuture, join_all, join3, join4};
use tokio::time::timeout;

use crate::authentik::oidc::{Discovery, Jwks, Oidc, Sighting, Verdict};
use crate::authentik::transport::{Transport, Via};
use crate::authentik::trouble::{Kind, Trouble};
use crate::config::BaseUrl;

pub use judge::{Check, Outcome, judge};
pub use key_source::KeySource;

/// What must turn out to be so.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// Byte for byte.
    pub issuer: String,
    /// The public base URL: every endpoint is below its origin.
    pub public: BaseUrl,
    /// The application's slug.
    pub slug: String,
    /// The provider's client id.
    pub client_id: String,
    /// One redirect URI of each kind.
    pub redirect_uris: Vec<String>,
}

/// What was seen.
#[derive(Debug)]
pub struct Evidence {
    /// Discovery through the internal URL, with the public host.
    pub discovery: Sighting<Discovery>,
    /// The keys, likewise.
    pub keys: Sighting<Jwks>,
    /// The same through the public URL; nothing if both URLs are one.
    pub public: Option<PublicSide>,
    /// The authorize endpoint's answers.
    pub authorize: Vec<(String, Verdict)>,
}

/// What the public URL answers to this container.
#[derive(Debug)]
pub struct PublicSide {
    /// Discovery, as NetBird's management fetches it at its start.
    pub discovery: Result<Sighting<Discovery>, Trouble>,
    /// The keys.
    pub keys: Result<Sighting<Jwks>, Trouble>,
    /// Whether the certificate is trusted by the public roots alone, as in NetBird's containers.
    pub trusted: bool,
}

/// A public URL that leads nowhere from inside a container (hairpin NAT) is common and no error: it must
/// not hold up every `up` for the whole request timeout.
const PUBLIC_PATIENCE: Duration = Duration::from_secs(5);

/// Asks everything side by side: discovery and keys take a real server a third of a second each.
///
/// # Errors
/// The [`Trouble`] of a question that only Authentik itself can answer. The public URL's silence is no
/// error: it is evidence.
pub async fn gather(transport: &Transport, expectation: &Expectation) -> Result<Evidence, Trouble> {
    let oidc = Oidc(transport);
    let slug = &expectation.slug;
    let keys_path = Oidc::jwks_path(slug);
    let public: OptionFuture<_> =
        transport.has_public_url().then(|| public_side(transport, slug, &keys_path)).into();
    let authorize = join_all(expectation.redirect_uris.iter().map(|uri| async {
        oidc.authorize(&expectation.client_id, uri).await.map(|verdict| (uri.clone(), verdict))
    }));
    let (discovery, keys, public, authorize) = join4(
        oidc.discovery(Via::InternalAsPublic, slug),
        oidc.jwks(Via::InternalAsPublic, &keys_path),
        public,
        authorize,
    )
    .await;
    Ok(Evidence {
        discovery: discovery?,
        keys: keys?,
        public,
        authorize: authorize.into_iter().collect::<Result<_, _>>()?,
    })
}

async fn public_side(transport: &Transport, slug: &str, keys_path: &str) -> PublicSide {
    let oidc = Oidc(transport);
    let (discovery, keys, strictly) = join3(
        in_time(oidc.discovery(Via::Public, slug)),
        in_time(oidc.jwks(Via::Public, keys_path)),
        async {
            // Where nothing but the public roots is trusted anyway, the first answer says it all.
            match transport.trusts_more_than_public_roots() {
                true => Some(in_time(oidc.discovery(Via::PublicRootsOnly, slug)).await.is_ok()),
                false => None,
            }
        },
    )
    .await;
    let trusted = strictly.unwrap_or(discovery.is_ok());
    PublicSide { discovery, keys, trusted }
}

async fn in_time<T>(ask: impl Future<Output = Result<T, Trouble>>) -> Result<T, Trouble> {
    timeout(PUBLIC_PATIENCE, ask).await.unwrap_or_else(|_| {
        Err(Trouble {
            kind: Kind::Unreachable,
            request: "the public URL".into(),
            status: None,
            detail: format!("no answer within {} s", PUBLIC_PATIENCE.as_secs()),
            write: false,
        })
    })
}
