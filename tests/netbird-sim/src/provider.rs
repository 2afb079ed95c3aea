//! The embedded provider's database: local users, connectors, and everything that was granted.

use std::collections::HashMap;

use serde_json::Value;

use crate::config::Connector;
use crate::ids;

/// What lies in `idp.db`.
#[derive(Clone, Debug)]
pub struct Idp {
    /// People who log in with a password.
    pub passwords: Vec<Password>,
    /// The ways to log in, in the order they were made.
    pub connectors: Vec<Connector>,
    /// The name of the key that signs.
    pub kid: String,
    pub(crate) requests: HashMap<String, Request>,
    pub(crate) codes: HashMap<String, Code>,
    pub(crate) sessions: HashMap<String, Session>,
    pub(crate) devices: Vec<Device>,
    pub(crate) refresh: HashMap<String, Code>,
}

/// A local user.
#[derive(Clone, Debug)]
pub struct Password {
    /// Its address, in lower case.
    pub email: String,
    /// bcrypt.
    pub hash: String,
    /// What tokens call it.
    pub name: String,
    /// The subject.
    pub user_id: String,
}

/// Who logged in, as the connector told.
#[derive(Clone, Debug, Default)]
pub(crate) struct Identity {
    pub(crate) subject: String,
    pub(crate) name: String,
    pub(crate) preferred_username: String,
    pub(crate) email: String,
    pub(crate) email_verified: bool,
    pub(crate) groups: Vec<String>,
    /// The identity token that the connector's server gave.
    pub(crate) id_token: String,
}

/// An authorization request that somebody is answering.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) state: String,
    pub(crate) nonce: String,
    pub(crate) challenge: Option<(String, String)>,
    pub(crate) connector: String,
    /// The verifier for the connector's server.
    pub(crate) verifier: String,
}

/// A code, or a refresh token, and what it is good for.
#[derive(Clone, Debug)]
pub(crate) struct Code {
    pub(crate) request: Request,
    pub(crate) identity: Identity,
    pub(crate) at: i64,
}

/// A browser that is logged in.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) connector: String,
    pub(crate) identity: Identity,
    pub(crate) at: i64,
}

/// A device that waits, or has its tokens.
#[derive(Clone, Debug)]
pub(crate) struct Device {
    pub(crate) device_code: String,
    pub(crate) user_code: String,
    pub(crate) client_id: String,
    pub(crate) scopes: String,
    pub(crate) expires: i64,
    pub(crate) tokens: Option<Value>,
}

impl Default for Idp {
    fn default() -> Self {
        Self {
            passwords: vec![],
            connectors: vec![],
            kid: authentik_sim::plumbing::sha256_hex(&ids::grant())[..40].to_owned(),
            requests: HashMap::new(),
            codes: HashMap::new(),
            sessions: HashMap::new(),
            devices: vec![],
            refresh: HashMap::new(),
        }
    }
}

impl Idp {
    /// The connector of this id.
    #[must_use]
    pub fn connector(&self, id: &str) -> Option<&Connector> {
        self.connectors.iter().find(|connector| connector.id == id)
    }

    /// The connectors that are not the local one.
    pub fn others(&self) -> impl Iterator<Item = &Connector> {
        self.connectors.iter().filter(|connector| connector.kind != "local")
    }

    /// The local user of this address.
    #[must_use]
    pub fn password(&self, email: &str) -> Option<&Password> {
        let email = email.to_lowercase();
        self.passwords.iter().find(|password| password.email == email)
    }

    /// Adds a local user or changes its hash and name. Returns its id.
    pub fn set_password(&mut self, email: &str, hash: &str, name: &str) -> String {
        let email = email.to_lowercase();
        let found = self.passwords.iter_mut().find(|password| password.email == email);
        let (hash, name) = (hash.to_owned(), name.to_owned());
        let subject = match found {
            Some(password) => {
                (password.hash, password.name) = (hash, name);
                password.user_id.clone()
            }
            None => {
                let user_id = authentik_sim::plumbing::uuid();
                self.passwords.push(Password { email, hash, name, user_id: user_id.clone() });
                user_id
            }
        };
        ids::user_id(&subject, "local")
    }

    /// Ends all browser sessions, as time does.
    pub fn end_sessions(&mut self) {
        self.sessions.clear();
    }

    /// How many browsers are logged in.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.sessions.len()
    }

    /// How many authorization codes and refresh tokens wait to be redeemed.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.codes.len() + self.refresh.len()
    }

    /// Lists a connector, or overwrites name and options of one that is there: what a boot does with those of the file.
    pub(crate) fn seed(&mut self, connector: &Connector) {
        match self.connectors.iter_mut().find(|known| known.id == connector.id) {
            Some(known) => {
                known.name.clone_from(&connector.name);
                known.config.clone_from(&connector.config);
            }
            None => self.connectors.push(connector.clone()),
        }
    }
}
