//! Which secrets there are, and text without them. They are known to the whole process, as the log is: a secret that
//! Authentik answers in the middle of a run is kept out of every later line, whoever writes it.

use std::sync::{PoisonError, RwLock};

use super::Secret;

/// Shorter secrets are left alone: replacing them would shred ordinary words, and Authentik's own keys are sixty
/// characters long.
const SHORTEST: usize = 6;

/// In lower case, since secrets are replaced in whatever case: NetBird writes its messages in lower case. In the order
/// of their bytes, so that those that begin at a place of a text are found together.
static KNOWN: RwLock<Vec<Secret>> = RwLock::new(Vec::new());

/// From now on this value is replaced wherever it turns up.
pub fn learn(secret: &Secret) {
    if secret.expose().len() < SHORTEST {
        return;
    }
    let secret = Secret::new(secret.expose().to_ascii_lowercase());
    let place = |known: &[Secret]| known.binary_search_by(|s| s.expose().cmp(secret.expose()));
    if place(&KNOWN.read().unwrap_or_else(PoisonError::into_inner)).is_ok() {
        return;
    }
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    if let Err(at) = place(&known) {
        known.insert(at, secret);
    }
}

/// The length of the longest known secret, in bytes.
pub(super) fn longest() -> usize {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    known.iter().map(|secret| secret.expose().len()).max().unwrap_or(0)
}

/// The text with every known secret replaced, and the user information of every URL (RFC 3986, section 3.2.1): whoever
/// writes one puts a password there.
pub fn without_secrets(text: &str) -> String {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    // Of the same length, byte by byte.
    let lower = text.to_ascii_lowercase();
    let mut out = String::with_capacity(text.len());
    // Secrets can contain or overlap each other: what any of them covers goes, as one.
    let mut hidden = 0;
    for (at, first) in lower.as_bytes().windows(SHORTEST).enumerate() {
        let Some(length) = longest_at(&known, &lower.as_bytes()[at..], first) else { continue };
        if at >= hidden {
            out.push_str(&text[hidden..at]);
            out.push_str("(secret)");
        }
        hidden = hidden.max(at + length);
    }
    out.push_str(&text[hidden..]);
    without_userinfo(out)
}

/// The length of the longest secret with which this text, whose first bytes these are, begins.
fn longest_at(known: &[Secret], text: &[u8], first: &[u8]) -> Option<usize> {
    let from = known.partition_point(|secret| secret.expose().as_bytes() < first);
    let bytes = known[from..].iter().map(|secret| secret.expose().as_bytes());
    let begin = bytes.take_while(|secret| secret.starts_with(first));
    begin.filter(|secret| text.starts_with(secret)).map(<[u8]>::len).max()
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
    fn of_secrets_that_overlap_nothing_is_left() {
        learn(&Secret::new("overlap-left-middle"));
        learn(&Secret::new("middle-right-overlap"));
        let text = "overlap-left-middle-right-overlap, overlap-left-middleoverlap-left-middle";
        assert_eq!(without_secrets(text), "(secret), (secret)(secret)");
        assert_eq!(without_secrets("overlap-left-middl"), "overlap-left-middl");
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
