//! Which certificates are trusted. The public roots are compiled in, since a `FROM scratch` image has no
//! CA store, and reqwest refuses even plain HTTP without one.

use std::time::Duration;

use reqwest::Client;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

/// Whether a PEM bundle has certificates, all of them readable.
///
/// # Errors
/// In words for people, when it has none or one is damaged.
pub fn check_pem(pem: &[u8]) -> Result<(), String> {
    let certificates = certificates(pem)?;
    if certificates.is_empty() { Err("no certificate in it".into()) } else { Ok(()) }
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    CertificateDer::pem_slice_iter(pem)
        .map(|c| c.map_err(|e| format!("not readable as PEM: {e}")))
        .collect()
}

/// How a peer's certificate is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Not at all, where that was asked for; else as [`Trust::Configured`].
    Lenient,
    /// By the public roots and those that were given.
    Configured,
    /// By the public roots alone, as NetBird's own containers do.
    PublicRoots,
}

/// What a user can say about connections.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// PEM bundle of roots that are trusted in addition to the public ones.
    pub extra_roots: Option<Vec<u8>>,
    /// Whether [`Trust::Lenient`] accepts every certificate.
    pub insecure: bool,
    /// Whether HTTP_PROXY, HTTPS_PROXY and NO_PROXY count.
    pub proxy_from_env: bool,
    /// For one request, from the first byte to the last.
    pub request_timeout: Duration,
}

/// One client for each kind of trust, made once; those that would be the same are the same.
#[derive(Clone, Debug)]
pub struct Clients {
    lenient: Client,
    configured: Client,
    public_roots: Client,
}

impl Clients {
    /// Builds them.
    ///
    /// # Errors
    /// The library's words, when a certificate of `extra_roots` cannot be used as a root.
    pub fn new(settings: &Settings) -> Result<Self, String> {
        let public_roots = build(settings, Vec::new(), false)?;
        let configured = match &settings.extra_roots {
            Some(pem) => build(settings, certificates(pem)?, false)?,
            None => public_roots.clone(),
        };
        let lenient = match settings.insecure {
            true => build(settings, Vec::new(), true)?,
            false => configured.clone(),
        };
        Ok(Self { lenient, configured, public_roots })
    }

    /// The client of this trust.
    pub fn of(&self, trust: Trust) -> &Client {
        match trust {
            Trust::Lenient => &self.lenient,
            Trust::Configured => &self.configured,
            Trust::PublicRoots => &self.public_roots,
        }
    }
}

fn build(
    settings: &Settings,
    extra: Vec<CertificateDer<'static>>,
    insecure: bool,
) -> Result<Client, String> {
    // Fails only when a provider is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let unusable = |e: reqwest::Error| e.to_string();
    let builder = match insecure {
        true => Client::builder().tls_certs_only([]).tls_danger_accept_invalid_certs(true),
        false => Client::builder().tls_backend_preconfigured(judging(extra)?),
    };
    let mut builder = builder
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .tls_info(true)
        .http1_only()
        .timeout(settings.request_timeout)
        .user_agent(concat!("netbird-authentik-init/", env!("CARGO_PKG_VERSION")));
    if !settings.proxy_from_env {
        // Docker's client configuration puts HTTP_PROXY into every container: a host name of the compose
        // network would then be looked up by the proxy, which does not know it.
        builder = builder.no_proxy();
    }
    builder.build().map_err(unusable)
}

/// By the public roots, of which only names and keys are compiled in, and by those that were given.
fn judging(extra: Vec<CertificateDer<'static>>) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for certificate in extra {
        roots.add(certificate).map_err(|e| e.to_string())?;
    }
    let mut config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
