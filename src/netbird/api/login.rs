//! The owner's login through the page of NetBird's embedded provider, as a browser does it: four requests, with PKCE
//! (RFC 7636). Everything is asked at `NB_MANAGEMENT_URL`, whatever host a redirect names; the last one, which leads back
//! to the dashboard, is read and not followed. It is no API: an answer that is not known ends the login, with its words.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::header;
use ring::digest::{SHA256, digest};
use serde::Deserialize;
use url::Url;
use url::form_urlencoded::{Serializer, parse};

use super::decode::{decode, refusal};
use super::server::{Credential, Server, learnt};
use crate::error::Result as Ending;
use crate::http::answer::{Answer, text_header};
use crate::http::{Kind, Trouble};
use crate::random::random;
use crate::text::Secret;

/// The client of NetBird's dashboard, which has no secret.
pub const CLIENT: &str = "netbird-dashboard";

/// Below this everything of the embedded provider is.
const PROVIDER: &str = "/oauth2/";

/// What a login came to.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// A token, for a day.
    Accepted(Credential),
    /// The form came back.
    WrongPassword,
    /// A second factor is asked for, or consent: a person has to answer.
    AsksForMore,
    /// There is no login for local users: it is switched off.
    NoLocalLogin,
    /// NetBird's file does not list the redirect URI of the dashboard.
    UnknownRedirect,
}

/// One login to be: what ties its requests together.
struct Attempt<'a> {
    server: &'a Server,
    redirect_uri: &'a str,
    state: String,
    verifier: String,
}

/// Logs in with e-mail and password.
///
/// # Errors
/// In the outer result a system without random numbers; in the inner one any [`Trouble`] of a request.
pub async fn log_in(
    server: &Server,
    redirect_uri: &str,
    email: &str,
    password: &Secret,
) -> Ending<Result<Outcome, Trouble>> {
    let text = || -> Ending<String> { Ok(URL_SAFE_NO_PAD.encode(random::<32>()?)) };
    let attempt = Attempt { server, redirect_uri, state: text()?, verifier: text()? };
    Ok(attempt.run(email, password).await)
}

impl Attempt<'_> {
    async fn run(&self, email: &str, password: &Secret) -> Result<Outcome, Trouble> {
        let form = match self.authorize().await? {
            Ok(path) => path,
            Err(outcome) => return Ok(outcome),
        };
        let page = self.server.anonymous(&form).await?;
        if page.status != 200 {
            return Err(refusal(&page));
        }
        let fields = Serializer::new(String::new())
            .append_pair("login", email)
            .append_pair("password", password.expose())
            .finish();
        let answer = self.server.form(&form, fields).await?;
        match answer.status {
            // As 0.77.1 answers 401 with the form, other releases of the provider answer 200 with it.
            200 | 401 if page_says(&answer, "name=\"password\"") => Ok(Outcome::WrongPassword),
            302 | 303 => match self.code(&answer) {
                Some(code) => self.token(&code).await.map(Outcome::Accepted),
                None => Ok(Outcome::AsksForMore),
            },
            _ => Err(refusal(&answer)),
        }
    }

    /// Asks for the form of local users; its path with its query, `back` included.
    async fn authorize(&self) -> Result<Result<String, Outcome>, Trouble> {
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, self.verifier.as_bytes()));
        let query = Serializer::new(String::new())
            .append_pair("client_id", CLIENT)
            .append_pair("redirect_uri", self.redirect_uri)
            .append_pair("response_type", "code")
            .append_pair("scope", "openid profile email groups")
            .append_pair("state", &self.state)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256")
            .finish();
        let answer = self.server.anonymous(&format!("oauth2/auth/local?{query}")).await?;
        match answer.status {
            302 | 303 => match below_provider(&answer) {
                Some(path) => Ok(Ok(path)),
                // Not followed: the form takes a password.
                None => Err(Trouble::of(&answer, Kind::Redirect(elsewhere(&answer)))),
            },
            400 if page_says(&answer, "redirect_uri") => Ok(Err(Outcome::UnknownRedirect)),
            400 if page_says(&answer, "Connector failed to initialize") => {
                Ok(Err(Outcome::NoLocalLogin))
            }
            _ => Err(refusal(&answer)),
        }
    }

    /// The code in the redirect to the dashboard; nothing if it leads elsewhere.
    fn code(&self, answer: &Answer) -> Option<String> {
        let location = text_header(&answer.headers, header::LOCATION)?;
        let query = location.strip_prefix(self.redirect_uri)?.strip_prefix('?')?;
        let get = |name: &str| parse(query.as_bytes()).find(|(key, _)| key == name);
        let (_, state) = get("state")?;
        (state == self.state.as_str()).then(|| get("code").map(|(_, code)| code.into_owned()))?
    }

    async fn token(&self, code: &str) -> Result<Credential, Trouble> {
        #[derive(Deserialize)]
        struct Grant {
            access_token: String,
        }
        let fields = Serializer::new(String::new())
            .append_pair("grant_type", "authorization_code")
            .append_pair("client_id", CLIENT)
            .append_pair("code", code)
            .append_pair("redirect_uri", self.redirect_uri)
            .append_pair("code_verifier", &self.verifier)
            .finish();
        let answer = self.server.form("oauth2/token", fields).await?;
        let grant: Grant = decode(&answer)?;
        Ok(Credential::Login(learnt(grant.access_token)))
    }
}

/// Whether a page of the provider has these words: it has no other way to say what is wrong.
fn page_says(answer: &Answer, words: &str) -> bool {
    String::from_utf8_lossy(&answer.body).contains(words)
}

/// Where a redirect leads, for people.
fn elsewhere(answer: &Answer) -> String {
    text_header(&answer.headers, header::LOCATION).unwrap_or_default().to_owned()
}

/// Path and query of a redirect, without the slash at the beginning, if it stays below the provider.
fn below_provider(answer: &Answer) -> Option<String> {
    let location = text_header(&answer.headers, header::LOCATION)?;
    // The base serves only to read a Location that is a path; its host is not used.
    let url = Url::parse("http://netbird/").ok()?.join(location).ok()?;
    let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
    path.starts_with(PROVIDER).then(|| path.trim_start_matches('/').to_owned())
}
