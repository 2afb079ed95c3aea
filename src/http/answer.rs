//! An answer as it came, and what its headers say.

use std::time::{Duration, SystemTime};

use reqwest::header::{self, HeaderMap};
use serde_json::Value;

use crate::text::excerpt;

/// Who was asked, for whoever has to say what to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The variable that the URL comes from; empty where the caller has only one.
    pub url: &'static str,
    /// Whether a credential was sent, which alone can be refused.
    pub credential: bool,
}

/// No Retry-After makes us wait longer than this at a time: one deadline bounds the run, not a header.
const RETRY_AFTER_CAP: Duration = Duration::from_secs(30);

/// An answer, whatever its status.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Media type without parameters, in lower case; empty if none was given.
    pub media_type: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
    /// When the answer's headers arrived.
    pub received: SystemTime,
    /// From sending to the end of the body.
    pub elapsed: Duration,
    /// Method and path, for messages.
    pub request: String,
    /// At which URL, and with a credential or without.
    pub asked: Asked,
    /// Scheme, host and port that were asked.
    pub origin: String,
    /// How often in a row this very request has been refused, or not carried out, in the same way; 0 for a success.
    pub in_a_row: u32,
}

impl Answer {
    /// What the server says in an answer: `detail` or `message` of its JSON, the field errors, or plain text. Of HTML
    /// only that it is HTML: its text is a page, not a reason.
    pub fn words(&self) -> String {
        if self.media_type == "text/html" {
            return "an HTML page".into();
        }
        let text = String::from_utf8_lossy(&self.body[..self.body.len().min(UNKNOWN_FORM)]);
        let json: Option<Value> = self.small_json();
        let said = match &json {
            Some(Value::Object(map)) => ["detail", "error_description", "error", "message"]
                .iter()
                .find_map(|key| map.get(*key)?.as_str())
                .unwrap_or(&text),
            _ => &text,
        };
        excerpt(said)
    }
}

impl Answer {
    /// Where a redirect leads to, if it is to another origin.
    pub fn leads_elsewhere(&self) -> Option<String> {
        let location = text_header(&self.headers, header::LOCATION)?;
        let target = url::Url::parse(&self.origin).ok()?.join(location).ok()?;
        (target.origin().ascii_serialization() != self.origin).then(|| excerpt(target.as_str()))
    }
}

/// The largest body that is read without knowing its form, in bytes: errors are far smaller, and a tree of JSON is many
/// times as large as its text.
const UNKNOWN_FORM: usize = 64 * 1024;

impl Answer {
    /// Whether it refuses as Authentik's own endpoints do. A 401 in another form is somebody's in front of it.
    pub fn refuses(&self) -> bool {
        self.status == 400 || (self.status == 401 && self.media_type.ends_with("json"))
    }

    /// The body, if it is JSON and no larger than the words of an error are.
    pub fn small_json(&self) -> Option<Value> {
        let small = self.body.len() <= UNKNOWN_FORM;
        small.then(|| serde_json::from_slice(&self.body).ok()).flatten()
    }
}

/// A header's value, if it is text.
pub fn text_header(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// What a Retry-After asks for (RFC 9110, 10.2.3: seconds or a date), capped.
pub fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = text_header(headers, header::RETRY_AFTER)?.trim();
    let asked = if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        // More digits than a u64 holds is longer than the cap as well.
        value.parse().map_or(RETRY_AFTER_CAP, Duration::from_secs)
    } else {
        httpdate::parse_http_date(value).ok()?.duration_since(now).unwrap_or_default()
    };
    Some(asked.min(RETRY_AFTER_CAP))
}
