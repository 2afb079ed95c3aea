//! Values for files that a shell sources: always in single quotes, inside which nothing expands.

/// The value in single quotes; a single quote in it ends them, stands escaped, and begins them again.
pub fn quote(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

/// One assignment.
pub fn assign(name: &str, value: &str) -> String {
    format!("{name}={}\n", quote(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_quotes_survive() {
        assert_eq!(quote("it's $HOME `x`"), r"'it'\''s $HOME `x`'");
        assert_eq!(assign("A", ""), "A=''\n");
    }
}
