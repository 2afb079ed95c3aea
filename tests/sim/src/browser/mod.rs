//! A browser-like client for questions such as "can this person log in with what the files say?". It asks the server
//! what a web page, a command-line client and a confidential client ask, in their order, and says at which step it
//! failed and why. It asks in the process, so faults do not hit it and the request log does not show it.

mod ask;
mod code;
mod device;
mod end;
mod verify;

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::shared::Shared;
use crate::sim::Sim;

pub use end::LoggedOut;

/// What a client knows of its provider: what NetBird's files say.
#[derive(Clone, Debug)]
pub struct Client {
    /// The URL that `.well-known/openid-configuration` is appended to.
    pub authority: String,
    /// The issuer that tokens must have; empty for that of the discovery document.
    pub issuer: String,
    /// The client id, which is the audience too.
    pub client_id: String,
    /// The secret of a confidential client.
    pub client_secret: Option<String>,
    /// Where the browser is sent back to.
    pub redirect_uri: String,
    /// Scopes, separated by blanks.
    pub scope: String,
    /// The origin of the web page that asks; nothing for clients that are none.
    pub origin: Option<String>,
}

impl Client {
    /// A web page with the usual scopes, whose origin is that of its redirect URI.
    #[must_use]
    pub fn page(authority: &str, client_id: &str, redirect_uri: &str) -> Self {
        Self {
            authority: authority.to_owned(),
            issuer: String::new(),
            client_id: client_id.to_owned(),
            client_secret: None,
            redirect_uri: redirect_uri.to_owned(),
            scope: "openid profile email offline_access".to_owned(),
            origin: crate::oidc::cors::origin(redirect_uri).map(str::to_owned),
        }
    }

    /// A confidential client, which asks from its server and not from a page.
    #[must_use]
    pub fn confidential(
        authority: &str,
        client_id: &str,
        secret: &str,
        redirect_uri: &str,
    ) -> Self {
        Self {
            client_secret: Some(secret.to_owned()),
            origin: None,
            scope: "openid profile email".to_owned(),
            ..Self::page(authority, client_id, redirect_uri)
        }
    }

    /// A client on the user's machine: no page, no secret.
    #[must_use]
    pub fn native(authority: &str, client_id: &str, redirect_uri: &str) -> Self {
        Self { origin: None, ..Self::page(authority, client_id, redirect_uri) }
    }

    /// The same with other scopes.
    #[must_use]
    pub fn scope(mut self, scope: &str) -> Self {
        scope.clone_into(&mut self.scope);
        self
    }

    /// The same with the issuer that tokens must have.
    #[must_use]
    pub fn issuer(mut self, issuer: &str) -> Self {
        issuer.clone_into(&mut self.issuer);
        self
    }
}

/// The step at which a login failed, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// `log in`, `discovery`, `authorize`, `consent`, `token`, `keys`, `verify`, `userinfo`, `refresh`, `device`,
    /// `device page`, `logout`.
    pub step: &'static str,
    /// What was found.
    pub text: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.step, self.text)
    }
}

impl std::error::Error for Failure {}

pub(crate) fn failure<T>(step: &'static str, text: impl Into<String>) -> Result<T, Failure> {
    Err(Failure { step, text: text.into() })
}

/// What a login brought.
#[derive(Clone, Debug)]
pub struct Login {
    /// The discovery document.
    pub document: Value,
    /// The access token.
    pub access_token: String,
    /// The identity token.
    pub id_token: String,
    /// The refresh token, if one was given.
    pub refresh_token: Option<String>,
    /// The verified claims of the access token.
    pub access: Map<String, Value>,
    /// The verified claims of the identity token.
    pub id: Map<String, Value>,
    /// What userinfo told; null where it was not asked.
    pub userinfo: Value,
}

/// A browser: a person's session, and the public URL at which it reaches the server.
#[derive(Clone, Debug)]
pub struct Browser {
    shared: Arc<Shared>,
    /// Scheme, host and sub-path, without a trailing slash.
    base: String,
    cookie: Option<String>,
}

impl Sim {
    /// A browser that reaches the server at its own address, nobody logged in.
    #[must_use]
    pub fn browser(&self) -> Browser {
        self.browser_at(&self.url())
    }

    /// A browser that reaches the server at a public URL, through a reverse proxy that keeps the host and tells the scheme.
    #[must_use]
    pub fn browser_at(&self, public: &str) -> Browser {
        let base = public.trim_end_matches('/').to_owned();
        Browser { shared: Arc::clone(&self.shared), base, cookie: None }
    }
}

impl Browser {
    /// Logs a person in, by name, whatever the login page would ask for.
    ///
    /// # Errors
    /// If there is no such active user.
    pub fn log_in(&mut self, username: &str) -> Result<(), Failure> {
        let mut state = crate::shared::lock(&self.shared.state);
        match state.user(username) {
            None => failure("log in", format!("there is no user {username}")),
            Some(user) if user["is_active"] != true => {
                failure("log in", format!("{username} is deactivated"))
            }
            Some(user) => {
                let pk = user["pk"].as_i64().unwrap_or_default();
                let key = state.grants.open_session(pk);
                drop(state);
                self.cookie = Some(key);
                Ok(())
            }
        }
    }

    /// Whether somebody is logged in.
    #[must_use]
    pub fn is_logged_in(&self) -> bool {
        let state = crate::shared::lock(&self.shared.state);
        let cookie = self.cookie.as_ref().map(|key| format!("authentik_session={key}"));
        cookie.is_some_and(|cookie| state.session_user(&cookie).is_some())
    }
}
