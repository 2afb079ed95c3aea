//! Names as Go's JSON reader compares them: without case, and with the two letters outside of ASCII that fold to one
//! inside (`encoding/json`, `foldName`).

/// The name in the one form that all its spellings share.
pub fn fold(name: &str) -> String {
    folded(name).collect()
}

/// Whether both are spellings of one name.
pub fn is_same(one: &str, other: &str) -> bool {
    folded(one).eq(folded(other))
}

fn folded(name: &str) -> impl Iterator<Item = char> {
    name.chars().map(|c| match c {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        c => c.to_ascii_lowercase(),
    })
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn what_go_takes_for_one_name_is_one() {
        assert_eq!(fold("Re\u{17f}ult\u{212a}ey"), fold("RESULTKEY"));
        assert_ne!(
            fold("é"),
            fold("É"),
            "Go folds ASCII and these two only where the field is ASCII"
        );
    }
}
