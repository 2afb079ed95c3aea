//! What trouble with Authentik means to people: by its cause and by the URL that was asked, in the terms of Authentik and
//! of the variables.

use crate::error::Exit;
use crate::http::{Handshake, Kind, Trouble};

/// The variable of the URL at which this container reaches Authentik.
pub const HOST: &str = "AUTHENTIK_HOST";

/// The variable of the URL at which people and NetBird do.
pub const PUBLIC: &str = "AUTHENTIK_HOST_BROWSER";

/// What to do about it.
pub fn remedy(trouble: &Trouble) -> String {
    let public = trouble.asked.url == PUBLIC;
    let text = match &trouble.kind {
        Kind::Unreachable => {
            "see that Authentik's server is running and that AUTHENTIK_HOST is its URL as seen from this container"
        }
        Kind::Tls(kind) => return handshake(trouble, *kind).1,
        Kind::Redirect(to) => return redirect(trouble, to),
        Kind::Busy(_) => match trouble.status {
            Some(502..=504) => {
                "Authentik is starting, or the proxy in front of it does not reach it: see the logs of Authentik's \
                 server and of the proxy"
            }
            _ => "look at the log of Authentik's server for the reason",
        },
        Kind::Token => TOKEN,
        Kind::Stripped => STRIPPED,
        Kind::InFront if trouble.asked.credential || !public => IN_FRONT,
        Kind::InFront => IN_FRONT_OF_LOGINS,
        Kind::Permission(_) => PERMISSION,
        Kind::Missing | Kind::Malformed => return not_authentik(trouble),
        Kind::Invalid(_) => INVALID,
    };
    text.to_owned()
}

/// For answers that do not fit.
pub fn not_authentik(trouble: &Trouble) -> String {
    let text = if trouble.asked.url == PUBLIC { NOT_PUBLIC } else { NOT_AUTHENTIK };
    text.to_owned()
}

/// For a redirect to another origin. One that leads to the same page elsewhere says what Authentik's URL is; another one
/// is somebody's who wants a login of his own first.
fn redirect(trouble: &Trouble, to: &str) -> String {
    match moved(&trouble.request, to) {
        Some(base) if trouble.asked.credential => format!("set {HOST}={base}"),
        Some(base) => format!("set {PUBLIC}={base}"),
        None if trouble.asked.credential => {
            "set AUTHENTIK_HOST to the URL at which Authentik itself answers".to_owned()
        }
        None => IN_FRONT_OF_LOGINS.to_owned(),
    }
}

/// Authentik's base URL, where the page that was asked for has moved to another origin.
fn moved(request: &str, to: &str) -> Option<String> {
    let (_, path) = request.split_once(' ')?;
    let url = url::Url::parse(to).ok().filter(|url| url.path() == path)?;
    let end = path.find("/application/o/").or_else(|| path.find("/api/v3/"))?;
    Some(format!("{}{}", url.origin().ascii_serialization(), &path[..end]))
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
pub fn handshake(trouble: &Trouble, kind: Handshake) -> (String, String) {
    let public = trouble.asked.url == PUBLIC;
    let url = if public { PUBLIC } else { HOST };
    // People's browsers take no other way than the public URL.
    let beside = match public {
        true => "",
        false => ", or reach Authentik over http:// inside the compose network",
    };
    let (what, remedy) = match kind {
        Handshake::Untrusted => (
            "Authentik's certificate is not trusted".to_owned(),
            format!(
                "set AUTHENTIK_CA_FILE to the PEM file of the CA that signed it, use the name that the certificate is \
                 for in {url}{beside}"
            ),
        ),
        Handshake::Expired => (
            "Authentik's certificate has expired".to_owned(),
            format!("renew the certificate (or set this machine's clock, if it is ahead){beside}"),
        ),
        Handshake::WrongName => (
            "Authentik's certificate is for another name".to_owned(),
            format!(
                "use the name that the certificate is for in {url}, or get one for the name there{beside}"
            ),
        ),
        Handshake::NotValidYet => (
            "Authentik's certificate is not valid yet".to_owned(),
            "set this machine's clock (NTP): the certificate is valid from a later time on"
                .to_owned(),
        ),
        Handshake::PlainPort => (
            format!("the port of {url} speaks no TLS"),
            format!(
                "write http:// in {url}, or name the port for https:// (Authentik's own are 9000 and 9443)"
            ),
        ),
        Handshake::NoCommonProtocol => (
            format!(
                "the server of {url} offers no TLS version or cipher that this container speaks"
            ),
            format!("let it offer TLS 1.2 or 1.3{beside}"),
        ),
        Handshake::ClientCertificate => (
            format!("the server of {url} asks for a client certificate"),
            format!("set {url} to a URL that reaches Authentik without one"),
        ),
    };
    (what, remedy)
}

/// For a token that is not accepted: "not yet" and "wrong" are one answer.
pub const TOKEN: &str = "see that Authentik's worker runs (it creates the bootstrap token, from \
    AUTHENTIK_BOOTSTRAP_TOKEN in the worker's environment and only at the first start), and that AUTHENTIK_TOKEN is \
    the same value; on an Authentik that has run before, make a new API token of an administrator and set AUTHENTIK_TOKEN \
    to it";

/// For a token that does not arrive.
pub const STRIPPED: &str = "a proxy between this container and Authentik strips the Authorization header: let it pass the \
    header on, or set AUTHENTIK_HOST to a URL that reaches Authentik directly";

/// For answers of somebody else.
const IN_FRONT: &str = "something in front of Authentik answers in its place (a proxy with a login of its own, a \
    firewall): set AUTHENTIK_HOST to a URL that reaches Authentik directly";

/// For answers of somebody else, where people log in.
const IN_FRONT_OF_LOGINS: &str = "something in front of Authentik answers in its place where people log in (a proxy with a \
    login of its own, a firewall): let it pass requests below /application/o/ on to Authentik as they are";

/// For answers that do not fit.
const NOT_AUTHENTIK: &str = "see that AUTHENTIK_HOST is Authentik itself (with its sub-path, if it has one), not \
    another service, and that it is https:// where the port speaks TLS";

/// The same, at the public URL.
const NOT_PUBLIC: &str = "see that AUTHENTIK_HOST_BROWSER is the URL at which people reach Authentik (with its sub-path, \
    if it has one, and without the path of an application), and that the proxy there passes requests below \
    /application/o/ on to Authentik";

/// For a permission that is lacking.
pub const PERMISSION: &str =
    "give the token's user this permission, or use a token of a member of authentik Admins";

/// For a value that is refused.
pub const INVALID: &str =
    "change the variable behind the field that is named, or report it if none is";
