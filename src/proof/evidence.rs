//! Asks what NetBird and browsers will ask, side by side, and keeps what was answered, or that nothing was.

use std::time::Duration;

use futures_util::future::{OptionFuture, join, join_all, join4, join5};
use tokio::time::timeout;

use crate::authentik::oidc::{
    ClientVerdict, DeviceVerdict, Discovery, Jwks, Oidc, Sighting, Verdict,
};
use crate::authentik::{Server, Via};
use crate::http::tls::Trust;
use crate::http::{BaseUrl, Kind, Trouble};
use crate::netbird::{ClientType, OidcClient, Registration};

/// What is to be verified, and how it is reached.
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
    /// The claim that names a user, where it is not `sub`.
    pub user_id_claim: Option<&'a str>,
    /// Whether to ask, too, what need not be asked while nothing that it depends on has changed.
    pub thorough: bool,
    /// Whether to ask for a device code then: an address gets twenty an hour.
    pub asks_device: bool,
    /// Whom the token endpoint allowed when it was asked from the first origin already.
    pub token_allows: Option<Option<&'a str>>,
    /// The issuer at the URL inside, where NetBird reaches Authentik there.
    pub inside: Option<String>,
}

/// One way to Authentik, and what came by it.
#[derive(Debug)]
pub struct Side {
    /// Discovery, as NetBird's management and the dashboard fetch it.
    pub discovery: Result<Sighting<Discovery>, Trouble>,
    /// The keys.
    pub keys: Result<Sighting<Jwks>, Trouble>,
}

/// What a page of an origin may read.
#[derive(Debug)]
pub struct Readable {
    /// The page's origin.
    pub origin: String,
    /// Whom the discovery document's answer allows; nothing where it did not answer.
    pub discovery: Option<Option<String>>,
    /// Whom the token endpoint's answer allows; nothing where it was not asked.
    pub token: Option<Result<Option<String>, Trouble>>,
}

/// What was seen.
#[derive(Debug)]
pub struct Evidence {
    /// Through `AUTHENTIK_HOST`, with host and scheme of the public URL.
    pub internal: Side,
    /// Through the public URL, whose certificate is always judged; nothing if both URLs are one.
    pub public: Option<Side>,
    /// Discovery at the public URL for a client that trusts the public roots alone, as NetBird's containers do; nothing
    /// where the answer above says it already.
    pub strictly: Option<Result<(), Trouble>>,
    /// Each of the client's origins.
    pub readable: Vec<Readable>,
    /// The authorize endpoint's answers.
    pub authorize: Vec<(String, Result<Verdict, Trouble>)>,
    /// The token endpoint's answer to a client that has a secret.
    pub client: Option<Result<ClientVerdict, Trouble>>,
    /// The device endpoint's answer, where it was asked.
    pub device: Option<Result<DeviceVerdict, Trouble>>,
    /// Discovery at the URL inside, as NetBird asks for it there; nothing where it does not.
    pub inside: Option<Result<Sighting<Discovery>, Trouble>>,
}

impl Evidence {
    /// The side that counts: the public one, where it answers, since that is the one that NetBird and browsers see.
    pub fn carried(&self) -> &Side {
        self.public.as_ref().filter(|side| side.discovery.is_ok()).unwrap_or(&self.internal)
    }

    /// The discovery document that counts.
    pub fn discovery(&self) -> Option<&Sighting<Discovery>> {
        self.carried().discovery.as_ref().ok()
    }

    /// The same document by the other way, if it answered too.
    pub fn other(&self) -> Option<&Sighting<Discovery>> {
        self.public.as_ref().filter(|side| side.discovery.is_ok())?;
        self.internal.discovery.as_ref().ok()
    }

    /// Whether a client that trusts the public roots alone reaches the public URL.
    pub fn is_trusted(&self) -> bool {
        match &self.strictly {
            Some(strictly) => strictly.is_ok(),
            None => self.public.as_ref().unwrap_or(&self.internal).discovery.is_ok(),
        }
    }

    /// Why a question that Authentik itself must answer has no answer. The public URL's silence is none: it is evidence.
    pub fn trouble(&self) -> Option<&Trouble> {
        let side = self.carried();
        let tokens = self.readable.iter().filter_map(|r| r.token.as_ref()?.as_ref().err());
        let authorize = self.authorize.iter().filter_map(|(_, verdict)| verdict.as_ref().err());
        let client = self.client.iter().filter_map(|answer| answer.as_ref().err());
        let device = self.device.iter().filter_map(|answer| answer.as_ref().err());
        let documents = side.discovery.as_ref().err().into_iter().chain(side.keys.as_ref().err());
        let inside = self.inside.iter().filter_map(|answer| answer.as_ref().err());
        documents.chain(authorize).chain(tokens).chain(client).chain(device).chain(inside).next()
    }

    /// Whether the public URL answered nothing that could be right or wrong: no connection, or a server or proxy that is
    /// busy.
    pub fn is_silent(&self) -> bool {
        let trouble = match (&self.strictly, &self.public) {
            (Some(strictly), _) => strictly.as_ref().err(),
            (None, Some(side)) => side.discovery.as_ref().err(),
            (None, None) => None,
        };
        matches!(trouble.map(|t| &t.kind), Some(Kind::Unreachable | Kind::Busy(_)))
    }
}

/// A public URL that leads nowhere from inside a container (hairpin NAT) is common and no error: it must
/// not hold up every `up` for the whole request timeout.
const PUBLIC_PATIENCE: Duration = Duration::from_secs(5);

/// Asks everything side by side: discovery and keys take a real server a third of a second each.
pub async fn gather(server: &Server, subject: &Subject<'_>) -> Evidence {
    let oidc = Oidc(server);
    let Registration { client_id, .. } = subject.registration;
    let scope = subject.client.login_scope();
    let origin = subject.client.origins.first().map(String::as_str);
    let uris = subject.redirect_uris.iter().filter(|_| subject.thorough);
    let authorize = join_all(
        uris.map(|uri| async { (uri.clone(), oidc.authorize(client_id, &scope, uri).await) }),
    );
    let redirect_uri = subject.redirect_uris.first();
    let confidential = subject.client.client_type == ClientType::Confidential;
    let client: OptionFuture<_> = subject
        .registration
        .secret
        .as_ref()
        .filter(|_| confidential)
        .zip(redirect_uri)
        .map(|(secret, uri)| oidc.knows_client(client_id, secret, uri))
        .into();
    let has_device = subject.client.has_device_login() && subject.thorough && subject.asks_device;
    let device: OptionFuture<_> = has_device.then(|| oidc.device(client_id, &scope)).into();
    let documents = async {
        let internal = side(server, subject, Via::InternalAsPublic, origin);
        let public: OptionFuture<_> = server
            .has_public_url()
            .then(|| side(server, subject, Via::Public(Trust::Configured), origin))
            .into();
        // Where nothing but the public roots is trusted anyway, the first answer says it all.
        let judged = subject.lenient && subject.public.scheme() == "https";
        let strictly = Via::Public(Trust::PublicRoots);
        let strictly: OptionFuture<_> =
            judged.then(|| in_time(oidc.discovery(strictly, subject.slug, None))).into();
        let inside = subject.inside.as_ref();
        let inside: OptionFuture<_> =
            inside.map(|_| oidc.discovery(Via::Internal, subject.slug, None)).into();
        join4(internal, public, strictly, inside).await
    };
    let ((internal, public, strictly, inside), authorize, tokens, client, device) =
        join5(documents, authorize, tokens(server, subject), client, device).await;
    let mut evidence = Evidence {
        internal,
        public,
        strictly: strictly.map(|answer| answer.map(|_| ())),
        readable: Vec::new(),
        authorize,
        client,
        device,
        inside,
    };
    evidence.readable = readable(server, subject, &evidence, tokens).await;
    evidence
}

/// The token endpoint's answer to each origin, where it is asked.
async fn tokens(
    server: &Server,
    subject: &Subject<'_>,
) -> Vec<Option<Result<Option<String>, Trouble>>> {
    let client_id = &subject.registration.client_id;
    let uri = subject.redirect_uris.first().filter(|_| subject.thorough);
    let asked = subject.client.origins.iter().enumerate();
    join_all(asked.map(|(place, origin)| async move {
        let uri = uri?;
        match subject.token_allows.filter(|_| place == 0) {
            Some(allowed) => Some(Ok(allowed.map(str::to_owned))),
            None => Some(Oidc(server).token_readable_by(client_id, uri, origin).await),
        }
    }))
    .await
}

/// The documents were asked from the first origin's page; a second origin takes a question of its own.
async fn readable(
    server: &Server,
    subject: &Subject<'_>,
    evidence: &Evidence,
    tokens: Vec<Option<Result<Option<String>, Trouble>>>,
) -> Vec<Readable> {
    let by_public = evidence.public.as_ref().is_some_and(|side| side.discovery.is_ok());
    let via = if by_public { Via::Public(Trust::Configured) } else { Via::InternalAsPublic };
    let asked = subject.client.origins.iter().zip(tokens).enumerate();
    join_all(asked.map(|(place, (origin, token))| async move {
        let discovery = match place {
            0 => evidence.discovery().map(|seen| seen.allowed_origin.clone()),
            _ => {
                let oidc = Oidc(server);
                let again = oidc.discovery(via, subject.slug, Some(origin));
                in_time(again).await.ok().map(|seen| seen.allowed_origin)
            }
        };
        Readable { origin: origin.clone(), discovery, token }
    }))
    .await
}

async fn side(server: &Server, subject: &Subject<'_>, via: Via, origin: Option<&str>) -> Side {
    let oidc = Oidc(server);
    let path = Oidc::jwks_path(subject.slug);
    let discovery = oidc.discovery(via, subject.slug, origin);
    let keys = oidc.jwks(via, &path);
    let (discovery, mut keys) = match via {
        Via::Public(_) => join(in_time(discovery), in_time(keys)).await,
        _ => join(discovery, keys).await,
    };
    // What is judged is what the document names: asked again if it names another place on this origin.
    let named = discovery.as_ref().ok().map(|seen| seen.document.jwks_uri.as_str());
    let named = named.and_then(|uri| uri.strip_prefix(&subject.public.join("")));
    if let Some(other) = named.filter(|named| *named != path) {
        keys = in_time(oidc.jwks(via, other)).await;
    }
    Side { discovery, keys }
}

async fn in_time<T>(ask: impl Future<Output = Result<T, Trouble>>) -> Result<T, Trouble> {
    timeout(PUBLIC_PATIENCE, ask).await.unwrap_or_else(|_| {
        let detail = format!("no answer within {} s", PUBLIC_PATIENCE.as_secs());
        Err(Trouble::without_answer(Kind::Unreachable, "the public URL", detail))
    })
}
