//! The proxy that ends TLS: certificates of a CA of its own, and X-Forwarded-Proto for whoever is behind it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;

use crate::Failure;

/// Makes a CA (`ca.pem`) and a certificate for these names (`cert.pem`, `key.pem`).
pub fn certificates(dir: &str, names: &[&str]) -> Result<(), Failure> {
    let ca_key = KeyPair::generate()?;
    let mut ca = CertificateParams::default();
    ca.distinguished_name.push(DnType::CommonName, "container tests' throw-away CA");
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    let ca_cert = ca.self_signed(&ca_key)?;
    let issuer = Issuer::new(ca, &ca_key);
    let key = KeyPair::generate()?;
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let cert = CertificateParams::new(names)?.signed_by(&key, &issuer)?;
    let dir = Path::new(dir);
    fs::write(dir.join("ca.pem"), ca_cert.pem())?;
    fs::write(dir.join("cert.pem"), cert.pem())?;
    fs::write(dir.join("key.pem"), key.serialize_pem())?;
    Ok(())
}

/// Serves on port 443: by the name that is asked for, to the address behind it. Names that are not listed are
/// answered with 502, as by a proxy whose backend is away.
pub async fn run(dir: &str, routes: &[&str]) -> Result<(), Failure> {
    let dir = Path::new(dir);
    let cert = CertificateDer::from_pem_file(dir.join("cert.pem"))?;
    let key = PrivateKeyDer::from_pem_file(dir.join("key.pem"))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![cert], key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let routes: BTreeMap<String, String> = routes
        .iter()
        .filter_map(|route| route.split_once('='))
        .map(|(name, to)| (name.to_owned(), to.to_owned()))
        .collect();
    let routes = Arc::new(routes);
    let listener = TcpListener::bind(("0.0.0.0", 443)).await?;
    eprintln!("proxy: serves {routes:?}");
    loop {
        let (stream, _) = listener.accept().await?;
        let (acceptor, routes) = (acceptor.clone(), Arc::clone(&routes));
        tokio::spawn(async move {
            // A client that breaks off is its own affair.
            let _ = forward(stream, acceptor, &routes).await;
        });
    }
}

/// One request a connection: its head gets what a proxy adds, the rest goes through as it is.
async fn forward(
    stream: TcpStream,
    acceptor: TlsAcceptor,
    routes: &BTreeMap<String, String>,
) -> Result<(), Failure> {
    let mut client = acceptor.accept(stream).await?;
    let mut head = Vec::new();
    let end = loop {
        let mut chunk = [0; 4096];
        let read = client.read(&mut chunk).await?;
        if read == 0 {
            return Ok(());
        }
        head.extend_from_slice(&chunk[..read]);
        if let Some(end) = head.windows(4).position(|w| w == b"\r\n\r\n") {
            break end;
        }
    };
    let text = String::from_utf8_lossy(&head[..end]).into_owned();
    let mut lines = Vec::new();
    let mut host = "";
    for line in text.split("\r\n") {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        match name.to_ascii_lowercase().as_str() {
            "host" => {
                host = value.trim();
                lines.push(line);
            }
            "connection" | "x-forwarded-proto" | "x-forwarded-host" => {}
            _ => lines.push(line),
        }
    }
    let backend = match routes.get(host) {
        Some(to) => TcpStream::connect(to.as_str()).await.ok(),
        None => None,
    };
    let Some(mut backend) = backend else {
        client
            .write_all(
                b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            )
            .await?;
        client.shutdown().await?;
        return Ok(());
    };
    lines.extend(["X-Forwarded-Proto: https", "Connection: close", "", ""]);
    backend.write_all(lines.join("\r\n").as_bytes()).await?;
    backend.write_all(&head[end + 4..]).await?;
    copy_bidirectional(&mut client, &mut backend).await?;
    Ok(())
}
