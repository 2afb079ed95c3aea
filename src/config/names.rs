//! Names that are not declared: which of them are mistakes, and what was meant.

use super::variables::{VARIABLES, file_form, find};

/// Whether a name looks like a variable of this program and is none: a typo, most likely.
///
/// `AUTHENTIK_*` is Authentik's own name space too, and people share one `.env` between containers: names with `__`, the
/// bootstrap ones and the few plain ones that Authentik's documentation has are Authentik's own.
pub fn is_unknown(name: &str) -> bool {
    const AUTHENTIKS: &[&str] = &[
        "AUTHENTIK_SECRET_KEY",
        "AUTHENTIK_LOG_LEVEL",
        "AUTHENTIK_TAG",
        "AUTHENTIK_IMAGE",
        "AUTHENTIK_DOMAIN",
    ];
    let own = name.starts_with("SETUP_");
    let shared = name.starts_with("AUTHENTIK_")
        && !name.contains("__")
        && !name.starts_with("AUTHENTIK_BOOTSTRAP_")
        && !AUTHENTIKS.contains(&name);
    (own || shared) && find(name).is_none() && file_form(name).is_none()
}

/// What to say about such a name.
pub(super) fn unknown(name: &str) -> String {
    match nearest(name) {
        Some(known) => {
            format!("{name} is not a variable of this program; did you mean {known}?")
        }
        None => format!("{name} is not a variable of this program"),
    }
}

/// The known name that is nearest to this one, if one is near enough to be meant.
pub fn nearest(name: &str) -> Option<&'static str> {
    let (distance, best) =
        VARIABLES.iter().map(|v| (edit_distance(name, v.name), v.name)).min_by_key(|(d, _)| *d)?;
    // A third of the name wrong is still a typo; more is another word.
    (distance * 3 <= name.len()).then_some(best)
}

/// Levenshtein distance in bytes: names are ASCII.
pub fn edit_distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.bytes().enumerate() {
            let above = row[j + 1];
            row[j + 1] = (diagonal + usize::from(ca != cb)).min(above + 1).min(row[j] + 1);
            diagonal = above;
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typo_is_unknown_and_its_nearest_name_is_found() {
        assert!(is_unknown("AUTHENTIK_HOTS"));
        assert_eq!(nearest("AUTHENTIK_HOTS"), Some("AUTHENTIK_HOST"));
        assert!(is_unknown("SETUP_TIMOUT"));
        assert_eq!(nearest("SETUP_TIMOUT"), Some("SETUP_TIMEOUT"));
        assert_eq!(nearest("SETUP_XYZZY_PLUGH"), None);
    }

    #[test]
    fn authentiks_own_names_and_files_of_secrets_are_known() {
        for name in [
            "AUTHENTIK_POSTGRESQL__HOST",
            "AUTHENTIK_SECRET_KEY",
            "AUTHENTIK_BOOTSTRAP_TOKEN",
            "AUTHENTIK_TOKEN_FILE",
            "NETBIRD_ANYTHING",
            "PATH",
        ] {
            assert!(!is_unknown(name), "{name}");
        }
        assert!(is_unknown("AUTHENTIK_HOST_FILE"), "only secrets have a _FILE form");
    }
}
