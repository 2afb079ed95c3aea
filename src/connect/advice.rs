//! What to tell people when a run on NetBird gives up.

use crate::error::{Error, Exit};
use crate::http::setback::{Ending, Setback};
use crate::http::{Handshake, Kind, Trouble};

/// The error that it ends with.
pub fn error(ending: Ending) -> Error {
    match ending {
        Ending::Final(error) => error,
        Ending::Labouring(trouble) => {
            Error::new(Exit::NotReady, format!("NetBird keeps failing: {trouble}"))
                .because(format!("{} times in a row", trouble.in_a_row))
                .remedy("look at the log of NetBird's server for the reason")
        }
        Ending::Tls(trouble, handshake) => tls(&trouble, handshake),
        Ending::Missing(missing) => {
            Error::new(Exit::Refused, format!("there is no {}", missing.names()))
        }
        Ending::Redirected(trouble, to) => {
            Error::new(Exit::Protocol, format!("{} is redirected to {to}", trouble.request))
                .because("a credential is never sent after a redirect")
                .remedy("set NB_MANAGEMENT_URL to the URL at which NetBird itself answers")
        }
        Ending::Forbidden(trouble, rights) => {
            let rights = rights.join(" and ");
            Error::new(Exit::Rejected, format!("NetBird asks for the rights {rights}"))
                .because(&trouble)
                .remedy("make NB_PAT as Owner or administrator of NetBird")
        }
        Ending::Rejected(trouble) => {
            Error::new(Exit::Rejected, "NetBird does not accept the credential")
                .because(&trouble)
                .remedy(
                    "make a new personal access token in NetBird's dashboard and set NB_PAT to it",
                )
        }
        Ending::Malformed(trouble) => {
            Error::new(Exit::Protocol, "an answer that does not fit NetBird's API")
                .because(&trouble)
                .remedy(
                    "see that NB_MANAGEMENT_URL is NetBird's management or netbird-server itself",
                )
        }
        Ending::Invalid(trouble) => {
            Error::new(Exit::Protocol, format!("NetBird refuses a value: {}", trouble.request))
                .because(trouble.field_errors().unwrap_or_else(|| trouble.detail.clone()))
                .remedy("change the variable that the text is about, or report it if there is none")
        }
    }
}

/// What to do about a setback that was waited out in vain.
pub fn waiting(setback: &Setback) -> String {
    let (Setback::Trouble(_, trouble) | Setback::Conflict(trouble)) = setback else {
        return "run init first, with the same SETUP_STATE_DIR and AUTHENTIK_APPLICATION_SLUG"
            .to_owned();
    };
    let text = match trouble.kind {
        Kind::Unreachable => {
            "see that NetBird is running and that NB_MANAGEMENT_URL is its URL as seen from this container"
        }
        Kind::InFront => {
            "something in front of NetBird answers in its place: set NB_MANAGEMENT_URL to a URL that reaches NetBird \
             directly"
        }
        _ => "look at the log of NetBird's server for the reason",
    };
    text.to_owned()
}

fn tls(trouble: &Trouble, handshake: Handshake) -> Error {
    let what = match handshake {
        Handshake::Untrusted => "NetBird's certificate is not trusted",
        Handshake::Expired => "NetBird's certificate has expired",
        Handshake::WrongName => "NetBird's certificate is for another name",
        Handshake::NotValidYet => "NetBird's certificate is not valid yet",
        Handshake::PlainPort => "the port of NB_MANAGEMENT_URL speaks no TLS",
        Handshake::NoCommonProtocol => {
            "NetBird offers no TLS version or cipher that this container speaks"
        }
        Handshake::ClientCertificate => "NetBird's server asks for a client certificate",
    };
    Error::new(Exit::Protocol, format!("{what}: {}", trouble.request))
        .because(&trouble.detail)
        .remedy(
            "set NB_MANAGEMENT_URL to NetBird's URL inside the compose network, such as http://netbird-server, or add \
             the CA to AUTHENTIK_CA_FILE",
        )
}

/// What NetBird's check of a connector's issuer came to. It asks Authentik itself, from inside its own container.
pub enum IssuerCheck {
    /// Worth another try: a proxy that is starting, a name that is not there yet.
    Later,
    /// Not.
    Never(Error),
    /// It was about something else.
    Other,
}

/// Reads the text of a 422 (NetBird's `identity_provider.go`, messages in lower case).
pub fn issuer_check(trouble: &Trouble) -> IssuerCheck {
    let said = &trouble.detail;
    if said.contains("does not match the issuer") {
        return IssuerCheck::Never(
            Error::new(Exit::Protocol, "Authentik tells NetBird another issuer than it tells this container")
                .because(said)
                .remedy(
                    "let the proxy in front of Authentik pass on Host and X-Forwarded-Proto unchanged, for NetBird's \
                     container too",
                ),
        );
    }
    if !said.contains("issuer is unreachable") {
        return IssuerCheck::Other;
    }
    if said.contains("x509") || said.contains("failed to verify certificate") {
        return IssuerCheck::Never(
            Error::new(Exit::Protocol, "NetBird does not trust Authentik's certificate")
                .because(said)
                .remedy(
                    "mount the CA into netbird-server and set SSL_CERT_FILE to it there: the combined server knows the \
                     system's CAs only",
                ),
        );
    }
    IssuerCheck::Later
}
