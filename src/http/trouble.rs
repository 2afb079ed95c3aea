//! What can go wrong with one request, told apart by what helps: waiting, another token, a permission,
//! another look, or nothing.

use std::fmt;
use std::time::Duration;

use serde_json::Value;

use super::answer::Answer;
use crate::error::{Error, Exit};

/// What kind of trouble it is; each kind has one treatment (see `patience`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// DNS, connect, reset, timeout, a body that ended early.
    Unreachable,
    /// A certificate that is not trusted, expired, or for another name: waiting does not mend it.
    Certificate,
    /// 408, 425, 429 and 5xx, with what Retry-After asked for.
    Busy(Option<Duration>),
    /// 401, or 403 that speaks of credentials: the token is not known, or not yet.
    Token,
    /// 403 that speaks of permission; which one this request needs.
    Permission(&'static str),
    /// 400 with an error a field.
    Invalid(Box<serde_json::Map<String, Value>>),
    /// 404 of an object or path that must be there.
    Missing,
    /// A redirect. The token is never sent after it.
    Redirect(String),
    /// Whatever does not fit: HTML where JSON belongs, another shape, an unexpected status.
    Malformed,
}

/// One failed request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What kind it is.
    pub kind: Kind,
    /// Method and path.
    pub request: String,
    /// The status, if there was an answer.
    pub status: Option<u16>,
    /// The server's or the system's words, short and scrubbed.
    pub detail: String,
    /// Whether the server may have acted although no good answer came.
    pub write: bool,
}

impl Trouble {
    /// The trouble that a complete answer means, with the server's own words.
    pub fn of(answer: &Answer, kind: Kind, write: bool) -> Self {
        let (request, status) = (answer.request.clone(), Some(answer.status));
        Self { kind, request, status, detail: answer.words(), write }
    }

    /// The field errors of a 400 in one line.
    pub fn field_errors(&self) -> Option<String> {
        let Kind::Invalid(fields) = &self.kind else {
            return None;
        };
        let line: Vec<String> =
            fields.iter().map(|(field, v)| format!("{field}: {}", messages(v).join(" "))).collect();
        Some(line.join("; "))
    }
}

impl From<&Trouble> for Error {
    /// Of a request that failed where no retry is wanted.
    fn from(trouble: &Trouble) -> Self {
        Self::new(Exit::NotReady, trouble.to_string())
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status {
            Some(status) => write!(f, "{} answered {status}", self.request)?,
            None => write!(f, "{} failed", self.request)?,
        }
        if self.detail.is_empty() { Ok(()) } else { write!(f, ": {}", self.detail) }
    }
}

/// All texts in a field's error, however deep: Django nests them by list index and field.
pub fn messages(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(messages).collect(),
        Value::Object(map) => map.values().flat_map(messages).collect(),
        _ => Vec::new(),
    }
}

/// Whether an error of reqwest comes from a certificate: such errors look like connect errors, and the
/// cause is buried where `source()` does not reach, inside an `io::Error`.
pub fn certificate_problem(error: &reqwest::Error) -> Option<String> {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(e) = next {
        if let Some(text) = as_certificate_problem(e) {
            return Some(text);
        }
        next = match e.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => e.source(),
        };
    }
    None
}

fn as_certificate_problem(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    match error.downcast_ref::<rustls::Error>()? {
        e @ (rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented) => {
            Some(e.to_string())
        }
        _ => None,
    }
}

/// The innermost cause of an error of reqwest: "connection refused" instead of "error sending request".
pub fn innermost(error: &reqwest::Error) -> String {
    let mut last = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(e) = next {
        last = e.to_string();
        next = e.source();
    }
    if error.is_timeout() { format!("no answer in time ({last})") } else { last }
}
