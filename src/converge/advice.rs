//! What to tell people when a run gives up: each way in which a server can fail, in the terms of Authentik and of the
//! variables. By cause, whatever the run was doing.

use crate::error::{Error, Exit};
use crate::http::setback::{Ending, Missing};
use crate::http::{Handshake, Kind, Trouble};

/// The error that a run ends with.
pub fn error(ending: Ending) -> Error {
    match ending {
        Ending::Labouring(trouble) => labouring(&trouble),
        Ending::Tls(trouble, handshake) => tls(&trouble, handshake),
        Ending::Redirected(trouble, to) => redirected(&trouble, &to),
        Ending::Forbidden(trouble, permissions) => forbidden(&trouble, &permissions),
        Ending::Rejected(trouble) => rejected(&trouble),
        Ending::Malformed(trouble) => malformed(&trouble),
        Ending::Invalid(trouble) => invalid(&trouble),
        Ending::Missing(missing) => wrong_names(&missing),
        Ending::Final(error) => error,
    }
}

#[allow(dead_code)]
/// The error of a single look at what this trouble means, where nobody waits.
pub fn now(trouble: &Trouble) -> Error {
    match &trouble.kind {
        Kind::Tls(handshake) => tls(trouble, *handshake),
        Kind::Redirect(to) => redirected(trouble, to),
        Kind::Permission(permission) => forbidden(trouble, &[permission]),
        Kind::Token | Kind::Stripped => rejected(trouble),
        Kind::Malformed | Kind::Missing => malformed(trouble),
        Kind::Invalid(_) => invalid(trouble),
        Kind::Unreachable | Kind::Busy(_) | Kind::InFront => {
            Error::new(Exit::NotReady, "Authentik does not answer as it should")
                .because(trouble)
                .remedy(waiting(trouble))
        }
    }
}

/// What to do about trouble that was waited out in vain.
pub fn waiting(trouble: &Trouble) -> &'static str {
    match &trouble.kind {
        Kind::Unreachable => {
            "see that Authentik's server is running and that AUTHENTIK_HOST is its URL as seen from this container"
        }
        Kind::Tls(_) => NOT_VALID_YET,
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

/// What to do about objects that were waited for in vain.
pub fn waiting_for(missing: &Missing) -> String {
    let variables: Vec<&str> = missing.absent.iter().filter_map(|a| a.chosen_by).collect();
    match variables.as_slice() {
        [] => "see that Authentik's worker is running: it creates these objects".to_owned(),
        some => format!(
            "see that Authentik's worker is running (it creates the default objects), and that {} is right",
            some.join(" and ")
        ),
    }
}

const TOKEN: &str = "see that Authentik's worker runs (it creates the bootstrap token, from \
    AUTHENTIK_BOOTSTRAP_TOKEN in the worker's environment and only at the first start), and that AUTHENTIK_TOKEN is \
    the same value";

const STRIPPED: &str = "a proxy between this container and Authentik strips the Authorization header: let it pass the \
    header on, or set AUTHENTIK_HOST to a URL that reaches Authentik directly";

const IN_FRONT: &str = "something in front of Authentik answers in its place (a proxy with a login of its own, a \
    firewall): set AUTHENTIK_HOST to a URL that reaches Authentik directly";

const NOT_AUTHENTIK: &str = "see that AUTHENTIK_HOST is Authentik itself (with its sub-path, if it has one), not \
    another service, and that it is https:// where the port speaks TLS";

const NOT_VALID_YET: &str =
    "set this machine's clock (NTP): the certificate is valid from a later time on";

const PERMISSION: &str =
    "give the token's user this permission, or use a token of a member of authentik Admins";

const INVALID: &str = "change the variable behind the field that is named, or report it if none is";

fn labouring(trouble: &Trouble) -> Error {
    Error::new(Exit::NotReady, format!("Authentik keeps failing: {trouble}"))
        .because(format!("{} times in a row", trouble.in_a_row))
        .remedy(waiting(trouble))
}

fn tls(trouble: &Trouble, handshake: Handshake) -> Error {
    let (what, remedy) = match handshake {
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
    };
    let exit = match handshake {
        Handshake::NotValidYet => Exit::NotReady,
        _ => Exit::Protocol,
    };
    let what = format!("{what}: {}", trouble.request);
    Error::new(exit, what).because(&trouble.detail).remedy(remedy)
}

fn redirected(trouble: &Trouble, to: &str) -> Error {
    Error::new(Exit::Protocol, format!("{} is redirected to {to}", trouble.request))
        .because("the token is never sent after a redirect")
        .remedy("set AUTHENTIK_HOST to the URL at which Authentik itself answers")
}

fn forbidden(trouble: &Trouble, permissions: &[&str]) -> Error {
    let permissions = permissions.join(" and ");
    Error::new(Exit::Rejected, format!("the token lacks the permission {permissions}"))
        .because(trouble)
        .remedy(PERMISSION)
}

fn rejected(trouble: &Trouble) -> Error {
    let (what, remedy) = match trouble.kind {
        Kind::Stripped => ("AUTHENTIK_TOKEN does not reach Authentik", STRIPPED),
        _ => ("Authentik does not accept AUTHENTIK_TOKEN", TOKEN),
    };
    Error::new(Exit::Rejected, what).because(trouble).remedy(remedy)
}

fn malformed(trouble: &Trouble) -> Error {
    Error::new(Exit::Protocol, "an answer that does not fit Authentik's API")
        .because(trouble)
        .remedy(NOT_AUTHENTIK)
}

fn invalid(trouble: &Trouble) -> Error {
    let what = format!("Authentik refuses a value: {}", trouble.request);
    Error::new(Exit::Protocol, what)
        .because(trouble.field_errors().unwrap_or_else(|| trouble.detail.clone()))
        .remedy(INVALID)
}

/// Names that the user set: of each the variable.
pub fn wrong_names(missing: &Missing) -> Error {
    let chosen = missing.absent.iter().filter_map(|a| Some((a.object.as_str(), a.chosen_by?)));
    let (objects, variables): (Vec<&str>, Vec<&str>) = chosen.unzip();
    Error::new(Exit::Refused, format!("Authentik has no {}", objects.join(" and no ")))
        .because(format!("{} names what is not there", variables.join(" and ")))
        .remedy(format!(
            "create it in Authentik, or correct {} (unset takes Authentik's default)",
            variables.join(" and ")
        ))
}
