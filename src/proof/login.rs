//! Asks the endpoints of a login what NetBird and browsers will ask them: where the discovery document says that they are,
//! at the public URL wherever that answered, since people and NetBird use it.

use futures_util::future::{OptionFuture, join_all, join4};

use super::evidence::{Evidence, Subject};
use crate::authentik::oidc::{ClientVerdict, Oidc, Place};
use crate::authentik::{Server, Via};
use crate::http::Trouble;
use crate::netbird::{ClientType, Registration};

/// Whom the token endpoint's answer allows.
pub type Allowed = Result<Option<String>, Trouble>;

/// Asks them side by side, and returns whom the token endpoint allows, for each of the client's origins. An endpoint that
/// is not below the public URL is left alone: that is what is told then.
pub async fn gather(
    server: &Server,
    subject: &Subject<'_>,
    evidence: &mut Evidence,
) -> Vec<Allowed> {
    let Some(seen) = evidence.discovery() else { return Vec::new() };
    let via = evidence.way();
    let document = &seen.document;
    let place = |url| subject.public.below(url).map(|path| Place { via, path });
    let (authorize, token, device) = (
        place(&document.authorization_endpoint),
        place(&document.token_endpoint),
        place(&document.device_authorization_endpoint),
    );
    let oidc = Oidc(server);
    let Registration { client_id, .. } = subject.registration;
    let scope = &subject.client.login_scope();
    let logins = authorize.into_iter().flat_map(|at| {
        subject.redirect_uris.iter().map(move |uri| async move {
            (uri.clone(), oidc.authorize(at, client_id, scope, uri).await)
        })
    });
    let client = client(server, subject, token);
    let asks_device = subject.client.has_device_login() && subject.asks_device;
    let device: OptionFuture<_> =
        device.filter(|_| asks_device).map(|at| oidc.device(at, client_id, scope)).into();
    let (logins, tokens, client, device) =
        join4(join_all(logins), tokens(server, subject, token), client, device).await;
    evidence.authorize = logins;
    evidence.client = client;
    evidence.device = device;
    tokens
}

/// Whether the token endpoint there knows a client that has a secret.
pub async fn client(
    server: &Server,
    subject: &Subject<'_>,
    at: Option<Place<'_>>,
) -> Option<Result<ClientVerdict, Trouble>> {
    let Registration { client_id, secret, .. } = subject.registration;
    let confidential = subject.client.client_type == ClientType::Confidential;
    let secret = secret.as_ref().filter(|_| confidential)?;
    Some(Oidc(server).knows_client(at?, client_id, secret, subject.redirect_uris.first()?).await)
}

async fn tokens(server: &Server, subject: &Subject<'_>, at: Option<Place<'_>>) -> Vec<Allowed> {
    let client_id = &subject.registration.client_id;
    let at = at.filter(|_| subject.asks_token);
    let Some((at, uri)) = at.zip(subject.redirect_uris.first()) else { return Vec::new() };
    // What the service account's log-in was answered counts where it is the same question.
    let same = at.via == Via::InternalAsPublic && at.path == Oidc::TOKEN_PATH;
    let asked = subject.client.origins.iter().enumerate();
    let asked = asked.map(|(place, origin)| async move {
        match subject.token_allows.filter(|_| place == 0 && same) {
            Some(allowed) => Ok(allowed.map(str::to_owned)),
            None => Oidc(server).token_readable_by(at, client_id, uri, origin).await,
        }
    });
    join_all(asked).await
}
