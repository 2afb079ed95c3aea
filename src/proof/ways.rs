//! Discovery and key set by the ways that lead to them. They are the dearest questions of a run, so each is asked once
//! where one answer says it all: as people reach Authentik, and inside only where that is not enough.

use std::time::Duration;

use futures_util::future::{OptionFuture, join};
use tokio::time::timeout;

use super::evidence::{Side, Subject};
use crate::authentik::oidc::{Discovery, Jwks, Oidc, Sighting};
use crate::authentik::{Server, Via};
use crate::http::tls::Trust;
use crate::http::{Kind, Trouble};

/// A public URL that leads nowhere from inside a container (hairpin NAT) is common and no error: it must
/// not hold up every `up` for the whole request timeout.
const PUBLIC_PATIENCE: Duration = Duration::from_secs(5);

const PUBLIC: Via = Via::Public(Trust::Configured);

/// What came by each way; see `Evidence`.
#[derive(Debug, Default)]
pub struct Ways {
    pub internal: Side,
    pub public: Option<Side>,
    pub strictly: Option<Result<(), Trouble>>,
}

/// Asks, as a script of a page of this origin does.
pub async fn ask(server: &Server, subject: &Subject<'_>, origin: Option<&str>) -> Ways {
    let asking = Asking { server, subject, origin };
    if !server.has_public_url() {
        let (internal, strictly) = asking.side(Via::InternalAsPublic, true).await;
        return Ways { internal, public: None, strictly };
    }
    if subject.thorough {
        let inside = asking.side(Via::InternalAsPublic, true);
        let ((internal, _), (public, strictly)) = join(inside, asking.side(PUBLIC, true)).await;
        return Ways { internal, public: Some(public), strictly };
    }
    asking.frugally().await
}

/// Discovery by one of the ways, from another page.
pub async fn again(
    server: &Server,
    subject: &Subject<'_>,
    origin: &str,
) -> Result<Sighting<Discovery>, Trouble> {
    let via = if server.has_public_url() { PUBLIC } else { Via::InternalAsPublic };
    let asking = Asking { server, subject, origin: Some(origin) };
    match asking.discovery(via).await {
        Err(_) if via == PUBLIC => asking.discovery(Via::InternalAsPublic).await,
        answer => answer,
    }
}

#[derive(Clone, Copy)]
struct Asking<'a> {
    server: &'a Server,
    subject: &'a Subject<'a>,
    origin: Option<&'a str>,
}

impl Asking<'_> {
    /// The public way alone, if it says it all; the other one where management gets its keys there.
    async fn frugally(self) -> Ways {
        let path = Oidc::jwks_path(self.subject.slug);
        let (mut internal, mut public, strictly) = match self.subject.keys_inside {
            Some(true) => self.with_keys_inside(&path).await,
            _ => {
                let (public, strictly) = self.side(PUBLIC, true).await;
                (Side::default(), public, strictly)
            }
        };
        let issuer = &self.subject.registration.issuer;
        let says_it = public.document().is_some_and(|seen| seen.document.issuer == *issuer);
        // The other way stands in for this one, or explains what is wrong with it.
        if !says_it && internal.discovery.is_none() {
            let (side, _) = self.side(Via::InternalAsPublic, internal.keys.is_none()).await;
            internal = Side { keys: side.keys.or(internal.keys), ..side };
        }
        let trusted = public.document().is_some() && strictly.as_ref().is_none_or(Result::is_ok);
        if trusted && public.keys.is_none() {
            public.keys = Some(self.keys(PUBLIC, &path).await);
        }
        if !trusted && internal.keys.is_none() && self.subject.keys_inside.is_some() {
            internal.keys = Some(self.keys(Via::InternalAsPublic, &path).await);
        }
        Ways { internal, public: Some(public), strictly }
    }

    /// The public URL did not answer, or not with a certificate that NetBird trusts: what is asked inside is asked beside
    /// it. A connection that fails tells which of the two it is, and costs the server no request.
    async fn with_keys_inside(self, path: &str) -> (Side, Side, Option<Result<(), Trouble>>) {
        let public = |discovery| Side { discovery: Some(discovery), keys: None };
        let inside = || self.side(Via::InternalAsPublic, true);
        if !self.subject.lenient {
            let (discovery, (internal, _)) = join(self.discovery(PUBLIC), inside()).await;
            return (internal, public(discovery), None);
        }
        match self.discovery(Via::Public(Trust::PublicRoots)).await {
            Ok(seen) => (Side::default(), public(Ok(seen)), Some(Ok(()))),
            Err(trouble) if matches!(trouble.kind, Kind::Tls(_)) => {
                let keys = self.keys(Via::InternalAsPublic, path);
                let (discovery, keys) = join(self.discovery(PUBLIC), keys).await;
                let internal = Side { discovery: None, keys: Some(keys) };
                (internal, public(discovery), Some(Err(trouble)))
            }
            Err(trouble) => (inside().await.0, public(Err(trouble.clone())), Some(Err(trouble))),
        }
    }

    /// One way; and whether a client that trusts the public roots alone gets there, where that is another question.
    async fn side(self, via: Via, with_keys: bool) -> (Side, Option<Result<(), Trouble>>) {
        let path = Oidc::jwks_path(self.subject.slug);
        let keys: OptionFuture<_> = with_keys.then(|| self.keys(via, &path)).into();
        let ((discovery, strictly), mut keys) = join(self.judged(via), keys).await;
        // What is judged is what the document names: asked again if it names another place on this origin.
        let named = discovery.as_ref().ok().map(|seen| seen.document.jwks_uri.as_str());
        let named = named.and_then(|uri| self.subject.public.below(uri));
        if let Some(other) = named.filter(|named| with_keys && *named != path) {
            keys = Some(self.keys(via, other).await);
        }
        (Side { discovery: Some(discovery), keys }, strictly)
    }

    /// Where more than the public roots is trusted, whoever trusts those alone is tried first: the answer to them is the
    /// answer to everybody, and a certificate that they refuse costs the server no request.
    async fn judged(
        self,
        via: Via,
    ) -> (Result<Sighting<Discovery>, Trouble>, Option<Result<(), Trouble>>) {
        let is_public = matches!(via, Via::Public(_)) || !self.server.has_public_url();
        if !(is_public && self.subject.lenient) {
            return (self.discovery(via).await, None);
        }
        match self.discovery(Via::Public(Trust::PublicRoots)).await {
            Ok(seen) => (Ok(seen), Some(Ok(()))),
            Err(trouble) if via == PUBLIC && !matches!(trouble.kind, Kind::Tls(_)) => {
                (Err(trouble.clone()), Some(Err(trouble)))
            }
            Err(trouble) => (self.discovery(via).await, Some(Err(trouble))),
        }
    }

    async fn discovery(self, via: Via) -> Result<Sighting<Discovery>, Trouble> {
        let oidc = Oidc(self.server);
        in_time(via, oidc.discovery(via, self.subject.slug, self.origin)).await
    }

    async fn keys(self, via: Via, path: &str) -> Result<Sighting<Jwks>, Trouble> {
        let oidc = Oidc(self.server);
        in_time(via, oidc.jwks(via, path)).await
    }
}

async fn in_time<T>(via: Via, ask: impl Future<Output = Result<T, Trouble>>) -> Result<T, Trouble> {
    if !matches!(via, Via::Public(_)) {
        return ask.await;
    }
    timeout(PUBLIC_PATIENCE, ask).await.unwrap_or_else(|_| {
        let detail = format!("no answer within {} s", PUBLIC_PATIENCE.as_secs());
        Err(Trouble::without_answer(Kind::Unreachable, "the public URL", detail))
    })
}
