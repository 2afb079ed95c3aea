//! Whether a caller may do something: by being let in at all, by being no person who only reads, by role.

use crate::rest::failure::{Answered, Failure};
use crate::rest::guard::Caller;
use crate::rest::roles::{Operation, may};
use crate::state::{State, User};

/// The caller's user, if it is let in and its role allows this. `None` is a user that is let in and not allowed.
pub(crate) fn asked<'a>(
    state: &'a State,
    caller: &Caller,
    module: &str,
    operation: Operation,
) -> Answered<Option<&'a User>> {
    let user = state.user(&caller.user).ok_or_else(|| Failure::no_user(&caller.user))?;
    if user.is_blocked {
        let why = if user.pending_approval { "pending approval" } else { "blocked" };
        return Err(Failure::forbidden(format!(
            "failed to validate user permissions: user is {why}"
        )));
    }
    let reads_all = user.is_service_user && operation == Operation::Read;
    Ok((reads_all || may(&user.role, module, operation)).then_some(user))
}

/// The same where being not allowed is an error.
pub(crate) fn demanded<'a>(
    state: &'a State,
    caller: &Caller,
    module: &str,
    operation: Operation,
) -> Answered<&'a User> {
    asked(state, caller, module, operation)?.ok_or_else(Failure::denied)
}
