//! Why a TLS handshake failed: such errors look like connect errors, yet nearly all of them stay until somebody changes
//! something.

use rustls::{AlertDescription, CertificateError, Error, InvalidMessage};

/// What a handshake failed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handshake {
    /// Nobody who is trusted vouches for the certificate.
    Untrusted,
    /// The certificate has expired.
    Expired,
    /// The certificate is for another name.
    WrongName,
    /// The certificate is valid from a later time on: this machine's clock may not be set yet.
    NotValidYet,
    /// The port speaks no TLS.
    PlainPort,
    /// No common protocol version or cipher.
    NoCommonProtocol,
    /// The server wants a certificate of its client.
    ClientCertificate,
}

/// What the handshake behind an error of reqwest failed for, in the words of rustls; nothing if it was something else.
/// The cause is buried where `source()` does not reach, inside an `io::Error`.
pub fn failure(error: &reqwest::Error) -> Option<(Handshake, String)> {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(e) = next {
        if let Some(cause) = e.downcast_ref::<Error>() {
            return kind(cause).map(|kind| (kind, cause.to_string()));
        }
        next = match e.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => e.source(),
        };
    }
    None
}

/// Alerts that are not listed, `internal_error` above all, come from servers that have no certificate yet: they pass.
fn kind(error: &Error) -> Option<Handshake> {
    Some(match error {
        Error::InvalidCertificate(
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. },
        ) => Handshake::NotValidYet,
        Error::InvalidCertificate(
            CertificateError::Expired | CertificateError::ExpiredContext { .. },
        ) => Handshake::Expired,
        Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => Handshake::WrongName,
        Error::InvalidCertificate(_) | Error::NoCertificatesPresented => Handshake::Untrusted,
        Error::InvalidMessage(InvalidMessage::InvalidContentType) => Handshake::PlainPort,
        Error::PeerIncompatible(_)
        | Error::AlertReceived(
            AlertDescription::ProtocolVersion
            | AlertDescription::HandshakeFailure
            | AlertDescription::InsufficientSecurity,
        ) => Handshake::NoCommonProtocol,
        // TLS 1.2 knows no alert of its own for a certificate that is missing.
        Error::AlertReceived(
            AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate
            | AlertDescription::NoCertificate,
        ) => Handshake::ClientCertificate,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::PeerIncompatible;

    #[test]
    fn each_cause_is_told_apart() {
        let cases = [
            (
                Error::InvalidCertificate(CertificateError::UnknownIssuer),
                Some(Handshake::Untrusted),
            ),
            (Error::InvalidCertificate(CertificateError::Expired), Some(Handshake::Expired)),
            (
                Error::InvalidCertificate(CertificateError::NotValidForName),
                Some(Handshake::WrongName),
            ),
            (
                Error::InvalidCertificate(CertificateError::NotValidYet),
                Some(Handshake::NotValidYet),
            ),
            (Error::InvalidMessage(InvalidMessage::InvalidContentType), Some(Handshake::PlainPort)),
            (
                Error::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13),
                Some(Handshake::NoCommonProtocol),
            ),
            (
                Error::AlertReceived(AlertDescription::ProtocolVersion),
                Some(Handshake::NoCommonProtocol),
            ),
            (
                Error::AlertReceived(AlertDescription::CertificateRequired),
                Some(Handshake::ClientCertificate),
            ),
            (Error::AlertReceived(AlertDescription::InternalError), None),
            (Error::DecryptError, None),
        ];
        for (error, expected) in cases {
            assert_eq!(kind(&error), expected, "{error}");
        }
    }
}
