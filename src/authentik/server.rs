//! One Authentik and the ways to it: the internal URL with the token for its API, the public one for what people and
//! NetBird see. The token goes to the internal URL only.

use reqwest::Method;
use reqwest::header::{self, HeaderName};
use serde_json::Value;

use super::advice;
use crate::http::requests::Requests;
use crate::http::tls::Trust;
use crate::http::{Answer, BaseUrl, Call, Transport, Trouble};
use crate::text::Secret;

/// Which URL to start from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// `AUTHENTIK_HOST` as it is.
    Internal,
    /// `AUTHENTIK_HOST`, but with the Host and scheme of the public URL: what people will see.
    InternalAsPublic,
    /// The public URL itself.
    Public(Trust),
}

/// How Authentik is reached. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Server {
    transport: Transport,
    internal: BaseUrl,
    public: BaseUrl,
    token: Secret,
}

/// Authentik's front turns this header into the scheme of every URL that it makes.
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

impl Server {
    /// Authentik at `internal`, which people reach at `public`.
    pub fn new(transport: Transport, internal: BaseUrl, public: BaseUrl, token: Secret) -> Self {
        Self { transport, internal, public, token }
    }

    /// One that sends a request up to so many times, where no answer comes or one that says "not now".
    #[must_use]
    pub fn with_tries(self, tries: u32) -> Self {
        Self { transport: self.transport.with_tries(tries), ..self }
    }

    /// What was sent so far, and what came back.
    pub fn requests(&self) -> &Requests {
        self.transport.requests()
    }

    /// Whether people reach Authentik at another URL than this container.
    pub fn has_public_url(&self) -> bool {
        self.internal != self.public
    }

    /// A request to the API at the internal URL, with the token.
    ///
    /// # Errors
    /// A [`Trouble`] when no complete answer came; any complete answer is returned.
    pub async fn api(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, Trouble> {
        let call = self.call(method, Via::Internal, path).authorization(&bearer(&self.token));
        let call = match body {
            Some(body) => call.json(body),
            None => call,
        };
        self.transport.send(call).await
    }

    /// A GET at the internal URL with a token that Authentik gave for another account.
    ///
    /// # Errors
    /// A [`Trouble`] when no complete answer came.
    pub async fn as_bearer(&self, path: &str, token: &Secret) -> Result<Answer, Trouble> {
        let call = self.call(Method::GET, Via::Internal, path).authorization(&bearer(token));
        self.transport.send(call).await
    }

    /// A form that is posted without the API token, from a page of this origin where one is given.
    ///
    /// # Errors
    /// A [`Trouble`] when no complete answer came.
    pub async fn form(
        &self,
        via: Via,
        path: &str,
        form: String,
        origin: Option<&str>,
    ) -> Result<Answer, Trouble> {
        let call = self.call(Method::POST, via, path).short().form(form);
        self.transport.send(from(call, origin)).await
    }

    /// A GET without credentials, as NetBird sends it, and browsers for a page of this origin.
    ///
    /// # Errors
    /// A [`Trouble`] when no complete answer came.
    pub async fn anonymous(
        &self,
        via: Via,
        path: &str,
        origin: Option<&str>,
    ) -> Result<Answer, Trouble> {
        self.transport.send(from(self.call(Method::GET, via, path).short(), origin)).await
    }

    fn call<'a>(&'a self, method: Method, via: Via, path: &'a str) -> Call<'a> {
        let (base, trust) = match via {
            Via::Internal | Via::InternalAsPublic => (&self.internal, Trust::Lenient),
            Via::Public(trust) => (&self.public, trust),
        };
        let is_public = matches!(via, Via::Public(_)) && self.has_public_url();
        let name = if is_public { advice::PUBLIC } else { advice::HOST };
        let call = Call::new(method, base, path).trusting(trust).named(name);
        if via != Via::InternalAsPublic || !self.has_public_url() {
            return call;
        }
        // The plain Host header and X-Forwarded-Proto make the public metadata for trusted and untrusted
        // peers alike; X-Forwarded-Host counts only from trusted ones.
        call.header(FORWARDED_PROTO, self.public.scheme(), "the public scheme").header(
            header::HOST,
            &self.public.authority(),
            "the public host",
        )
    }
}

fn from<'a>(call: Call<'a>, origin: Option<&str>) -> Call<'a> {
    match origin {
        Some(origin) => call.header(header::ORIGIN, origin, "the origin"),
        None => call,
    }
}

fn bearer(token: &Secret) -> String {
    format!("Bearer {}", token.expose())
}
