//! What stands before a NetBird: a browser with its cookies, which goes wherever pages and redirections send it, by names
//! that only exist in the files; the dashboard in it; and NetBird's own client.

mod api;
mod authentik;
mod client;
mod dashboard;
mod page;
mod visit;
mod wire;

use std::collections::BTreeMap;

use authentik_sim::Sim;
use serde_json::Value;

pub use api::{Api, Told};
pub use dashboard::Dashboard;
pub use wire::{Answer, send};

use crate::netbird::NetBird;

/// Who sits before the browser.
#[derive(Clone, Copy, Debug)]
pub enum Person<'a> {
    /// Somebody whom Authentik knows by this name, and who knows the password there.
    Authentik(&'a str),
    /// Somebody with a password of NetBird's own.
    Local {
        /// The address.
        email: &'a str,
        /// The password.
        password: &'a str,
    },
}

/// Where somebody got stuck: a page that is not what they came for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stuck {
    /// Its address, without the query.
    pub at: String,
    /// Its status; 0 if nobody answered.
    pub status: u16,
    /// What stands on it, or what else is wrong.
    pub text: String,
}

impl std::fmt::Display for Stuck {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} answers {}: {}", self.at, self.status, self.text)
    }
}

impl std::error::Error for Stuck {}

/// A login that worked, which does not mean that the API lets its person do anything.
#[derive(Clone, Debug)]
pub struct Login {
    /// The answer of the token endpoint.
    pub tokens: Value,
    /// The token that is brought to the API.
    pub token: String,
    /// What the API says of the person: their role, or why they are not let in.
    pub me: Told,
    /// The addresses that the browser went through, without their queries.
    pub way: Vec<String>,
}

impl Login {
    /// The role that the API tells; nothing for somebody who is not let in.
    #[must_use]
    pub fn role(&self) -> Option<&str> {
        self.me.role()
    }

    /// Whether the API says that this person waits for approval, or is blocked.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.me.status == 403 && self.me.message() == "user is blocked"
    }

    /// The claims of the token that is brought to the API. Nobody checked them here.
    #[must_use]
    pub fn claims(&self) -> Value {
        crate::jwt::parse(&self.token).map_or(Value::Null, |token| token.claims)
    }
}

/// A browser.
#[derive(Debug)]
pub struct Browser<'a> {
    netbird: &'a NetBird,
    authentik: Option<&'a Sim>,
    /// Which server is behind a name.
    places: BTreeMap<String, String>,
    /// Cookies by name, by origin.
    cookies: BTreeMap<String, BTreeMap<String, String>>,
    way: Vec<String>,
}

impl<'a> Browser<'a> {
    /// A browser without cookies that knows where NetBird is. Its public name is that of its issuer, or, where that is
    /// another server's, `https://netbird.example.com`.
    #[must_use]
    pub fn new(netbird: &'a NetBird) -> Self {
        let issuer = netbird.issuer();
        let own = issuer.strip_suffix("/oauth2").unwrap_or("https://netbird.example.com");
        let places = BTreeMap::from([(own.to_owned(), netbird.url())]);
        Self { netbird, authentik: None, places, cookies: BTreeMap::new(), way: vec![] }
    }

    /// The same, where a simulated Authentik stands behind a name too.
    #[must_use]
    pub fn with_authentik(mut self, origin: &str, authentik: &'a Sim) -> Self {
        self.authentik = Some(authentik);
        self.places.insert(origin.to_owned(), authentik.url());
        // Files may name the simulator itself.
        self.places.insert(authentik.url(), authentik.url());
        self
    }

    /// The server that is behind a name.
    #[must_use]
    pub fn place(mut self, origin: &str, server: &str) -> Self {
        self.places.insert(origin.to_owned(), server.to_owned());
        self
    }

    /// Forgets all cookies.
    pub fn clear_cookies(&mut self) {
        self.cookies.clear();
    }

    /// The cookies for an origin, by name.
    #[must_use]
    pub fn cookies(&self, origin: &str) -> BTreeMap<String, String> {
        self.cookies.get(origin).cloned().unwrap_or_default()
    }
}
