//! What to tell people when a run gives up: each way in which a server can fail, in the terms of Authentik and of the
//! variables. By cause, whatever the run was doing.

use crate::authentik::advice;
use crate::error::{Error, Exit};
use crate::http::setback::{Ending, Missing};
use crate::http::{Handshake, Kind, Trouble};
use crate::proof::CheckId;

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

/// The check that asks the same as a request that failed.
pub fn check_of(trouble: &Trouble) -> CheckId {
    const ENDPOINTS: [(&str, CheckId); 5] = [
        ("/jwks/", CheckId::Keys),
        ("/application/o/token/", CheckId::UserList),
        ("/application/o/authorize/", CheckId::Authorize),
        ("/application/o/device/", CheckId::DeviceEndpoint),
        ("/application/o/", CheckId::Discovery),
    ];
    let endpoint = ENDPOINTS.iter().find(|(part, _)| trouble.request.contains(part));
    match (endpoint, &trouble.kind) {
        (Some((_, id)), _) => *id,
        (None, Kind::Token | Kind::Stripped) => CheckId::Token,
        (None, Kind::Permission(_)) => CheckId::Permissions,
        _ => CheckId::Reachable,
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

fn labouring(trouble: &Trouble) -> Error {
    Error::new(Exit::NotReady, format!("Authentik keeps failing: {trouble}"))
        .about(check_of(trouble).name())
        .because(format!("{} times in a row", trouble.in_a_row))
        .remedy(advice::remedy(trouble))
}

fn tls(trouble: &Trouble, kind: Handshake) -> Error {
    let (what, remedy) = advice::handshake(trouble, kind);
    let what = format!("{what}: {}", trouble.request);
    let error = Error::new(advice::exit(trouble), what).because(&trouble.detail).remedy(remedy);
    error.about(check_of(trouble).name())
}

fn redirected(trouble: &Trouble, to: &str) -> Error {
    Error::new(Exit::Protocol, format!("{} is redirected to {to}", trouble.request))
        .about(check_of(trouble).name())
        .because(match trouble.asked.credential {
            true => "the token is never sent after a redirect",
            false => "NetBird and browsers would not get Authentik's own answer",
        })
        .remedy(advice::remedy(trouble))
}

fn forbidden(trouble: &Trouble, permissions: &[&str]) -> Error {
    let permissions = permissions.join(" and ");
    Error::new(Exit::Rejected, format!("the token lacks the permission {permissions}"))
        .about(CheckId::Permissions.name())
        .because(trouble)
        .remedy(advice::PERMISSION)
}

fn rejected(trouble: &Trouble) -> Error {
    let (what, remedy) = match trouble.kind {
        Kind::Stripped => ("AUTHENTIK_TOKEN does not reach Authentik", advice::STRIPPED),
        _ => ("Authentik does not accept AUTHENTIK_TOKEN", advice::TOKEN),
    };
    Error::new(Exit::Rejected, what).about(CheckId::Token.name()).because(trouble).remedy(remedy)
}

fn malformed(trouble: &Trouble) -> Error {
    let what = match trouble.asked.url {
        advice::PUBLIC => "at AUTHENTIK_HOST_BROWSER an answer that is not Authentik's",
        _ => "an answer that does not fit Authentik's API",
    };
    let error = Error::new(Exit::Protocol, what).about(check_of(trouble).name());
    error.because(trouble).remedy(advice::not_authentik(trouble))
}

fn invalid(trouble: &Trouble) -> Error {
    let what = format!("Authentik refuses a value: {}", trouble.request);
    Error::new(Exit::Protocol, what)
        .because(trouble.field_errors().unwrap_or_else(|| trouble.detail.clone()))
        .remedy(advice::INVALID)
}

/// Names that the user set: of each the variable.
pub fn wrong_names(missing: &Missing) -> Error {
    let chosen = missing.absent.iter().filter_map(|a| Some((a.object.as_str(), a.chosen_by?)));
    let (objects, variables): (Vec<&str>, Vec<&str>) = chosen.unzip();
    Error::new(Exit::Refused, format!("Authentik has no {}", objects.join(" and no ")))
        .about(CheckId::Objects.name())
        .because(format!("{} names what is not there", variables.join(" and ")))
        .remedy(format!(
            "create it in Authentik, or correct {} (unset takes Authentik's default)",
            variables.join(" and ")
        ))
}
