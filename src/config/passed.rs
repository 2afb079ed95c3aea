//! The `NETBIRD_*` variables that are passed on: what NetBird's own scripts would choke on is refused
//! here, by name, instead of a broken `management.json` later.

use std::collections::BTreeMap;

use super::Problem;
use super::parse;
use super::reader::Reader;

/// NetBird's default for `NETBIRD_AUTH_PKCE_REDIRECT_URL_PORTS`.
const DEFAULT_PKCE_PORT: u16 = 53000;

/// Variables that NetBird's template puts into JSON without quotes: anything else than the bare word
/// makes `configure.sh` write an empty `management.json`.
const BARE_BOOLEANS: &[&str] = &[
    "NETBIRD_MGMT_DISABLE_DEFAULT_POLICY",
    "NETBIRD_MGMT_IDP_SIGNKEY_REFRESH",
    "NETBIRD_AUTH_DEVICE_AUTH_USE_ID_TOKEN",
    "NETBIRD_AUTH_PKCE_USE_ID_TOKEN",
    "NETBIRD_AUTH_PKCE_DISABLE_PROMPT_LOGIN",
];

/// The ports on which clients wait for a login.
pub(super) fn pkce_ports(passed: &BTreeMap<String, String>, r: &mut Reader) -> Option<Vec<u16>> {
    const NAME: &str = "NETBIRD_AUTH_PKCE_REDIRECT_URL_PORTS";
    let Some(text) = passed.get(NAME) else { return Some(vec![DEFAULT_PKCE_PORT]) };
    parse::ports(text)
        .map_err(|wanted| r.problems.push(Problem::new(NAME, Some(text), &wanted)))
        .ok()
}

/// Everything wrong with the variables that are passed on.
pub(super) fn problems(passed: &BTreeMap<String, String>) -> Vec<Problem> {
    passed.iter().filter_map(|(name, value)| problem(name, value)).collect()
}

fn problem(name: &str, value: &str) -> Option<Problem> {
    // Nobody but their owner knows which of the passed variables are secret (a DSN has a password), so a
    // value is shown only where the variable is known to hold a plain word.
    let wanted = |found: Option<&str>, wanted: &str| Some(Problem::new(name, found, wanted));
    if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return wanted(None, "a name of letters, digits and _ only: setup.env is a shell script");
    }
    if value.chars().any(char::is_control) {
        return wanted(None, "one line without line breaks and other control characters");
    }
    if BARE_BOOLEANS.contains(&name) && !matches!(value, "true" | "false") {
        return wanted(Some(value), "exactly true or false: it goes into JSON as it is");
    }
    if name == "NETBIRD_AUTH_PKCE_LOGIN_FLAG" && !matches!(value, "0" | "1" | "2") {
        return wanted(Some(value), "exactly 0, 1 or 2: it goes into JSON as it is");
    }
    if name == "NETBIRD_TURN_DOMAIN"
        && let Err(right) = parse::domain(value)
    {
        return wanted(Some(value), &right);
    }
    if matches!(name, "NETBIRD_AUTH_REDIRECT_URI" | "NETBIRD_AUTH_SILENT_REDIRECT_URI")
        && (!value.starts_with('/') || value.contains(['#', '?', ' ']))
    {
        return wanted(
            Some(value),
            "a path such as /auth: Authentik refuses redirect URIs with a fragment",
        );
    }
    // ExtraConfig is built by jq, which quotes; everything else is pasted into JSON by envsubst.
    let quoted_later = name.starts_with("NETBIRD_IDP_MGMT_EXTRA_");
    if !quoted_later && value.contains(['"', '\\']) {
        return wanted(None, "a value without \" and \\: NetBird pastes it into JSON unquoted");
    }
    if value.contains("{{") {
        return wanted(None, "a value without {{: NetBird's management would run it as a template");
    }
    None
}
