//! NetBird's dashboard in the browser: login by code with PKCE, by calls that only a page of its origin may make, and
//! logout.

use authentik_sim::plumbing::pairs;
use serde_json::Value;
use url::Url;

use crate::browser::page::fields;
use crate::browser::visit::{Arrived, address, parsed};
use crate::browser::{Browser, Login, Person, Stuck};
use crate::ids;
use crate::netbird::NetBird;

/// How the dashboard was set up, in the words of dashboard.env.
#[derive(Clone, Debug)]
pub struct Dashboard {
    /// Its origin.
    pub origin: String,
    /// `AUTH_AUTHORITY`.
    pub authority: String,
    /// `AUTH_CLIENT_ID`.
    pub client_id: String,
    /// `AUTH_SUPPORTED_SCOPES`.
    pub scopes: String,
    /// `AUTH_REDIRECT_URI`, a path.
    pub redirect_path: String,
    /// Whether `NETBIRD_TOKEN_SOURCE` is `idToken`.
    pub uses_id_token: bool,
}

impl Dashboard {
    /// The one that goes with NetBird's own provider.
    ///
    /// # Panics
    /// If this NetBird has none.
    #[must_use]
    pub fn of(netbird: &NetBird) -> Self {
        let issuer = netbird.issuer();
        let origin = issuer.strip_suffix("/oauth2").expect("a provider of NetBird's own");
        Self {
            origin: origin.to_owned(),
            client_id: "netbird-dashboard".to_owned(),
            scopes: "openid profile email groups".to_owned(),
            redirect_path: "/nb-auth".to_owned(),
            uses_id_token: false,
            authority: issuer,
        }
    }

    /// The one that a dashboard.env makes, at this origin.
    #[must_use]
    pub fn from_env(text: &str, origin: &str) -> Self {
        let value = |name: &str| {
            let lines = text.lines().filter_map(|line| line.split_once('='));
            let found = lines
                .filter(|(key, _)| key.trim() == name)
                .map(|(_, value)| value.trim())
                .next_back();
            let plain = found.unwrap_or_default();
            let quoted =
                |quote| plain.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
            quoted('\'').or_else(|| quoted('"')).unwrap_or(plain).to_owned()
        };
        Self {
            origin: origin.to_owned(),
            authority: value("AUTH_AUTHORITY"),
            client_id: value("AUTH_CLIENT_ID"),
            scopes: value("AUTH_SUPPORTED_SCOPES"),
            redirect_path: value("AUTH_REDIRECT_URI"),
            uses_id_token: value("NETBIRD_TOKEN_SOURCE") == "idToken",
        }
    }

    fn redirect_uri(&self) -> String {
        format!("{}{}", self.origin, self.redirect_path)
    }
}

impl Browser<'_> {
    /// A call that the dashboard's page makes; another origin must let it.
    fn fetch(
        &mut self,
        dashboard: &Dashboard,
        method: &str,
        url: &str,
        body: &str,
    ) -> Result<Value, Stuck> {
        let url = parsed(url)?;
        let mut headers = vec![("Origin", dashboard.origin.as_str())];
        if method == "POST" {
            headers.push(("Content-Type", "application/x-www-form-urlencoded"));
        }
        let answer = self.ask(method, &url, &headers, body)?;
        let stuck = |text: String| Stuck { at: address(&url), status: answer.status, text };
        let let_in = answer.header("access-control-allow-origin");
        let own = url.origin().ascii_serialization() == dashboard.origin;
        if !own && let_in != Some("*") && let_in != Some(&dashboard.origin) {
            return Err(stuck(format!(
                "Access-Control-Allow-Origin is {let_in:?}, so {} is not let in",
                dashboard.origin
            )));
        }
        if answer.status != 200 {
            return Err(stuck(answer.body.clone()));
        }
        Ok(answer.json())
    }

    fn discovery(&mut self, dashboard: &Dashboard) -> Result<Value, Stuck> {
        let base = dashboard.authority.trim_end_matches('/');
        self.fetch(dashboard, "GET", &format!("{base}/.well-known/openid-configuration"), "")
    }

    /// Opens the dashboard and logs in.
    ///
    /// # Errors
    /// Where the person got stuck.
    pub fn log_in(&mut self, dashboard: &Dashboard, person: Person<'_>) -> Result<Login, Stuck> {
        if let Person::Authentik(name) = person {
            self.sign_in(name);
        }
        self.log_in_again(dashboard, person)
    }

    /// The same with the cookies that the browser has, so that Authentik may have to be passed as somebody unknown.
    ///
    /// # Errors
    /// Where the person got stuck.
    pub fn log_in_again(
        &mut self,
        dashboard: &Dashboard,
        person: Person<'_>,
    ) -> Result<Login, Stuck> {
        self.way.clear();
        let document = self.discovery(dashboard)?;
        let redirect_uri = dashboard.redirect_uri();
        let (verifier, state) = (ids::secret(64), ids::secret(16));
        let query = fields(&[
            ("client_id", &dashboard.client_id),
            ("redirect_uri", &redirect_uri),
            ("response_type", "code"),
            ("scope", &dashboard.scopes),
            ("state", &state),
            ("code_challenge", &ids::challenge(&verifier)),
            ("code_challenge_method", "S256"),
        ]);
        let endpoint = document["authorization_endpoint"].as_str().unwrap_or_default();
        let arrived = self.go(&format!("{endpoint}?{query}"), &redirect_uri)?;
        let back = self.get_through(arrived, person, &redirect_uri)?;
        let code = code_of(&back, &state)?;
        let body = fields(&[
            ("grant_type", "authorization_code"),
            ("client_id", &dashboard.client_id),
            ("code", &code),
            ("redirect_uri", &redirect_uri),
            ("code_verifier", &verifier),
        ]);
        let endpoint = document["token_endpoint"].as_str().unwrap_or_default();
        let tokens = self.fetch(dashboard, "POST", endpoint, &body)?;
        let source = if dashboard.uses_id_token { "id_token" } else { "access_token" };
        Ok(self.let_in(tokens, source))
    }

    /// Brings a token to the API.
    pub(crate) fn let_in(&self, tokens: Value, source: &str) -> Login {
        let token = tokens[source].as_str().unwrap_or_default().to_owned();
        let me = self.netbird.api(&token).me();
        Login { tokens, token, me, way: self.way.clone() }
    }

    /// Clicks "Log out". Answers the page that the browser ends at: its address without the query, and what stands on it.
    ///
    /// # Errors
    /// If a server does not answer.
    pub fn log_out(
        &mut self,
        dashboard: &Dashboard,
        login: &Login,
    ) -> Result<(String, String), Stuck> {
        self.way.clear();
        let document = self.discovery(dashboard)?;
        let endpoint = document["end_session_endpoint"].as_str().unwrap_or_default();
        let home = format!("{}/", dashboard.origin);
        let query = fields(&[
            ("id_token_hint", login.tokens["id_token"].as_str().unwrap_or_default()),
            ("post_logout_redirect_uri", &home),
            ("client_id", &dashboard.client_id),
        ]);
        Ok(match self.go(&format!("{endpoint}?{query}"), &home)? {
            Arrived::At(url) => (address(&url), String::new()),
            Arrived::Page(url, page) => (address(&url), page.visible()),
        })
    }
}

/// The code that came back, or the error.
pub(crate) fn code_of(back: &Url, state: &str) -> Result<String, Stuck> {
    let told = pairs(back.query().unwrap_or_default());
    let get =
        |name: &str| told.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let stuck = |text: String| Stuck { at: address(back), status: 0, text };
    if let Some(error) = get("error") {
        return Err(stuck(format!("{error}: {}", get("error_description").unwrap_or_default())));
    }
    if get("state") != Some(state) {
        return Err(stuck("the state did not come back".to_owned()));
    }
    get("code").map(str::to_owned).ok_or_else(|| stuck("no code came back".to_owned()))
}
