//! What can go wrong with one request, told apart by what helps: waiting, another token, a permission,
//! another look, or nothing.

use std::fmt;
use std::time::Duration;

use serde_json::Value;

use super::answer::{Answer, Asked};
use super::handshake::Handshake;
use crate::error::{Error, Exit};

/// What kind of trouble it is; each kind has one treatment (see `patience`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// DNS, connect, reset, timeout, a body that ended early.
    Unreachable,
    /// The TLS handshake.
    Tls(Handshake),
    /// 408, 425, 429 and 5xx, with what Retry-After asked for.
    Busy(Option<Duration>),
    /// 401, or 403 that speaks of credentials: the token is not known, or not yet.
    Token,
    /// The server says that no credentials came, although they were sent: something on the way strips the header.
    Stripped,
    /// 401 or 403 in another form than an API answers in: something before the server answers in its place.
    InFront,
    /// 403 that speaks of permission; which one this request needs.
    Permission(&'static str),
    /// 400 with an error a field.
    Invalid(Box<serde_json::Map<String, Value>>),
    /// 404 of an object or path that must be there.
    Missing,
    /// A redirect to another origin, and where to. The token is never sent there.
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
    /// At which URL, and with a credential or without.
    pub asked: Asked,
    /// The status, if there was an answer.
    pub status: Option<u16>,
    /// The server's or the system's words, short and scrubbed.
    pub detail: String,
    /// How often in a row this very request has ended so; 0 where it is not a request's own trouble.
    pub in_a_row: u32,
}

impl Trouble {
    /// The trouble that a complete answer means, with the server's own words.
    pub fn of(answer: &Answer, kind: Kind) -> Self {
        let (request, status) = (answer.request.clone(), Some(answer.status));
        let (asked, in_a_row) = (answer.asked, answer.in_a_row);
        Self { kind, request, asked, status, detail: answer.words(), in_a_row }
    }

    /// Trouble without an answer.
    pub fn without_answer(
        kind: Kind,
        request: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        let (request, detail) = (request.into(), detail.into());
        Self { kind, request, asked: Asked::default(), status: None, detail, in_a_row: 0 }
    }

    /// Whether the server, or the way to it, is away for a moment: a restart looks like this.
    pub fn is_away(&self) -> bool {
        match self.kind {
            Kind::Unreachable => true,
            Kind::Busy(_) => matches!(self.status, Some(502 | 503)),
            _ => false,
        }
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
