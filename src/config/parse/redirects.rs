//! Further redirect URIs.

use url::Url;

use super::{Wanted, list};

/// A redirect URI that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectWish {
    /// The URI, or the pattern.
    pub url: String,
    /// Whether it is a regular expression.
    pub pattern: bool,
    /// Whether it is for the end of a session; Authentik 2026.5 and later tell those apart.
    pub logout: bool,
}

impl RedirectWish {
    /// Whether it is compared letter by letter and looks as if it were not meant so.
    pub fn looks_like_a_pattern(&self) -> bool {
        let signs = [".*", ".+", "\\", "^", "$", "(", "[", "|"];
        !self.pattern && signs.iter().any(|sign| self.url.contains(sign))
    }
}

/// A list of URIs; `regex:` before one makes it a pattern, `logout:` a logout URI.
pub fn redirects(text: &str) -> Result<Vec<RedirectWish>, Wanted> {
    list(text)?.iter().map(|item| redirect(item)).collect()
}

/// White space cannot be part of one: releases of Authentik up to 2024.8 keep all of them in one text and split it
/// there.
fn redirect(text: &str) -> Result<RedirectWish, Wanted> {
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("redirect URIs without white space, separated by commas".into());
    }
    let mut wish = RedirectWish { url: String::new(), pattern: false, logout: false };
    let mut rest = text;
    loop {
        if let Some(after) = rest.strip_prefix("regex:").filter(|_| !wish.pattern) {
            (wish.pattern, rest) = (true, after);
        } else if let Some(after) = rest.strip_prefix("logout:").filter(|_| !wish.logout) {
            (wish.logout, rest) = (true, after);
        } else {
            break;
        }
    }
    rest.clone_into(&mut wish.url);
    if wish.pattern {
        return if rest.is_empty() { Err("a pattern after regex:".into()) } else { Ok(wish) };
    }
    match Url::parse(rest) {
        Ok(url) if url.fragment().is_none() => Ok(wish),
        _ => Err("absolute URIs without #, such as https://netbird.example.com/extra; \
                  a pattern begins with regex:"
            .into()),
    }
}
