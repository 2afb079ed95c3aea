//! Asks what NetBird and browsers will ask: the documents first, side by side, and then the endpoints that they name, by
//! the way by which they were found.

use futures_util::future::{OptionFuture, join_all, join4};

use super::evidence::{Evidence, Readable, Subject};
use super::login;
use super::ways::{self, Ways};
use crate::authentik::oidc::{Discovery, Oidc, Place, Sighting};
use crate::authentik::{Server, Via};

/// Asks everything of one kind side by side: discovery and keys take a real server a third of a second each.
pub async fn gather(server: &Server, subject: &Subject<'_>) -> Evidence {
    let (mut evidence, pages) = documents(server, subject).await;
    evidence.nowhere = nowhere(server, subject, &evidence).await;
    // Of logins at a URL that is none of Authentik's there is nothing to know.
    let worth = evidence.nowhere.is_empty() && evidence.wrong_public().is_none();
    let tokens = match subject.thorough && worth {
        true => login::gather(server, subject, &mut evidence).await,
        false => Vec::new(),
    };
    evidence.readable = readable(subject, &evidence, pages, tokens);
    evidence
}

/// The document as a script of a page gets it; nothing where it did not come.
type Pages = Vec<Option<Sighting<Discovery>>>;

/// The documents, as the first origin's page asks for them; and for the pages of each further origin.
async fn documents(server: &Server, subject: &Subject<'_>) -> (Evidence, Pages) {
    let oidc = Oidc(server);
    let origin = subject.client.origins.first().map(String::as_str);
    let inside = subject.inside.as_ref();
    let inside: OptionFuture<_> =
        inside.map(|_| oidc.discovery(Via::Internal, subject.slug, None)).into();
    // A secret may be changed in Authentik at any moment: it is asked for in each run, and in the same round.
    let usual = Place { via: Via::InternalAsPublic, path: Oidc::TOKEN_PATH };
    let client = login::client(server, subject, Some(usual).filter(|_| !subject.thorough));
    let ways = ways::ask(server, subject, origin);
    let (ways, inside, client, pages) =
        join4(ways, inside, client, further_pages(server, subject)).await;
    let Ways { internal, public, strictly } = ways;
    let evidence = Evidence {
        internal,
        public,
        strictly,
        nowhere: Vec::new(),
        readable: Vec::new(),
        authorize: Vec::new(),
        client,
        device: None,
        inside,
    };
    (evidence, pages)
}

async fn further_pages(server: &Server, subject: &Subject<'_>) -> Pages {
    let further = subject.client.origins.iter().skip(1);
    join_all(further.map(|origin| async { ways::again(server, subject, origin).await.ok() })).await
}

/// Endpoints that the document names where no release has them, and where nothing is. Those in their usual places are
/// asked what they are for; the keys have been.
async fn nowhere(server: &Server, subject: &Subject<'_>, evidence: &Evidence) -> Vec<&'static str> {
    let Some(seen) = evidence.discovery() else { return Vec::new() };
    let via = evidence.way();
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

/// What pages may read, origin by origin.
fn readable(
    subject: &Subject<'_>,
    evidence: &Evidence,
    further: Pages,
    tokens: Vec<login::Allowed>,
) -> Vec<Readable> {
    let allowed = |seen: &Sighting<Discovery>| seen.allowed_origin.clone();
    let first = (evidence.discovery().map(allowed), evidence.other().map(allowed));
    let pages = further.iter().map(|seen| (seen.as_ref().map(allowed), None));
    let pages = std::iter::once(first).chain(pages);
    let mut tokens = tokens.into_iter();
    let asked = subject.client.origins.iter().zip(pages);
    asked
        .map(|(origin, (discovery, beside))| Readable {
            origin: origin.clone(),
            discovery,
            beside,
            token: tokens.next(),
        })
        .collect()
}
