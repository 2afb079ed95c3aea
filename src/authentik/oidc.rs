//! Asks Authentik what NetBird's management, its clients and browsers will ask: discovery, keys, and the
//! authorize endpoint. Without the token, and without creating anything.

use std::time::Duration;

use reqwest::header;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::decode::{decode, refusal};
use super::server::{Server, Via};
use crate::http::Trouble;
use crate::http::answer::{Answer, text_header};
use crate::text::{Secret, excerpt};

/// The discovery document (OpenID Connect Discovery 1.0, section 3), as far as NetBird uses it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Discovery {
    /// Must equal the `iss` of every token.
    pub issuer: String,
    /// Where browsers log in.
    pub authorization_endpoint: String,
    /// Where codes become tokens.
    pub token_endpoint: String,
    /// Where headless clients begin (RFC 8628).
    pub device_authorization_endpoint: String,
    /// Where browsers log out.
    pub end_session_endpoint: String,
    /// Where the keys are.
    pub jwks_uri: String,
    /// RS256 is what NetBird verifies.
    pub id_token_signing_alg_values_supported: Vec<String>,
    /// The claims that tokens may have.
    pub claims_supported: Vec<String>,
    /// There only if tokens are encrypted.
    pub id_token_encryption_alg_values_supported: Vec<String>,
}

/// One key (RFC 7517); what NetBird needs of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Jwk {
    /// Key type: `RSA`.
    pub kty: String,
    /// Key id, by which a token names it.
    pub kid: String,
    /// Modulus.
    pub n: String,
    /// Exponent.
    pub e: String,
}

/// A key set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Jwks {
    /// Absent when the provider has no signing key.
    pub keys: Vec<Jwk>,
}

impl Jwks {
    /// Whether one key is usable by NetBird, which looks keys up by `kid` and reads RSA ones only.
    pub fn has_rsa_key(&self) -> bool {
        self.keys
            .iter()
            .any(|k| k.kty == "RSA" && !k.kid.is_empty() && !k.n.is_empty() && !k.e.is_empty())
    }
}

/// A document, and what came with it.
#[derive(Clone, Debug)]
pub struct Sighting<T> {
    /// The document.
    pub document: T,
    /// How far the server's clock is ahead of this machine's, in seconds, from the Date header.
    pub clock_ahead: Option<i64>,
    /// `max-age` of Cache-Control, in seconds.
    pub max_age: Option<u64>,
}

/// What the authorize endpoint says to a request with `prompt=none` from somebody who is not logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Client and redirect URI are accepted; a login is all that is missing.
    LoginRequired,
    /// The redirect URI is accepted, but the request is not: error and description.
    Error(String),
    /// The client is unknown, or the redirect URI not registered.
    Rejected,
}

/// What the token endpoint says to a confidential client that brings a code nobody gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientVerdict {
    /// Nothing but the code is wrong.
    Known,
    /// The secret is wrong, or the redirect URI is not registered: both are one answer.
    Unknown,
    /// Something else is; error and description.
    Error(String),
}

/// What a login of the service account got.
#[derive(Clone, Debug)]
pub struct AccessToken(Secret);

/// Asks without the API token.
#[derive(Clone, Copy, Debug)]
pub struct Oidc<'a>(pub &'a Server);

impl Oidc<'_> {
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

    /// Discovery.
    ///
    /// # Errors
    /// Any [`Trouble`].
    pub async fn discovery(&self, via: Via, slug: &str) -> Result<Sighting<Discovery>, Trouble> {
        self.document(via, &Self::discovery_path(slug)).await
    }

    /// The key set at this path below the base URL.
    ///
    /// # Errors
    /// Any [`Trouble`].
    pub async fn jwks(&self, via: Via, path: &str) -> Result<Sighting<Jwks>, Trouble> {
        self.document(via, path).await
    }

    async fn document<T: DeserializeOwned>(
        &self,
        via: Via,
        path: &str,
    ) -> Result<Sighting<T>, Trouble> {
        let answer = self.0.anonymous(via, path).await?;
        let document = decode(&answer, "")?;
        Ok(Sighting { document, clock_ahead: clock_ahead(&answer), max_age: max_age(&answer) })
    }

    /// Whether the authorize endpoint takes this client and redirect URI. Nothing is created by it.
    ///
    /// # Errors
    /// Any [`Trouble`] that is not an answer of the endpoint itself.
    pub async fn authorize(
        &self,
        client_id: &str,
        scope: &str,
        redirect_uri: &str,
    ) -> Result<Verdict, Trouble> {
        // The challenge of RFC 7636, appendix B: the code verifier does not matter, no code will come.
        let query: String = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", client_id)
            .append_pair("response_type", "code")
            .append_pair("scope", scope)
            .append_pair("state", "netbird-authentik-init")
            .append_pair("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
            .append_pair("code_challenge_method", "S256")
            .append_pair("prompt", "none")
            .append_pair("redirect_uri", redirect_uri)
            .finish();
        let path = format!("application/o/authorize/?{query}");
        let answer = self.0.anonymous(Via::InternalAsPublic, &path).await?;
        match answer.status {
            400 => Ok(Verdict::Rejected),
            302 | 303 => Ok(self.verdict(&answer, redirect_uri)),
            _ => Err(refusal(&answer, "", false)),
        }
    }

    /// Whether the token endpoint knows this client by its secret and its redirect URI. The code is wrong on purpose, so
    /// nothing comes of it.
    ///
    /// # Errors
    /// Any [`Trouble`] that is not an answer of the endpoint itself.
    pub async fn knows_client(
        &self,
        client_id: &str,
        secret: &Secret,
        redirect_uri: &str,
    ) -> Result<ClientVerdict, Trouble> {
        let form: String = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "authorization_code")
            .append_pair("client_id", client_id)
            .append_pair("client_secret", secret.expose())
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("code", "netbird-authentik-init")
            .finish();
        let answer = self.0.form("application/o/token/", form).await?;
        if !matches!(answer.status, 400 | 401) {
            return Err(refusal(&answer, "", false));
        }
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Refusal {
            error: String,
        }
        let said: Refusal = serde_json::from_slice(&answer.body).unwrap_or_default();
        Ok(match said.error.as_str() {
            "invalid_grant" => ClientVerdict::Known,
            "invalid_client" => ClientVerdict::Unknown,
            _ => ClientVerdict::Error(answer.words()),
        })
    }

    /// Logs the service account in as NetBird's management does; nothing if it is refused, or if there is no
    /// password to try.
    ///
    /// # Errors
    /// Any [`Trouble`] other than a refusal.
    pub async fn login(
        &self,
        client_id: &str,
        username: &str,
        password: Option<&Secret>,
        scope: &str,
    ) -> Result<Option<AccessToken>, Trouble> {
        let Some(password) = password else { return Ok(None) };
        let form: String = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_id", client_id)
            .append_pair("username", username)
            .append_pair("password", password.expose())
            .append_pair("scope", scope)
            .finish();
        let answer = self.0.form("application/o/token/", form).await?;
        if matches!(answer.status, 400 | 401) {
            return Ok(None);
        }
        #[derive(Deserialize)]
        struct Grant {
            access_token: String,
        }
        let grant: Grant = decode(&answer, "")?;
        Ok(Some(AccessToken(Secret::new(grant.access_token))))
    }

    /// Whether the API lists users to this token, as NetBird's management asks it to.
    ///
    /// # Errors
    /// Any [`Trouble`] other than a refusal.
    pub async fn lists_users(&self, token: &AccessToken) -> Result<bool, Trouble> {
        let answer = self.0.as_bearer("api/v3/core/users/?page_size=1", &token.0).await?;
        match answer.status {
            200 => Ok(true),
            401 | 403 => Ok(false),
            _ => Err(refusal(&answer, "", false)),
        }
    }

    fn verdict(&self, answer: &Answer, redirect_uri: &str) -> Verdict {
        let location = text_header(&answer.headers, header::LOCATION).unwrap_or_default();
        if !location.starts_with(redirect_uri) {
            return Verdict::Error(excerpt(&format!("redirected to {location}")));
        }
        let query = location.split_once('?').map_or("", |(_, q)| q);
        let mut error = String::new();
        for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match key.as_ref() {
                "error" if value == "login_required" => return Verdict::LoginRequired,
                "error" => error = format!("{value}{error}"),
                "error_description" => error = format!("{error} ({value})"),
                _ => {}
            }
        }
        Verdict::Error(excerpt(if error.is_empty() { location } else { &error }))
    }
}

/// The difference of the clocks. The Date header has whole seconds and was made while the request was
/// under way, so what the request took is subtracted in the server's favour.
fn clock_ahead(answer: &Answer) -> Option<i64> {
    let date = text_header(&answer.headers, header::DATE)?;
    let server = httpdate::parse_http_date(date).ok()?;
    let seconds = |d: Duration| i64::try_from(d.as_secs()).unwrap_or(i64::MAX);
    Some(match server.duration_since(answer.received) {
        Ok(ahead) => seconds(ahead),
        Err(e) => {
            let slack = answer.elapsed + Duration::from_secs(1);
            -seconds(e.duration().saturating_sub(slack))
        }
    })
}

fn max_age(answer: &Answer) -> Option<u64> {
    let value = text_header(&answer.headers, header::CACHE_CONTROL)?.to_ascii_lowercase();
    value.split(',').find_map(|part| part.trim().strip_prefix("max-age=")?.parse().ok())
}
