//! The table of variables: the one place that knows every name, default and meaning. The parser's raw
//! struct, `help` and the README's table are held against it by tests, so that they cannot disagree.

/// One environment variable of this program.
#[derive(Clone, Copy, Debug)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What happens when it is not set, in words for people.
    pub default: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// A secret: never printed, and may be given as `NAME_FILE`, a path.
    pub secret: bool,
}

const fn var(name: &'static str, default: &'static str, meaning: &'static str) -> Variable {
    Variable { name, default, meaning, secret: false }
}

const fn secret(name: &'static str, default: &'static str, meaning: &'static str) -> Variable {
    Variable { name, default, meaning, secret: true }
}

/// Every variable, in the order in which `help` and the README show them. `NETBIRD_*` names that are
/// not listed are passed on into `setup.env`.
#[rustfmt::skip]
pub const VARIABLES: &[Variable] = &[
    var("AUTHENTIK_HOST", "required", "URL at which this container reaches Authentik; may have a sub-path"),
    var("AUTHENTIK_HOST_BROWSER", "`AUTHENTIK_HOST`", "URL at which people and NetBird reach Authentik: the issuer is made from this"),
    secret("AUTHENTIK_TOKEN", "required", "API token of an administrator, for example the bootstrap token"),
    var("AUTHENTIK_INSECURE", "`false`", "do not verify Authentik's certificate"),
    var("AUTHENTIK_CA_FILE", "", "PEM bundle that is trusted in addition to the public roots"),
    var("AUTHENTIK_APPLICATION_SLUG", "`netbird`", "says which application is ours; part of the issuer for good"),
    var("AUTHENTIK_APPLICATION_NAME", "`NetBird`", "name of the application"),
    var("AUTHENTIK_PROVIDER_NAME", "`NetBird`", "name of the OAuth2 provider"),
    var("AUTHENTIK_AUTHORIZATION_FLOW", "`default-provider-authorization-explicit-consent`", "slug of the authorization flow"),
    var("AUTHENTIK_INVALIDATION_FLOW", "`default-provider-invalidation-flow`", "slug of the invalidation flow; `default-invalidation-flow` on releases without it"),
    var("AUTHENTIK_SIGNING_KEY", "`authentik Self-signed Certificate`", "name of the RSA key pair that signs tokens"),
    var("AUTHENTIK_SUB_MODE", "`user_id`", "what identifies a user in a token: `user_id`, `user_uuid`, `user_username`, `user_email`, `user_upn` or `hashed_user_id`"),
    var("AUTHENTIK_REDIRECT_URIS", "", "further redirect URIs, separated by commas; `regex:` before one makes it a pattern"),
    var("AUTHENTIK_ACCESS_GROUPS", "", "groups that may use NetBird, separated by commas; empty: everyone"),
    var("AUTHENTIK_DEVICE_CODE_FLOW", "`default-device-code-flow`", "slug of the device code flow to create and to set on the brand; `none`: leave it"),
    var("NETBIRD_DOMAIN", "required", "public name of NetBird, without a scheme"),
    var("NETBIRD_AUTH_CLIENT_ID", "the application slug", "client id to create the provider with"),
    var("NETBIRD_MGMT_API_ENDPOINT", "`https://` and the domain", "NetBird's public URL, dashboard and API"),
    var("NETBIRD_MGMT_IDP", "`none`", "`authentik`: NetBird also lists users through a service account"),
    var("NETBIRD_IDP_MGMT_EXTRA_USERNAME", "`Netbird`", "name of that service account"),
    secret("NETBIRD_IDP_MGMT_EXTRA_PASSWORD", "generated once", "app password of that service account"),
    var("AUTHENTIK_SERVICE_ACCOUNT_ROLE", "`admin`", "`viewer`: a role that can only view users, on releases that have roles"),
    secret("NETBIRD_DATASTORE_ENC_KEY", "generated once", "key that NetBird encrypts its users with: base64 of 32 bytes"),
    secret("NETBIRD_RELAY_AUTH_SECRET", "generated once", "secret that NetBird's management and relay share"),
    secret("TURN_PASSWORD", "generated once", "password that NetBird's management and the TURN server share"),
    var("SETUP_DIR", "`/setup`", "where the files go: the shared volume"),
    var("SETUP_STATE_DIR", "`SETUP_DIR`", "where `secrets.json` is kept"),
    var("SETUP_OUTPUTS", "`setup.env,management.json,dashboard.env,relay.env`", "which files to write"),
    var("SETUP_FILE_MODE", "`0640`", "mode of every file written"),
    var("SETUP_FILE_UID", "", "numeric owner of every file written"),
    var("SETUP_FILE_GID", "", "numeric group of every file written"),
    var("SETUP_MANAGEMENT_DISCOVERY", "`auto`", "`true`: NetBird's management fetches discovery at each start; `false`: it finds the endpoints in its file; `auto`: true if the public URL answers from here with a trusted certificate"),
    var("SETUP_TIMEOUT", "`15m`", "for the whole run"),
    var("SETUP_AUTH_GRACE", "`5m`", "how long a rejected token is tried again after Authentik first answered"),
    var("SETUP_REQUEST_TIMEOUT", "`30s`", "for one request"),
    var("SETUP_ALLOW_IDENTITY_CHANGE", "`false`", "lets `AUTHENTIK_SUB_MODE` or the client id of an existing provider change: every NetBird user becomes a stranger"),
    var("SETUP_INTERVAL", "`5m`", "how often `watch` looks, a tenth more or less"),
    var("SETUP_LISTEN", "", "address on which `watch` serves `/healthz`, `/readyz` and `/metrics`, such as `:9100`"),
    var("SETUP_LOG_FORMAT", "`text`", "`json`: one JSON object a line"),
    var("SETUP_LOG", "`info`", "log level: `error`, `warn`, `info`, `debug` or `trace`; or levels by module, such as `warn,netbird_authentik_init::http=debug`"),
    var("SETUP_PROXY", "", "`env`: honour HTTP_PROXY, HTTPS_PROXY and NO_PROXY"),
];

/// The variable of that name.
pub fn find(name: &str) -> Option<&'static Variable> {
    VARIABLES.iter().find(|v| v.name == name)
}

/// Whether this is the `_FILE` form of a secret, and of which.
pub fn file_form(name: &str) -> Option<&'static Variable> {
    find(name.strip_suffix("_FILE")?).filter(|v| v.secret)
}

/// Whether a name in our name spaces is nobody's: a typo, most likely.
///
/// `AUTHENTIK_*` is Authentik's own name space too, and people share one `.env` between containers:
/// names with `__`, the bootstrap ones and the few plain ones that Authentik's documentation has are
/// its own.
pub fn is_unknown(name: &str) -> bool {
    const AUTHENTIKS: &[&str] = &[
        "AUTHENTIK_SECRET_KEY",
        "AUTHENTIK_LOG_LEVEL",
        "AUTHENTIK_TAG",
        "AUTHENTIK_IMAGE",
        "AUTHENTIK_DOMAIN",
    ];
    let ours = name.starts_with("SETUP_");
    let shared = name.starts_with("AUTHENTIK_")
        && !name.contains("__")
        && !name.starts_with("AUTHENTIK_BOOTSTRAP_")
        && !AUTHENTIKS.contains(&name);
    (ours || shared) && find(name).is_none() && file_form(name).is_none()
}

/// The known name that is nearest to this one, if one is near enough to be meant.
pub fn nearest(name: &str) -> Option<&'static str> {
    let (distance, best) =
        VARIABLES.iter().map(|v| (edit_distance(name, v.name), v.name)).min_by_key(|(d, _)| *d)?;
    // A third of the name wrong is still a typo; more is another word.
    (distance * 3 <= name.len()).then_some(best)
}

/// Levenshtein distance in bytes: names are ASCII.
pub fn edit_distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.bytes().enumerate() {
            let above = row[j + 1];
            row[j + 1] = (diagonal + usize::from(ca != cb)).min(above + 1).min(row[j] + 1);
            diagonal = above;
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typo_is_unknown_and_its_nearest_name_is_found() {
        assert!(is_unknown("AUTHENTIK_HOTS"));
        assert_eq!(nearest("AUTHENTIK_HOTS"), Some("AUTHENTIK_HOST"));
        assert!(is_unknown("SETUP_TIMOUT"));
        assert_eq!(nearest("SETUP_TIMOUT"), Some("SETUP_TIMEOUT"));
        assert_eq!(nearest("SETUP_XYZZY_PLUGH"), None);
    }

    #[test]
    fn authentiks_own_names_and_files_of_secrets_are_known() {
        for name in [
            "AUTHENTIK_POSTGRESQL__HOST",
            "AUTHENTIK_SECRET_KEY",
            "AUTHENTIK_BOOTSTRAP_TOKEN",
            "AUTHENTIK_TOKEN_FILE",
            "NETBIRD_ANYTHING",
            "PATH",
        ] {
            assert!(!is_unknown(name), "{name}");
        }
        assert!(is_unknown("AUTHENTIK_HOST_FILE"), "only secrets have a _FILE form");
    }
}
