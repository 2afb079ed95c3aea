//! Whether a redirect URI is registered: byte by byte, as an expression, or by the old rule that tried both.

use regex::Regex;
use serde_json::Value;

/// Whether the expression matches the whole text, as Python's `fullmatch` does.
fn full(pattern: &str, text: &str) -> Option<bool> {
    Regex::new(&format!("^(?:{pattern})$")).ok().map(|regex| {
        // `$` of this engine matches at the very end only, as wanted.
        regex.is_match(text)
    })
}

/// Whether one of the entries (objects with `matching_mode`, `url` and perhaps `redirect_uri_type`) admits the URI.
/// `legacy` is the rule of releases that keep the URIs as one text.
#[must_use]
pub fn matches(entries: &Value, uri: &str, legacy: bool) -> bool {
    let entries = entries.as_array().map(Vec::as_slice).unwrap_or_default();
    entries.iter().any(|entry| {
        let url = entry["url"].as_str().unwrap_or_default();
        if legacy {
            let pattern = if url == "*" { ".*" } else { url };
            return full(pattern, uri).unwrap_or(false) || url == uri;
        }
        if entry["redirect_uri_type"] == "logout" {
            return false;
        }
        match entry["matching_mode"].as_str() {
            Some("regex") => full(url, uri).unwrap_or(false),
            _ => url == uri,
        }
    })
}

fn is_logout(entry: &&Value) -> bool {
    entry["redirect_uri_type"] == "logout"
}

/// Whether any entry is for the end of sessions.
pub(crate) fn has_logout(entries: &Value) -> bool {
    entries.as_array().into_iter().flatten().any(|entry| is_logout(&entry))
}

/// Whether an entry for the end of sessions admits the URI.
pub(crate) fn matches_logout(entries: &Value, uri: &str) -> bool {
    entries.as_array().into_iter().flatten().filter(is_logout).any(|entry| {
        let url = entry["url"].as_str().unwrap_or_default();
        match entry["matching_mode"].as_str() {
            Some("regex") => full(url, uri).unwrap_or(false),
            _ => url == uri,
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn one(mode: &str, url: &str) -> Value {
        json!([{"matching_mode": mode, "url": url}])
    }

    #[test]
    fn strict_is_byte_by_byte() {
        let entries = one("strict", "http://localhost:53000");
        assert!(matches(&entries, "http://localhost:53000", false));
        assert!(!matches(&entries, "http://localhost:53000/", false));
        assert!(!matches(&entries, "http://LOCALHOST:53000", false));
    }

    #[test]
    fn an_expression_matches_the_whole_uri() {
        let entries = one("regex", "https://a.example/.*");
        assert!(matches(&entries, "https://a.example/x", false));
        assert!(matches(&entries, "https://aXexample/x", false), "the dot is any character");
        assert!(!matches(&entries, "https://a.example/x\nhttps://b", false));
        assert!(!matches(&entries, "xhttps://a.example/x", false));
        assert!(!matches(&one("regex", "https://(["), "https://([", false));
    }

    #[test]
    fn the_old_rule_takes_expressions_and_literals() {
        assert!(matches(&one("regex", "https://(["), "https://([", true));
        assert!(matches(&one("regex", "*"), "https://anything", true));
        assert!(matches(&one("regex", "https://a/\\?x"), "https://a/?x", true));
        assert!(!matches(&one("regex", "http://localhost:53000"), "http://localhost:53000/", true));
    }

    #[test]
    fn logout_entries_are_for_logout() {
        let entries =
            json!([{"matching_mode": "strict", "url": "https://a", "redirect_uri_type": "logout"}]);
        assert!(!matches(&entries, "https://a", false));
    }
}
