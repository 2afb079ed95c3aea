//! Sends one request and reads one answer, within bounds: redirects are not followed, bodies are limited, and every
//! request is counted and logged without its secrets. Who is asked, and with which credential, is the caller's.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use reqwest::Method;
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::tls::TlsInfo;
use serde_json::Value;
use tracing::debug;

use super::BaseUrl;
use super::answer::{Answer, Asked, text_header};
use super::body::{self, Large, Unread};
use super::certificate;
use super::handshake;
use super::requests::Requests;
use super::tls::{Clients, Settings, Trust};
use super::trouble::{self, Kind, Trouble};
use crate::text::excerpt;

/// Between the tries of a request that is not waited for: the second after this long, the third after twice that.
const BETWEEN_TRIES: Duration = Duration::from_millis(250);

/// One request to be.
#[derive(Debug)]
pub struct Call<'a> {
    method: Method,
    base: &'a BaseUrl,
    path: &'a str,
    trust: Trust,
    headers: HeaderMap,
    body: Option<(&'static str, String)>,
    limit: usize,
    unsendable: Option<&'static str>,
    asked: Asked,
}

impl<'a> Call<'a> {
    /// A request for a path below a base URL; the path has no leading slash, and may carry a query.
    pub fn new(method: Method, base: &'a BaseUrl, path: &'a str) -> Self {
        let trust = Trust::Configured;
        let (headers, limit) = (HeaderMap::new(), body::LARGEST);
        let asked = Asked::default();
        Self { method, base, path, trust, headers, body: None, limit, unsendable: None, asked }
    }

    /// Whose answer is a short document or a page: more than [`body::SMALL`] is none.
    #[must_use]
    pub fn short(self) -> Self {
        Self { limit: body::SMALL, ..self }
    }

    /// With another judgement of the peer's certificate than [`Trust::Configured`].
    #[must_use]
    pub fn trusting(self, trust: Trust) -> Self {
        Self { trust, ..self }
    }

    /// At the URL that comes from this variable.
    #[must_use]
    pub fn named(self, url: &'static str) -> Self {
        Self { asked: Asked { url, ..self.asked }, ..self }
    }

    /// With a header; `what` names the value for the message if it cannot stand in one.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: &str, what: &'static str) -> Self {
        match HeaderValue::from_str(value) {
            Ok(value) => {
                self.headers.insert(name, value);
            }
            Err(_) => self.unsendable = Some(what),
        }
        self
    }

    /// With `Authorization`, which no log of the HTTP libraries shows.
    #[must_use]
    pub fn authorization(self, value: &str) -> Self {
        let mut call = self.header(header::AUTHORIZATION, value, "the token");
        if let Some(value) = call.headers.get_mut(header::AUTHORIZATION) {
            value.set_sensitive(true);
        }
        call.asked.credential = true;
        call
    }

    /// With a JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        Self { body: Some(("application/json", body.to_string())), ..self }
    }

    /// With a form (RFC 6749, appendix B).
    #[must_use]
    pub fn form(self, form: String) -> Self {
        Self { body: Some(("application/x-www-form-urlencoded", form)), ..self }
    }

    fn trouble(&self, kind: Kind, request: String, detail: String) -> Trouble {
        Trouble { asked: self.asked, ..Trouble::without_answer(kind, request, detail) }
    }

    fn logged_path(&self) -> String {
        let path = self.path.split('?').next().unwrap_or_default();
        format!("{}{path}", self.base.path())
    }
}

/// How requests are sent. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Transport {
    clients: Clients,
    requests: Arc<Requests>,
    large: Large,
    tries: u32,
}

impl Transport {
    /// A transport with these settings.
    ///
    /// # Errors
    /// The library's words, when a certificate that was given cannot be used as a root.
    pub fn new(settings: &Settings) -> Result<Self, String> {
        let (requests, large) = (Arc::default(), Large::default());
        Ok(Self { clients: Clients::new(settings)?, requests, large, tries: 1 })
    }

    /// One that sends a request up to so many times, where no answer comes or one that says "not now": for whoever
    /// does not wait, and only reads.
    #[must_use]
    pub fn with_tries(self, tries: u32) -> Self {
        Self { tries, ..self }
    }

    /// What was sent so far, and what came back.
    pub fn requests(&self) -> &Requests {
        &self.requests
    }

    /// Sends it.
    ///
    /// # Errors
    /// A [`Trouble`] when no complete answer came; any complete answer is returned, whatever its status.
    pub async fn send(&self, call: Call<'_>) -> Result<Answer, Trouble> {
        let mut tried = 1;
        loop {
            let result = self.send_once(&call).await;
            let passing = match &result {
                Ok(answer) => matches!(answer.status, 408 | 425 | 429 | 500..=599),
                Err(trouble) => trouble.kind == Kind::Unreachable,
            };
            if !passing || tried >= self.tries {
                return result;
            }
            tokio::time::sleep(BETWEEN_TRIES * tried).await;
            tried += 1;
        }
    }

    async fn send_once(&self, call: &Call<'_>) -> Result<Answer, Trouble> {
        let logged_path = call.logged_path();
        let Call { method, base, path, trust, .. } = call;
        let name = format!("{method} {logged_path}");
        if let Some(what) = call.unsendable {
            let detail = format!("{what} cannot stand in a header");
            return Err(call.trouble(Kind::Malformed, name, detail));
        }
        let mut headers = call.headers.clone();
        // Releases of Authentik before 2025.10 compare Accept as a whole string when they say that they are starting.
        headers.entry(header::ACCEPT).or_insert(HeaderValue::from_static("application/json"));
        // Error texts follow this header.
        headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static("en"));
        let url = base.join(path);
        let same = format!("{method} {url}");
        let mut request = self.clients.of(*trust).request(method.clone(), url).headers(headers);
        if let Some((media_type, text)) = &call.body {
            request = request
                .header(header::CONTENT_TYPE, HeaderValue::from_static(media_type))
                .body(text.clone());
        }
        self.requests.send();
        let start = Instant::now();
        let result = self.receive(request, call.limit).await;
        let ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
        let attempt = self.requests.attempt();
        let status = result.as_ref().ok().map(|answer| answer.status);
        let in_a_row = self.requests.in_a_row(&same, status);
        match result {
            Ok(Received { status, media_type, headers, body, received }) => {
                self.requests.answered(status);
                debug!(stage = "request", %method, path = %logged_path, status, ms, attempt, trust = ?trust, "answered");
                let (elapsed, origin) = (start.elapsed(), base.origin());
                Ok(Answer {
                    status,
                    media_type,
                    headers,
                    body,
                    received,
                    elapsed,
                    request: name,
                    asked: call.asked,
                    origin,
                    in_a_row,
                })
            }
            Err((kind, detail)) => {
                let detail = excerpt(&detail);
                debug!(stage = "request", %method, path = %logged_path, status = "none", ms, attempt, trust = ?trust, "failed: {detail}");
                Err(call.trouble(kind, name, detail))
            }
        }
    }

    async fn receive(
        &self,
        request: reqwest::RequestBuilder,
        limit: usize,
    ) -> Result<Received, (Kind, String)> {
        let mut response = request.send().await.map_err(classify)?;
        let peer = response.extensions().get::<TlsInfo>().and_then(TlsInfo::peer_certificate);
        if let Some(ends) = peer.and_then(certificate::ends) {
            self.requests.saw_certificate(ends);
        }
        let received = SystemTime::now();
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        let body = match status {
            200..=299 => {
                let body = self.large.read(&mut response, limit).await;
                let body = body.map_err(|e| match e {
                    Unread::Broken(e) => classify(e),
                    Unread::TooLarge => {
                        let size = body::size(limit);
                        (Kind::Malformed, format!("status {status}, and a body larger than {size}"))
                    }
                })?;
                if !self.requests.takes(body.len()) {
                    let size = body::size(body::ALTOGETHER);
                    return Err((Kind::Malformed, format!("more than {size} of answers in all")));
                }
                body
            }
            _ => body::beginning(&mut response).await.map_err(classify)?,
        };
        let media_type = text_header(&headers, header::CONTENT_TYPE)
            .map(|v| v.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
            .unwrap_or_default();
        Ok(Received { status, media_type, headers, body, received })
    }
}

/// An answer, as far as it came over the wire.
struct Received {
    status: u16,
    media_type: String,
    headers: HeaderMap,
    body: Vec<u8>,
    received: SystemTime,
}

fn classify(error: reqwest::Error) -> (Kind, String) {
    match handshake::failure(&error) {
        Some((kind, text)) => (Kind::Tls(kind), text),
        None => (Kind::Unreachable, trouble::innermost(&error)),
    }
}
