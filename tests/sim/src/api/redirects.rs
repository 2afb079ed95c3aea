//! Redirect URIs in their two forms: a text of lines, and a list of objects. They are kept as the list.

use regex::Regex;
use serde_json::{Map, Value, json};

use crate::api::form::python_type;
use crate::features::Feature as F;
use crate::profile::Profile;

/// The redirect URIs as this release shows them.
pub(crate) fn shown(stored: &Value, profile: &Profile) -> Value {
    let entries = stored.as_array().cloned().unwrap_or_default();
    if !profile.has(F::RedirectList) {
        let lines: Vec<&str> = entries.iter().filter_map(|entry| entry["url"].as_str()).collect();
        return json!(lines.join("\n"));
    }
    entries
        .iter()
        .map(|entry| {
            let mut shown = Map::new();
            shown.insert("matching_mode".to_owned(), entry["matching_mode"].clone());
            shown.insert("url".to_owned(), entry["url"].clone());
            if profile.has(F::RedirectType) {
                let kind = entry["redirect_uri_type"].as_str().unwrap_or("authorization");
                shown.insert("redirect_uri_type".to_owned(), json!(kind));
            }
            Value::Object(shown)
        })
        .collect()
}

/// The list to store for what was sent, or what is wrong with it, in the form errors of this field have.
pub(crate) fn parsed(sent: &Value, profile: &Profile) -> Result<Value, Value> {
    if !profile.has(F::RedirectList) {
        // Never checked; each line counts as an expression first, so that is what it is kept as.
        let Value::String(lines) = sent else {
            return Err(json!(["Not a valid string."]));
        };
        return Ok(lines
            .split_whitespace()
            .map(|line| json!({"matching_mode": "regex", "url": line}))
            .collect());
    }
    let Some(entries) = sent.as_array() else {
        let text = format!("Expected a list of items but got type \"{}\".", python_type(sent));
        return Err(json!({"non_field_errors": [text]}));
    };
    let errors: Vec<Value> = entries.iter().map(|entry| faults(entry, profile)).collect();
    if errors.iter().any(|error| error.as_object().is_some_and(|fields| !fields.is_empty())) {
        return Err(Value::Array(errors));
    }
    let mut stored = vec![];
    for entry in entries {
        let url = entry["url"].as_str().unwrap_or_default().trim();
        if entry["matching_mode"] == "regex" && Regex::new(url).is_err() {
            return Err(json!([format!("Invalid Regex Pattern: {url}")]));
        }
        let mut kept = json!({"matching_mode": entry["matching_mode"], "url": url});
        if profile.has(F::RedirectType) {
            kept["redirect_uri_type"] =
                json!(entry["redirect_uri_type"].as_str().unwrap_or("authorization"));
        }
        stored.push(kept);
    }
    Ok(Value::Array(stored))
}

/// What is wrong with one entry, by field.
fn faults(entry: &Value, profile: &Profile) -> Value {
    if !entry.is_object() {
        let text = format!("Invalid data. Expected a dictionary, but got {}.", python_type(entry));
        return json!({"non_field_errors": [text]});
    }
    let mut errors = Map::new();
    let mut report = |field: &str, text: String| errors.insert(field.to_owned(), json!([text]));
    let required = "This field is required.".to_owned();
    match &entry["matching_mode"] {
        Value::Null => drop(report("matching_mode", required.clone())),
        Value::String(mode) if mode == "strict" || mode == "regex" => {}
        other => drop(report("matching_mode", not_a_choice(other))),
    }
    match &entry["url"] {
        Value::Null => drop(report("url", required)),
        Value::String(url) if url.trim().is_empty() => {
            drop(report("url", "This field may not be blank.".to_owned()))
        }
        Value::String(_) => {}
        _ => drop(report("url", "Not a valid string.".to_owned())),
    }
    if profile.has(F::RedirectType) {
        match entry.get("redirect_uri_type") {
            None => {}
            Some(Value::String(kind)) if kind == "authorization" || kind == "logout" => {}
            Some(other) => drop(report("redirect_uri_type", not_a_choice(other))),
        }
    }
    Value::Object(errors)
}

fn not_a_choice(value: &Value) -> String {
    let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    format!("\"{shown}\" is not a valid choice.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::find;

    #[test]
    fn a_text_becomes_a_list_and_a_text_again() {
        let old = find("2024.2").expect("a profile");
        let stored = parsed(&json!("https://a/.*\nhttp://b"), old).expect("accepted");
        assert_eq!(stored.as_array().map(Vec::len), Some(2));
        assert_eq!(shown(&stored, old), json!("https://a/.*\nhttp://b"));
        let new = find("2026.5").expect("a profile");
        assert_eq!(shown(&stored, new)[0]["redirect_uri_type"], "authorization");
        assert_eq!(shown(&stored, new)[0]["matching_mode"], "regex");
    }

    #[test]
    fn a_list_is_checked_entry_by_entry() {
        let new = find("2026.2").expect("a profile");
        let bad = parsed(&json!([{"matching_mode": "bogus", "url": "x"}]), new);
        assert_eq!(bad, Err(json!([{"matching_mode": ["\"bogus\" is not a valid choice."]}])));
        let bad = parsed(&json!([{"matching_mode": "regex", "url": "https://(["}]), new);
        assert_eq!(bad, Err(json!(["Invalid Regex Pattern: https://(["])));
    }
}
