//! Asks what NetBird and browsers will ask: the documents first, side by side, and then the endpoints that they name, by
//! the way by which they were found.

use std::time::Duration;

use futures_util::future::{OptionFuture, join, join_all, join5};
use tokio::time::timeout;

use super::evidence::{Evidence, Readable, Side, Subject};
use super::login;
use crate::authentik::oidc::{Oidc, Place};
use crate::authentik::{Server, Via};
use crate::http::tls::Trust;
use crate::http::{Kind, Trouble};

/// A public URL that leads nowhere from inside a container (hairpin NAT) is common and no error: it must
/// not hold up every `up` for the whole request timeout.
const PUBLIC_PATIENCE: Duration = Duration::from_secs(5);

/// Asks everything of one kind side by side: discovery and keys take a real server a third of a second each.
pub async fn gather(server: &Server, subject: &Subject<'_>) -> Evidence {
    let mut evidence = documents(server, subject).await;
    evidence.nowhere = nowhere(server, subject, &evidence).await;
    // Of logins at a URL that is none of Authentik's there is nothing to know.
    let worth = evidence.nowhere.is_empty() && evidence.wrong_public().is_none();
    let tokens = match subject.thorough && worth {
        true => login::gather(server, subject, &mut evidence).await,
        false => Vec::new(),
    };
    evidence.readable = readable(server, subject, &evidence, tokens).await;
    evidence
}

/// The way by which the document that counts was found.
pub(super) fn way(evidence: &Evidence) -> Via {
    match evidence.public.as_ref().is_some_and(|side| side.discovery.is_ok()) {
        true => Via::Public(Trust::Configured),
        false => Via::InternalAsPublic,
    }
}

async fn documents(server: &Server, subject: &Subject<'_>) -> Evidence {
    let oidc = Oidc(server);
    let origin = subject.client.origins.first().map(String::as_str);
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
    // A secret may be changed in Authentik at any moment: it is asked for in each run, and in the same round.
    let usual = Place { via: Via::InternalAsPublic, path: Oidc::TOKEN_PATH };
    let client = login::client(server, subject, Some(usual).filter(|_| !subject.thorough));
    let (internal, public, strictly, inside, client) =
        join5(internal, public, strictly, inside, client).await;
    let strictly = strictly.map(|answer| answer.map(|_| ()));
    Evidence {
        internal,
        public,
        strictly,
        nowhere: Vec::new(),
        readable: Vec::new(),
        authorize: Vec::new(),
        client,
        device: None,
        inside,
    }
}

/// Endpoints that the document names where no release has them, and where nothing is. Those in their usual places are
/// asked what they are for; the keys have been.
async fn nowhere(server: &Server, subject: &Subject<'_>, evidence: &Evidence) -> Vec<&'static str> {
    let Some(seen) = evidence.discovery() else { return Vec::new() };
    let via = way(evidence);
    let endpoints = seen.document.endpoints(subject.slug);
    let asked = endpoints.iter().map(|(name, url, usual)| async move {
        let path = subject.public.below(url)?;
        if path == usual || *name == "jwks_uri" {
            return None;
        }
        let there = Oidc(server).is_there(Place { via, path }).await;
        there.is_ok_and(|there| !there).then_some(*name)
    });
    join_all(asked).await.into_iter().flatten().collect()
}

/// The documents were asked from the first origin's page; a second origin takes a question of its own.
async fn readable(
    server: &Server,
    subject: &Subject<'_>,
    evidence: &Evidence,
    tokens: Vec<login::Allowed>,
) -> Vec<Readable> {
    let via = way(evidence);
    let mut tokens = tokens.into_iter();
    let asked = subject.client.origins.iter().enumerate().map(|(place, origin)| {
        let token = tokens.next();
        async move {
            let discovery = match place {
                0 => evidence.discovery().map(|seen| seen.allowed_origin.clone()),
                _ => {
                    let oidc = Oidc(server);
                    let again = oidc.discovery(via, subject.slug, Some(origin));
                    in_time(again).await.ok().map(|seen| seen.allowed_origin)
                }
            };
            let beside = evidence.other().filter(|_| place == 0);
            let beside = beside.map(|seen| seen.allowed_origin.clone());
            Readable { origin: origin.clone(), discovery, beside, token }
        }
    });
    join_all(asked).await
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
    // What is judged is what the document names: asked again if it names another place below this URL.
    let named = discovery.as_ref().ok().map(|seen| seen.document.jwks_uri.as_str());
    let named = named.and_then(|uri| subject.public.below(uri));
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
