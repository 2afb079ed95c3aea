//! Asks what NetBird and browsers will ask, side by side.

use std::time::Duration;

use futures_util::future::{OptionFuture, join, join_all, join4, join5};
use tokio::time::timeout;

use super::evidence::{Evidence, Readable, Side, Subject};
use crate::authentik::oidc::Oidc;
use crate::authentik::{Server, Via};
use crate::http::tls::Trust;
use crate::http::{Kind, Trouble};
use crate::netbird::{ClientType, Registration};

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
