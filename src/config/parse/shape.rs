//! Mistakes in how a value was written down, whatever the variable: a quotation mark that Compose or Docker took
//! literally, a `$NAME` that nobody expanded, a placeholder that nobody filled.

use super::Wanted;

/// What would be right instead of a text that cannot be meant as it is.
pub fn misshapen(text: &str) -> Option<&'static str> {
    let mut ends = text.chars();
    let (first, last) = (ends.next(), ends.next_back());
    if first == last && matches!(first, Some('"' | '\'')) {
        return Some(
            "the value without quotation marks around it: they arrive here as a part of it",
        );
    }
    if first == Some('<') && last == Some('>') {
        return Some("a value in place of the text in angle brackets, which only stands for one");
    }
    if reference(text).is_some_and(|rest| rest.is_empty()) {
        return Some("the value of that other variable: a $ in it was not expanded");
    }
    None
}

/// What would be right instead of what a variable was set to, as far as its form tells. A secret may have any characters
/// inside.
pub fn mistake(name: &str, secret: bool, text: &str) -> Option<Wanted> {
    if let Some(other) = assigned(text, name) {
        return Some(format!("the value alone, without {other}= in front of it"));
    }
    // A name may end with an apostrophe.
    let quotes: &[char] = if secret { &['"', '\''] } else { &['"'] };
    if text.starts_with(quotes) != text.ends_with(quotes) {
        return Some("the value without quotation marks: one was taken as a part of it".to_owned());
    }
    if secret && !name.ends_with("_FILE") && (is_path(text) || text.starts_with("file:")) {
        return Some(format!("the secret itself; a path goes into {name}_FILE"));
    }
    if let Some(wanted) = misshapen(text) {
        return Some(wanted.to_owned());
    }
    let braced = |part: &str| part.starts_with("${") && reference(part).is_some();
    let unexpanded = text.match_indices('$').any(|(at, _)| braced(&text[at..]));
    (unexpanded && !secret).then(|| "text in which every ${NAME} is expanded already".to_owned())
}

/// The name of a variable that was copied together with its value.
fn assigned<'a>(text: &'a str, name: &'a str) -> Option<&'a str> {
    let line = text.strip_prefix("export ").unwrap_or(text);
    let (other, _) = line.split_once('=')?;
    let is_name = other.contains('_')
        && other.starts_with(|c: char| c.is_ascii_uppercase())
        && other.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    (is_name || other == name).then_some(other)
}

/// Whether a reference to a variable, or a command, was not expanded anywhere in a text.
pub fn is_unexpanded(text: &str) -> bool {
    text.match_indices('$').any(|(at, _)| {
        let rest = &text[at..];
        rest.starts_with("$(") || reference(rest).is_some()
    })
}

/// What follows a reference to a variable, `$NAME`, `${NAME}` or `${NAME:-default}`, at the start of a text.
fn reference(text: &str) -> Option<&str> {
    let rest = text.strip_prefix('$')?;
    let braced = rest.strip_prefix('{');
    let rest = braced.unwrap_or(rest);
    let name =
        rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_').len();
    if name == 0 || rest.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    match braced {
        Some(_) => rest[name..].split_once('}').map(|(_, after)| after),
        None => Some(&rest[name..]),
    }
}

/// Whether a text was meant as a path and may be shown as one. Whoever gives a secret where the path of its file is
/// wanted must not read it in a log: secrets have no slash in front, and what is random mixes digits and both cases.
pub fn is_path(text: &str) -> bool {
    let random = |part: &str| {
        let has = |class: fn(&char) -> bool| part.chars().any(|c| class(&c));
        has(char::is_ascii_digit) && has(char::is_ascii_uppercase) && has(char::is_ascii_lowercase)
    };
    ["/", "./", "../"].iter().any(|start| text.starts_with(start))
        && !text.contains(['+', '=', '@'])
        && !text.chars().any(char::is_control)
        && !text.split('/').any(random)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_meant_is_told_from_what_can() {
        for text in
            ["\"x\"", "'x y'", "<secret>", "$NAME", "${NAME}", "${NAME:-x}", "${NAME:?set it}"]
        {
            assert!(misshapen(text).is_some(), "{text}");
        }
        for text in ["x", "it's", "a\"b", "a$", "$5", "$", "price<5", "R&D", "a $NAME b", "${}", ""]
        {
            assert_eq!(misshapen(text), None, "{text}");
        }
        assert!(mistake("X", false, "https://${DOMAIN}/x").is_some());
        assert_eq!(mistake("X", true, "a${b}c"), None, "a secret may");
        assert_eq!(mistake("X", false, "^https://a$|${"), None);
        assert!(mistake("X", true, "X=a").is_some());
        assert_eq!(mistake("X", true, "XY=a"), None);
        for wrong in
            ["AUTHENTIK_BOOTSTRAP_TOKEN=a", "export A_B=a", "\"a", "a'", "/run/x", "file:///x"]
        {
            assert!(mistake("X", true, wrong).is_some(), "{wrong}");
        }
        for right in ["a=b", "QUJD_x=", "/Kx0vQ1b7yQ2Zl0=", "it's"] {
            assert_eq!(mistake("X", true, right), None, "{right}");
        }
        assert_eq!(mistake("X", false, "the admins'"), None);
        assert_eq!(mistake("X_FILE", true, "/run/secrets/x"), None);
        assert!(is_unexpanded("tok$HOME") && is_unexpanded("a$(cat x)") && !is_unexpanded("a$1$"));
    }

    #[test]
    fn a_secret_in_place_of_a_path_is_no_path() {
        for text in ["/nowhere/token", "/run/secrets/AUTHENTIK_TOKEN", "./token.txt", "/a-b/c_2"] {
            assert!(is_path(text), "{text}");
        }
        for text in [
            "the-token-itself-1234567890",
            "token.txt",
            "/Kx0vQ1b/7yQ2Zl0MBcDe1R",
            "/AbCdEf+ghIjKl=",
            "/a\n",
        ] {
            assert!(!is_path(text), "{text}");
        }
    }
}
