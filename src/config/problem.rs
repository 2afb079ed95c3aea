//! What is wrong with a variable, without a secret's value.

use std::fmt;

use super::declare::Variable;
use crate::error::{Error, Exit};
use crate::text::redact::without_secrets;

/// Everything that is wrong with the variables, a line each; the error counts them and names the variables.
pub fn tell(problems: &[Problem]) -> Error {
    for problem in problems {
        tracing::error!(stage = "config", variable = %problem.variable, "{problem}");
    }
    let mut names: Vec<&str> = Vec::new();
    for problem in problems {
        if !names.contains(&problem.variable.as_str()) {
            names.push(&problem.variable);
        }
    }
    let (noun, variables) = if problems.len() == 1 { ("error", "it") } else { ("errors", "them") };
    let count = problems.len();
    let what = format!("{count} configuration {noun}, listed above: {}", names.join(", "));
    let help = names.first().copied().unwrap_or("VARIABLE");
    Error::new(Exit::Config, what)
        .because("nothing was sent to Authentik, and nothing was written")
        .remedy(format!("correct {variables}; `help {help}` explains"))
}

/// Something wrong with one variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The variable.
    pub variable: String,
    /// What was found; nothing where it is a secret, or missing.
    pub found: Option<String>,
    /// Whether it is not set at all.
    pub missing: bool,
    /// What would be right.
    pub wanted: String,
}

impl Problem {
    pub(crate) fn new(variable: &str, found: Option<&str>, wanted: &str) -> Self {
        // Before it is cut: half of a secret is one too.
        let found = found.map(|found| shown(&without_secrets(found)));
        let variable = variable.escape_debug().to_string();
        Self { variable, found, missing: false, wanted: wanted.to_owned() }
    }

    pub(super) fn missing(variable: &Variable) -> Self {
        let meaning = variable.meaning.replace('`', "");
        let wanted = format!("{meaning}; example: {}", variable.example);
        Self { missing: true, ..Self::new(variable.name, None, &wanted) }
    }
}

/// How much of a value is shown, in characters.
const SHOWN: usize = 120;

/// Whatever was found may hold line breaks and terminal codes, in front of an `@` a password, and behind the `?` or `#` of a
/// URL a token: it is shown escaped and short, and only what is between the two.
fn shown(found: &str) -> String {
    let (hidden, rest) = match found.rsplit_once('@') {
        Some((_, rest)) => ("…@", rest),
        None => ("", found),
    };
    let query = rest.find(['?', '#']).filter(|_| found.contains("://"));
    let plain = &rest[..query.map_or(rest.len(), |at| at + 1)];
    let short: String = plain.chars().take(SHOWN).collect();
    let dots = if short.len() < rest.len() { "…" } else { "" };
    format!("{hidden}{}{dots}", short.escape_debug())
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.found {
            None if self.missing => {
                write!(f, "{} is not set: {}", self.variable, self.wanted)
            }
            Some(found) => write!(f, "{}: found '{found}', wanted {}", self.variable, self.wanted),
            None => write!(f, "{}: wanted {}", self.variable, self.wanted),
        }
    }
}
