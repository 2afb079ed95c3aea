//! Who may use NetBird, as `AUTHENTIK_ACCESS_GROUPS` has it.

use super::parse::{self, Wanted};

/// Who may use NetBird.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing is said: what is bound stays bound.
    Unset,
    /// Members of these groups; at least one.
    Groups(Vec<String>),
    /// Everyone who can log in to Authentik, as `*` says.
    Everyone,
}

impl Access {
    /// The groups that are asked for.
    pub fn groups(&self) -> &[String] {
        match self {
            Self::Groups(groups) => groups,
            Self::Unset | Self::Everyone => &[],
        }
    }
}

pub(super) fn access(text: &str) -> Result<Access, Wanted> {
    let groups = parse::each(parse::name)(text)?;
    if !groups.iter().any(|group| group == "*") {
        return Ok(Access::Groups(groups));
    }
    match groups.len() {
        1 => Ok(Access::Everyone),
        _ => Err("either names of groups or * alone, which is everyone".into()),
    }
}
