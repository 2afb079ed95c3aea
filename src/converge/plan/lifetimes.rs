//! How long what a login brings is good for, where that is so short that nobody gets anywhere with it. It is an
//! administrator's to decide, so it is said and left.

use super::remark::{Level, Remark};
use crate::authentik::duration::seconds;
use crate::converge::observe::Observed;
use crate::proof::CheckId;

/// In seconds: a login is not over before the dashboard has asked for its first page.
const SHORTEST: u64 = 60;

/// Access tokens that end before anybody can use them.
pub fn short(observed: &Observed) -> Option<Remark> {
    let provider = observed.found.linked()?;
    let validity = provider.access_token_validity.as_str();
    seconds(validity).filter(|seconds| *seconds < SHORTEST)?;
    Some(Remark::new(
        CheckId::CodeLifetime,
        Level::Warning,
        format!(
            "provider {} has access_token_validity {validity}: a login ends as soon as it has begun",
            provider.name
        ),
        "set the access token validity in Authentik to some minutes at least (hours=1 is its default)",
    ))
}
