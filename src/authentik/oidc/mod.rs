//! Asks Authentik what NetBird's management, its clients and browsers will ask: discovery, keys, and the
//! authorize endpoint. Without the token, and without creating anything.

mod document;
mod probes;

use serde::Deserialize;

use super::decode::{decode, refusal};
use super::server::{Server, Via};
use crate::http::{Kind, Trouble};
use crate::text::Secret;

pub use document::{Discovery, Jwk, Jwks, Sighting};
pub use probes::{ClientVerdict, DeviceVerdict, Verdict};

/// What a login of the service account got.
#[derive(Clone, Debug)]
pub struct AccessToken {
    token: Secret,
    /// `Access-Control-Allow-Origin` of the answer.
    pub allowed_origin: Option<String>,
}

/// An endpoint: the way to it, and its path below the base URL.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The way.
    pub via: Via,
    /// As the discovery document names it, without the base URL.
    pub path: &'a str,
}

/// Asks without the API token.
#[derive(Clone, Copy, Debug)]
pub struct Oidc<'a>(pub &'a Server);

impl Oidc<'_> {
    /// The path where logins begin: the same for every application.
    pub const AUTHORIZE_PATH: &'static str = "application/o/authorize/";

    /// The path where codes become tokens: the same for every application, in every release.
    pub const TOKEN_PATH: &'static str = "application/o/token/";

    /// The path of an application's discovery document. Without a slash at the end: with one it is a 404.
    pub fn discovery_path(slug: &str) -> String {
        format!("application/o/{slug}/.well-known/openid-configuration")
    }

    /// The path below which an application's discovery document is found.
    pub fn authority_path(slug: &str) -> String {
        format!("application/o/{slug}/")
    }

    /// The path of an application's keys: the same in every release.
    pub fn jwks_path(slug: &str) -> String {
        format!("application/o/{slug}/jwks/")
    }

    /// Discovery, asked as a script of a page of this origin does.
    ///
    /// # Errors
    /// Any [`Trouble`].
    pub async fn discovery(
        &self,
        via: Via,
        slug: &str,
        origin: Option<&str>,
    ) -> Result<Sighting<Discovery>, Trouble> {
        let answer = self.0.anonymous(via, &Self::discovery_path(slug), origin).await?;
        let document: Discovery = decode(&answer, "")?;
        if document.says_nothing() {
            let detail = "JSON that is no discovery document".to_owned();
            return Err(Trouble { detail, ..Trouble::of(&answer, Kind::Malformed) });
        }
        Ok(Sighting::new(document, &answer))
    }

    /// The key set at this path below the base URL.
    ///
    /// # Errors
    /// Any [`Trouble`].
    pub async fn jwks(&self, via: Via, path: &str) -> Result<Sighting<Jwks>, Trouble> {
        let answer = self.0.anonymous(via, path, None).await?;
        let document = decode(&answer, "")?;
        Ok(Sighting::new(document, &answer))
    }

    /// Whether anything is there at all: Authentik, and any other server, says 404 of a path that it does not know.
    ///
    /// # Errors
    /// A [`Trouble`] when no complete answer came.
    pub async fn is_there(&self, at: Place<'_>) -> Result<bool, Trouble> {
        Ok(self.0.anonymous(at.via, at.path, None).await?.status != 404)
    }

    /// Logs the service account in as NetBird's management does, from a page of this origin where one is given, so that
    /// the answer tells whom it allows as well; nothing if it is refused, or if there is no password to try.
    ///
    /// # Errors
    /// Any [`Trouble`] other than a refusal.
    pub async fn login(
        &self,
        client_id: &str,
        username: &str,
        password: Option<&Secret>,
        scope: &str,
        origin: Option<&str>,
    ) -> Result<Option<AccessToken>, Trouble> {
        let Some(password) = password else { return Ok(None) };
        let form: String = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_id", client_id)
            .append_pair("username", username)
            .append_pair("password", password.expose())
            .append_pair("scope", scope)
            .finish();
        let answer = self.0.form(Via::InternalAsPublic, Self::TOKEN_PATH, form, origin).await?;
        if answer.refuses() {
            return Ok(None);
        }
        #[derive(Deserialize)]
        struct Grant {
            access_token: String,
        }
        let grant: Grant = decode(&answer, "")?;
        let allowed_origin = document::allowed_origin(&answer);
        Ok(Some(AccessToken { token: Secret::new(grant.access_token), allowed_origin }))
    }

    /// Whether the API lists users to this token, as NetBird's management asks it to.
    ///
    /// # Errors
    /// Any [`Trouble`] other than a refusal.
    pub async fn lists_users(&self, token: &AccessToken) -> Result<bool, Trouble> {
        let answer = self.0.as_bearer("api/v3/core/users/?page_size=1", &token.token).await?;
        /// As much of it as a list of users must have.
        #[derive(Deserialize)]
        struct Page {
            #[serde(rename = "results")]
            _results: Vec<serde::de::IgnoredAny>,
        }
        match answer.status {
            200 => decode::<Page>(&answer, "").map(|_| true),
            401 | 403 if answer.media_type.ends_with("json") => Ok(false),
            _ => Err(refusal(&answer, "")),
        }
    }
}
