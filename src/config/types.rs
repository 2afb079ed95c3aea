//! The configuration as the rest of the program sees it: parsed, checked, and each value together with
//! whether it was asked for, since the ownership rules treat a wish unlike a default.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::http::BaseUrl;
use crate::http::tls;
use crate::text::Secret;

/// A value, and whether its variable was set: a wish is enforced, a default only used at creation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting<T> {
    /// What applies.
    pub value: T,
    /// Whether the variable was set.
    pub chosen: bool,
}

impl<T> Setting<T> {
    /// What was set, else the default.
    pub fn or(set: Option<T>, default: T) -> Self {
        match set {
            Some(value) => Self { value, chosen: true },
            None => Self { value: default, chosen: false },
        }
    }

    /// The value, if it was asked for.
    pub fn wish(&self) -> Option<&T> {
        self.chosen.then_some(&self.value)
    }
}

/// A redirect URI that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectWish {
    /// The URI, or the pattern.
    pub url: String,
    /// Whether it is a regular expression.
    pub pattern: bool,
}

/// Whether NetBird's management fetches discovery at each start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ManagementDiscovery {
    /// If the public URL answers from here with a trusted certificate.
    Auto,
    /// Always.
    Always,
    /// Never: the verified endpoints are in its file.
    Never,
}

/// A file that `SETUP_OUTPUTS` can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Output {
    /// For NetBird's `configure.sh`.
    SetupEnv,
    /// For NetBird's management server.
    ManagementJson,
    /// For NetBird's dashboard.
    DashboardEnv,
    /// For NetBird's relay.
    RelayEnv,
    /// For a TURN server.
    TurnserverConf,
}

impl Output {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::SetupEnv,
        Self::ManagementJson,
        Self::DashboardEnv,
        Self::RelayEnv,
        Self::TurnserverConf,
    ];

    /// Its file name.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::SetupEnv => "setup.env",
            Self::ManagementJson => "management.json",
            Self::DashboardEnv => "dashboard.env",
            Self::RelayEnv => "relay.env",
            Self::TurnserverConf => "turnserver.conf",
        }
    }
}

/// How to reach Authentik.
#[derive(Clone, Debug)]
pub struct Connection {
    /// `AUTHENTIK_HOST`.
    pub internal: BaseUrl,
    /// `AUTHENTIK_HOST_BROWSER`.
    pub public: BaseUrl,
    /// `AUTHENTIK_TOKEN`.
    pub token: Secret,
    /// `AUTHENTIK_CA_FILE`, `AUTHENTIK_INSECURE`, `SETUP_PROXY` and `SETUP_REQUEST_TIMEOUT`.
    pub tls: tls::Settings,
}

impl Connection {
    /// Whether certificates are accepted that NetBird's containers would not accept.
    pub fn is_lenient(&self) -> bool {
        self.tls.extra_roots.is_some() || self.tls.insecure
    }
}

/// What Authentik shall hold.
#[derive(Clone, Debug)]
pub struct Wishes {
    /// `AUTHENTIK_APPLICATION_SLUG`.
    pub slug: String,
    /// `AUTHENTIK_APPLICATION_NAME`.
    pub application_name: Setting<String>,
    /// `AUTHENTIK_PROVIDER_NAME`.
    pub provider_name: Setting<String>,
    /// `NETBIRD_AUTH_CLIENT_ID`.
    pub client_id: Setting<String>,
    /// `AUTHENTIK_AUTHORIZATION_FLOW`.
    pub authorization_flow: Setting<String>,
    /// `AUTHENTIK_INVALIDATION_FLOW`.
    pub invalidation_flow: Setting<String>,
    /// `AUTHENTIK_SIGNING_KEY`.
    pub signing_key: Setting<String>,
    /// `AUTHENTIK_SUB_MODE`.
    pub sub_mode: Setting<String>,
    /// `AUTHENTIK_REDIRECT_URIS`.
    pub redirect_uris: Vec<RedirectWish>,
    /// `AUTHENTIK_ACCESS_GROUPS`.
    pub access_groups: Vec<String>,
    /// `AUTHENTIK_DEVICE_CODE_FLOW`; nothing when it is `none`.
    pub device_code_flow: Option<String>,
    /// `SETUP_ALLOW_IDENTITY_CHANGE`.
    pub allow_identity_change: bool,
}

/// What is known about NetBird.
#[derive(Clone, Debug)]
pub struct NetBird {
    /// `NETBIRD_DOMAIN`.
    pub domain: String,
    /// `NETBIRD_MGMT_API_ENDPOINT`.
    pub endpoint: BaseUrl,
    /// `NETBIRD_MGMT_IDP` is `authentik`.
    pub manage_users: bool,
    /// `NETBIRD_IDP_MGMT_EXTRA_USERNAME`.
    pub service_account: String,
    /// Whether `AUTHENTIK_SERVICE_ACCOUNT_ROLE` is `viewer`, if it is set.
    pub service_account_views_only: Option<bool>,
    /// `NETBIRD_IDP_MGMT_EXTRA_PASSWORD`.
    pub service_account_password: Option<Secret>,
    /// `NETBIRD_DATASTORE_ENC_KEY`.
    pub datastore_key: Option<Secret>,
    /// `NETBIRD_RELAY_AUTH_SECRET`.
    pub relay_secret: Option<Secret>,
    /// `TURN_PASSWORD`.
    pub turn_password: Option<Secret>,
    /// Ports of `NETBIRD_AUTH_PKCE_REDIRECT_URL_PORTS`, on which clients wait for a login.
    pub pkce_ports: Vec<u16>,
    /// Every other `NETBIRD_*` variable, as it is.
    pub passed: BTreeMap<String, String>,
}

/// Where and how files are written.
#[derive(Clone, Debug)]
pub struct Files {
    /// `SETUP_DIR`.
    pub dir: PathBuf,
    /// `SETUP_STATE_DIR`.
    pub state_dir: PathBuf,
    /// `SETUP_OUTPUTS`.
    pub outputs: Vec<Output>,
    /// `SETUP_FILE_MODE`.
    pub mode: u32,
    /// `SETUP_FILE_UID`.
    pub uid: Option<u32>,
    /// `SETUP_FILE_GID`.
    pub gid: Option<u32>,
    /// `SETUP_MANAGEMENT_DISCOVERY`.
    pub management_discovery: ManagementDiscovery,
}

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// `SETUP_TIMEOUT`.
    pub timeout: Duration,
    /// `SETUP_AUTH_GRACE`.
    pub auth_grace: Duration,
    /// `SETUP_INTERVAL`.
    pub interval: Duration,
}

/// Everything that the environment says.
#[derive(Clone, Debug)]
pub struct Config {
    /// How to reach Authentik.
    pub connection: Connection,
    /// What Authentik shall hold.
    pub wishes: Wishes,
    /// What is known about NetBird.
    pub netbird: NetBird,
    /// Where and how files are written.
    pub files: Files,
    /// How long things may take.
    pub timing: Timing,
    /// `SETUP_LISTEN`.
    pub listen: Option<SocketAddr>,
}

impl Config {
    /// Every secret that was given, so that no text shows one.
    pub fn given_secrets(&self) -> Vec<Secret> {
        let netbird = &self.netbird;
        let given = [
            &netbird.service_account_password,
            &netbird.datastore_key,
            &netbird.relay_secret,
            &netbird.turn_password,
        ];
        let given = given.into_iter().flatten().cloned();
        given.chain([self.connection.token.clone()]).collect()
    }
}
