//! As whom NetBird is asked: by the token that was given, else by the owner's login.

use super::asked::{Asked, Owner};
use super::plan::account;
use crate::error::{Error, Exit};
use crate::http::setback::{Phase, Setback};
use crate::netbird::api::login::{Outcome, log_in};
use crate::netbird::api::{Credential, Server};

/// The token that was given, else what the owner's login gets.
///
/// # Errors
/// A [`Setback`]: trouble of a request, or [`Exit::Rejected`].
pub async fn get(
    server: &Server,
    asked: &Asked,
    owner: Option<&Owner>,
) -> Result<Credential, Setback> {
    if let Some(token) = &asked.access_token {
        return Ok(Credential::AccessToken(token.clone()));
    }
    let Some(owner) = owner else {
        return Err(none(asked).into());
    };
    let redirect = asked.dashboard_redirect();
    let outcome = log_in(server, &redirect, &owner.email, &owner.password).await?;
    match outcome.map_err(|trouble| Setback::Trouble(Phase::Connect, trouble))? {
        Outcome::Accepted(credential) => Ok(credential),
        Outcome::WrongPassword => Err(wrong_password(&owner.email).into()),
        Outcome::AsksForMore => Err(second_factor(&owner.email).into()),
        Outcome::NoLocalLogin => Err(no_local_login().into()),
        Outcome::UnknownRedirect => Err(unknown_redirect(&redirect).into()),
    }
}

const WAYS: &str =
    "make a personal access token as an administrator in NetBird's dashboard and set NB_PAT to it";

/// Nobody gave a credential.
fn none(asked: &Asked) -> Error {
    // Without a login there are no local logins: a password is of no use then.
    let remedy = match asked.login.is_some() {
        true => format!(
            "{WAYS}; or set SETUP_OWNER_EMAIL and SETUP_OWNER_PASSWORD to the local login of the network's owner"
        ),
        false => WAYS.to_owned(),
    };
    Error::new(Exit::Rejected, "there is no credential for NetBird's API")
        .because("what is asked for takes an administrator of NetBird")
        .remedy(remedy)
}

/// NetBird waits for somebody to make its first user.
pub fn not_set_up(asked: &Asked) -> Error {
    Error::new(Exit::Rejected, "NetBird has no user yet")
        .because("its configuration names no owner, so it waits for whoever opens its setup page first")
        .remedy(format!(
            "open {}/setup now and make the owner, then {WAYS}; or, where this container writes NetBird's \
             configuration, restart NetBird with it",
            asked.origin
        ))
}

fn wrong_password(email: &str) -> Error {
    Error::new(Exit::Rejected, format!("NetBird does not accept the password of {email}"))
        .because(
            "it was changed in the dashboard, or NetBird was not restarted since its file names this owner, or this is \
             not the NetBird of this container's files",
        )
        .remedy(format!(
            "restart NetBird, or set SETUP_OWNER_EMAIL and SETUP_OWNER_PASSWORD to the owner's login, or {WAYS}"
        ))
}

fn second_factor(email: &str) -> Error {
    Error::new(Exit::Rejected, format!("NetBird asks {email} for a second factor"))
        .because("only a person can answer it")
        .remedy(WAYS)
}

fn no_local_login() -> Error {
    Error::new(Exit::Rejected, "NetBird has no login by password")
        .because("local logins are switched off there")
        .remedy(format!("{WAYS}; or set SETUP_LOCAL_AUTH=true, run init and restart NetBird"))
}

fn unknown_redirect(redirect: &str) -> Error {
    Error::new(Exit::Refused, format!("NetBird does not know the redirect URI {redirect}"))
        .because("its configuration does not list it for the dashboard")
        .remedy(
            "set NETBIRD_DOMAIN or NETBIRD_MGMT_API_ENDPOINT to the URL that people open NetBird at, and see that \
             NetBird was restarted since its file was written",
        )
}

/// What a refusal for want of rights means.
pub fn forbidden(credential: &Credential, detail: &str) -> Error {
    match credential {
        Credential::Login(_) => account::taken(),
        Credential::AccessToken(_) => {
            Error::new(Exit::Rejected, "the user of NB_PAT may not do what is asked for")
                .because(detail)
                .remedy("make the token as Owner or administrator of NetBird, or for a service user of role admin")
        }
    }
}

/// The credential is not, or no longer, known.
pub fn rejected(credential: &Credential, detail: &str) -> Error {
    match credential {
        Credential::AccessToken(_) => Error::new(Exit::Rejected, "NetBird does not accept NB_PAT")
            .because(detail)
            .remedy(format!("it has expired, was revoked, or is of another NetBird: {WAYS}")),
        Credential::Login(_) => {
            Error::new(Exit::Rejected, "NetBird does not accept the login of its owner")
                .because(detail)
                .remedy(format!(
                    "see that SETUP_JWT_ALLOW_GROUPS does not shut it out (NetBird before 0.73 does), or {WAYS}"
                ))
        }
    }
}
