//! Certificates: a CA of its own for each server, and leaves that are good or bad in one way each.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType,
    date_time_ymd,
};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// What is wrong with the certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TlsMode {
    /// Nothing: signed by the CA, for localhost and 127.0.0.1.
    #[default]
    Valid,
    /// It signed itself, so the CA does not help.
    SelfSigned,
    /// It ended years ago.
    Expired,
    /// It begins in many years.
    NotYetValid,
    /// It is for another host.
    WrongName,
    /// There is no TLS at all on the port.
    Off,
}

/// The CA's certificate as PEM, and what accepts connections.
pub(crate) fn acceptor(
    mode: TlsMode,
    names: &[String],
) -> Result<(String, Option<TlsAcceptor>), Box<dyn std::error::Error>> {
    let ca_key = KeyPair::generate()?;
    let mut ca = CertificateParams::default();
    ca.distinguished_name.push(DnType::CommonName, "authentik-sim throw-away CA");
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    let ca_cert = ca.self_signed(&ca_key)?;
    if mode == TlsMode::Off {
        return Ok((ca_cert.pem(), None));
    }
    let issuer = Issuer::new(ca, &ca_key);

    let name = if mode == TlsMode::WrongName { "elsewhere.example" } else { "localhost" };
    let mut leaf = CertificateParams::new(vec![name.to_owned()])?;
    if mode != TlsMode::WrongName {
        for name in names {
            leaf.subject_alt_names.push(SanType::DnsName(name.as_str().try_into()?));
        }
        leaf.subject_alt_names.push(SanType::IpAddress(std::net::Ipv4Addr::LOCALHOST.into()));
    }
    leaf.distinguished_name.push(DnType::CommonName, name);
    if mode == TlsMode::Expired {
        leaf.not_before = date_time_ymd(2019, 1, 1);
        leaf.not_after = date_time_ymd(2020, 1, 1);
    }
    if mode == TlsMode::NotYetValid {
        leaf.not_before = date_time_ymd(4000, 1, 1);
    }
    let key = KeyPair::generate()?;
    let cert = if mode == TlsMode::SelfSigned {
        leaf.self_signed(&key)?
    } else {
        leaf.signed_by(&key, &issuer)?
    };
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok((ca_cert.pem(), Some(TlsAcceptor::from(Arc::new(config)))))
}
