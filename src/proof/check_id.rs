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
    /// Is NetBird itself as it is asked to be, where it runs?
    NetBird,
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
            Self::NetBird => "NetBird itself",
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
    /// Why that is, most of the time.
    pub cause: &'static str,
    /// What to do, unless the cause that was found asks for something else.
    pub fix: &'static str,
}

/// Declares the checks: variant, name, group, symptom, cause, fix. One entry is all that a new check needs here.
macro_rules! checks {
    ($($(#[$doc:meta])* $id:ident, $name:literal, $group:ident, $symptom:literal, $cause:literal, $fix:literal;)*) => {
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
                        cause: $cause,
                        fix: $fix,
                    },)*
                }
            }
        }
    };
}

#[rustfmt::skip]
checks! {
    /// The variables.
    Configuration, "configuration", Reach,
        "the container ends with 78",
        "a variable is missing, wrong, or contradicts another one",
        "correct the variables that are named";
    /// Whether Authentik answers this container.
    Reachable, "reachable", Reach,
        "`init` waits for Authentik to answer, and ends with 69",
        "Authentik, or what stands in front of it, does not answer at `AUTHENTIK_HOST`",
        "see that Authentik's server is running and that `AUTHENTIK_HOST` reaches it from this container";
    /// Whether it accepts the token.
    Token, "token", Reach,
        "`Token invalid/expired`, and `init` ends with 77",
        "the token is wrong, was deleted, has not been created yet, or a proxy strips the Authorization header",
        "set `AUTHENTIK_TOKEN` to an API token of an administrator; during a first start see that Authentik's worker is running";
    /// Whether the token may read what `init` reads.
    Permissions, "permissions", Reach,
        "`You do not have permission to perform this action`",
        "the token's user is no administrator and lacks a permission",
        "grant the permission that is named (docs/permissions.md), or use a token of a member of `authentik Admins`";
    /// The objects that are referred to.
    Objects, "objects", Reach,
        "`init` waits for Authentik's default objects, and ends with 69",
        "Authentik's worker has not created them, or a variable names what is not there",
        "see that Authentik's worker is running, and that the variables that are named are right";
    /// The public URL, as NetBird asks it.
    PublicUrl, "public-url", Reach,
        "management restarts in a loop: `failed reading provided config file: failed fetching OIDC configuration`; `x509: certificate signed by unknown authority`",
        "NetBird does not reach Authentik by its public name, or does not trust its certificate; or another server answers there, or it redirects",
        "set `AUTHENTIK_HOST_BROWSER` to the URL at which people reach Authentik; let the containers reach it by that name, with a certificate that they trust (`SSL_CERT_FILE`; `AUTHENTIK_CA_FILE` for NetBird's own provider), or set `SETUP_MANAGEMENT_DISCOVERY=false`";
    /// Whether Authentik believes what is forwarded to it.
    TrustedProxies, "trusted-proxies", Reach,
        "discovery says http, or an internal host name, by one way and not by the other",
        "from 2026.8 on forwarded headers count from trusted networks only; 100.64.0.0/10 and fc00::/7 are not among the defaults",
        "add the network to `AUTHENTIK_LISTEN__TRUSTED_PROXY_CIDRS` of Authentik's server";
    /// The difference of the clocks.
    Clock, "clock", Reach,
        "401, `token has invalid claims: token used before issued`; or `token is expired`",
        "the clocks of Authentik and NetBird differ, and NetBird allows for nothing",
        "synchronise the clocks of both hosts";
    /// What `init` may not change.
    Refused, "refused", Identity,
        "`init` ends with 65",
        "an object or a file belongs to somebody else, or is ambiguous",
        "do what the message says: it names the object and the variable that settles it";
    /// Whether it is the same Authentik as before.
    Installation, "installation", Identity,
        "everybody is a new user in NetBird, or has somebody else's account",
        "the volumes belong to another installation of Authentik: its user numbers start again",
        "put the right Authentik's database back, or set `SETUP_ALLOW_IDENTITY_CHANGE=true` if NetBird has no users yet";
    /// The discovery document.
    Discovery, "discovery", Identity,
        "dashboard: `Unable to get OIDC configuration`; management: `failed fetching OIDC configuration from endpoint`",
        "Authentik does not know the application, or something in front of it answers in its place",
        "open the URL in a browser: Authentik answers JSON there; run `init` if the application is gone";
    /// The application.
    Application, "application", Identity,
        "discovery answers 404",
        "there is no application of this slug, or it has another provider",
        "run `init`";
    /// The provider, apart from what has a check of its own.
    Provider, "provider", Identity,
        "`Client ID Error` or `The client identifier is missing or invalid`",
        "there is no provider, or another client id than in NetBird's files; or its authorization flow lets nobody through",
        "run `init`";
    /// The issuer.
    Issuer, "issuer", Identity,
        "401 `token invalid`; in management's log `token has invalid issuer`",
        "Authentik makes the issuer of the Host and scheme that it hears: a proxy changes them, or `AUTHENTIK_HOST_BROWSER` is another URL (http, or a slash)",
        "set `AUTHENTIK_HOST_BROWSER` to the URL that people use; let the proxy pass on Host and X-Forwarded-Proto";
    /// The endpoints of the discovery document.
    Endpoints, "endpoints", Identity,
        "clients are sent to an internal host name, or to somebody else's",
        "a proxy changes the Host header or the document, or an endpoint that it names is not there",
        "let the proxy pass on the Host header and the answers unchanged";
    /// The algorithm that tokens are signed with.
    SigningAlgorithm, "signing-algorithm", Identity,
        "401 `token invalid`; the discovery document lists HS256 and not RS256",
        "the provider has no RSA signing key, or something in front of Authentik keeps an old document",
        "run `init`; if that changes nothing, empty the cache of what stands in front of Authentik";
    /// The key that tokens are signed with.
    SigningKey, "signing-key", Identity,
        "401 `token invalid`; in management's log `key is of invalid type: HMAC verify expects []byte`, `unable to find appropriate key`, or `key is not a valid RSA public key`",
        "the provider has no signing key (tokens are signed with HS256 then), or one that is not an RSA key",
        "run `init`, or set `AUTHENTIK_SIGNING_KEY` to an RSA key pair; if that changes nothing, empty the cache of what stands in front of Authentik";
    /// The key set.
    Keys, "keys", Identity,
        "in management's log `could not get keys from location`",
        "the key set does not answer at the URL that discovery names, is empty, or is another Authentik's",
        "let what stands in front of Authentik pass requests for the key set";
    /// Whether management fetches keys again.
    KeyRefresh, "key-refresh", Identity,
        "401 `token invalid` for everybody after a key rotation, or after a start while Authentik was away: `unable to find appropriate key`",
        "management reads the keys once, since they come without a max-age",
        "restart NetBird's management; to make that unnecessary, let the proxy add `Cache-Control: max-age=300` to the key set and run `init`";
    /// That tokens are not encrypted.
    EncryptionKey, "encryption-key", Identity,
        "401; in management's log `token is malformed: token contains an invalid number of segments`",
        "the provider has an encryption key",
        "run `init`";
    /// `client_type`.
    ClientType, "client-type", Identity,
        "`invalid_client` at the token endpoint",
        "NetBird's dashboard and clients keep no secret, and the provider is confidential; or the reverse",
        "run `init`";
    /// The secret of a confidential client.
    ClientSecret, "client-secret", Identity,
        "`Authentication failed` in NetBird after the login in Authentik; `invalid_client` in its log",
        "the secret was changed in Authentik, or the redirect URI is gone",
        "run `init` and restart NetBird: it uses a changed secret after its next start";
    /// What an ID token says by itself.
    Claims, "claims", Identity,
        "`Authentication failed` in NetBird; `missing \"name\" claim` in its log",
        "the provider does not put claims into the ID token, which is all that NetBird's own provider reads",
        "run `init`";
    /// The scope mappings.
    ScopeMappings, "scope-mappings", Identity,
        "names, e-mails or groups are missing; logins end after an hour because `offline_access` is missing",
        "the provider lacks a scope mapping",
        "run `init`";
    /// The claim that names a user.
    UserIdClaim, "user-id-claim", Identity,
        "401 `token invalid`; in management's log `user ID claim token value is empty`",
        "`AuthUserIDClaim` names a claim that tokens do not have",
        "unset `NETBIRD_AUTH_USER_ID_CLAIM`, or add a scope mapping that sets it";
    /// The redirect URIs that the provider has.
    RedirectUris, "redirect-uris", Browser,
        "`Redirect URI Error` in Authentik",
        "the provider lacks a redirect URI of the dashboard or of clients, or has one that Authentik cannot read",
        "run `init`";
    /// The authorize endpoint's answer.
    Authorize, "authorize", Browser,
        "`The request is otherwise malformed`, or `Redirect URI Error`",
        "the provider refuses the client, its redirect URI or its grant type",
        "see the provider's grant types and redirect URIs; run `init`";
    /// What browsers may read.
    Cors, "cors", Browser,
        "the browser's console: `No 'Access-Control-Allow-Origin' header is present`; the dashboard stays white or asks to log in again",
        "no redirect URI names the dashboard's origin, or one cannot be read as a URL; or a proxy drops the header",
        "set `NETBIRD_MGMT_API_ENDPOINT` or `NETBIRD_DOMAIN` to the dashboard's URL and run `init`";
    /// Who may enter.
    Access, "access", Browser,
        "`Permission denied` in Authentik; nothing reaches NetBird",
        "bindings of the application, or `core_default_app_access`, shut the person out",
        "see who may enter in the line of this check; run `init`, or change the bindings";
    /// The grant types.
    GrantTypes, "grant-types", Clients,
        "`invalid_grant` at the token endpoint, `invalid_client` at the device endpoint",
        "the provider lacks a grant type (from 2026.5 on)",
        "run `init`";
    /// How long codes live.
    CodeLifetime, "code-lifetime", Clients,
        "the device code expires while one types it, or a login ends as soon as it has begun",
        "`access_code_validity` or `access_token_validity` is too short",
        "run `init`, which makes the first long enough; set the access token validity in Authentik";
    /// The device code flow and the brand.
    DeviceCode, "device-code", Clients,
        "the page behind the device code is a 404, or white",
        "the brand that serves the public host has no device code flow, or one that does not apply",
        "run `init`; for a brand of somebody else set its device code flow in Authentik";
    /// The device endpoint's answer.
    DeviceEndpoint, "device-endpoint", Clients,
        "`no SSO provider returned from management` on a machine without a desktop; `no peer auth method provided` alone is harmless",
        "the device endpoint does not know the client or its grant",
        "see the provider's client id and grant types; run `init`";
    /// The account that lists users.
    ServiceAccount, "service-account", UserList,
        "`unable to get authentik token, statusCode 400`",
        "the service account, its app password or its rights are not as they should be",
        "run `init`; if it says that all is in sync, delete that app password in Authentik (Directory, Tokens and App passwords) and run `init` again, or restart `watch`, whose first cycle sets it";
    /// Whether it lists users.
    UserList, "user-list", UserList,
        "`403 Forbidden` while warming up the cache, or 401 `token invalid` at every login",
        "the service account may not log in or list users",
        "run `init`; see that nothing shuts the service account out of the application";
    /// The secrets.
    Secrets, "secrets", Files,
        "`cipher: message authentication failed`; relays do not connect",
        "secrets.json and the files hold different secrets",
        "put the right `secrets.json` or `management.json` back, then run `init`";
    /// A file.
    SetupEnv, "setup.env", Files,
        "`configure.sh` writes something else than Authentik has",
        "setup.env is missing or old",
        "run `init`";
    /// A file.
    ManagementJson, "management.json", Files,
        "401 `token invalid` at every login; `token has invalid audience`",
        "management.json has another issuer, audience, key location or secret than Authentik",
        "run `init` and restart NetBird's management";
    /// A file.
    ConfigYaml, "config.yaml", Files,
        "netbird-server ends, or has another owner or key than is kept",
        "config.yaml is missing, old, or was changed",
        "run `init` and restart netbird-server";
    /// A file.
    DashboardEnv, "dashboard.env", Files,
        "the dashboard shows placeholders, or logs in elsewhere",
        "dashboard.env is missing or old",
        "run `init` and recreate the dashboard";
    /// A file.
    RelayEnv, "relay.env", Files,
        "`unable to validate` in the relay's log",
        "relay.env has another secret than management.json",
        "run `init` and restart the relay";
    /// A file.
    TurnserverConf, "turnserver.conf", Files,
        "TURN answers 401",
        "turnserver.conf has another password than management.json",
        "run `init` and restart the TURN server";
    /// A file.
    EmbeddedIdp, "embedded-idp", Files,
        "NetBird shows a login page of its own, and Authentik's tokens are 401",
        "management.json has `EmbeddedIdP.Enabled`, which makes NetBird its own issuer",
        "remove it from management.json, or set `SETUP_NETBIRD=embedded`";
    /// A file.
    ForeignManager, "foreign-manager", Files,
        "management ends at its start, or names and e-mails are those of another identity provider",
        "management.json has the `IdpManagerConfig` of another provider",
        "set its ManagerType to none; for users of this Authentik set `NETBIRD_MGMT_IDP=authentik` then";
    /// NetBird answers, and has a user.
    NetBird, "netbird", NetBird,
        "the dashboard is always on `/setup`",
        "nobody has claimed NetBird's account yet",
        "restart NetBird with the file that `init` wrote, which names an owner, and run `connect`";
    /// The provider inside.
    NetBirdProvider, "netbird-provider", NetBird,
        "`Unregistered redirect_uri.`",
        "NetBird's own provider was made for another public name",
        "set `NETBIRD_DOMAIN` to NetBird's public name, run `init` and restart NetBird; see that `SETUP_NETBIRD` is its kind";
    /// The way from NetBird to Authentik.
    Connector, "connector", NetBird,
        "`Login error.`, or `Connector failed to initialize`",
        "NetBird's container does not reach Authentik, does not trust it, or has no connector to it",
        "let NetBird's container reach Authentik at its public URL, with a certificate that it trusts; run `init`, restart NetBird, run `connect`";
    /// The way from people to the provider.
    NetBirdRoute, "netbird-route", NetBird,
        "the dashboard's login page is a 404",
        "the proxy in front of NetBird does not pass requests for its provider",
        "route `/oauth2` to management or netbird-server in the proxy in front of NetBird";
    /// The account, its settings and roles.
    NetBirdAccount, "netbird-account", NetBird,
        "`user is pending approval`; everyone is owner of an empty network",
        "the account's settings or roles are not what the variables ask for",
        "run `connect`";
}

impl CheckId {
    /// The check of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|id| id.name() == name)
    }

    /// Its name, for machines.
    pub const fn name(self) -> &'static str {
        self.entry().name
    }

    /// What to do, for a terminal: the table's backticks are for Markdown.
    pub fn fix(self) -> String {
        self.entry().fix.replace('`', "")
    }
}
