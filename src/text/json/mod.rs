//! A JSON document that keeps what it does not know byte by byte: numbers and texts stay as they were written, with
//! their digits and escapes. NetBird's management expands a file as a template of Go before it parses it, so it matters
//! whether a brace in somebody's text is escaped.

mod split;

use serde_json::Value;

use super::fold::{fold, is_same};

/// A value of a document.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// Members in their order; a key as it is written, quotes included.
    Object(Vec<(String, Node)>),
    /// Items in their order.
    Array(Vec<Node>),
    /// A text, number, `true`, `false` or `null`, as it is written.
    Scalar(String),
}

impl Node {
    /// An object without members.
    pub fn empty() -> Self {
        Self::Object(Vec::new())
    }

    /// A text of this container: its braces are escaped, so that no template is run.
    pub fn text(text: &str) -> Self {
        Self::Scalar(Value::from(text).to_string().replace('{', r"\u007b"))
    }

    /// The members, if it is an object.
    pub fn members(&self) -> &[(String, Self)] {
        match self {
            Self::Object(members) => members,
            _ => &[],
        }
    }

    /// The items, if it is a list.
    pub fn items(&self) -> &[Self] {
        match self {
            Self::Array(items) => items,
            _ => &[],
        }
    }

    /// What is at this path of keys, as Go finds it: names are compared without case, and the last one counts.
    pub fn at(&self, path: &str) -> Option<&Self> {
        path.split('.').try_fold(self, |node, key| {
            node.members().iter().rev().find(|(name, _)| is(name, key)).map(|(_, value)| value)
        })
    }

    /// The same, to be changed.
    pub fn at_mut(&mut self, path: &str) -> Option<&mut Self> {
        path.split('.').try_fold(self, |node, key| match node {
            Self::Object(members) => {
                members.iter_mut().rev().find(|(name, _)| is(name, key)).map(|(_, value)| value)
            }
            _ => None,
        })
    }

    /// The member of exactly this name, as a map of Go has it.
    pub fn exact(&self, key: &str) -> Option<&Self> {
        self.members().iter().rev().find(|(name, _)| spelt(name) == key).map(|(_, value)| value)
    }

    /// Sets what is at this path; objects on the way are made, and names keep the spelling that is there.
    pub fn set(&mut self, path: &str, value: Self) {
        let (key, rest) = path.split_once('.').map_or((path, None), |(k, r)| (k, Some(r)));
        let position = self.members().iter().rposition(|(name, _)| is(name, key));
        self.put(position, key, rest, value);
    }

    /// Sets the member of exactly this name.
    pub fn set_exact(&mut self, key: &str, value: Self) {
        let position = self.members().iter().rposition(|(name, _)| spelt(name) == key);
        self.put(position, key, None, value);
    }

    /// Removes members of this name, as Go compares names.
    pub fn remove(&mut self, key: &str) {
        if let Self::Object(members) = self {
            members.retain(|(name, _)| !is(name, key));
        }
    }

    /// Removes the member of exactly this name.
    pub fn remove_exact(&mut self, key: &str) {
        if let Self::Object(members) = self {
            members.retain(|(name, _)| spelt(name) != key);
        }
    }

    fn put(&mut self, position: Option<usize>, key: &str, rest: Option<&str>, value: Self) {
        if !matches!(self, Self::Object(_)) {
            *self = Self::empty();
        }
        let Self::Object(members) = self else { return };
        let position = position.unwrap_or_else(|| {
            members.push((Value::from(key).to_string(), Self::Scalar("null".to_owned())));
            members.len() - 1
        });
        match rest {
            Some(rest) => members[position].1.set(rest, value),
            None => members[position].1 = value,
        }
    }

    /// Whether it is `null`, which Go reads as if it was absent.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Scalar(raw) if raw == "null")
    }

    /// The text that it stands for, unless it is none.
    pub fn as_text(&self) -> Option<String> {
        match self {
            Self::Scalar(raw) if raw.starts_with('"') => serde_json::from_str(raw).ok(),
            _ => None,
        }
    }

    /// Whether NetBird's management expands it before it reads it.
    pub fn is_template(&self) -> bool {
        matches!(self, Self::Scalar(raw) if raw.contains("{{"))
    }

    /// What kind of value it is, for people.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Object(_) => "an object",
            Self::Array(_) => "a list",
            Self::Scalar(raw) => match raw.as_bytes().first() {
                Some(b'"') => "a text",
                Some(b't' | b'f') => "true or false",
                Some(b'n') => "null",
                _ => "a number",
            },
        }
    }

    /// What Go makes of it, in one form for every way of writing it: names without case and sorted, members that Go
    /// would fill in by itself left out.
    pub fn meaning(&self) -> String {
        match self {
            Self::Object(members) => {
                let told =
                    members.iter().map(|(name, value)| (fold(&spelt(name)), value.meaning()));
                let mut told: Vec<_> = told
                    .filter(|(_, m)| {
                        !matches!(m.as_str(), "\"\"" | "null" | "false" | "0" | "[]" | "{}")
                    })
                    .map(|(name, meaning)| format!("{}:{meaning}", Value::from(name)))
                    .collect();
                told.sort();
                format!("{{{}}}", told.join(","))
            }
            Self::Array(items) => {
                let told: Vec<String> = items.iter().map(Self::meaning).collect();
                format!("[{}]", told.join(","))
            }
            Self::Scalar(raw) if self.is_template() => format!("template {raw}"),
            Self::Scalar(raw) => self.as_text().map_or(raw.clone(), |t| Value::from(t).to_string()),
        }
    }

    /// The document, indented by two blanks a level, with a line end.
    pub fn pretty(&self) -> String {
        let mut out = String::new();
        self.print(&mut out, 1);
        out.push('\n');
        out
    }

    fn print(&self, out: &mut String, level: usize) {
        let indent = "  ".repeat(level);
        let open = |out: &mut String, first: bool| {
            out.push_str(if first { "\n" } else { ",\n" });
            out.push_str(&indent);
        };
        match self {
            Self::Object(members) if !members.is_empty() => {
                out.push('{');
                for (position, (name, value)) in members.iter().enumerate() {
                    open(out, position == 0);
                    out.push_str(name);
                    out.push_str(": ");
                    value.print(out, level + 1);
                }
                out.push('\n');
                out.push_str(&"  ".repeat(level - 1));
                out.push('}');
            }
            Self::Array(items) if !items.is_empty() => {
                out.push('[');
                for (position, value) in items.iter().enumerate() {
                    open(out, position == 0);
                    value.print(out, level + 1);
                }
                out.push('\n');
                out.push_str(&"  ".repeat(level - 1));
                out.push(']');
            }
            Self::Object(_) => out.push_str("{}"),
            Self::Array(_) => out.push_str("[]"),
            Self::Scalar(raw) => out.push_str(raw),
        }
    }
}

impl From<Value> for Node {
    /// A value of this container: see [`Node::text`].
    fn from(value: Value) -> Self {
        match value {
            Value::Object(members) => Self::Object(
                members
                    .into_iter()
                    .map(|(name, value)| (Value::from(name).to_string(), value.into()))
                    .collect(),
            ),
            Value::Array(items) => Self::Array(items.into_iter().map(Self::from).collect()),
            Value::String(text) => Self::text(&text),
            other => Self::Scalar(other.to_string()),
        }
    }
}

/// A key as it is meant.
pub fn spelt(name: &str) -> String {
    serde_json::from_str(name).unwrap_or_else(|_| name.to_owned())
}

/// Whether a written key is this one for Go. Keys are looked up by the hundred in a run, and hardly one has an escape.
fn is(name: &str, key: &str) -> bool {
    let plain = name.strip_prefix('"').and_then(|name| name.strip_suffix('"'));
    match plain.filter(|plain| !plain.contains('\\')) {
        Some(plain) => is_same(plain, key),
        None => is_same(&spelt(name), key),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_texts_and_order_stay_as_they_were_written() {
        let text = r#"{"b": [1e2, -0, 1.50, {}, [], {"x": null}], "a": "\u007b\u007b caf\u00e9 \/", "": "}],\"" }"#;
        let node = Node::parse(text).unwrap();
        let again = node.pretty();
        assert_eq!(Node::parse(&again).unwrap(), node);
        for part in ["1e2", "-0", "1.50", r#""\u007b\u007b caf\u00e9 \/""#, r#""}],\"""#] {
            assert!(again.contains(part), "{again}");
        }
        assert!(again.find("\"b\"") < again.find("\"a\""));
    }

    #[test]
    fn it_is_printed_as_serde_json_does() {
        let value = serde_json::json!({"a": [], "b": {}, "c": [1, {"d": "x"}], "e": {"f": true}});
        assert_eq!(Node::from(value.clone()).pretty(), format!("{value:#}\n"));
    }

    #[test]
    fn names_are_found_as_go_finds_them_and_keep_their_spelling() {
        let mut node = Node::parse(r#"{"httpconfig": {"a": 1}, "HttpConfig": {"a": 2}}"#).unwrap();
        assert_eq!(node.at("HTTPCONFIG.A"), Some(&Node::Scalar("2".into())), "Go takes the last");
        node.set("HttpConfig.A", Node::text("x"));
        node.set("Relay.Secret", Node::text("{{y}}"));
        let text = node.pretty();
        assert!(text.contains(r#""a": "x""#) && text.contains(r#""\u007b\u007by}}""#), "{text}");
    }

    #[test]
    fn what_is_not_json_is_told_by_its_place() {
        for text in ["", "{", "{\"a\" 1}", "[1,]", "{} {}", "{\"a\": {{ .X }}}", "\u{feff}{}"] {
            assert!(Node::parse(text).unwrap_err().starts_with("at line"), "{text}");
        }
        assert!(Node::parse(&"[".repeat(100_000)).is_err());
        let deep = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
        assert!(Node::parse(&deep).unwrap_err().contains("nested"));
        let many = |count: usize| format!("[{}[]]", "[],".repeat(count));
        assert!(Node::parse(&many(300_000)).unwrap_err().contains("more than 20000 values"));
        assert!(Node::parse(&many(10_000)).is_ok());
    }

    #[test]
    fn the_meaning_is_what_go_reads() {
        let meaning = |text: &str| Node::parse(text).unwrap().meaning();
        let ours = meaning(r#"[{"Proto": "udp", "URI": "stun:a:3478"}]"#);
        let theirs =
            r#"[{"uri": "stun:\u0061:3478", "Proto": "udp", "Username": "", "Password": null}]"#;
        assert_eq!(ours, meaning(theirs));
        assert_ne!(meaning(r#""{{ .X }}""#), meaning(r#""\u007b{ .X }}""#));
    }
}
