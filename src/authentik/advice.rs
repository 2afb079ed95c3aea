//! What trouble with Authentik means to people: by its cause, in the terms of Authentik and of the variables.

use crate::error::Exit;
use crate::http::{Handshake, Kind, Trouble};

/// What to do about it.
pub fn remedy(trouble: &Trouble) -> &'static str {
    match &trouble.kind {
        Kind::Unreachable => {
            "see that Authentik's server is running and that AUTHENTIK_HOST is its URL as seen from this container"
        }
        Kind::Tls(kind) => handshake(*kind).1,
        Kind::Busy(_) => match trouble.status {
            Some(502..=504) => {
                "Authentik is starting, or the proxy in front of it does not reach it: see the logs of Authentik's \
                 server and of the proxy"
            }
            _ => "look at the log of Authentik's server for the reason",
        },
        Kind::Token => TOKEN,
        Kind::Stripped => STRIPPED,
        Kind::InFront => IN_FRONT,
        Kind::Permission(_) => PERMISSION,
        Kind::Missing | Kind::Malformed | Kind::Redirect(_) => NOT_AUTHENTIK,
        Kind::Invalid(_) => INVALID,
    }
}

/// The code that a program ends with that cannot wait.
pub fn exit(trouble: &Trouble) -> Exit {
    match &trouble.kind {
        Kind::Unreachable | Kind::Busy(_) | Kind::InFront | Kind::Tls(Handshake::NotValidYet) => {
            Exit::NotReady
        }
        Kind::Token | Kind::Stripped | Kind::Permission(_) => Exit::Rejected,
        Kind::Tls(_) | Kind::Missing | Kind::Malformed | Kind::Redirect(_) | Kind::Invalid(_) => {
            Exit::Protocol
        }
    }
}

/// What a handshake that failed means, and what to do.
pub fn handshake(kind: Handshake) -> (&'static str, &'static str) {
    match kind {
        Handshake::Untrusted => (
            "Authentik's certificate is not trusted",
            "set AUTHENTIK_CA_FILE to the PEM file of the CA that signed it, use the name that the \
             certificate is for in AUTHENTIK_HOST, or reach Authentik over http:// inside the compose network",
        ),
        Handshake::NotValidYet => ("Authentik's certificate is not valid yet", NOT_VALID_YET),
        Handshake::PlainPort => (
            "the port of AUTHENTIK_HOST speaks no TLS",
            "write http:// in AUTHENTIK_HOST, or name the port for https:// (Authentik's own are 9000 and 9443)",
        ),
        Handshake::NoCommonProtocol => (
            "the server of AUTHENTIK_HOST offers no TLS version or cipher that this container speaks",
            "let it offer TLS 1.2 or 1.3, or reach Authentik over http:// inside the compose network",
        ),
        Handshake::ClientCertificate => (
            "the server of AUTHENTIK_HOST asks for a client certificate",
            "set AUTHENTIK_HOST to a URL that reaches Authentik without one",
        ),
    }
}

/// For a token that is not accepted: "not yet" and "wrong" are one answer.
pub const TOKEN: &str = "see that Authentik's worker runs (it creates the bootstrap token, from \
    AUTHENTIK_BOOTSTRAP_TOKEN in the worker's environment and only at the first start), and that AUTHENTIK_TOKEN is \
    the same value";

/// For a token that does not arrive.
pub const STRIPPED: &str = "a proxy between this container and Authentik strips the Authorization header: let it pass the \
    header on, or set AUTHENTIK_HOST to a URL that reaches Authentik directly";

/// For answers of somebody else.
pub const IN_FRONT: &str = "something in front of Authentik answers in its place (a proxy with a login of its own, a \
    firewall): set AUTHENTIK_HOST to a URL that reaches Authentik directly";

/// For answers that do not fit.
pub const NOT_AUTHENTIK: &str = "see that AUTHENTIK_HOST is Authentik itself (with its sub-path, if it has one), not \
    another service, and that it is https:// where the port speaks TLS";

/// For a certificate of the future.
pub const NOT_VALID_YET: &str =
    "set this machine's clock (NTP): the certificate is valid from a later time on";

/// For a permission that is lacking.
pub const PERMISSION: &str =
    "give the token's user this permission, or use a token of a member of authentik Admins";

/// For a value that is refused.
pub const INVALID: &str =
    "change the variable behind the field that is named, or report it if none is";
