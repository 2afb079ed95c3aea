//! The `NETBIRD_*` variables that are passed on: what NetBird's own scripts would choke on, and what contradicts the
//! files that are written here, is refused by name instead of a NetBird that answers "token invalid" later.

use std::collections::BTreeMap;

use super::parse::{self, Wanted, shape};
use super::problem::Problem;
use super::reader::Reader;
use super::scopes;
use super::variables::Raw;

/// NetBird's default for `NETBIRD_AUTH_PKCE_REDIRECT_URL_PORTS`.
const DEFAULT_PKCE_PORT: u16 = 53000;

/// The ports on which clients wait for a login.
pub(super) fn pkce_ports(passed: &BTreeMap<String, String>, r: &mut Reader) -> Option<Vec<u16>> {
    const NAME: &str = "NETBIRD_AUTH_PKCE_REDIRECT_URL_PORTS";
    let Some(text) = passed.get(NAME) else { return Some(vec![DEFAULT_PKCE_PORT]) };
    let wanted = |_| "ports separated by commas, such as 53000,54000".to_owned();
    parse::each(parse::port)(text)
        .map_err(wanted)
        .map_err(|wanted| r.passed_wrong(NAME, text, &wanted))
        .ok()
}

/// Collects everything wrong with the variables that are passed on, by themselves and with each other.
pub(super) fn examine(
    raw: &Raw,
    passed: &BTreeMap<String, String>,
    lists_users: bool,
    r: &mut Reader,
) {
    for (name, value) in passed {
        // Nobody but their owner knows which of the passed variables are secret (a DSN has a password), so a
        // value is shown only where the variable is known to hold a plain word.
        let problem = form(name, value)
            .map(|wanted| Problem::new(name, None, &wanted))
            .or_else(|| word(name, value).map(|wanted| Problem::new(name, Some(value), &wanted)));
        r.problems.extend(problem);
    }
    r.problems.extend(scopes::problems(passed));
    client(raw, passed, lists_users, r);
}

/// What no value may look like.
fn form(name: &str, value: &str) -> Option<Wanted> {
    if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return Some(
            "a name of letters, digits and _ only: setup.env is a shell script".to_owned(),
        );
    }
    if value.chars().any(char::is_control) {
        return Some("one line without line breaks and other control characters".to_owned());
    }
    if let Some(wanted) = shape::mistake(name, false, value) {
        return Some(wanted);
    }
    // ExtraConfig is built by jq, which quotes; everything else is pasted into JSON by envsubst.
    let quoted_later = name.starts_with("NETBIRD_IDP_MGMT_EXTRA_");
    if !quoted_later && value.contains(['"', '\\']) {
        return Some("a value without \" and \\: NetBird pastes it into JSON unquoted".to_owned());
    }
    value
        .contains("{{")
        .then(|| "a value without {{: NetBird's management would run it as a template".to_owned())
}

/// Claims that identify a user at other providers. Authentik's tokens have none of them, and its own are `sub` and what
/// scope mappings add.
pub const FOREIGN_CLAIMS: [&str; 6] = ["oid", "tid", "upn", "uid", "unique_name", "user_id"];

/// What the value of a variable that holds a plain word must be.
fn word(name: &str, value: &str) -> Option<Wanted> {
    let right = match name {
        // NetBird's template puts these into JSON without quotes: anything else than the bare word makes `configure.sh`
        // write an empty `management.json`.
        "NETBIRD_MGMT_DISABLE_DEFAULT_POLICY"
        | "NETBIRD_MGMT_IDP_SIGNKEY_REFRESH"
        | "NETBIRD_AUTH_DEVICE_AUTH_USE_ID_TOKEN"
        | "NETBIRD_AUTH_PKCE_USE_ID_TOKEN"
        | "NETBIRD_AUTH_PKCE_DISABLE_PROMPT_LOGIN" => {
            (matches!(value, "true" | "false"), "exactly true or false: it goes into JSON as it is")
        }
        "NETBIRD_AUTH_PKCE_LOGIN_FLAG" => {
            (matches!(value, "0" | "1" | "2"), "exactly 0, 1 or 2: it goes into JSON as it is")
        }
        "NETBIRD_AUTH_REDIRECT_URI" | "NETBIRD_AUTH_SILENT_REDIRECT_URI" => (
            value.starts_with('/') && !value.contains(['#', '?', ' ']),
            "a path such as /auth: Authentik refuses redirect URIs with a fragment",
        ),
        "NETBIRD_USE_AUTH0" => {
            (value == "false", "false, or nothing: it is Authentik that issues the tokens")
        }
        "NETBIRD_TOKEN_SOURCE" => {
            (matches!(value, "accessToken" | "idToken"), "accessToken or idToken")
        }
        "NETBIRD_STORE_CONFIG_ENGINE" => (
            matches!(value, "sqlite" | "postgres" | "mysql"),
            "sqlite, postgres or mysql: NetBird's management knows no other store",
        ),
        "NETBIRD_AUTH_USER_ID_CLAIM" => (
            !FOREIGN_CLAIMS.contains(&value),
            "sub, or nothing: Authentik's tokens have no claim of that name",
        ),
        _ => return None,
    };
    (!right.0).then(|| right.1.to_owned())
}

/// Who the tokens are for: one client, whatever the variable that names it.
fn client(raw: &Raw, passed: &BTreeMap<String, String>, lists_users: bool, r: &mut Reader) {
    const SAME: [&str; 4] = [
        "NETBIRD_AUTH_AUDIENCE",
        "NETBIRD_AUTH_DEVICE_AUTH_CLIENT_ID",
        "NETBIRD_AUTH_DEVICE_AUTH_AUDIENCE",
        "NETBIRD_IDP_MGMT_CLIENT_ID",
    ];
    let differ = |name: &str, wanted: &str, r: &mut Reader| {
        passed.get(name).iter().for_each(|found| r.passed_wrong(name, found, wanted));
    };
    if let Some(client_id) = raw.netbird_auth_client_id().text {
        for name in SAME {
            if passed.get(name).is_some_and(|found| found != client_id) {
                let wanted = format!("{client_id}, as NETBIRD_AUTH_CLIENT_ID has it, or nothing");
                differ(name, &wanted, r);
            }
        }
    }
    let claim = "NETBIRD_AUTH_USER_ID_CLAIM";
    if lists_users && passed.get(claim).is_some_and(|found| found != "sub") {
        let wanted = "sub with NETBIRD_MGMT_IDP=authentik: NetBird looks users up by their number";
        differ(claim, wanted, r);
    }
    let (source, id_token) = ("NETBIRD_TOKEN_SOURCE", "NETBIRD_AUTH_PKCE_USE_ID_TOKEN");
    let is = |name: &str, value: &str| passed.get(name).is_some_and(|found| found == value);
    if is(source, "idToken") && is(id_token, "false") {
        differ(id_token, &format!("true, as {source} says, or nothing"), r);
    }
}
