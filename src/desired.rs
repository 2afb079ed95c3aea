//! What Authentik shall hold, from the configuration alone. Pure: no server is asked, and object names are
//! still names, not keys.

use crate::authentik::redirect::{Purpose, RedirectUri};
use crate::authentik::release::Release;
use crate::config::{Config, Setting};
use crate::secret::Secret;

/// What Authentik shall hold.
#[derive(Clone, Debug)]
pub struct Desired {
    /// Which application is ours.
    pub slug: String,
    /// Its name.
    pub application_name: Setting<String>,
    /// Where its tile leads: the dashboard.
    pub launch_url: String,
    /// The provider.
    pub provider: DesiredProvider,
    /// The device code flow's slug; nothing if it is to be left alone.
    pub device_code_flow: Option<String>,
    /// The public host, which decides the brand that serves it.
    pub public_host: String,
    /// Whether identity may change.
    pub allow_identity_change: bool,
    /// Groups that may open NetBird; empty: everyone.
    pub access_groups: Vec<String>,
    /// Who lists users for NetBird, where it is asked for.
    pub service_account: Option<ServiceAccount>,
}

/// The service account as it shall be.
#[derive(Clone, Debug)]
pub struct ServiceAccount {
    /// Its name.
    pub username: String,
    /// Whether it may only view users.
    pub views_only: bool,
    /// Its app password; nothing where it is not made yet (`plan` makes none).
    pub password: Option<Secret>,
}

impl ServiceAccount {
    /// The identifier under which Authentik keeps the app password that it makes with a service account.
    pub fn app_password_identifier(&self) -> String {
        slugify(&format!("service-account-{}-password", self.username))
    }
}

/// Django's slug of a text: lower case; what is neither letter, digit nor underscore goes; spaces and hyphens
/// become one hyphen.
fn slugify(text: &str) -> String {
    let mut slug = String::new();
    for c in text.to_lowercase().chars() {
        match c {
            'a'..='z' | '0'..='9' | '_' => slug.push(c),
            ' ' | '-' if !slug.ends_with('-') => slug.push('-'),
            _ => {}
        }
    }
    slug.trim_matches(['-', '_']).to_owned()
}

/// The scope that lets Authentik's API take a token of the provider; NetBird's management asks for it.
pub const API_SCOPE: &str = "goauthentik.io/api";

/// The group whose members are administrators; Authentik's own.
pub const ADMINS: &str = "authentik Admins";

/// The role that can only view users, and the group that carries it on releases where users have none.
pub const ROLE: &str = "NetBird user list";

/// The provider as it shall be; see the ownership rules in the README.
#[derive(Clone, Debug)]
pub struct DesiredProvider {
    /// Default.
    pub name: Setting<String>,
    /// Identity.
    pub client_id: Setting<String>,
    /// Identity.
    pub sub_mode: Setting<String>,
    /// Default; a flow's slug.
    pub authorization_flow: Setting<String>,
    /// Default; a flow's slug.
    pub invalidation_flow: Setting<String>,
    /// Invariant that there is an RSA one; default which; a key pair's name.
    pub signing_key: Setting<String>,
    /// Invariant: contained.
    pub redirect_uris: Vec<RedirectUri>,
    /// Invariant: contained; managed names.
    pub scope_mappings: Vec<&'static str>,
    /// Invariant: contained, wherever the provider's answer has them.
    pub grant_types: Vec<&'static str>,
}

/// The shortest lifetime of codes, in minutes. Authentik's `access_code_validity` is the device code's
/// lifetime too, and its default of one minute is too short for people.
pub const CODE_MINUTES: u64 = 10;

/// The dashboard's paths for its login: what we write for it, and what NetBird's embedded provider uses.
const DASHBOARD_PATHS: [&str; 4] = ["/auth", "/silent-auth", "/nb-auth", "/nb-silent-auth"];

/// Where NetBird's management takes logins of its reverse proxy feature.
pub const PROXY_CALLBACK: &str = "/api/reverse-proxy/callback";

/// `NETBIRD_AUTH_REDIRECT_URI`: the dashboard's own default has a fragment, which Authentik refuses.
pub const REDIRECT_PATH: &str = "/auth";

/// `NETBIRD_AUTH_SILENT_REDIRECT_URI`, for the same reason.
pub const SILENT_REDIRECT_PATH: &str = "/silent-auth";

impl Desired {
    /// What this configuration asks of this release, with the app password if there is one already.
    pub fn new(config: &Config, release: Release, password: Option<&Secret>) -> Self {
        let wishes = &config.wishes;
        let mut scope_mappings = vec![
            "goauthentik.io/providers/oauth2/scope-openid",
            "goauthentik.io/providers/oauth2/scope-profile",
            "goauthentik.io/providers/oauth2/scope-email",
        ];
        if release.has_offline_access() {
            scope_mappings.push("goauthentik.io/providers/oauth2/scope-offline_access");
        }
        // Whatever the release: one that has no grant types ignores them, and one that has them creates
        // providers with none.
        let mut grant_types = vec![
            "authorization_code",
            "refresh_token",
            "urn:ietf:params:oauth:grant-type:device_code",
        ];
        let netbird = &config.netbird;
        let service_account = netbird.manage_users.then(|| ServiceAccount {
            username: netbird.service_account.clone(),
            views_only: netbird.service_account_views_only,
            password: password.cloned(),
        });
        if service_account.is_some() {
            grant_types.push("client_credentials");
        }
        let mut sub_mode = wishes.sub_mode.clone();
        // NetBird's user list knows users by number only: what is a default otherwise is a demand then.
        sub_mode.chosen |= service_account.is_some();
        if !sub_mode.chosen && release < Release::sub_mode_since(&sub_mode.value) {
            // The release's own default: nobody asked for a mode, and it must not change later.
            sub_mode.value = "hashed_user_id".to_owned();
        }
        Self {
            slug: wishes.slug.clone(),
            application_name: wishes.application_name.clone(),
            launch_url: config.netbird.endpoint.join(""),
            provider: DesiredProvider {
                name: wishes.provider_name.clone(),
                client_id: wishes.client_id.clone(),
                sub_mode,
                authorization_flow: wishes.authorization_flow.clone(),
                invalidation_flow: wishes.invalidation_flow.clone(),
                signing_key: wishes.signing_key.clone(),
                redirect_uris: redirect_uris(config, release),
                scope_mappings,
                grant_types,
            },
            device_code_flow: wishes.device_code_flow.clone(),
            public_host: config.connection.public.authority(),
            allow_identity_change: wishes.allow_identity_change,
            access_groups: wishes.access_groups.clone(),
            service_account,
        }
    }
}

/// A path that the dashboard is told to use, ours unless one was passed in.
pub fn dashboard_path<'a>(config: &'a Config, variable: &str, ours: &'a str) -> &'a str {
    config.netbird.passed.get(variable).map_or(ours, String::as_str)
}

/// Every URI that NetBird may ask to be sent back to, byte for byte: strict matching knows no trailing
/// slash. The dashboard's, both forms of its logout, and each port on which a client waits.
fn redirect_uris(config: &Config, release: Release) -> Vec<RedirectUri> {
    let origin = config.netbird.endpoint.origin();
    let mut uris: Vec<RedirectUri> = Vec::new();
    let mut add = |uri: RedirectUri| {
        if !uris.contains(&uri) {
            uris.push(uri);
        }
    };
    for (variable, ours) in [
        ("NETBIRD_AUTH_REDIRECT_URI", REDIRECT_PATH),
        ("NETBIRD_AUTH_SILENT_REDIRECT_URI", SILENT_REDIRECT_PATH),
    ] {
        let path = dashboard_path(config, variable, ours);
        if path.starts_with('/') && !path.contains('#') {
            add(RedirectUri::strict(format!("{origin}{path}")));
        }
    }
    for path in DASHBOARD_PATHS.iter().chain([&PROXY_CALLBACK]) {
        add(RedirectUri::strict(format!("{origin}{path}")));
    }
    for logout in [format!("{origin}/"), origin.clone()] {
        add(RedirectUri::strict(logout.clone()));
        if release.has_logout_redirects() {
            add(RedirectUri { purpose: Purpose::Logout, ..RedirectUri::strict(logout) });
        }
    }
    for port in &config.netbird.pkce_ports {
        add(RedirectUri::strict(format!("http://localhost:{port}")));
        add(RedirectUri::strict(format!("http://localhost:{port}/")));
    }
    for wish in &config.wishes.redirect_uris {
        add(RedirectUri { pattern: wish.pattern, ..RedirectUri::strict(wish.url.clone()) });
    }
    uris
}
