//! A string that cannot print itself, so that no log line, error or `Debug` can leak it by accident.

use std::fmt;

/// A secret value: an API token, a key, a password.
///
/// `Debug` and `Display` print `(secret)`. The value leaves only through [`Secret::expose`], which
/// makes every place that needs it easy to find.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(String);

impl Secret {
    /// Wraps a value.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself, for the one place that has to send or write it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// Replaces every known secret in a text that came from elsewhere (a server's answer) by `(secret)`.
///
/// Secrets shorter than six characters are left alone: replacing them would shred ordinary words, and
/// Authentik's own keys are sixty characters long.
#[derive(Clone, Debug, Default)]
pub struct Scrubber(Vec<Secret>);

impl Scrubber {
    /// A scrubber that knows these secrets.
    pub fn new(secrets: impl IntoIterator<Item = Secret>) -> Self {
        Self(secrets.into_iter().filter(|s| s.expose().len() >= 6).collect())
    }

    /// The text without control characters and secrets, at most `limit` characters long.
    pub fn excerpt(&self, text: &str, limit: usize) -> String {
        let mut clean = text.to_owned();
        for secret in &self.0 {
            clean = clean.replace(secret.expose(), "(secret)");
        }
        let mut out = String::new();
        let mut gap = false;
        for c in clean.chars() {
            if c.is_control() || c.is_whitespace() || is_invisible(c) {
                gap = !out.is_empty();
                continue;
            }
            if gap {
                out.push(' ');
                gap = false;
            }
            if out.chars().count() >= limit {
                out.push('…');
                break;
            }
            out.push(c);
        }
        out
    }
}

/// Characters that reorder or hide text on a terminal (bidirectional controls, zero-width, BOM).
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_print_itself() {
        let s = Secret::new("hunter2");
        assert_eq!(format!("{s} {s:?}"), "(secret) (secret)");
    }

    #[test]
    fn an_excerpt_hides_secrets_and_control_characters_and_is_short() {
        let scrub = Scrubber::new([Secret::new("abcdef-token")]);
        assert_eq!(
            scrub.excerpt("no\x1b[31m abcdef-token\r\n\n is \u{202e}wrong", 100),
            "no [31m (secret) is wrong"
        );
        assert_eq!(scrub.excerpt(&"x".repeat(50), 5), "xxxxx…");
    }
}
