//! The end of a session, as the client asks for it.

use crate::browser::ask::form;
use crate::browser::{Browser, Failure, Login, failure};

/// What a logout brought about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedOut {
    /// Where the browser was sent; nothing if it stays on Authentik's own page.
    pub returned_to: Option<String>,
    /// Whether Authentik asks for a password at the next login.
    pub session_ended: bool,
}

impl Browser {
    /// Ends the session of a login, with the address to return to.
    ///
    /// # Errors
    /// If the request is refused.
    pub fn log_out(&mut self, login: &Login, return_to: &str) -> Result<LoggedOut, Failure> {
        const STEP: &str = "logout";
        let Some(endpoint) = login.document["end_session_endpoint"].as_str() else {
            return failure(STEP, "the document has no end_session_endpoint");
        };
        let query =
            form(&[("id_token_hint", &login.id_token), ("post_logout_redirect_uri", return_to)]);
        let seen = self.ask(STEP, "GET", &format!("{endpoint}?{query}"), &[], vec![])?;
        let Some(location) = seen.header("location").map(str::to_owned) else {
            return failure(STEP, seen.shown());
        };
        let last = self.walk(STEP, &location)?;
        Ok(LoggedOut {
            returned_to: last["to"].as_str().map(str::to_owned),
            session_ended: !self.is_logged_in(),
        })
    }
}
