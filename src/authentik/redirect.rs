//! Redirect URIs in their two shapes: a list of objects (2024.8.5, 2024.10.3 and later), and before that
//! one text whose entries are patterns. Inside the program there is only one form.

use serde::de::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::anything::anything;

/// What a redirect URI is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// The way back from a login.
    Authorization,
    /// The way back from a logout: an entry of its own from 2026.5, the same list before.
    Logout,
}

/// A path that no URI has, as a Python regular expression.
const MATCHES_NOTHING: &str = "/(?!)";

/// One redirect URI.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RedirectUri {
    /// The URI, or the pattern.
    pub url: String,
    /// `matching_mode`: whether `url` is a regular expression that must match the whole URI.
    pub pattern: bool,
    /// `redirect_uri_type`.
    pub purpose: Purpose,
}

impl RedirectUri {
    /// An entry that is compared byte for byte.
    pub fn strict(url: impl Into<String>) -> Self {
        Self { url: url.into(), pattern: false, purpose: Purpose::Authorization }
    }

    /// A pattern that matches nothing and still names an origin. Where redirect URIs are one text, Authentik takes the
    /// origins that its CORS allows from it as it stands, and the escaped dots of this program make another name (seen on
    /// 2024.2.4).
    pub fn origin_alone(origin: &str) -> Self {
        Self { pattern: true, ..Self::strict(format!("{origin}{MATCHES_NOTHING}")) }
    }

    /// For people: the URI, with what is special about it.
    pub fn describe(&self) -> String {
        let pattern = if self.pattern { "regex:" } else { "" };
        let purpose = if self.purpose == Purpose::Logout { " (logout)" } else { "" };
        format!("{pattern}{}{purpose}", self.url)
    }
}

/// How a server wants them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One text, split at white space; each entry is tried as a pattern first, and literally then.
    Text,
    /// Objects with `matching_mode` and `url`.
    List,
    /// Objects with `redirect_uri_type` too.
    TypedList,
}

/// A provider's redirect URIs as it holds them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectUris {
    /// In the provider's order. Of the old text, each entry is a pattern.
    pub entries: Vec<RedirectUri>,
    /// The shape that they came in; nothing could be told from an empty list or a missing field.
    pub shape: Option<Shape>,
    /// Entries as they were read, by index, so that what others added is sent back unchanged.
    raw: Vec<Value>,
}

impl RedirectUris {
    /// Reads either shape; what is neither is an empty list of unknown shape.
    pub fn read(value: &Value) -> Self {
        match value {
            Value::String(text) => {
                let entries: Vec<RedirectUri> = text
                    .split_whitespace()
                    .map(|e| RedirectUri { pattern: true, ..RedirectUri::strict(e) })
                    .collect();
                let raw = entries.iter().map(|e| Value::from(e.url.clone())).collect();
                Self { entries, shape: Some(Shape::Text), raw }
            }
            Value::Array(items) => {
                let objects: Vec<&Value> = items.iter().filter(|i| i["url"].is_string()).collect();
                let typed = objects.iter().any(|i| i.get("redirect_uri_type").is_some());
                let shape = match objects.is_empty() {
                    true => None,
                    false if typed => Some(Shape::TypedList),
                    false => Some(Shape::List),
                };
                let entries = objects.iter().map(|item| Self::entry(item)).collect();
                Self { entries, shape, raw: objects.into_iter().cloned().collect() }
            }
            _ => Self { entries: Vec::new(), shape: None, raw: Vec::new() },
        }
    }

    fn entry(item: &Value) -> RedirectUri {
        RedirectUri {
            url: item["url"].as_str().unwrap_or_default().to_owned(),
            pattern: item["matching_mode"].as_str() == Some("regex"),
            purpose: match item["redirect_uri_type"].as_str() {
                Some("logout") => Purpose::Logout,
                _ => Purpose::Authorization,
            },
        }
    }

    /// Whether a wish is contained already.
    pub fn contains(&self, wish: &RedirectUri) -> bool {
        match self.shape {
            // In the old text a literal URI may stand escaped, as this program writes it, or as it is, as people do.
            Some(Shape::Text) => self
                .entries
                .iter()
                .any(|e| e.url == wish.url || (!wish.pattern && e.url == escape(&wish.url))),
            // Without types, one entry is for both.
            Some(Shape::List) => {
                self.entries.iter().any(|e| e.url == wish.url && e.pattern == wish.pattern)
            }
            _ => self.entries.contains(wish),
        }
    }

    /// The same without entries that an upgrade of Authentik left dead, and what those were: where redirect URIs were one
    /// text, those of this program stood in it with escaped dots, and the upgrade made strict entries of that text, which match nothing.
    pub fn without_dead(&self, ours: &[RedirectUri], origins: &[String]) -> (Self, Vec<String>) {
        let mut left = self.clone();
        if matches!(self.shape, Some(Shape::Text) | None) {
            return (left, Vec::new());
        }
        let is_dead = |entry: &RedirectUri| {
            let literal = ours.iter().filter(|uri| !uri.pattern).map(|uri| escape(&uri.url));
            let patterns = ours.iter().filter(|uri| uri.pattern).map(|uri| uri.url.clone());
            let origins = origins.iter().map(|origin| RedirectUri::origin_alone(origin).url);
            let mut written = literal.chain(patterns).chain(origins);
            !entry.pattern
                && written.any(|text| text == entry.url)
                && !ours.iter().any(|uri| !uri.pattern && uri.url == entry.url)
        };
        let dead: Vec<bool> = self.entries.iter().map(is_dead).collect();
        let gone = self.entries.iter().zip(&dead).filter(|(_, dead)| **dead);
        let gone = gone.map(|(entry, _)| entry.describe()).collect();
        let (mut at, mut raw_at) = (dead.iter(), dead.iter());
        left.entries.retain(|_| at.next() == Some(&false));
        left.raw.retain(|_| raw_at.next() == Some(&false));
        (left, gone)
    }

    /// What to send so that everything that is there stays, and these are added.
    pub fn with(&self, added: &[&RedirectUri], shape: Shape) -> Value {
        let mut all = self.raw.clone();
        all.extend(added.iter().map(|uri| write(uri, shape)));
        match shape {
            Shape::Text => {
                let lines: Vec<&str> = all.iter().filter_map(Value::as_str).collect();
                Value::from(lines.join("\n"))
            }
            Shape::List | Shape::TypedList => Value::from(all),
        }
    }
}

impl<'de> Deserialize<'de> for RedirectUris {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        anything(deserializer).map(|value| Self::read(&value))
    }
}

impl Default for RedirectUris {
    fn default() -> Self {
        Self::read(&Value::Null)
    }
}

fn write(uri: &RedirectUri, shape: Shape) -> Value {
    let mode = if uri.pattern { "regex" } else { "strict" };
    match shape {
        Shape::Text if uri.pattern => Value::from(uri.url.clone()),
        Shape::Text => Value::from(escape(&uri.url)),
        Shape::List => json!({"matching_mode": mode, "url": uri.url}),
        Shape::TypedList => {
            let purpose = match uri.purpose {
                Purpose::Authorization => "authorization",
                Purpose::Logout => "logout",
            };
            json!({"matching_mode": mode, "url": uri.url, "redirect_uri_type": purpose})
        }
    }
}

/// A literal text as a Python regular expression that matches only it.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if ".+*?()|[]{}^$\\".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_entries_stay_as_they_are_and_ours_are_escaped() {
        let have = RedirectUris::read(&Value::from("https://a.example/.*\nhttp://localhost:53000"));
        assert_eq!(have.shape, Some(Shape::Text));
        assert!(have.contains(&RedirectUri::strict("http://localhost:53000")));
        let new = RedirectUri::strict("https://nb.example.com/auth");
        assert!(!have.contains(&new));
        let sent = have.with(&[&new], Shape::Text);
        assert_eq!(
            sent,
            "https://a.example/.*\nhttp://localhost:53000\nhttps://nb\\.example\\.com/auth"
        );
        assert!(RedirectUris::read(&sent).contains(&new));
    }

    #[test]
    fn objects_keep_fields_that_we_do_not_know() {
        let have = RedirectUris::read(&json!([
            {"matching_mode": "strict", "url": "https://x/", "redirect_uri_type": "authorization", "future": 1}
        ]));
        let new = RedirectUri { purpose: Purpose::Logout, ..RedirectUri::strict("https://x/") };
        assert!(!have.contains(&new), "a logout entry is another entry");
        assert_eq!(
            have.with(&[&new], Shape::TypedList),
            json!([
                {"matching_mode": "strict", "url": "https://x/", "redirect_uri_type": "authorization", "future": 1},
                {"matching_mode": "strict", "url": "https://x/", "redirect_uri_type": "logout"}
            ])
        );
    }
}
