//! Reading a request body, with the complaints about what is no JSON object.

use serde_json::{Map, Value, json};

use crate::api::Env;
use crate::api::form::python_type;
use crate::features::Feature as F;
use crate::http::reply::Reply;

/// The JSON object of the body; no body at all is an empty object.
pub(crate) fn object(env: &Env<'_>) -> Result<Map<String, Value>, Reply> {
    let kind = env.call.header("content-type").unwrap_or_default();
    if env.call.body.is_empty() {
        return Ok(Map::new());
    }
    let media = kind.split(';').next().unwrap_or_default().trim();
    if !media.eq_ignore_ascii_case("application/json") {
        return Err(Reply::detail(415, &format!("Unsupported media type \"{kind}\" in request.")));
    }
    match serde_json::from_slice(&env.call.body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(other) => {
            let text =
                format!("Invalid data. Expected a dictionary, but got {}.", python_type(&other));
            Err(Reply::json(400, &json!({"non_field_errors": [text]})))
        }
        Err(error) => {
            let what = if env.profile.has(F::FastJson) {
                "unexpected character"
            } else {
                "Expecting property name enclosed in double quotes"
            };
            let place = format!(
                "line {} column {} (char {})",
                error.line(),
                error.column(),
                error.column().max(1) - 1
            );
            Err(Reply::detail(400, &format!("JSON parse error - {what}: {place}")))
        }
    }
}
