//! Whether this NetBird is the one that it is taken for, and whether its account is sound. Asked before anything is
//! changed.

use crate::error::{Error, Exit};
use crate::netbird::api::model::{Account, User};

/// What an account of another kind means for what is asked of it.
///
/// # Errors
/// [`Exit::Refused`].
pub fn check(account: &Account, wants_embedded: bool) -> Result<(), Box<Error>> {
    // NetBird 0.70.5 to 0.77.1 make such an account when /api/setup is called with create_pat.
    if wants_embedded && account.domain.is_empty() {
        return Err(Box::new(
            Error::new(Exit::Refused, "NetBird's account has no domain")
                .because(
                    "it was made by /api/setup with create_pat, which NetBird 0.70.5 to 0.77.1 do wrongly: every \
                     person who logs in through Authentik becomes Owner of an own, empty account",
                )
                .remedy(
                    "stop NetBird and repair it in its database: set domain (such as netbird.selfhosted), \
                     domain_category='private' and is_domain_primary_account=1 of the row in accounts, which works \
                     while it is the only one; docs/combined.md has the commands",
                ),
        ));
    }
    if account.is_embedded() == wants_embedded {
        return Ok(());
    }
    Err(Box::new(match wants_embedded {
        true => without_provider(),
        false => another_kind(
            "this NetBird has a provider of its own",
            "it does not take Authentik's tokens directly",
            "embedded, or combined for the netbird-server image,",
        ),
    }))
}

/// A NetBird that takes Authentik's tokens, where one with a provider of its own is meant.
pub fn without_provider() -> Error {
    another_kind(
        "this NetBird has no provider of its own",
        "it takes Authentik's tokens, so there is no connector and no owner's login",
        "standalone",
    )
}

fn another_kind(what: &str, why: &str, other: &str) -> Error {
    Error::new(Exit::Refused, what)
        .because(why)
        .remedy(format!("set SETUP_NETBIRD to {other} or NB_MANAGEMENT_URL to the right NetBird"))
}

/// What the owner's login is in this account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The account is theirs.
    Owner,
    /// They gave it to somebody else, and may still change everything.
    FormerOwner,
}

/// Whether the login that was made for the owner owns the account. `claimed` is the user who did so at an earlier run.
///
/// # Errors
/// [`Exit::Refused`] where somebody else was first.
pub fn standing(users: &[User], claimed: Option<&str>) -> Result<Standing, Box<Error>> {
    let me = users.iter().find(|user| user.is_current);
    match me {
        Some(me) if me.role == "owner" => Ok(Standing::Owner),
        Some(me) if me.role == "admin" && claimed == Some(me.id.as_str()) => {
            Ok(Standing::FormerOwner)
        }
        Some(me) if claimed.is_some_and(|owner| owner != me.id) => {
            Err(Box::new(another_login(&me.email)))
        }
        Some(me) if claimed.is_some() => Err(Box::new(demoted(me))),
        _ => Err(Box::new(taken())),
    }
}

/// Whether this is about whose the account is: a token or a variable settles it, and time does not.
pub fn is_about_owner(error: &Error) -> bool {
    [TAKEN, ANOTHER_LOGIN, DEMOTED].contains(&error.what.as_str())
}

const TAKEN: &str = "this NetBird has an owner: give NB_PAT";
const ANOTHER_LOGIN: &str = "SETUP_OWNER_EMAIL is not the login that claimed this NetBird";
const DEMOTED: &str = "the login that claimed this NetBird may not change it any more";

/// The variable changed after an earlier login claimed the account.
pub fn another_login(email: &str) -> Error {
    Error::new(Exit::Refused, ANOTHER_LOGIN)
        .because(format!("{email} is a new user there, and the account belongs to the former login of this container"))
        .remedy(format!(
            "set SETUP_OWNER_EMAIL back, run init and restart NetBird; or transfer the ownership to {email} in NetBird's \
             dashboard and start this container again; or set NB_PAT"
        ))
}

/// Somebody took the role away, or blocked the login.
fn demoted(me: &User) -> Error {
    Error::new(Exit::Refused, DEMOTED)
        .because(format!("{} has the role {}", me.shown(), me.role))
        .remedy(
            "make it an administrator in NetBird's dashboard, or set NB_PAT to a token of one; a running watch has to be \
             started again after that",
        )
}

/// Somebody sent the first request before the owner's login did.
pub fn taken() -> Error {
    Error::new(Exit::Refused, TAKEN)
        .because(
            "whoever logs in first owns the network, and somebody logged in before this container; the owner's login \
             is no more than a user who waits for approval",
        )
        .remedy(
            "make a personal access token as an administrator in NetBird's dashboard and set NB_PAT to it; if the \
             first person should not own the network, let them transfer it in the dashboard and start this container \
             again, or begin with an empty data directory of NetBird",
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn account(domain: &str, embedded: bool) -> Account {
        serde_json::from_value(
            json!({"id": "a", "domain": domain, "settings": {"embedded_idp_enabled": embedded}}),
        )
        .unwrap()
    }

    #[test]
    fn an_account_of_the_other_kind_or_without_a_domain_is_refused() {
        assert!(check(&account("netbird.selfhosted", true), true).is_ok());
        assert!(check(&account("netbird.selfhosted", false), false).is_ok());
        let damaged = check(&account("", true), true).unwrap_err();
        assert!(damaged.to_string().contains("create_pat"), "{damaged}");
        for (embedded, wants) in [(true, false), (false, true)] {
            let error = check(&account("x", embedded), wants).unwrap_err();
            assert_eq!(error.exit, Exit::Refused);
        }
    }

    #[test]
    fn only_who_claimed_the_account_may_be_a_former_owner() {
        let me = |role: &str| {
            vec![User { id: "me".into(), role: role.into(), is_current: true, ..User::default() }]
        };
        assert_eq!(standing(&me("owner"), None), Ok(Standing::Owner));
        assert_eq!(standing(&me("admin"), Some("me")), Ok(Standing::FormerOwner));
        for (role, claimed) in [("admin", None), ("admin", Some("other")), ("user", Some("me"))] {
            assert_eq!(standing(&me(role), claimed).unwrap_err().exit, Exit::Refused, "{role}");
        }
        assert!(standing(&[], None).is_err());
    }
}
