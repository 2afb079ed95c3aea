//! The one filter that text from a server, a file or the environment passes on its way to a log, a terminal or
//! JSON. Which secrets there are is known to the whole process, as the log is: a secret that Authentik answers in the
//! middle of a run is kept out of every later line, whoever writes it.

use std::sync::{PoisonError, RwLock};

use super::Secret;

/// How much of a text from elsewhere is shown, in characters.
pub const EXCERPT: usize = 200;

/// Shorter secrets are left alone: replacing them would shred ordinary words, and Authentik's own keys are sixty
/// characters long.
const SHORTEST: usize = 6;

static KNOWN: RwLock<Vec<Secret>> = RwLock::new(Vec::new());

/// From now on this value is replaced wherever it turns up.
pub fn learn(secret: &Secret) {
    if secret.expose().len() < SHORTEST {
        return;
    }
    let known = || KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    if known().contains(secret) {
        return;
    }
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    known.push(secret.clone());
    // A secret that contains another one is replaced first, and so whole.
    known.sort_by_key(|secret| std::cmp::Reverse(secret.expose().len()));
}

/// The text with every known secret replaced.
pub fn without_secrets(text: &str) -> String {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    known
        .iter()
        .filter(|secret| text.contains(secret.expose()))
        .fold(text.to_owned(), |text, secret| text.replace(secret.expose(), "(secret)"))
}

/// The text in one line, without secrets and characters that a terminal obeys, at most [`EXCERPT`] characters long.
pub fn excerpt(text: &str) -> String {
    shortened(&without_secrets(text), EXCERPT)
}

fn shortened(text: &str, limit: usize) -> String {
    let mut out = String::new();
    let mut length = 0;
    let mut gap = false;
    for c in text.chars() {
        if c.is_control() || c.is_whitespace() || is_invisible(c) {
            gap = !out.is_empty();
            continue;
        }
        if gap {
            out.push(' ');
            length += 1;
            gap = false;
        }
        if length >= limit {
            out.push('…');
            break;
        }
        out.push(c);
        length += 1;
    }
    out
}

/// Characters that reorder or hide text on a terminal (bidirectional controls, zero-width, BOM).
pub fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_hides_secrets_and_control_characters_and_is_short() {
        learn(&Secret::new("abcdef-token"));
        assert_eq!(
            excerpt("no\x1b[31m abcdef-token\r\n\n is \u{202e}wrong"),
            "no [31m (secret) is wrong"
        );
        assert_eq!(shortened(&"x".repeat(50), 5), "xxxxx…");
    }

    #[test]
    fn a_secret_inside_another_one_does_not_leave_its_rest() {
        learn(&Secret::new("inner-secret"));
        learn(&Secret::new("outer-inner-secret-outer"));
        assert_eq!(excerpt("a outer-inner-secret-outer b inner-secret"), "a (secret) b (secret)");
    }
}
