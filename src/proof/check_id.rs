//! Every check that there is: what it protects, how its failure shows itself to people, and the fix. The table in
//! docs/troubleshooting.md is this one; a test compares them.

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

/// What is known about a check.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Its name, for machines.
    pub name: &'static str,
    /// What it protects.
    pub group: Group,
    /// How NetBird or Authentik words it when it is wrong.
    pub symptom: &'static str,
    /// What to do, unless the cause that was found asks for something else.
    pub fix: &'static str,
}

/// Declares the checks: variant, name, group, symptom, fix. One entry is all that a new check needs here.
macro_rules! checks {
    ($($(#[$doc:meta])* $id:ident, $name:literal, $group:ident, $symptom:literal, $fix:literal;)*) => {
        /// A check, in the order in which they are shown.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum CheckId { $($(#[$doc])* $id,)* }

        impl CheckId {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$id,)*];

            /// What is known about it.
            pub const fn entry(self) -> Entry {
                match self {
                    $(Self::$id => Entry {
                        name: $name,
                        group: Group::$group,
                        symptom: $symptom,
                        fix: $fix,
                    },)*
                }
            }
        }
    };
}

#[rustfmt::skip]
checks! {
    /// The public URL, as NetBird asks it.
    PublicUrl, "public-url", Reach,
        "management restarts in a loop: `failed reading provided config file`",
        "let the containers reach Authentik by its public name, with a certificate that they trust, or set `SETUP_MANAGEMENT_DISCOVERY=false`";
    /// The difference of the clocks.
    Clock, "clock", Reach,
        "401, `Token used before issued`",
        "synchronise the clocks of both hosts";
    /// The application.
    Application, "application", Identity,
        "discovery answers 404",
        "run `init`";
    /// The provider, apart from what has a check of its own.
    Provider, "provider", Identity,
        "`Client ID Error` or `The client identifier is missing or invalid`",
        "run `init`";
    /// The issuer.
    Issuer, "issuer", Identity,
        "401, `token invalid`: the issuer differs",
        "set `AUTHENTIK_HOST_BROWSER` to the URL that people use; let the proxy pass on Host and X-Forwarded-Proto";
    /// The endpoints of the discovery document.
    Endpoints, "endpoints", Identity,
        "clients are sent to an internal host name",
        "let the proxy pass on the Host header unchanged";
    /// The algorithm that tokens are signed with.
    SigningAlgorithm, "signing-algorithm", Identity,
        "401, `unable to find appropriate key`: tokens are signed with HS256",
        "run `init`, or set `AUTHENTIK_SIGNING_KEY` to an RSA key pair";
    /// The key that tokens are signed with.
    SigningKey, "signing-key", Identity,
        "401, `key is of invalid type`",
        "run `init`, or set `AUTHENTIK_SIGNING_KEY` to an RSA key pair";
    /// That tokens are not encrypted.
    EncryptionKey, "encryption-key", Identity,
        "401, `token is malformed`: tokens are encrypted",
        "run `init`";
    /// `client_type`.
    ClientType, "client-type", Identity,
        "`invalid_client` at the token endpoint",
        "run `init`";
    /// The secret of a confidential client.
    ClientSecret, "client-secret", Identity,
        "`Authentication failed` in NetBird after the login in Authentik; `invalid_client` in its log",
        "run `init` and restart NetBird: it uses a changed secret after its next start";
    /// The scope mappings.
    ScopeMappings, "scope-mappings", Identity,
        "names, e-mails or groups are missing; logins end after an hour for want of `offline_access`",
        "run `init`";
    /// The redirect URIs that the provider has.
    RedirectUris, "redirect-uris", Browser,
        "`Redirect URI Error` in Authentik",
        "run `init`";
    /// The authorize endpoint's answer.
    Authorize, "authorize", Browser,
        "`The request is otherwise malformed`, or `Redirect URI Error`",
        "see the provider's grant types and redirect URIs; run `init`";
    /// What browsers may read.
    Cors, "cors", Browser,
        "the browser's console: `No 'Access-Control-Allow-Origin' header`",
        "set `NETBIRD_MGMT_API_ENDPOINT` to the dashboard's URL and run `init`";
    /// The grant types.
    GrantTypes, "grant-types", Clients,
        "`Invalid grant_type for provider` in Authentik's log",
        "run `init`";
    /// How long codes live.
    CodeLifetime, "code-lifetime", Clients,
        "the device code expires while one types it",
        "run `init`";
    /// The device code flow and the brand.
    DeviceCode, "device-code", Clients,
        "the page behind the device code is a 404, or white",
        "run `init`";
    /// The device endpoint's answer.
    DeviceEndpoint, "device-endpoint", Clients,
        "`no SSO provider returned from management` on a machine without a desktop",
        "see the provider's client id and grant types; run `init`";
    /// Who may enter.
    Access, "access", Clients,
        "`Permission denied` in Authentik for people of the right group",
        "run `init`";
    /// The account that lists users.
    ServiceAccount, "service-account", UserList,
        "`unable to get authentik token, statusCode 400`",
        "run `init`";
    /// Whether it lists users.
    UserList, "user-list", UserList,
        "`403 Forbidden` while warming up the cache, or 401 `token invalid` at every login",
        "run `init`; see that nothing shuts the service account out of the application";
    /// The secrets.
    Secrets, "secrets", Files,
        "`cipher: message authentication failed`; relays do not connect",
        "put the right `secrets.json` or `management.json` back, then run `init`";
    /// A file.
    SetupEnv, "setup.env", Files,
        "`configure.sh` writes something else than Authentik has",
        "run `init`";
    /// A file.
    ManagementJson, "management.json", Files,
        "management knows another issuer, audience or secret than Authentik",
        "run `init` and restart management";
    /// A file.
    DashboardEnv, "dashboard.env", Files,
        "the dashboard shows placeholders, or logs in elsewhere",
        "run `init` and recreate the dashboard";
    /// A file.
    RelayEnv, "relay.env", Files,
        "`unable to validate` in the relay's log",
        "run `init` and restart the relay";
    /// A file.
    TurnserverConf, "turnserver.conf", Files,
        "TURN answers 401",
        "run `init` and restart the TURN server";
}

impl CheckId {
    /// Its name, for machines.
    pub const fn name(self) -> &'static str {
        self.entry().name
    }

    /// What to do, for a terminal: the table's backticks are for Markdown.
    pub fn fix(self) -> String {
        self.entry().fix.replace('`', "")
    }
}
