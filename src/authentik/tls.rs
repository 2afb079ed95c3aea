//! Which certificates are trusted. The public roots are compiled in, since a `FROM scratch` image has no
//! CA store, and reqwest refuses even plain HTTP without one.

use reqwest::{Certificate, Client};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::config::Connection;
use crate::error::{Error, Exit, Result};

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

/// The client for everything that `AUTHENTIK_CA_FILE` and `AUTHENTIK_INSECURE` concern.
///
/// # Errors
/// [`Exit::Config`] when a certificate of `AUTHENTIK_CA_FILE` cannot be used as a root.
pub fn client(connection: &Connection) -> Result<Client> {
    let extra = match &connection.ca_pem {
        Some(pem) => certificates(pem).unwrap_or_default(),
        None => Vec::new(),
    };
    build(connection, extra, connection.insecure)
}

/// A client that trusts only the public roots, as NetBird's own containers do.
///
/// # Errors
/// See [`client`].
pub fn public_roots_client(connection: &Connection) -> Result<Client> {
    build(connection, Vec::new(), false)
}

fn build(
    connection: &Connection,
    extra: Vec<CertificateDer<'static>>,
    insecure: bool,
) -> Result<Client> {
    // Fails only when a provider is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().cloned();
    let certificates: Result<Vec<Certificate>, _> =
        roots.chain(extra).map(|der| Certificate::from_der(&der)).collect();
    let unusable = |e: reqwest::Error| {
        Error::new(Exit::Config, "AUTHENTIK_CA_FILE holds a certificate that cannot be a root")
            .because(e)
            .remedy("put the CA certificate that signed Authentik's certificate into the file")
    };
    let mut builder = Client::builder()
        .tls_certs_only(certificates.map_err(unusable)?)
        .tls_danger_accept_invalid_certs(insecure)
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .http1_only()
        .timeout(connection.request_timeout)
        .user_agent(concat!("netbird-authentik-init/", env!("CARGO_PKG_VERSION")));
    if !connection.proxy_from_env {
        // Docker's client configuration puts HTTP_PROXY into every container: a host name of the compose
        // network would then be looked up by the proxy, which does not know it.
        builder = builder.no_proxy();
    }
    builder.build().map_err(unusable)
}
