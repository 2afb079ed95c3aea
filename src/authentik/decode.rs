//! From an answer to an object, or to the trouble that it means.

use reqwest::header;
use serde::de::DeserializeOwned;

use super::answer::{Answer, retry_after, text_header};
use super::transport::Transport;
use super::trouble::{Kind, Trouble};

/// The object in a good answer, else the trouble that the answer means.
pub(super) fn decode<T: DeserializeOwned>(
    transport: &Transport,
    answer: &Answer,
    permission: &'static str,
) -> Result<T, Trouble> {
    let write = !answer.request.starts_with("GET ");
    match answer.status {
        200 | 201 => serde_json::from_slice(&answer.body).map_err(|e| {
            let mut trouble = transport.trouble(answer, Kind::Malformed, write);
            if answer.media_type != "text/html" {
                trouble.detail = transport.excerpt(&format!("not the JSON that was expected: {e}"));
            }
            trouble
        }),
        _ => Err(refusal(transport, answer, permission, write)),
    }
}

/// What an answer that is not a success means.
pub(super) fn refusal(
    transport: &Transport,
    answer: &Answer,
    permission: &'static str,
    write: bool,
) -> Trouble {
    let body = serde_json::from_slice::<serde_json::Value>(&answer.body).ok();
    let kind = match answer.status {
        401 | 403 => {
            let detail = body.as_ref().and_then(|b| b["detail"].as_str()).unwrap_or_default();
            if detail.to_ascii_lowercase().contains("permission") && !permission.is_empty() {
                Kind::Permission(permission)
            } else {
                Kind::Token
            }
        }
        400 => match body {
            Some(serde_json::Value::Object(fields)) if !fields.is_empty() => {
                Kind::Invalid(Box::new(scrubbed(transport, fields)))
            }
            _ => Kind::Malformed,
        },
        404 => Kind::Missing,
        408 | 425 | 429 | 500..=599 => Kind::Busy(retry_after(&answer.headers, answer.received)),
        300..=399 => Kind::Redirect(
            text_header(&answer.headers, header::LOCATION)
                .map(|l| transport.excerpt(l))
                .unwrap_or_default(),
        ),
        _ => Kind::Malformed,
    };
    transport.trouble(answer, kind, write)
}

/// Field errors repeat what was sent, and may be raw texts of a database: shortened and without secrets.
fn scrubbed(
    transport: &Transport,
    fields: serde_json::Map<String, serde_json::Value>,
) -> serde_json::Map<String, serde_json::Value> {
    use serde_json::Value;
    fn walk(transport: &Transport, value: Value) -> Value {
        match value {
            Value::String(text) => transport.excerpt(&text).into(),
            Value::Array(items) => items.into_iter().map(|i| walk(transport, i)).collect(),
            Value::Object(map) => Value::Object(scrubbed(transport, map)),
            other => other,
        }
    }
    fields.into_iter().map(|(key, v)| (transport.excerpt(&key), walk(transport, v))).collect()
}
