//! What to tell people when a run gives up: each way in which a server can fail, in the terms of Authentik and of the
//! variables.

use crate::authentik::conflict::is_conflict;
use crate::error::{Error, Exit};
use crate::http::Trouble;
use crate::http::patience::Ending;

/// The error that a run ends with.
pub fn error(ending: Ending) -> Error {
    match ending {
        Ending::Refusing(trouble) => refusing(&trouble),
        Ending::Untrusted(trouble) => untrusted(&trouble),
        Ending::Redirected(trouble, to) => redirected(&trouble, &to),
        Ending::Forbidden(trouble, permission) => forbidden(&trouble, permission),
        Ending::Rejected(trouble) => rejected(&trouble),
        Ending::Malformed(trouble) => malformed(&trouble),
        Ending::Invalid(trouble) => invalid(&trouble),
        Ending::Final(error) => error,
    }
}

fn refusing(trouble: &Trouble) -> Error {
    let exit = if is_conflict(trouble) { Exit::Refused } else { Exit::NotReady };
    Error::new(exit, format!("Authentik keeps refusing: {trouble}"))
        .remedy("look at the log of Authentik's server for the reason")
}

fn untrusted(trouble: &Trouble) -> Error {
    Error::new(Exit::Protocol, format!("Authentik's certificate is not trusted: {}", trouble.request))
        .because(&trouble.detail)
        .remedy(
            "set AUTHENTIK_CA_FILE to the PEM file of the CA that signed it, use the name that the \
             certificate is for in AUTHENTIK_HOST, or reach Authentik over http:// inside the compose network",
        )
}

fn redirected(trouble: &Trouble, to: &str) -> Error {
    Error::new(Exit::Protocol, format!("{} is redirected to {to}", trouble.request))
        .because("the token is never sent after a redirect")
        .remedy("set AUTHENTIK_HOST to the URL at which Authentik itself answers")
}

fn forbidden(trouble: &Trouble, permission: &str) -> Error {
    Error::new(Exit::Rejected, format!("the token lacks the permission {permission}"))
        .because(trouble)
        .remedy(
            "give the token's user this permission, or use a token of a member of authentik Admins",
        )
}

fn rejected(trouble: &Trouble) -> Error {
    Error::new(Exit::Rejected, "Authentik does not accept AUTHENTIK_TOKEN")
        .because(trouble)
        .remedy(
            "see that Authentik's worker runs (it creates the bootstrap token, from \
             AUTHENTIK_BOOTSTRAP_TOKEN in the worker's environment and only at the first start), and that \
             AUTHENTIK_TOKEN is the same value",
        )
}

fn malformed(trouble: &Trouble) -> Error {
    Error::new(Exit::Protocol, "an answer that does not fit Authentik's API")
        .because(trouble)
        .remedy("see that AUTHENTIK_HOST is Authentik itself (with its sub-path, if it has one), not another service")
}

fn invalid(trouble: &Trouble) -> Error {
    let what = format!("Authentik refuses a value: {}", trouble.request);
    Error::new(Exit::Protocol, what)
        .because(trouble.field_errors().unwrap_or_else(|| trouble.detail.clone()))
        .remedy("change the variable behind the field that is named, or report it if none is")
}
