//! Questions that browsers and clients will ask with a login in mind, asked without one: nothing comes of them but a
//! device code that nobody enters.

use reqwest::header;
use serde::Deserialize;

use super::document::allowed_origin;
use super::{Oidc, Place};
use crate::authentik::decode::{decode, refusal};
use crate::http::Trouble;
use crate::http::answer::{Answer, text_header};
use crate::text::{Secret, excerpt};

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

/// What the device endpoint says (RFC 8628, section 3.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceVerdict {
    /// A code.
    Granted,
    /// An address gets twenty an hour, and this one has had them.
    Throttled,
    /// None; status and words.
    Refused(String),
}

/// A code that nobody gave.
const NO_CODE: &str = "netbird-authentik-init";

impl Oidc<'_> {
    /// Whether the authorize endpoint takes this client and redirect URI. Nothing is created by it.
    ///
    /// # Errors
    /// Any [`Trouble`] that is not an answer of the endpoint itself.
    pub async fn authorize(
        &self,
        at: Place<'_>,
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
        let separator = if at.path.contains('?') { '&' } else { '?' };
        let path = format!("{}{separator}{query}", at.path);
        let answer = self.0.anonymous(at.via, &path, None).await?;
        let back = text_header(&answer.headers, header::LOCATION)
            .is_some_and(|location| location.starts_with(redirect_uri));
        match answer.status {
            400 => Ok(Verdict::Rejected),
            // Neither back to the client nor to a page of Authentik's own.
            302 | 303 if !back && answer.leads_elsewhere().is_some() => Err(refusal(&answer, "")),
            302 | 303 => Ok(verdict(&answer, redirect_uri)),
            _ => Err(refusal(&answer, "")),
        }
    }

    /// Whether the token endpoint knows this client by its secret and its redirect URI. The code is wrong on purpose, so
    /// nothing comes of it.
    ///
    /// # Errors
    /// Any [`Trouble`] that is not an answer of the endpoint itself.
    pub async fn knows_client(
        &self,
        at: Place<'_>,
        client_id: &str,
        secret: &Secret,
        redirect_uri: &str,
    ) -> Result<ClientVerdict, Trouble> {
        let form: String = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "authorization_code")
            .append_pair("client_id", client_id)
            .append_pair("client_secret", secret.expose())
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("code", NO_CODE)
            .finish();
        let answer = self.0.form(at.via, at.path, form, None).await?;
        if !answer.refuses() {
            return Err(refusal(&answer, ""));
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

    /// Which page's script may read the token endpoint's answer, asked from a page of this origin. A preflight would not
    /// tell: Authentik answers those to everybody.
    ///
    /// # Errors
    /// Any [`Trouble`] that is not an answer of the endpoint itself.
    pub async fn token_readable_by(
        &self,
        at: Place<'_>,
        client_id: &str,
        redirect_uri: &str,
        origin: &str,
    ) -> Result<Option<String>, Trouble> {
        let form: String = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "authorization_code")
            .append_pair("client_id", client_id)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("code", NO_CODE)
            .finish();
        let answer = self.0.form(at.via, at.path, form, Some(origin)).await?;
        match answer.refuses() {
            true => Ok(allowed_origin(&answer)),
            false => Err(refusal(&answer, "")),
        }
    }

    /// Whether a device code is given.
    ///
    /// # Errors
    /// Any [`Trouble`] that is not an answer of the endpoint itself.
    pub async fn device(
        &self,
        at: Place<'_>,
        client_id: &str,
        scope: &str,
    ) -> Result<DeviceVerdict, Trouble> {
        let form: String = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", client_id)
            .append_pair("scope", scope)
            .finish();
        let answer = self.0.form(at.via, at.path, form, None).await?;
        /// What a client needs of it.
        #[derive(Deserialize)]
        struct Code {
            #[serde(rename = "device_code")]
            _device_code: String,
            #[serde(rename = "verification_uri")]
            _verification_uri: String,
        }
        match answer.status {
            200 => decode::<Code>(&answer, "").map(|_| DeviceVerdict::Granted),
            429 => Ok(DeviceVerdict::Throttled),
            _ if answer.refuses() => {
                Ok(DeviceVerdict::Refused(format!("{}: {}", answer.status, answer.words())))
            }
            _ => Err(refusal(&answer, "")),
        }
    }
}

fn verdict(answer: &Answer, redirect_uri: &str) -> Verdict {
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
