//! Accounts that nothing uses any more and that may still have rights: those that this container made under another name,
//! and the person whom version 0.1.0 took for a service account.

use futures_util::future::{try_join, try_join_all};

use super::permitted;
use crate::authentik::Reader;
use crate::authentik::account::Unfit;
use crate::authentik::model::User;
use crate::converge::desired::{Desired, ServiceAccount};
use crate::http::Trouble;
use crate::state::own::OwnAccount;
use crate::state::store::Remembered;

/// The name that version 0.1.0 looked for, whoever had it.
const FIRST_NAME: &str = "Netbird";

/// What there is.
#[derive(Debug, Default)]
pub struct Leftover {
    /// Accounts of this container's without use, with what Authentik says of them.
    pub retired: Vec<Retired>,
    /// A person of the name that version 0.1.0 looked for.
    pub person: Option<Person>,
}

/// An account of this container's that has no use.
#[derive(Debug)]
pub struct Retired {
    /// What is remembered of it.
    pub own: OwnAccount,
    /// Whether it is still there; nothing where the token may not see it.
    pub is_there: Option<bool>,
    /// Whether it is an administrator.
    pub is_superuser: bool,
}

/// A person whom version 0.1.0 may have given rights.
#[derive(Debug)]
pub struct Person {
    /// Who has the name.
    pub username: String,
    /// Whether they are an administrator.
    pub is_superuser: bool,
    /// The app password that version 0.1.0 made for them.
    pub app_password: Option<String>,
}

impl Leftover {
    /// Reads it; who was taken for a service account is looked for by `check` alone.
    ///
    /// # Errors
    /// The first [`Trouble`].
    pub(super) async fn read(
        reader: Reader<'_>,
        desired: &Desired,
        me: &User,
        remembered: &Remembered,
        checks: bool,
    ) -> Result<Self, Trouble> {
        let retired = without_use(desired, remembered).map(|own| retired(reader, own));
        let person = async {
            let in_use = desired.service_account.as_ref().is_some_and(|a| a.username == FIRST_NAME);
            if checks && !in_use { person(reader, me).await } else { Ok(None) }
        };
        let (retired, person) = try_join(try_join_all(retired), person).await?;
        Ok(Self { retired, person })
    }
}

fn without_use<'a>(
    desired: &'a Desired,
    remembered: &'a Remembered,
) -> impl Iterator<Item = &'a OwnAccount> {
    let wished = desired.service_account.as_ref().map(|account| &account.username);
    remembered.own_accounts().filter(move |own| {
        let in_use = match wished {
            Some(name) => own.username == *name,
            // Left alone, NetBird goes on to list users with the last one.
            None => !desired.lists_no_users && Some(*own) == remembered.service_account.as_ref(),
        };
        own.pk.is_some() && !in_use
    })
}

async fn retired(reader: Reader<'_>, own: &OwnAccount) -> Result<Retired, Trouble> {
    let seen = match own.pk {
        Some(pk) => permitted(reader.account_by_key(pk).await)?,
        None => None,
    };
    let account = seen.as_ref().and_then(Option::as_ref);
    Ok(Retired {
        own: own.clone(),
        is_there: seen.as_ref().map(Option::is_some),
        is_superuser: account.is_some_and(|account| account.is_superuser),
    })
}

async fn person(reader: Reader<'_>, me: &User) -> Result<Option<Person>, Trouble> {
    let found = permitted(reader.account(FIRST_NAME).await)?.flatten();
    let Some(found) = found.filter(|account| account.unfit(me.pk) == Some(Unfit::Person)) else {
        return Ok(None);
    };
    let identifier = ServiceAccount::app_password_of(FIRST_NAME);
    let theirs = permitted(reader.app_password(&identifier).await)?.flatten();
    let app_password = theirs.filter(|token| token.user == found.pk).map(|_| identifier);
    let (username, is_superuser) = (found.username, found.is_superuser);
    let has_something = is_superuser || app_password.is_some();
    Ok(has_something.then_some(Person { username, is_superuser, app_password }))
}
