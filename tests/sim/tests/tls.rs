//! HTTPS: certificates that are good, and bad in one way each.

mod common;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

use authentik_sim::{Sim, TlsMode};
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// What a client that trusts the CA reads, or why it does not.
fn read(sim: &Sim) -> Result<String, String> {
    let mut roots = RootCertStore::empty();
    let ca = CertificateDer::from_pem_slice(sim.ca_pem().as_bytes()).expect("a certificate");
    roots.add(ca).expect("a usable certificate");
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("protocol versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").expect("a name");
    let connection = ClientConnection::new(Arc::new(config), name).expect("a connection");
    let url = sim.https_url();
    let port = url.rsplit(':').next().unwrap_or_default();
    let socket =
        TcpStream::connect(format!("127.0.0.1:{port}")).map_err(|error| error.to_string())?;
    let mut stream = StreamOwned::new(connection, socket);
    let request = format!(
        "GET /api/v3/root/config/ HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).map_err(|error| error.to_string())?;
    let mut text = String::new();
    match stream.read_to_string(&mut text) {
        Err(error) if text.is_empty() => Err(error.to_string()),
        _ => Ok(text),
    }
}

#[test]
fn the_ca_vouches_for_a_good_certificate_only() {
    let start = |mode| Sim::builder("2026.2").tls(mode).start();
    let good = start(TlsMode::Valid);
    assert!(read(&good).is_ok_and(|text| text.starts_with("HTTP/1.1 200")));
    assert!(good.requests()[0].tls);
    for mode in [TlsMode::SelfSigned, TlsMode::Expired, TlsMode::WrongName] {
        let error = read(&start(mode)).expect_err("a refusal");
        assert!(error.contains("certificate"), "{mode:?}: {error}");
    }
    assert!(read(&start(TlsMode::Off)).is_err());
}
