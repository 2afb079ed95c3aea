//! From an answer to an object, or to the trouble that it means.

use reqwest::header;
use serde::de::DeserializeOwned;

use super::bounded::has_endless_text;
use crate::http::answer::{Answer, retry_after, text_header};
use crate::http::{Kind, Trouble};
use crate::text::excerpt;

/// The object in a good answer, else the trouble that the answer means.
pub(super) fn decode<T: DeserializeOwned>(
    answer: &Answer,
    permission: &'static str,
) -> Result<T, Trouble> {
    match answer.status {
        200 | 201 if has_endless_text(&answer.body) => {
            let mut trouble = Trouble::of(answer, Kind::Malformed);
            trouble.detail = "a text without an end in it".to_owned();
            Err(trouble)
        }
        200 | 201 => serde_json::from_slice(&answer.body).map_err(|e| {
            let mut trouble = Trouble::of(answer, Kind::Malformed);
            if answer.media_type != "text/html" {
                trouble.detail = excerpt(&format!("not the JSON that was expected: {e}"));
            }
            trouble
        }),
        _ => Err(refusal(answer, permission)),
    }
}

/// What an answer that is not a success means.
pub(super) fn refusal(answer: &Answer, permission: &'static str) -> Trouble {
    let body = answer.small_json();
    let kind = match answer.status {
        // Authentik's API answers in JSON only, and who brings no credential cannot be refused for it.
        401 | 403 if !answer.asked.credential || !answer.media_type.ends_with("json") => {
            Kind::InFront
        }
        401 | 403 => {
            let detail = body.as_ref().and_then(|b| b["detail"].as_str()).unwrap_or_default();
            let detail = detail.to_ascii_lowercase();
            if detail.contains("permission") && !permission.is_empty() {
                Kind::Permission(permission)
            } else if detail.contains("credentials were not provided") {
                Kind::Stripped
            } else {
                Kind::Token
            }
        }
        400 => match body {
            Some(serde_json::Value::Object(fields)) if !fields.is_empty() => {
                Kind::Invalid(Box::new(scrubbed(fields)))
            }
            _ => Kind::Malformed,
        },
        404 => Kind::Missing,
        408 | 425 | 429 | 500..=599 => Kind::Busy(retry_after(&answer.headers, answer.received)),
        300..=399 => answer.leads_elsewhere().map_or(Kind::Malformed, Kind::Redirect),
        _ => Kind::Malformed,
    };
    let mut trouble = Trouble::of(answer, kind);
    if let (300..=399, Some(to)) = (answer.status, text_header(&answer.headers, header::LOCATION)) {
        trouble.detail = excerpt(&format!("redirected to {to}"));
    }
    trouble
}

/// How many field errors are kept: more than any form here has fields that can be wrong at a time.
const FIELDS: usize = 10;

/// Field errors repeat what was sent, and may be raw texts of a database: shortened and without secrets.
fn scrubbed(
    fields: serde_json::Map<String, serde_json::Value>,
) -> serde_json::Map<String, serde_json::Value> {
    use serde_json::Value;
    fn walk(value: Value) -> Value {
        match value {
            Value::String(text) => excerpt(&text).into(),
            Value::Array(items) => items.into_iter().take(FIELDS).map(walk).collect(),
            Value::Object(map) => Value::Object(scrubbed(map)),
            other => other,
        }
    }
    fields.into_iter().take(FIELDS).map(|(key, v)| (excerpt(&key), walk(v))).collect()
}
