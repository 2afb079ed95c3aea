//! Who calls: API tokens, tokens of the token endpoint, session cookies. Nobody ever gets a 401.

use serde_json::Value;

use crate::call::Call;
use crate::clock;
use crate::features::Feature as F;
use crate::http::reply::Reply;
use crate::profile::Profile;
use crate::state::State;

/// The scope that opens the API to a token of the token endpoint.
pub(crate) const API_SCOPE: &str = "goauthentik.io/api";

/// An accepted caller.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) user: i64,
    pub(crate) superuser: bool,
    /// Whether it is the user of an outpost.
    pub(crate) outpost: bool,
    permissions: Vec<String>,
}

impl Caller {
    pub(crate) fn anonymous() -> Self {
        Self { user: -1, superuser: false, outpost: false, permissions: vec![] }
    }

    fn of(state: &State, user: &Value) -> Self {
        Self {
            user: user["pk"].as_i64().unwrap_or(-1),
            superuser: state.is_superuser(user),
            outpost: user["type"] == "internal_service_account",
            permissions: state.permissions_of(user),
        }
    }

    pub(crate) fn may(&self, permission: &str) -> bool {
        self.superuser || self.permissions.iter().any(|held| held == permission)
    }
}

/// Why a caller is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Anonymous,
    WrongScheme,
    BadToken,
}

impl Refusal {
    pub(crate) fn reply(self) -> Reply {
        Reply::detail(
            403,
            match self {
                Self::Anonymous => "Authentication credentials were not provided.",
                Self::WrongScheme => "Unsupported authentication type",
                Self::BadToken => "Token invalid/expired",
            },
        )
    }
}

/// The answer to a caller who is known but not allowed.
pub(crate) fn forbidden() -> Reply {
    Reply::detail(403, "You do not have permission to perform this action.")
}

/// The caller of a request.
pub(crate) fn caller(
    profile: &Profile,
    state: &State,
    call: &Call,
    tokens_known: bool,
) -> Result<Caller, Refusal> {
    let header = call.header("authorization").unwrap_or_default().trim();
    if header.is_empty() {
        let user = state
            .grants
            .session(call.header("cookie").unwrap_or_default())
            .and_then(|pk| by_pk(state, pk));
        return user.map(|user| Caller::of(state, user)).ok_or(Refusal::Anonymous);
    }
    let (scheme, key) = header.split_once(' ').unwrap_or((header, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        let named = profile.has(F::SchemeNamed) && !key.is_empty();
        return Err(if named { Refusal::WrongScheme } else { Refusal::Anonymous });
    }
    if key.is_empty() {
        return Err(Refusal::Anonymous);
    }
    let found = if tokens_known { holder(profile, state, key, call.now) } else { None };
    let user = found.and_then(|pk| by_pk(state, pk)).filter(|user| user["is_active"] == true);
    user.map(|user| Caller::of(state, user)).ok_or(Refusal::BadToken)
}

fn by_pk(state: &State, pk: i64) -> Option<&Value> {
    state.users.iter().find(|user| user["pk"] == pk)
}

fn holder(profile: &Profile, state: &State, key: &str, now: i64) -> Option<i64> {
    let token = state
        .tokens
        .iter()
        .find(|token| token["key"] == key && token["intent"] == "api" && !expired(token, now));
    if let Some(token) = token {
        return token["user"].as_i64();
    }
    let grant = state.grants.access(key, now)?;
    let admitted = profile.has(F::JwtOnApi) && grant.scopes.iter().any(|scope| scope == API_SCOPE);
    admitted.then_some(grant.user)
}

/// Whether a token's time is over.
pub(crate) fn expired(token: &Value, now: i64) -> bool {
    token["expiring"] == true
        && token["expires"].as_str().and_then(clock::parse_iso).is_some_and(|end| end <= now)
}
