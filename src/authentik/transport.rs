//! Sends one request and reads one answer, within bounds: the token goes to one origin only, redirects
//! are not followed, bodies are limited, and every request is counted and logged without its secrets.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use reqwest::header::{self, HeaderMap, HeaderValue};
use reqwest::{Client, Method};
use serde_json::Value;
use tracing::debug;

use super::answer::{Answer, text_header};
use super::requests::Requests;
use super::tls;
use super::trouble::{self, Kind, Trouble};
use crate::config::{BaseUrl, Connection};
use crate::error::Result;
use crate::secret::{Scrubber, Secret};

/// The largest body that is read. Authentik's largest answer here, a hundred flows, is a tenth of it.
const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// How much of a server's text is shown.
const EXCERPT: usize = 200;

/// Which URL to start from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// `AUTHENTIK_HOST` as it is.
    Internal,
    /// `AUTHENTIK_HOST`, but with the Host and scheme of the public URL: what people will see.
    InternalAsPublic,
    /// The public URL itself, with `AUTHENTIK_CA_FILE` and `AUTHENTIK_INSECURE`.
    Public,
    /// The public URL itself, trusting only the public roots, as NetBird's containers do.
    PublicRootsOnly,
}

/// How requests are sent. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Transport {
    client: Client,
    strict: Client,
    internal: BaseUrl,
    public: BaseUrl,
    token: Secret,
    scrubber: Arc<Scrubber>,
    requests: Arc<Requests>,
    lenient: bool,
}

impl Transport {
    /// A transport for this connection; `secrets` are kept out of every text that it returns.
    ///
    /// # Errors
    /// [`crate::error::Exit::Config`] when a certificate cannot be used.
    pub fn new(connection: &Connection, secrets: impl IntoIterator<Item = Secret>) -> Result<Self> {
        let client = tls::client(connection)?;
        let lenient = connection.ca_pem.is_some() || connection.insecure;
        let strict = if lenient { tls::public_roots_client(connection)? } else { client.clone() };
        let all = secrets.into_iter().chain([connection.token.clone()]);
        Ok(Self {
            client,
            strict,
            internal: connection.internal.clone(),
            public: connection.public.clone(),
            token: connection.token.clone(),
            scrubber: Arc::new(Scrubber::new(all)),
            requests: Arc::default(),
            lenient,
        })
    }

    /// What was sent so far, and what came back.
    pub fn requests(&self) -> &Requests {
        &self.requests
    }

    /// Whether people reach Authentik at another URL than this container.
    pub fn has_public_url(&self) -> bool {
        self.internal != self.public
    }

    /// Whether certificates are accepted that NetBird's containers would not accept.
    pub fn trusts_more_than_public_roots(&self) -> bool {
        self.lenient
    }

    /// The public base URL.
    pub fn public(&self) -> &BaseUrl {
        &self.public
    }

    /// A text of the server, shortened and without secrets and control characters.
    pub fn excerpt(&self, text: &str) -> String {
        self.scrubber.excerpt(text, EXCERPT)
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
        let headers = self.bearer(&method, path, &self.token)?;
        let body = body.map(|json| ("application/json", json.to_string()));
        self.send(method, Via::Internal, path, headers, body).await
    }

    /// A GET at the internal URL with a token that Authentik gave us for another.
    ///
    /// # Errors
    /// A [`Trouble`] when no complete answer came.
    pub async fn as_bearer(&self, path: &str, token: &Secret) -> Result<Answer, Trouble> {
        let headers = self.bearer(&Method::GET, path, token)?;
        self.send(Method::GET, Via::Internal, path, headers, None).await
    }

    /// A request without credentials from a page of this origin, as a browser sends it.
    ///
    /// # Errors
    /// A [`Trouble`] when no complete answer came.
    pub async fn from_origin(
        &self,
        method: Method,
        via: Via,
        path: &str,
        origin: &str,
    ) -> Result<Answer, Trouble> {
        let value = HeaderValue::from_str(origin);
        let value = value
            .map_err(|_| self.unsendable(&method, path, "the origin cannot stand in a header"))?;
        let mut headers = HeaderMap::from_iter([(header::ORIGIN, value)]);
        if method == Method::OPTIONS {
            let wanted = HeaderValue::from_static("POST");
            headers.insert(header::ACCESS_CONTROL_REQUEST_METHOD, wanted);
        }
        self.send(method, via, path, headers, None).await
    }

    /// A form that is posted without the API token, at the internal URL with the public host. It changes
    /// nothing, so it counts as a read.
    ///
    /// # Errors
    /// A [`Trouble`] when no complete answer came.
    pub async fn form(&self, path: &str, form: String) -> Result<Answer, Trouble> {
        let body = Some(("application/x-www-form-urlencoded", form));
        let sent =
            self.send(Method::POST, Via::InternalAsPublic, path, HeaderMap::new(), body).await;
        sent.map_err(|trouble| Trouble { write: false, ..trouble })
    }

    fn bearer(&self, method: &Method, path: &str, token: &Secret) -> Result<HeaderMap, Trouble> {
        // The configuration admits visible ASCII only, so failing is for the type system.
        let value = HeaderValue::from_str(&format!("Bearer {}", token.expose()));
        let mut value = value
            .map_err(|_| self.unsendable(method, path, "the token cannot stand in a header"))?;
        value.set_sensitive(true);
        Ok(HeaderMap::from_iter([(header::AUTHORIZATION, value)]))
    }

    /// A GET without credentials, as NetBird and browsers send it.
    ///
    /// # Errors
    /// A [`Trouble`] when no complete answer came.
    pub async fn anonymous(&self, via: Via, path: &str) -> Result<Answer, Trouble> {
        self.send(Method::GET, via, path, HeaderMap::new(), None).await
    }

    async fn send(
        &self,
        method: Method,
        via: Via,
        path: &str,
        mut headers: HeaderMap,
        body: Option<(&'static str, String)>,
    ) -> Result<Answer, Trouble> {
        let (client, base) = match via {
            Via::Internal | Via::InternalAsPublic => (&self.client, &self.internal),
            Via::Public => (&self.client, &self.public),
            Via::PublicRootsOnly => (&self.strict, &self.public),
        };
        // Releases before 2025.10 compare Accept as a whole string when they say that they are starting.
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        // Error texts are matched on; they follow this header.
        headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static("en"));
        if via == Via::InternalAsPublic && self.has_public_url() {
            // The plain Host header and X-Forwarded-Proto make the public metadata for trusted and untrusted
            // peers alike; X-Forwarded-Host counts only from trusted ones.
            let proto = HeaderValue::from_str(self.public.scheme());
            let host = HeaderValue::from_str(&self.public.authority());
            let (Ok(proto), Ok(host)) = (proto, host) else {
                return Err(self.unsendable(
                    &method,
                    path,
                    "the public host cannot stand in a header",
                ));
            };
            headers.insert("x-forwarded-proto", proto);
            headers.insert(header::HOST, host);
        }
        let url = base.join(path);
        let short_path = path.split('?').next().unwrap_or_default();
        let logged_path = format!("{}{short_path}", base.path());
        let name = format!("{method} {logged_path}");
        let write = !matches!(method, Method::GET | Method::HEAD | Method::OPTIONS);
        let mut request = client.request(method.clone(), &url).headers(headers);
        if let Some((media_type, text)) = body {
            request = request
                .header(header::CONTENT_TYPE, HeaderValue::from_static(media_type))
                .body(text);
        }
        self.requests.send();
        let start = Instant::now();
        let result = self.receive(request, start, &name).await;
        let elapsed_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
        let attempt = self.requests.attempt();
        match result {
            Ok(answer) => {
                let status = answer.status;
                self.requests.answered(status);
                debug!(stage = "request", %method, path = %logged_path, status, ms = elapsed_ms, attempt, via = ?via, "answered");
                Ok(answer)
            }
            Err((kind, detail)) => {
                let detail = self.excerpt(&detail);
                debug!(stage = "request", %method, path = %logged_path, status = "none", ms = elapsed_ms, attempt, via = ?via, "failed: {detail}");
                Err(Trouble { kind, request: name, status: None, detail, write })
            }
        }
    }

    async fn receive(
        &self,
        request: reqwest::RequestBuilder,
        start: Instant,
        name: &str,
    ) -> Result<Answer, (Kind, String)> {
        let classify = |e: reqwest::Error| match trouble::certificate_problem(&e) {
            Some(text) => (Kind::Certificate, text),
            None => (Kind::Unreachable, trouble::innermost(&e)),
        };
        let mut response = request.send().await.map_err(classify)?;
        let received = SystemTime::now();
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(classify)? {
            if body.len() + chunk.len() > BODY_LIMIT {
                return Err((
                    Kind::Malformed,
                    format!("status {status}, and a body larger than 4 MiB"),
                ));
            }
            body.extend_from_slice(&chunk);
        }
        let media_type = text_header(&headers, header::CONTENT_TYPE)
            .map(|v| v.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
            .unwrap_or_default();
        Ok(Answer {
            status,
            media_type,
            headers,
            body,
            received,
            elapsed: start.elapsed(),
            request: name.to_owned(),
        })
    }

    fn unsendable(&self, method: &Method, path: &str, why: &str) -> Trouble {
        let request = format!("{method} {path}");
        Trouble { kind: Kind::Malformed, request, status: None, detail: why.into(), write: false }
    }

    /// The trouble that a complete answer means, with the server's own words.
    pub fn trouble(&self, answer: &Answer, kind: Kind, write: bool) -> Trouble {
        Trouble {
            kind,
            request: answer.request.clone(),
            status: Some(answer.status),
            detail: self.words(answer),
            write,
        }
    }

    /// What the server says in an answer: `detail` of its JSON, the field errors, or plain text. Of HTML
    /// only that it is HTML: its text is a page, not a reason.
    pub fn words(&self, answer: &Answer) -> String {
        if answer.media_type == "text/html" {
            return "an HTML page".into();
        }
        let text = String::from_utf8_lossy(&answer.body);
        let json: Option<Value> = serde_json::from_slice(&answer.body).ok();
        let said = match &json {
            Some(Value::Object(map)) => ["detail", "error_description", "error"]
                .iter()
                .find_map(|key| map.get(*key)?.as_str())
                .unwrap_or(&text),
            _ => &text,
        };
        self.excerpt(said)
    }
}
