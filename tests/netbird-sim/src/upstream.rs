//! Requests of NetBird's own: to Authentik, with the names that files made for public hosts have, and errors in the words
//! of Go's HTTP client.

use std::collections::{BTreeMap, HashMap};
use std::error::Error as _;
use std::io;
use std::sync::Mutex;
use std::time::Duration;

use reqwest::{Certificate, Client};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use url::Url;

use crate::world::lock;

/// Which certificates are trusted beside the public ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Trust {
    /// PEM.
    pub(crate) roots: String,
    /// Trust everybody.
    pub(crate) anything: bool,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) cache_control: String,
    pub(crate) body: String,
}

/// A POST's form and the credentials in its header.
#[derive(Clone, Debug, Default)]
pub(crate) struct Form {
    pub(crate) body: String,
    pub(crate) authorization: Option<String>,
}

/// The client of a running server.
#[derive(Debug)]
pub(crate) struct Upstream {
    /// Where an origin really is.
    resolve: BTreeMap<String, String>,
    /// Whether names that are not in `resolve` are looked up at all.
    looks_up: bool,
    patience: Duration,
    trust: Trust,
    clients: Mutex<HashMap<Trust, Client>>,
}

impl Upstream {
    pub(crate) fn new(
        resolve: &BTreeMap<String, String>,
        looks_up: bool,
        patience: Duration,
        roots: String,
    ) -> Self {
        // Fails only when a provider is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let trust = Trust { roots, anything: false };
        Self { resolve: resolve.clone(), looks_up, patience, trust, clients: Mutex::default() }
    }

    /// What is trusted where nothing else is said.
    pub(crate) fn trust(&self) -> &Trust {
        &self.trust
    }

    fn client(&self, trust: &Trust) -> Result<Client, String> {
        if let Some(client) = lock(&self.clients).get(trust) {
            return Ok(client.clone());
        }
        let bad = |error: String| format!("invalid root CA: {error}");
        let mut roots: Vec<Certificate> = webpki_root_certs::TLS_SERVER_ROOT_CERTS
            .iter()
            .filter_map(|der| Certificate::from_der(der).ok())
            .collect();
        for der in CertificateDer::pem_slice_iter(trust.roots.as_bytes()) {
            let der = der.map_err(|error| bad(error.to_string()))?;
            roots.push(Certificate::from_der(&der).map_err(|error| bad(error.to_string()))?);
        }
        let client = Client::builder()
            .tls_certs_only(roots)
            .tls_danger_accept_invalid_certs(trust.anything)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .http1_only()
            // Each on a connection of its own, so that a server that went away is seen at once.
            .pool_max_idle_per_host(0)
            .timeout(self.patience)
            .build()
            .map_err(|error| bad(error.to_string()))?;
        lock(&self.clients).insert(trust.clone(), client.clone());
        Ok(client)
    }

    /// A GET, through redirects as Go's client follows them.
    pub(crate) async fn get(&self, url: &str, trust: &Trust) -> Result<Answer, String> {
        self.get_with(url, trust, None).await
    }

    /// The same with credentials.
    pub(crate) async fn get_with(
        &self,
        url: &str,
        trust: &Trust,
        authorization: Option<&str>,
    ) -> Result<Answer, String> {
        let mut url = url.to_owned();
        for _ in 0..10 {
            let header = authorization.map(str::to_owned);
            let (answer, location) = self.send(&url, trust, None, header).await?;
            match location {
                Some(location) if (300..400).contains(&answer.status) => {
                    let next = Url::parse(&url).and_then(|url| url.join(&location));
                    url = next.map_err(|error| format!("Get {url:?}: {error}"))?.into();
                }
                _ => return Ok(answer),
            }
        }
        Err(format!("Get {url:?}: stopped after 10 redirects"))
    }

    /// A POST of a form.
    pub(crate) async fn post(
        &self,
        url: &str,
        trust: &Trust,
        form: Form,
    ) -> Result<Answer, String> {
        Ok(self.send(url, trust, Some(form.body), form.authorization).await?.0)
    }

    async fn send(
        &self,
        url: &str,
        trust: &Trust,
        form: Option<String>,
        authorization: Option<String>,
    ) -> Result<(Answer, Option<String>), String> {
        let method = if form.is_some() { "Post" } else { "Get" };
        let failed = |why: String| format!("{method} {url:?}: {why}");
        let parsed =
            Url::parse(url).map_err(|_| failed("unsupported protocol scheme \"\"".into()))?;
        let client = self.client(trust)?;
        let target = self.target(&parsed).map_err(failed)?;
        let mut request = match form {
            Some(form) => client
                .post(target)
                .header("Content-Type", "application/x-www-form-urlencoded")
                .body(form),
            None => client.get(target),
        };
        request = request.header("Host", authority(&parsed));
        request = request.header("X-Forwarded-Proto", parsed.scheme());
        if let Some(authorization) = authorization {
            request = request.header("Authorization", authorization);
        }
        let answer = request.send().await.map_err(|error| failed(reason(&error, &parsed)))?;
        let header = |name: &str| {
            let value = answer.headers().get(name).and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let location = Some(header("location")).filter(|location| !location.is_empty());
        let (status, cache_control) = (answer.status().as_u16(), header("cache-control"));
        let body = answer.text().await.map_err(|_| failed("unexpected EOF".into()))?;
        Ok((Answer { status, cache_control, body }, location))
    }

    /// Where the request really goes.
    fn target(&self, url: &Url) -> Result<Url, String> {
        let origin = url.origin().ascii_serialization();
        let rest = &url[url::Position::BeforePath..];
        if let Some(target) = self.resolve.get(&origin) {
            let target = format!("{}{rest}", target.trim_end_matches('/'));
            return Url::parse(&target).map_err(|error| error.to_string());
        }
        match url.host() {
            Some(url::Host::Domain(name)) if name != "localhost" && !self.looks_up => {
                Err(format!("dial tcp: lookup {name} on 127.0.0.11:53: no such host"))
            }
            Some(_) => Ok(url.clone()),
            None => Err("http: no Host in request URL".to_owned()),
        }
    }
}

fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Why a request failed, as Go says it. The address is the one that was asked for.
fn reason(error: &reqwest::Error, url: &Url) -> String {
    let port = url.port_or_known_default().unwrap_or_default();
    let address = format!("{}:{port}", url.host_str().unwrap_or_default());
    let mut inner = error.source();
    while let Some(cause) = inner {
        if let Some(why) = known_cause(cause, &address) {
            return why;
        }
        inner = cause.source();
    }
    if error.is_timeout() {
        return "context deadline exceeded (Client.Timeout exceeded while awaiting headers)".into();
    }
    "EOF".into()
}

/// The cause, if it is one that has words of its own. An I/O error hides what it was made of from its source.
fn known_cause(cause: &(dyn std::error::Error + 'static), address: &str) -> Option<String> {
    if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
        return Some(certificate(tls));
    }
    let io = cause.downcast_ref::<io::Error>()?;
    if io.kind() == io::ErrorKind::ConnectionRefused {
        return Some(format!("dial tcp {address}: connect: connection refused"));
    }
    known_cause(io.get_ref()?, address)
}

fn certificate(error: &rustls::Error) -> String {
    use rustls::CertificateError as Bad;
    let why = match error {
        rustls::Error::InvalidCertificate(Bad::UnknownIssuer) => {
            "certificate signed by unknown authority"
        }
        rustls::Error::InvalidCertificate(Bad::Expired | Bad::ExpiredContext { .. }) => {
            "certificate has expired or is not yet valid"
        }
        rustls::Error::InvalidCertificate(
            Bad::NotValidForName | Bad::NotValidForNameContext { .. },
        ) => "certificate is not valid for any names",
        other => return format!("remote error: tls: {other}"),
    };
    format!("tls: failed to verify certificate: x509: {why}")
}
