//! Files that a shell sources: whose they are, and what they assign.

use super::shell;
use crate::state::evidence::Found;
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

/// A file of assignments.
pub fn file<'a>(values: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let lines: String =
        values.into_iter().map(|(name, value)| shell::assign(name, value)).collect();
    format!("{HEADER}{lines}")
}

/// Names and what is assigned to them, as it is written, in their order.
pub fn assignments(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines().filter_map(|line| {
        let line = line.trim_start();
        let line = line.strip_prefix("export ").unwrap_or(line);
        let (name, value) = line.split_once('=')?;
        let sound =
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        sound.then_some((name, value))
    })
}

/// The secret that is assigned to this name; the last assignment counts, and an empty one is none.
pub fn secret(text: &str, name: &str) -> Option<Found> {
    let (_, written) = assignments(text).filter(|(found, _)| *found == name).last()?;
    match shell::unquote(written) {
        Some(value) if value.is_empty() => None,
        Some(value) => Some(Found::Text(Secret::new(value))),
        None => Some(Found::Other("an expression of the shell")),
    }
}
