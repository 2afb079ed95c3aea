//! What Authentik shall hold, from the configuration alone. Pure: no server is asked, and object names are
//! still names, not keys.

use crate::authentik::redirect::{Purpose, RedirectUri};
use crate::authentik::release::Release;
use crate::config::{Config, Setting};

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
}

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
    /// What this configuration asks of this release.
    pub fn new(config: &Config, release: Release) -> Self {
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
        let grant_types = vec![
            "authorization_code",
            "refresh_token",
            "urn:ietf:params:oauth:grant-type:device_code",
        ];
        let mut sub_mode = wishes.sub_mode.clone();
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
