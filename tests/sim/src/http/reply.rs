//! An answer before it becomes bytes.

use serde_json::{Value, json};

/// Status, headers and body of an answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// Headers in order; Date and Content-Length come later.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// No body, no content type.
    #[must_use]
    pub fn empty(status: u16) -> Self {
        Self { status, headers: vec![], body: vec![] }
    }

    /// A JSON answer.
    #[must_use]
    pub fn json(status: u16, body: &Value) -> Self {
        Self::empty(status)
            .with("Content-Type", "application/json")
            .body(body.to_string().into_bytes())
    }

    /// The error form of the API.
    #[must_use]
    pub fn detail(status: u16, text: &str) -> Self {
        Self::json(status, &json!({ "detail": text }))
    }

    /// A page for people.
    #[must_use]
    pub fn html(status: u16, title: &str) -> Self {
        let page = if title.is_empty() {
            String::new()
        } else {
            format!(
                "<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
            )
        };
        Self::empty(status).with("Content-Type", "text/html; charset=utf-8").body(page.into_bytes())
    }

    /// Plain text.
    #[must_use]
    pub fn text(status: u16, text: &str) -> Self {
        Self::empty(status)
            .with("Content-Type", "text/plain; charset=utf-8")
            .body(text.as_bytes().to_vec())
    }

    /// A redirection, as a page without content.
    #[must_use]
    pub fn redirect(status: u16, location: &str) -> Self {
        Self::html(status, "").with("Location", location)
    }

    /// The same with one more header.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    fn body(mut self, body: Vec<u8>) -> Self {
        self.body = body;
        self
    }

    /// Replaces the content type.
    pub fn set_content_type(&mut self, value: &str) {
        for (name, old) in &mut self.headers {
            if name.eq_ignore_ascii_case("content-type") {
                value.clone_into(old);
            }
        }
    }

    /// Whether the body is JSON.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.headers
            .iter()
            .any(|(name, value)| name == "Content-Type" && value.starts_with("application/json"))
    }
}
