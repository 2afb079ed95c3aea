//! The one filter that text passes on its way to a log, a terminal or JSON, wherever it came from: characters that a
//! terminal obeys are escaped, secrets and the user information of URLs replaced, and nothing is endless.

use std::fmt::Write;

use serde_json::Value;

use super::redact::{longest, without_secrets};

/// How much of a single value or of somebody else's words is shown, in characters.
pub const VALUE: usize = 200;

/// How much of a sentence that this program makes of such values is shown: several of them, and its own words.
pub const SENTENCE: usize = 1_000;

/// Somebody else's words in one line: white space becomes one blank.
pub fn excerpt(text: &str) -> String {
    let mut line = String::new();
    for word in cleaned(text).split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if line.len() > VALUE * 4 {
            break;
        }
    }
    escaped(&line, VALUE)
}

/// A value as it is, in one line.
pub fn value(text: &str) -> String {
    escaped(&cleaned(text), VALUE)
}

/// A sentence of this program, with values of others in it.
pub fn sentence(text: &str) -> String {
    escaped(&cleaned(text), SENTENCE)
}

/// Lines of this program, each one a sentence.
pub fn lines(text: &str) -> String {
    text.lines().map(|line| format!("{}\n", sentence(line))).collect()
}

/// A document for machines: each text of it a value, or a sentence where it is one.
pub fn document(value_of: Value) -> Value {
    tree(value_of, false)
}

/// Keys under which documents have sentences of this program.
const SENTENCES: [&str; 6] = ["what", "why", "remedy", "detail", "message", "warning"];

fn tree(of: Value, is_sentence: bool) -> Value {
    match of {
        Value::String(text) if is_sentence => sentence(&text).into(),
        Value::String(text) => value(&text).into(),
        Value::Array(items) => items.into_iter().map(|item| tree(item, is_sentence)).collect(),
        Value::Object(map) => {
            let pairs = map.into_iter().map(|(key, inner)| {
                let inner = tree(inner, is_sentence || SENTENCES.contains(&key.as_str()));
                (value(&key), inner)
            });
            Value::Object(pairs.collect())
        }
        other => other,
    }
}

/// As much of a text as can matter, without secrets: whoever sends megabytes is not to be copied.
fn cleaned(text: &str) -> String {
    if text.len() <= WINDOW {
        return without_secrets(text);
    }
    let found = without_secrets(head(text, WINDOW));
    // The end may be the beginning of a secret, which nothing has replaced.
    head(&found, found.len().saturating_sub(longest().max(MARGIN))).to_owned()
}

/// How much of a text is looked at, in bytes.
pub const WINDOW: usize = 16 * 1024;

/// Longer than what stands before the @ of a URL, in bytes.
const MARGIN: usize = 512;

/// The beginning of a text, at most this many bytes of it.
pub fn head(text: &str, limit: usize) -> &str {
    let end = (0..=limit.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    &text[..end.unwrap_or(0)]
}

/// The text with what a terminal obeys as Rust writes it, at most this many characters long.
fn escaped(text: &str, limit: usize) -> String {
    let mut out = String::new();
    let mut length = 0;
    for c in text.chars() {
        let start = out.len();
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() || is_invisible(c) => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
        // An escape is several characters, all of them ASCII.
        length += if c.is_control() || is_invisible(c) { out.len() - start } else { 1 };
        if length > limit {
            out.truncate(start);
            out.push('…');
            break;
        }
    }
    out
}

/// Characters that reorder, hide or separate text on a terminal: bidirectional controls, zero-width ones, BOM, line and
/// paragraph separators, tags.
pub fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use super::super::Secret;
    use super::super::redact::learn;
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_terminal_obeys_is_escaped_and_secrets_are_hidden() {
        learn(&Secret::new("abcdef-token"));
        assert_eq!(
            excerpt("no\x1b[31m abcdef-token\r\n\n is \u{202e}wrong"),
            "no\\u{1b}[31m (secret) is \\u{202e}wrong"
        );
        assert_eq!(value("a\n b\u{9b}"), "a\\n b\\u{9b}");
        assert_eq!(sentence("to http://admin:pass@host/x and y@z"), "to http://…@host/x and y@z");
        assert_eq!(lines("a\u{7}\nb"), "a\\u{7}\nb\n");
    }

    #[test]
    fn nothing_is_endless() {
        assert_eq!(value(&"x".repeat(VALUE)), "x".repeat(VALUE));
        assert_eq!(value(&"ä".repeat(VALUE + 1)), "ä".repeat(VALUE) + "…");
        assert_eq!(value(&"\u{1}".repeat(4_000_000)).chars().count(), 201 - VALUE % 5);
        assert_eq!(excerpt(&" x".repeat(4_000_000)).chars().count(), VALUE + 1);
        let secret = "cut-in-the-middle-0123456789";
        learn(&Secret::new(secret));
        let cut = format!("{}{secret}", " ".repeat(WINDOW - 10));
        assert_eq!(excerpt(&cut), "");
        assert_eq!(sentence(&"x".repeat(4_000_000)).chars().count(), SENTENCE + 1);
    }

    #[test]
    fn documents_are_filtered_to_their_leaves() {
        let long = "x".repeat(500);
        let filtered = document(json!({"name": ["a\u{202e}", long], "why": long, "n": 1}));
        assert_eq!(filtered["name"][0], "a\\u{202e}");
        assert_eq!(filtered["name"][1].as_str().unwrap().chars().count(), VALUE + 1);
        assert_eq!(filtered["why"], long);
        assert_eq!(filtered["n"], 1);
    }
}
