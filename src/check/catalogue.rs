//! Every check that `check` knows: what it protects, how its failure shows itself to people, and the cure. The
//! table in docs/troubleshooting.md is this one; a test compares them.

/// What a check protects, in the order in which they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Can everybody reach Authentik?
    Reach,
    /// Are its tokens the ones that NetBird expects?
    Identity,
    /// Can people log in to the dashboard?
    Browser,
    /// Can clients log in?
    Clients,
    /// Can NetBird list users?
    UserList,
    /// Do the files say the same?
    Files,
}

impl Group {
    /// For people and machines.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reach => "reach",
            Self::Identity => "identity",
            Self::Browser => "login in the browser",
            Self::Clients => "login of clients",
            Self::UserList => "user list",
            Self::Files => "files",
        }
    }
}

/// One line of the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The check's name.
    pub name: &'static str,
    /// What it protects.
    pub group: Group,
    /// How NetBird or Authentik words it when it is wrong.
    pub symptom: &'static str,
    /// What to do.
    pub remedy: &'static str,
}

const fn entry(
    name: &'static str,
    group: Group,
    symptom: &'static str,
    remedy: &'static str,
) -> Entry {
    Entry { name, group, symptom, remedy }
}

/// All of them.
#[rustfmt::skip]
pub const CATALOGUE: &[Entry] = &[
    entry("public-url", Group::Reach, "management restarts in a loop: `failed reading provided config file`", "let the containers reach Authentik by its public name, with a certificate that they trust, or set `SETUP_MANAGEMENT_DISCOVERY=false`"),
    entry("clock", Group::Reach, "401, `Token used before issued`", "synchronise the clocks of both hosts"),
    entry("application", Group::Identity, "discovery answers 404", "run `init`"),
    entry("provider", Group::Identity, "`Client ID Error` or `The client identifier is missing or invalid`", "run `init`"),
    entry("issuer", Group::Identity, "401, `token invalid`: the issuer differs", "set `AUTHENTIK_HOST_BROWSER` to the URL that people use; let the proxy pass on Host and X-Forwarded-Proto"),
    entry("endpoints", Group::Identity, "clients are sent to an internal host name", "let the proxy pass on the Host header unchanged"),
    entry("signing-algorithm", Group::Identity, "401, `unable to find appropriate key`: tokens are signed with HS256", "run `init`, or set `AUTHENTIK_SIGNING_KEY` to an RSA key pair"),
    entry("signing-key", Group::Identity, "401, `key is of invalid type`", "run `init`, or set `AUTHENTIK_SIGNING_KEY` to an RSA key pair"),
    entry("encryption-key", Group::Identity, "401, `token is malformed`: tokens are encrypted", "run `init`"),
    entry("client-type", Group::Identity, "`invalid_client` at the token endpoint", "run `init`"),
    entry("scope-mappings", Group::Identity, "names, e-mails or groups are missing; logins end after an hour for want of `offline_access`", "run `init`"),
    entry("redirect-uris", Group::Browser, "`Redirect URI Error` in Authentik", "run `init`"),
    entry("authorize", Group::Browser, "`The request is otherwise malformed`, or `Redirect URI Error`", "see the provider's grant types and redirect URIs; run `init`"),
    entry("cors", Group::Browser, "the browser's console: `No 'Access-Control-Allow-Origin' header`", "set `NETBIRD_MGMT_API_ENDPOINT` to the dashboard's URL and run `init`"),
    entry("grant-types", Group::Clients, "`Invalid grant_type for provider` in Authentik's log", "run `init`"),
    entry("code-lifetime", Group::Clients, "the device code expires while one types it", "run `init`"),
    entry("device-code", Group::Clients, "the page behind the device code is a 404, or white", "run `init`"),
    entry("device-endpoint", Group::Clients, "`no SSO provider returned from management` on a machine without a desktop", "see the provider's client id and grant types; run `init`"),
    entry("access", Group::Clients, "`Permission denied` in Authentik for people of the right group", "run `init`"),
    entry("service-account", Group::UserList, "`unable to get authentik token, statusCode 400`", "run `init`"),
    entry("user-list", Group::UserList, "`403 Forbidden` while warming up the cache, or 401 `token invalid` at every login", "run `init`; see that nothing shuts the service account out of the application"),
    entry("secrets", Group::Files, "`cipher: message authentication failed`; relays do not connect", "put the right `secrets.json` or `management.json` back, then run `init`"),
    entry("setup.env", Group::Files, "`configure.sh` writes something else than Authentik has", "run `init`"),
    entry("management.json", Group::Files, "management knows another issuer, audience or secret than Authentik", "run `init` and restart management"),
    entry("dashboard.env", Group::Files, "the dashboard shows placeholders, or logs in elsewhere", "run `init` and recreate the dashboard"),
    entry("relay.env", Group::Files, "`unable to validate` in the relay's log", "run `init` and restart the relay"),
    entry("turnserver.conf", Group::Files, "TURN answers 401", "run `init` and restart the TURN server"),
];

/// The entry of a check.
pub fn find(name: &str) -> Option<&'static Entry> {
    CATALOGUE.iter().find(|entry| entry.name == name)
}
