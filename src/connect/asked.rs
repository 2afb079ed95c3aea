//! What the configuration asks of NetBird once it runs.

use super::plan::settings;
use crate::config::{RoleGroup, Setting};
use crate::state::secrets::Held;
use crate::state::store::NetBirdSide;
use crate::text::Secret;

/// Whose tokens NetBird takes, as far as it matters to what is done over its API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    /// Authentik's: people's ids are Authentik's subjects.
    Authentik,
    /// Its own, with a connector that its file names.
    OwnByFile,
    /// Its own, with a connector that is made over the API.
    OwnByApi,
}

impl Provider {
    /// Whether NetBird carries its own provider.
    pub fn is_own(self) -> bool {
        self != Self::Authentik
    }
}

/// The login that is Owner of the account.
#[derive(Clone, Debug)]
pub struct Owner {
    /// What is typed into the form.
    pub email: String,
    /// Its password.
    pub password: Secret,
}

/// What the variables say about that login; what they leave open was decided when NetBird's files were written.
#[derive(Clone, Debug)]
pub struct Login {
    /// `SETUP_OWNER_EMAIL`.
    pub email: Setting<String>,
    /// `SETUP_OWNER_PASSWORD`.
    pub password: Option<Secret>,
}

/// All of it.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Whose tokens NetBird takes.
    pub provider: Provider,
    /// `NB_PAT`.
    pub access_token: Option<Secret>,
    /// Nothing where local logins are off.
    pub login: Option<Login>,
    /// Settings of the account.
    pub settings: settings::Wish,
    /// Nothing where the variable is not set: then roles that were given go.
    pub role_groups: Vec<RoleGroup>,
    /// The application in Authentik.
    pub slug: String,
    /// The client id that its provider was to be made with; what it has, `state.json` says.
    pub client_id: String,
    /// The issuer that a connector made now would have.
    pub connector_issuer: String,
    /// Where logins begin in Authentik, as people reach it.
    pub authorize: String,
    /// NetBird's public origin: `https://netbird.example.com`.
    pub origin: String,
}

impl Asked {
    /// The owner's login; nothing where nobody knows the password.
    pub fn owner(&self, held: &Held) -> Option<Owner> {
        let login = self.login.as_ref()?;
        let password = login.password.clone().or_else(|| held.owner.clone())?;
        let written = held.owner_email.as_ref().filter(|_| !login.email.chosen);
        Some(Owner { email: written.unwrap_or(&login.email.value).clone(), password })
    }

    /// Where the provider of this NetBird is for people.
    pub fn issuer(&self) -> String {
        format!("{}/oauth2", self.origin)
    }

    /// Where Authentik sends people back to.
    pub fn callback(&self) -> String {
        format!("{}/callback", self.issuer())
    }

    /// Where the provider sends a login of the dashboard back to.
    pub fn dashboard_redirect(&self) -> String {
        format!("{}/nb-auth", self.origin)
    }

    /// Whether something is asked for that any administrator may do, again and again.
    fn keeps_something(&self) -> bool {
        self.provider == Provider::OwnByApi
            || !self.settings.is_empty()
            || !self.role_groups.is_empty()
    }

    /// Whether a credential is needed: for what is kept, and until the owner's login has claimed the account.
    pub fn needs_credential(&self, claimed: bool, has_owner: bool) -> bool {
        self.keeps_something() || (has_owner && self.access_token.is_none() && !claimed)
    }

    /// Whether roles are left that this container gave, and that no entry is for any more.
    pub fn takes_roles(&self, side: &NetBirdSide) -> bool {
        self.role_groups.is_empty() && side.gave_roles()
    }
}
