//! Values for files that a shell sources: always in single quotes, inside which nothing expands.

/// The value in single quotes; a single quote in it ends them, stands escaped, and begins them again.
pub fn quote(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

/// One assignment.
pub fn assign(name: &str, value: &str) -> String {
    format!("{name}={}\n", quote(value))
}

/// What a shell reads from a word, of this container or of a person; nothing where it would expand something.
pub fn unquote(word: &str) -> Option<String> {
    let mut value = String::new();
    let mut rest = word.chars();
    let mut quotes = None;
    while let Some(c) = rest.next() {
        match (quotes, c) {
            (None, '\'' | '"') => quotes = Some(c),
            (Some(open), c) if open == c => quotes = None,
            (Some('\''), c) => value.push(c),
            (_, '$' | '`') => return None,
            // At the end of a line it goes on in the next one.
            (None, '\\') => value.push(rest.next()?),
            (Some(_), '\\') => match rest.next() {
                Some(c @ ('$' | '`' | '"' | '\\')) => value.push(c),
                other => value.extend(['\\'].into_iter().chain(other)),
            },
            (None, c) if c.is_whitespace() || matches!(c, ';' | '&' | '|' | '#') => {
                let comment = rest.as_str().trim_start();
                return (matches!(c, ' ' | '\t' | '\r')
                    && (comment.is_empty() || comment.starts_with('#')))
                .then_some(value);
            }
            (_, c) => value.push(c),
        }
    }
    quotes.is_none().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_quotes_survive() {
        assert_eq!(quote("it's $HOME `x`"), r"'it'\''s $HOME `x`'");
        assert_eq!(assign("A", ""), "A=''\n");
    }

    #[test]
    fn a_word_is_read_as_a_shell_does() {
        for value in ["", "plain", "it's $HOME `x` \\ \"", "''", "{{ .X }} #;"] {
            assert_eq!(unquote(&quote(value)).as_deref(), Some(value));
        }
        assert_eq!(unquote(r#""a \"b\" \$c \d"e\ f # note"#).as_deref(), Some(r#"a "b" $c \de f"#));
        for expands in ["$X", "\"$X\"", "`x`", "'half", "a b", "a;b"] {
            assert_eq!(unquote(expands), None, "{expands}");
        }
    }
}
