//! Files that a shell sources: whose they are, and what they assign.

use super::shell;
use crate::error::{Error, Exit};
use crate::state::evidence::{Found, Kind};
use crate::text::Secret;

/// How the first line of every text file of this container begins, since 0.1.0.
pub const MARK: &str = "# Written by netbird-authentik-init";

/// The first line of the files of one service.
pub const HEADER: &str =
    "# Written by netbird-authentik-init; edit the environment of that container instead.\n";

/// Whether this container wrote the file, or nobody did yet.
pub fn is_own(bytes: &[u8]) -> bool {
    bytes.is_empty() || bytes.starts_with(MARK.as_bytes())
}

/// A value arrives whole, whether a shell sources the file or Docker reads it: neither takes line breaks and NUL bytes alike.
///
/// # Errors
/// [`Exit::Refused`] for a secret in use that would not.
pub fn check(kind: Kind, secret: &Secret, file: &str) -> Result<(), Error> {
    if !secret.expose().contains(['\n', '\r', '\0']) {
        return Ok(());
    }
    let (name, variable) = (kind.name(), kind.variable());
    Err(Error::new(Exit::Refused, format!("the {name} that is in use cannot be written into {file}"))
        .because("it has a line break or a NUL byte, and another value would arrive")
        .remedy(format!(
            "set {variable} to another one, and restart what uses it, or leave {file} out of SETUP_OUTPUTS"
        )))
}

/// A file of assignments.
pub fn file<'a>(values: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let lines: String =
        values.into_iter().map(|(name, value)| shell::assign(name, value)).collect();
    format!("{HEADER}{lines}")
}

/// Names and what is assigned to them, as it is written, in their order: of lines that are one assignment.
pub fn assignments(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines().filter_map(assignment)
}

fn assignment(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_start();
    let exported = line.strip_prefix("export").filter(|rest| rest.starts_with([' ', '\t']));
    let (name, value) = exported.unwrap_or(line).trim_start().split_once('=')?;
    let sound = !name.is_empty() && name.bytes().all(is_of_name);
    sound.then_some((name, value))
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The secret that is assigned to this name; the last assignment counts, and an empty one is none. A line in which the name
/// stands in another way may assign it too.
pub fn secret(text: &str, name: &str) -> Option<Found> {
    let mut value = None;
    for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
        let read = assignment(line).and_then(|(name, word)| Some((name, shell::unquote(word)?)));
        match read {
            Some((found, read)) if found == name => value = Some(read),
            Some(_) => {}
            None if has_word(line, name) && !only_exports(line, name) => {
                return Some(Found::Other("assigned in a way that only a shell understands"));
            }
            None => {}
        }
    }
    value.filter(|value| !value.is_empty()).map(|value| Found::Text(Secret::new(value)))
}

fn has_word(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        let before = line[..at].bytes().next_back();
        let after = line[at + name.len()..].bytes().next();
        !before.is_some_and(is_of_name) && !after.is_some_and(is_of_name)
    })
}

/// What is assigned elsewhere.
fn only_exports(line: &str, name: &str) -> bool {
    line.split_whitespace().eq(["export", name])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_occurs_and_is_not_read_is_no_absent_one() {
        for read in [
            "S='x'",
            "export S=x",
            "export\tS=x # note",
            "  export   S=\"x\"\r",
            "S='old'\nS=x\nexport S",
            "OTHER='S=y'\nS=x",
            "# S=y\nS=x",
            "MY_S=y\nS2=y\nS=x",
        ] {
            assert_eq!(secret(read, "S"), Some(Found::Text(Secret::new("x"))), "{read}");
        }
        for absent in ["", "T=x", "S=", "S=''", "# S=x", "export S", "MY_S=x"] {
            assert_eq!(secret(absent, "S"), None, "{absent}");
        }
        for unread in [
            "S=$X",
            "S=$(cat /k)",
            "S= x",
            "export A=1 S=x",
            "A=1; S=x",
            "A=1 S=x",
            "readonly S=x",
            "declare -x S=x",
            ": ${S:=x}",
            ": \"${S:=x}\"",
            "S+=x",
            "S='x\\\ny'",
            "S=x\\\ny",
            "unset S",
            "S=x\nS=$Y",
        ] {
            let found = secret(unread, "S");
            assert!(matches!(found, Some(Found::Other(_))), "{unread}: {found:?}");
        }
    }
}
