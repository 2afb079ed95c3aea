//! Logins without a browser: what the pages of the flow executor would bring about.

use serde_json::json;

use crate::call::Call;
use crate::oidc::{Ctx, authorize};
use crate::sim::Sim;

impl Sim {
    /// Opens a browser session for a user and returns the Cookie header that carries it.
    ///
    /// # Panics
    /// If there is no such user.
    #[must_use]
    pub fn session_cookie(&self, username: &str) -> String {
        let mut state = self.state();
        let user = state.user(username).and_then(|user| user["pk"].as_i64());
        let user = user.unwrap_or_else(|| panic!("no user {username}"));
        format!("authentik_session={}", state.grants.open_session(user))
    }

    /// Lets a user log in and consent at an authorization URL, and returns the URL the browser would be sent to: with a
    /// `code`, or with an `error`.
    ///
    /// # Panics
    /// If there is no such user, or the server answers with a page instead, as it does for redirect URIs it does not know.
    #[must_use]
    pub fn login_code(&self, username: &str, authorize_url: &str) -> String {
        let cookie = self.session_cookie(username);
        let after_scheme = authorize_url.split_once("://").map_or(authorize_url, |(_, rest)| rest);
        let (path, query) = after_scheme.split_once('?').unwrap_or((after_scheme, ""));
        let call = Call {
            method: "GET".to_owned(),
            path: path.find('/').map_or("/", |slash| &path[slash..]).to_owned(),
            query: query.to_owned(),
            headers: vec![],
            body: vec![],
            base: self.url(),
            now: self.shared.front.now(),
        };
        let mut state = self.state();
        let user = state.user(username).map_or(json!(null), |user| user["pk"].clone());
        let mut ctx = Ctx { profile: self.shared.profile, state: &mut state, call: &call };
        let reply = authorize::decide(&mut ctx, user.as_i64().map(|user| (user, cookie)), true);
        let location = reply.headers.iter().find(|(name, _)| name == "Location");
        location.map_or_else(
            || panic!("a page with status {} instead of a code", reply.status),
            |(_, url)| url.clone(),
        )
    }
}
