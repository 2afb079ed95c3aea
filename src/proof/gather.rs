//! Asks what NetBird and browsers will ask, side by side.

use futures_util::future::{OptionFuture, join, join_all, join5};

use super::evidence::{Evidence, Readable, Subject};
use super::ways::{self, Ways};
use crate::authentik::oidc::{Discovery, Oidc, Sighting};
use crate::authentik::{Server, Via};
use crate::http::Trouble;
use crate::netbird::{ClientType, Registration};

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
    let inside: OptionFuture<_> =
        subject.inside.as_ref().map(|_| oidc.discovery(Via::Internal, subject.slug, None)).into();
    let pages = join(further_pages(server, subject), tokens(server, subject));
    let documents = join(ways::ask(server, subject, origin), inside);
    let ((ways, inside), authorize, pages, client, device) =
        join5(documents, authorize, pages, client, device).await;
    let Ways { internal, public, strictly } = ways;
    let mut evidence = Evidence {
        internal,
        public,
        strictly,
        readable: Vec::new(),
        authorize,
        client,
        device,
        inside,
    };
    evidence.readable = readable(subject, &evidence, pages);
    evidence
}

type Tokens = Vec<Option<Result<Option<String>, Trouble>>>;

/// The token endpoint's answer to each origin, where it is asked.
async fn tokens(server: &Server, subject: &Subject<'_>) -> Tokens {
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

/// Documents are asked for from the first origin's page; each further origin takes a question of its own.
async fn further_pages(server: &Server, subject: &Subject<'_>) -> Vec<Option<Sighting<Discovery>>> {
    let further = subject.client.origins.iter().skip(1);
    join_all(further.map(|origin| async { ways::again(server, subject, origin).await.ok() })).await
}

/// What pages may read, origin by origin.
fn readable(
    subject: &Subject<'_>,
    evidence: &Evidence,
    (further, tokens): (Vec<Option<Sighting<Discovery>>>, Tokens),
) -> Vec<Readable> {
    let allowed = |seen: Option<&Sighting<Discovery>>| seen.map(|seen| seen.allowed_origin.clone());
    let first = std::iter::once(allowed(evidence.discovery()));
    let discovery = first.chain(further.iter().map(|seen| allowed(seen.as_ref())));
    let asked = subject.client.origins.iter().zip(discovery).zip(tokens);
    asked
        .map(|((origin, discovery), token)| Readable { origin: origin.clone(), discovery, token })
        .collect()
}
