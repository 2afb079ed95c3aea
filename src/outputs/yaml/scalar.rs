//! Keys and values of one line, in the forms that people write.

use serde_json::Value;

/// A value in one line.
pub enum Scalar {
    /// Nothing, or `null`.
    Nothing,
    /// The text, and how it is told.
    Text(String, String),
    /// It is not read.
    Unread,
}

/// The key at the start of a line, and what follows its colon.
pub fn key(line: &str) -> Option<(String, &str)> {
    let after_colon = |rest: &'_ str| -> bool { rest.is_empty() || rest.starts_with([' ', '\t']) };
    if let Some((key, rest)) = quoted(line) {
        let rest = rest.trim_start().strip_prefix(':').filter(|rest| after_colon(rest))?;
        return Some((named(&key), rest));
    }
    let colon =
        line.match_indices(':').map(|(at, _)| at).find(|at| after_colon(&line[at + 1..]))?;
    let key = line[..colon].trim_end();
    let is_plain = !key.is_empty() && key != "<<" && !key.contains(" #") && !key.starts_with(MARKS);
    is_plain.then(|| (named(key), &line[colon + 1..]))
}

/// A key with a dot is one key, and not two.
fn named(key: &str) -> String {
    if key.contains('.') { Value::from(key).to_string() } else { key.to_owned() }
}

/// What no plain text begins with, or what makes it something else.
const MARKS: [char; 19] = [
    '"', '\'', '[', ']', '{', '}', ',', '&', '*', '!', '|', '>', '%', '@', '`', '#', '?', '-', '\t',
];

/// The value behind a colon.
pub fn scalar(rest: &str) -> Scalar {
    let rest = rest.trim();
    let is_over = |rest: &str| {
        let comment = rest.trim_start();
        comment.is_empty() || (comment.len() < rest.len() && comment.starts_with('#'))
    };
    if rest.is_empty() || rest.starts_with('#') {
        return Scalar::Nothing;
    }
    if rest.starts_with(['"', '\'']) {
        return match quoted(rest).filter(|(_, after)| is_over(after)) {
            Some((text, _)) => told(text),
            None => Scalar::Unread,
        };
    }
    let comment = rest.find(" #").or_else(|| rest.find("\t#")).unwrap_or(rest.len());
    let plain = rest[..comment].trim_end();
    let behind_dash = plain.strip_prefix('-').unwrap_or(plain);
    let starts_plain = !behind_dash.is_empty() && !behind_dash.starts_with([' ', '\t']);
    let is_plain = starts_plain
        && (plain.starts_with('-') || !plain.starts_with(MARKS))
        && !plain.contains(": ")
        && !plain.ends_with(':');
    match plain {
        "~" | "null" | "Null" | "NULL" => Scalar::Nothing,
        _ if !is_plain => Scalar::Unread,
        // A number or a flag is told as it is written.
        _ if serde_json::from_str::<Value>(plain).is_ok() => {
            Scalar::Text(plain.to_owned(), plain.to_owned())
        }
        _ => told(plain.to_owned()),
    }
}

fn told(text: String) -> Scalar {
    let told = Value::from(text.as_str()).to_string();
    Scalar::Text(text, told)
}

/// The text in quotes at the start, and what follows. In double quotes YAML has escapes that JSON has not; those are not
/// read.
fn quoted(line: &str) -> Option<(String, &str)> {
    if line.starts_with('"') {
        let mut texts = serde_json::Deserializer::from_str(line).into_iter::<String>();
        let text = texts.next()?.ok()?;
        return Some((text, &line[texts.byte_offset()..]));
    }
    let mut rest = line.strip_prefix('\'')?;
    let mut text = String::new();
    loop {
        let (part, after) = rest.split_once('\'')?;
        text.push_str(part);
        match after.strip_prefix('\'') {
            Some(after) => {
                text.push('\'');
                rest = after;
            }
            None => return Some((text, after)),
        }
    }
}
