//! What counts as the same answer: status, media type, the headers that steer clients, keys to any depth, and the texts
//! of errors. Values that a server makes up do not count.

use serde_json::Value;

use crate::common::Answer;

/// Headers whose presence and value count.
const HEADERS: &[&str] = &[
    "Access-Control-Allow-Origin",
    "Access-Control-Allow-Credentials",
    "Access-Control-Allow-Methods",
    "Cache-Control",
    "Retry-After",
];

/// Keys below which real servers put what the simulator does not invent.
const OPAQUE: &[&str] = &["attributes", "stages", "settings"];

/// Keys whose values a server does not make up: what was sent, what the release defaults to, what never varies.
const VALUES: &[&str] = &[
    "access_code_validity",
    "access_token_validity",
    "alg",
    "applied",
    "assigned_application_name",
    "assigned_application_slug",
    "client_type",
    "compatibility_mode",
    "component",
    "count",
    "default",
    "denied_action",
    "designation",
    "description",
    "domain",
    "email_verified",
    "expires_in",
    "expiring",
    "export_url",
    "identifier",
    "include_claims_in_id_token",
    "intent",
    "interval",
    "is_active",
    "issuer_mode",
    "key_type",
    "kty",
    "launch_url",
    "logout_method",
    "logout_uri",
    "matching_mode",
    "matched_domain",
    "meta_launch_url",
    "open_in_new_tab",
    "policy_engine_mode",
    "private_key_available",
    "private_key_type",
    "redirect_uri_type",
    "refresh_token_threshold",
    "refresh_token_validity",
    "slug",
    "sub_mode",
    "title",
    "token_type",
    "token_validity",
    "url",
    "version_current",
];

fn last_key(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or_default().trim_end_matches("[]")
}

pub fn differences(exchange: &Value, answer: &Answer) -> Vec<String> {
    let recorded = &exchange["response"];
    let mut all = vec![];
    let status = recorded["status"].as_u64().unwrap_or_default();
    if status != u64::from(answer.status) {
        all.push(format!(
            "status {status}, simulated {} {}",
            answer.status,
            String::from_utf8_lossy(&answer.body)
        ));
        return all;
    }
    let header = |name: &str| recorded["headers"][name].as_str();
    let media = header("Content-Type").unwrap_or_default().split(';').next().unwrap_or_default();
    if media != answer.media() {
        all.push(format!("media type {media:?}, simulated {:?}", answer.media()));
    }
    for name in HEADERS {
        if header(name) != answer.header(name) {
            all.push(format!("{name} {:?}, simulated {:?}", header(name), answer.header(name)));
        }
    }
    match (header("Location"), answer.header("Location")) {
        (Some(wanted), Some(given)) if outline(wanted) == outline(given) => {}
        (None, None) => {}
        (wanted, given) => all.push(format!("Location {wanted:?}, simulated {given:?}")),
    }
    let head = exchange["request"]["method"] == "HEAD";
    if media == "application/json" && !head {
        walk("", &recorded["body"], &answer.json(), status >= 400, &mut all);
        claims(&recorded["claims"], &answer.json(), &mut all);
    }
    all
}

/// A URL without the values of its query.
fn outline(url: &str) -> String {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let keys: Vec<&str> =
        query.split('&').map(|pair| pair.split('=').next().unwrap_or_default()).collect();
    // The address of the server itself is the recording's.
    format!("{}?{}", path, keys.join("&"))
}

fn keys(value: &Value) -> Vec<String> {
    let mut keys: Vec<String> =
        value.as_object().into_iter().flatten().map(|(key, _)| key.clone()).collect();
    keys.sort();
    keys
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

fn walk(path: &str, recorded: &Value, given: &Value, error: bool, all: &mut Vec<String>) {
    if kind(recorded) != kind(given) {
        all.push(format!("{path} is {}, simulated {}", kind(recorded), kind(given)));
        return;
    }
    match recorded {
        Value::Object(fields) => {
            if keys(recorded) != keys(given) {
                let missing: Vec<String> =
                    keys(recorded).into_iter().filter(|key| !keys(given).contains(key)).collect();
                let extra: Vec<String> =
                    keys(given).into_iter().filter(|key| !keys(recorded).contains(key)).collect();
                all.push(format!("{path} lacks {missing:?}, has {extra:?} too"));
            }
            for (key, value) in fields {
                if !OPAQUE.contains(&key.as_str())
                    && let Some(given) = given.get(key)
                {
                    walk(&format!("{path}.{key}"), value, given, error, all);
                }
            }
        }
        Value::Array(items) => {
            let others = given.as_array().map(Vec::as_slice).unwrap_or_default();
            match (items.first(), others.first()) {
                (Some(item), Some(other)) => walk(&format!("{path}[]"), item, other, error, all),
                (None, None) => {}
                _ => all.push(format!(
                    "{path} has {} items, simulated {}",
                    items.len(),
                    others.len()
                )),
            }
        }
        Value::Number(_) if path.starts_with(".pagination") && recorded != given => {
            all.push(format!("{path} is {recorded}, simulated {given}"));
        }
        Value::String(text) if error && !path.ends_with("request_id") => {
            let (text, given) =
                (text.lines().next(), given.as_str().and_then(|text| text.lines().next()));
            // Ids and rows of the database differ.
            let comparable = !text.unwrap_or_default().contains("pk \"");
            if comparable && text != given {
                all.push(format!("{path} says {text:?}, simulated {given:?}"));
            }
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_)
            if !error && recorded != given && VALUES.contains(&last_key(path)) =>
        {
            all.push(format!("{path} is {recorded}, simulated {given}"));
        }
        _ => {}
    }
}

/// The claims of the tokens in an answer, by name.
fn claims(recorded: &Value, given: &Value, all: &mut Vec<String>) {
    for (key, wanted) in recorded.as_object().into_iter().flatten() {
        let token = given[key].as_str().unwrap_or_default();
        let payload = token.split('.').nth(1).unwrap_or_default();
        let decoded: Value = serde_json::from_slice(&decode(payload)).unwrap_or_default();
        let wanted: Vec<&str> =
            wanted.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if keys(&decoded) != wanted {
            all.push(format!("{key} claims {wanted:?}, simulated {:?}", keys(&decoded)));
        }
    }
}

/// Base64 as tokens have it.
fn decode(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap_or_default()
}
