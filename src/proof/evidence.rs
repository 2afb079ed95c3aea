//! Asks what NetBird and browsers will ask, side by side, and keeps what was answered.

use std::time::Duration;

use futures_util::future::{OptionFuture, join_all, join3, join5};
use tokio::time::timeout;

use crate::authentik::oidc::{ClientVerdict, Discovery, Jwks, Oidc, Sighting, Verdict};
use crate::authentik::{Server, Via};
use crate::http::tls::Trust;
use crate::http::{BaseUrl, Kind, Trouble};
use crate::netbird::{OidcClient, Registration};

/// What is to be proven, and how it is reached.
#[derive(Clone, Debug)]
pub struct Subject<'a> {
    /// How Authentik knows the client.
    pub registration: &'a Registration,
    /// What the client needs.
    pub client: &'a OidcClient,
    /// The public base URL: every endpoint is below its origin.
    pub public: &'a BaseUrl,
    /// The application's slug.
    pub slug: &'a str,
    /// Whether certificates are accepted that NetBird's containers would not accept.
    pub lenient: bool,
    /// What the authorize endpoint is asked with.
    pub redirect_uris: &'a [String],
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
    /// The token endpoint's answer to a client that has a secret.
    pub client: Option<ClientVerdict>,
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
pub async fn gather(server: &Server, subject: &Subject<'_>) -> Result<Evidence, Trouble> {
    let oidc = Oidc(server);
    let slug = subject.slug;
    let keys_path = Oidc::jwks_path(slug);
    let public: OptionFuture<_> =
        server.has_public_url().then(|| public_side(server, subject, &keys_path)).into();
    let authorize = join_all(subject.redirect_uris.iter().map(|uri| async {
        let Registration { client_id, .. } = subject.registration;
        let verdict = oidc.authorize(client_id, &subject.client.login_scope(), uri).await;
        verdict.map(|verdict| (uri.clone(), verdict))
    }));
    let redirect_uri = subject.redirect_uris.first();
    let client: OptionFuture<_> = subject
        .registration
        .secret
        .as_ref()
        .zip(redirect_uri)
        .map(|(secret, uri)| oidc.knows_client(&subject.registration.client_id, secret, uri))
        .into();
    let (discovery, keys, public, authorize, client) = join5(
        oidc.discovery(Via::InternalAsPublic, slug),
        oidc.jwks(Via::InternalAsPublic, &keys_path),
        public,
        authorize,
        client,
    )
    .await;
    Ok(Evidence {
        discovery: discovery?,
        keys: keys?,
        public,
        authorize: authorize.into_iter().collect::<Result<_, _>>()?,
        client: client.transpose()?,
    })
}

async fn public_side(server: &Server, subject: &Subject<'_>, keys_path: &str) -> PublicSide {
    let oidc = Oidc(server);
    let (discovery, keys, strictly) = join3(
        in_time(oidc.discovery(Via::Public(Trust::Lenient), subject.slug)),
        in_time(oidc.jwks(Via::Public(Trust::Lenient), keys_path)),
        async {
            // Where nothing but the public roots is trusted anyway, the first answer says it all.
            let strictly = Via::Public(Trust::PublicRoots);
            match subject.lenient {
                true => Some(in_time(oidc.discovery(strictly, subject.slug)).await.is_ok()),
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
        let detail = format!("no answer within {} s", PUBLIC_PATIENCE.as_secs());
        Err(Trouble::without_answer(Kind::Unreachable, "the public URL", detail))
    })
}
