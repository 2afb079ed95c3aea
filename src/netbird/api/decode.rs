//! From an answer of NetBird to an object, or to the trouble that it means.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::http::answer::{Answer, retry_after};
use crate::http::{Kind, Trouble};
use crate::text::excerpt;

/// Who may do what is asked here. An administrator may do all of it (NetBird's roles: owner, admin).
pub(super) const ADMIN: &str = "of a NetBird administrator";

/// The object in a good answer, else the trouble that the answer means.
pub(super) fn decode<T: DeserializeOwned>(answer: &Answer) -> Result<T, Trouble> {
    match answer.status {
        // NetBird answers 200 to what it creates, too.
        200 | 201 => serde_json::from_slice(&answer.body).map_err(|e| {
            let mut trouble = Trouble::of(answer, Kind::Malformed);
            if answer.media_type != "text/html" {
                trouble.detail = excerpt(&format!("not the JSON that was expected: {e}"));
            }
            trouble
        }),
        _ => Err(refusal(answer)),
    }
}

/// What an answer that is not a success means.
pub(super) fn refusal(answer: &Answer) -> Trouble {
    let message = message(answer);
    let is_own = message.is_some();
    let said = message.unwrap_or_default();
    let kind = match answer.status {
        // Without NetBird's JSON somebody in front of it answers: a proxy that asks for a login of its own.
        401 | 403 if !is_own => Kind::InFront,
        401 => Kind::Token,
        403 => Kind::Permission(ADMIN),
        // A token that was taken away, or is of another NetBird, is 404; an expired one 401.
        404 if said.contains("pat:") => Kind::Token,
        404 => Kind::Missing,
        400 | 409 | 412 | 422 if is_own => {
            let mut fields = Map::new();
            fields.insert("NetBird".to_owned(), Value::from(excerpt(&said)));
            Kind::Invalid(Box::new(fields))
        }
        408 | 425 | 429 | 500..=599 => Kind::Busy(retry_after(&answer.headers, answer.received)),
        300..=399 => answer.leads_elsewhere().map_or(Kind::Malformed, Kind::Redirect),
        _ => Kind::Malformed,
    };
    let mut trouble = Trouble::of(answer, kind);
    if answer.status == 404 && matches!(trouble.kind, Kind::Token) {
        // Its own text holds a hash of the token.
        trouble.detail = "NetBird has no such token".to_owned();
    }
    trouble
}

/// `message` of NetBird's error body, `{"message": …, "code": …}`, in lower case already.
fn message(answer: &Answer) -> Option<String> {
    let body: Value = serde_json::from_slice(&answer.body).ok()?;
    Some(body.get("message")?.as_str()?.to_owned())
}
