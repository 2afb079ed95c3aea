//! What Authentik must hold, from the configuration alone. Pure: no server is asked, and object names are
//! still names, not keys.

use crate::authentik::Release;
use crate::authentik::model::Provider;
use crate::authentik::oidc::{AccessToken, Oidc};
use crate::config::{Access, AccountRole, Config, Kind, Output, Setting};
use crate::http::{BaseUrl, Trouble};
use crate::netbird::standalone::API_SCOPE;
use crate::netbird::{ClientType, OidcClient};
use crate::text::Secret;

/// What Authentik must hold.
#[derive(Clone, Debug)]
pub struct Desired {
    /// Which application it is.
    pub slug: String,
    /// Its name.
    pub application_name: Setting<String>,
    /// Where its tile leads: the dashboard.
    pub launch_url: String,
    /// The provider.
    pub provider: DesiredProvider,
    /// The device code flow's slug; nothing if it is to be left alone.
    pub device_code_flow: Option<String>,
    /// Whether that one was named, and not just the default.
    pub names_device_code_flow: bool,
    /// The public URL, whose host decides the brand that serves it and of which the issuer is made.
    pub public: BaseUrl,
    /// Whether identity may change.
    pub allow_identity_change: bool,
    /// Who may open NetBird.
    pub access: Access,
    /// Whether it was said that NetBird does not list users.
    pub lists_no_users: bool,
    /// Who lists users for NetBird, where it is asked for.
    pub service_account: Option<ServiceAccount>,
}

/// What the service account needs to be.
#[derive(Clone, Debug)]
pub struct ServiceAccount {
    /// Its name.
    pub username: String,
    /// What it may do. A role that was not chosen is given to an account without rights, and never taken away.
    pub role: Setting<AccountRole>,
    /// Its app password; nothing where it is not made yet (`plan` makes none).
    pub password: Option<Secret>,
    /// The origin of a page of NetBird's: asked from there, a login tells whom the token endpoint allows.
    pub page: Option<String>,
}

impl ServiceAccount {
    /// The identifier under which Authentik keeps the app password that it makes with a service account.
    pub fn app_password_identifier(&self) -> String {
        Self::app_password_of(&self.username)
    }

    /// The same of any service account.
    pub fn app_password_of(username: &str) -> String {
        slugify(&format!("service-account-{username}-password"))
    }

    /// Logs it in as NetBird's management does; nothing if it is refused, or if there is no password to try.
    ///
    /// # Errors
    /// Any [`Trouble`] other than a refusal.
    pub async fn login(
        &self,
        oidc: Oidc<'_>,
        client_id: &str,
    ) -> Result<Option<AccessToken>, Trouble> {
        let (password, page) = (self.password.as_ref(), self.page.as_deref());
        oidc.login(client_id, &self.username, password, API_SCOPE, page).await
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

/// The group whose members are administrators; Authentik's own.
pub const ADMINS: &str = "authentik Admins";

/// What viewing users takes.
pub const VIEW_USERS: &str = "authentik_core.view_user";

/// The role that can only view users, and the group that carries it on releases where users have none.
pub const ROLE: &str = "NetBird user list";

/// What the provider needs to be. A new attribute is one field: creating and comparing take the struct apart, so that
/// neither can forget it.
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
    /// Invariant: what NetBird needs is contained.
    pub client: OidcClient,
    /// Whether somebody needs its secret: a confidential client, or a public one that is to become one.
    pub needs_secret: bool,
}

impl Desired {
    /// What this configuration asks of this release, with the app password if there is one already, and with the ports on
    /// which clients wait.
    pub fn new(
        config: &Config,
        release: Release,
        password: Option<&Secret>,
        ports: &[u16],
    ) -> Self {
        let wishes = &config.wishes;
        let netbird = &config.netbird;
        let default = match release.has_roles() {
            true => AccountRole::Viewer,
            false => AccountRole::Admin,
        };
        let service_account = netbird.lists_users().then(|| ServiceAccount {
            username: netbird.service_account.clone(),
            role: Setting::or(netbird.service_account_role, default),
            password: password.cloned(),
            page: Some(netbird.endpoint.origin()),
        });
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
                needs_secret: config.kind != Kind::Standalone
                    || config.files.outputs.contains(&Output::IdpSeedInfo),
                client: OidcClient::new(config, release, ports),
            },
            // Elsewhere devices log in at NetBird's own provider.
            device_code_flow: wishes
                .device_code_flow
                .clone()
                .filter(|_| config.kind == Kind::Standalone),
            names_device_code_flow: wishes.names_device_code_flow,
            public: config.connection.public.clone(),
            allow_identity_change: wishes.allow_identity_change,
            access: wishes.access.clone(),
            lists_no_users: netbird.user_list == Some(false),
            service_account,
        }
    }

    /// The issuer of a provider's tokens: the one that it names itself, else Authentik's root where `issuer_mode` is
    /// `global`, else the application's URL.
    pub fn issuer(&self, provider: Option<&Provider>) -> String {
        match provider {
            Some(provider) if !provider.issuer_override.is_empty() => {
                provider.issuer_override.clone()
            }
            Some(provider) if provider.issuer_mode == "global" && self.keeps_issuer_mode() => {
                self.public.join("")
            }
            _ => self.issuer_of_slug(&self.slug),
        }
    }

    /// Whether a provider may go on to call Authentik's root its issuer. NetBird's own provider asks for discovery below the
    /// issuer, where Authentik has none at its root; and no id in NetBird depends on Authentik's issuer there.
    pub fn keeps_issuer_mode(&self) -> bool {
        self.provider.client.client_type == ClientType::Public
    }

    /// The issuer of an application's tokens, by its slug.
    pub fn issuer_of_slug(&self, slug: &str) -> String {
        self.public.join(&format!("application/o/{slug}/"))
    }
}
