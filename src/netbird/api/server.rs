//! One NetBird and the way to it: requests go to `NB_MANAGEMENT_URL` and nowhere else, and so does every credential.

use reqwest::Method;
use serde_json::Value;

use crate::http::requests::Requests;
use crate::http::{Answer, BaseUrl, Call, Transport, Trouble};
use crate::text::{Secret, redact};

/// How NetBird is reached. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Server {
    transport: Transport,
    base: BaseUrl,
}

/// What a request is allowed by.
#[derive(Clone, Debug)]
pub enum Credential {
    /// `NB_PAT`.
    AccessToken(Secret),
    /// What a login of the owner got. It lives for the run and is never stored.
    Login(Secret),
}

impl Credential {
    /// The value of the `Authorization` header.
    fn header(&self) -> String {
        match self {
            Self::AccessToken(secret) => format!("Token {}", secret.expose()),
            Self::Login(secret) => format!("Bearer {}", secret.expose()),
        }
    }

    /// Whether it is a token that somebody made in the dashboard.
    pub fn is_access_token(&self) -> bool {
        matches!(self, Self::AccessToken(_))
    }
}

impl Server {
    /// NetBird at `NB_MANAGEMENT_URL`.
    pub fn new(transport: Transport, base: BaseUrl) -> Self {
        Self { transport, base }
    }

    /// What was sent so far, and what came back.
    pub fn requests(&self) -> &Requests {
        self.transport.requests()
    }

    /// Where it is, for messages.
    pub fn url(&self) -> String {
        self.base.join("").trim_end_matches('/').to_owned()
    }

    /// A request to the API with a credential.
    ///
    /// # Errors
    /// A [`Trouble`] when no complete answer came; any complete answer is returned.
    pub(super) async fn api(
        &self,
        method: Method,
        path: &str,
        credential: &Credential,
        body: Option<&Value>,
    ) -> Result<Answer, Trouble> {
        let call = Call::new(method, &self.base, path).authorization(&credential.header());
        let call = match body {
            Some(body) => call.json(body),
            None => call,
        };
        self.transport.send(call).await
    }

    /// A GET without a credential.
    ///
    /// # Errors
    /// A [`Trouble`] when no complete answer came.
    pub(super) async fn anonymous(&self, path: &str) -> Result<Answer, Trouble> {
        self.transport.send(Call::new(Method::GET, &self.base, path)).await
    }

    /// A form without a credential in its header.
    ///
    /// # Errors
    /// A [`Trouble`] when no complete answer came.
    pub(super) async fn form(&self, path: &str, form: String) -> Result<Answer, Trouble> {
        self.transport.send(Call::new(Method::POST, &self.base, path).form(form)).await
    }
}

/// A token that a login got, which no log may show from now on.
pub(super) fn learnt(token: String) -> Secret {
    let token = Secret::new(token);
    redact::learn(&token);
    token
}
