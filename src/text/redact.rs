//! Which secrets there are, and text without them. They are known to the whole process, as the log is: a secret that
//! Authentik answers in the middle of a run is kept out of every later line, whoever writes it.

use std::sync::{PoisonError, RwLock};

use super::Secret;

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

/// The length of the longest known secret, in bytes.
pub(super) fn longest() -> usize {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    known.first().map_or(0, |secret| secret.expose().len())
}

/// The text with every known secret replaced, and the user information of every URL (RFC 3986, section 3.2.1): whoever
/// writes one puts a password there.
pub fn without_secrets(text: &str) -> String {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    let text =
        known.iter().fold(text.to_owned(), |text, secret| without_one(text, secret.expose()));
    without_userinfo(text)
}

/// In whatever case: NetBird writes its messages in lower case.
fn without_one(text: String, secret: &str) -> String {
    // Of the same length, byte by byte.
    let (lower, secret) = (text.to_ascii_lowercase(), secret.to_ascii_lowercase());
    if !lower.contains(&secret) {
        return text;
    }
    let mut out = String::new();
    let mut rest = 0;
    for (at, _) in lower.match_indices(&secret) {
        out.push_str(&text[rest..at]);
        out.push_str("(secret)");
        rest = at + secret.len();
    }
    out.push_str(&text[rest..]);
    out
}

fn without_userinfo(text: String) -> String {
    if !text.contains("://") || !text.contains('@') {
        return text;
    }
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("://") {
        let end =
            |c: char| matches!(c, '/' | '?' | '#' | '"' | '\'' | '<' | '>') || c.is_whitespace();
        let authority = &after[..after.find(end).unwrap_or(after.len())];
        out.push_str(before);
        out.push_str("://");
        rest = after;
        if let Some((userinfo, _)) = authority.rsplit_once('@') {
            out.push('…');
            rest = &after[userinfo.len()..];
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_inside_another_one_does_not_leave_its_rest() {
        learn(&Secret::new("inner-secret"));
        learn(&Secret::new("outer-inner-secret-outer"));
        let text = without_secrets("a outer-inner-secret-outer b inner-secret");
        assert_eq!(text, "a (secret) b (secret)");
    }

    #[test]
    fn a_secret_in_another_case_is_one_too() {
        learn(&Secret::new("Mixed-Case-Ünïcode-1"));
        let text =
            without_secrets("É invalid secret \"mixed-case-Ünïcode-1\", MIXED-CASE-Ünïcode-1.");
        assert_eq!(text, "É invalid secret \"(secret)\", (secret).");
    }

    #[test]
    fn a_url_shows_no_user_information() {
        for (text, shown) in [
            ("http://a:b@host/p and ftp://c@d", "http://…@host/p and ftp://…@d"),
            ("http://a:b@c@host", "http://…@host"),
            ("https://host/p@q", "https://host/p@q"),
            ("mail me@example.com at https://host", "mail me@example.com at https://host"),
            ("://@", "://…@"),
        ] {
            assert_eq!(without_secrets(text), shown);
        }
    }
}
