//! NetBird's API as a test calls it.

use serde_json::{Value, json};

use crate::browser::wire::{Answer, send};
use crate::netbird::NetBird;

/// What the API answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// The status; 0 if nobody answered.
    pub status: u16,
    /// The body; null if it is no JSON.
    pub body: Value,
}

impl Told {
    /// The text of an error.
    #[must_use]
    pub fn message(&self) -> &str {
        self.body["message"].as_str().unwrap_or_default()
    }

    /// The role that `/api/users/current` tells.
    #[must_use]
    pub fn role(&self) -> Option<&str> {
        self.body["role"].as_str()
    }
}

/// The API with a credential.
#[derive(Clone, Debug)]
pub struct Api<'a> {
    netbird: &'a NetBird,
    authorization: String,
}

impl NetBird {
    /// The API with a personal access token, or a token that somebody got by logging in.
    #[must_use]
    pub fn api(&self, token: &str) -> Api<'_> {
        let scheme = if token.starts_with("nbp_") { "Token" } else { "Bearer" };
        Api { netbird: self, authorization: format!("{scheme} {token}") }
    }

    /// The API without a credential.
    #[must_use]
    pub fn open_api(&self) -> Api<'_> {
        Api { netbird: self, authorization: String::new() }
    }
}

impl Api<'_> {
    /// A request; a null body is none.
    #[must_use]
    pub fn call(&self, method: &str, path: &str, body: &Value) -> Told {
        let mut headers = vec![];
        if !self.authorization.is_empty() {
            headers.push(("Authorization".to_owned(), self.authorization.clone()));
        }
        let text = if body.is_null() { String::new() } else { body.to_string() };
        if !text.is_empty() {
            headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
        }
        let answer = send(&self.netbird.url(), method, path, &headers, &text);
        let told = |answer: Answer| Told { status: answer.status, body: answer.json() };
        answer.map_or_else(|_| Told { status: 0, body: Value::Null }, told)
    }

    /// A GET.
    #[must_use]
    pub fn get(&self, path: &str) -> Told {
        self.call("GET", path, &Value::Null)
    }

    /// Who the API says that one is.
    #[must_use]
    pub fn me(&self) -> Told {
        self.get("/api/users/current")
    }

    /// Lets somebody who waits in.
    #[must_use]
    pub fn approve(&self, user: &str) -> Told {
        self.call("POST", &format!("/api/users/{user}/approve"), &Value::Null)
    }

    /// Gives somebody a role, and takes all groups away that no token gave.
    #[must_use]
    pub fn set_role(&self, user: &str, role: &str) -> Told {
        let body = json!({"role": role, "auto_groups": [], "is_blocked": false});
        self.call("PUT", &format!("/api/users/{user}"), &body)
    }
}
