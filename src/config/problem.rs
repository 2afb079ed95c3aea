//! What is wrong with a variable, without a secret's value.

use std::fmt;

use super::declare::Variable;
use crate::error::{Error, Exit};

/// Everything that is wrong with the variables, a line each; what it comes to is the error.
pub fn tell(problems: &[Problem]) -> Error {
    for problem in problems {
        tracing::error!(stage = "config", variable = %problem.variable, "{problem}");
    }
    let names: Vec<&str> = problems.iter().map(|p| p.variable.as_str()).collect();
    let verb = if names.len() == 1 { "variable is" } else { "variables are" };
    Error::new(Exit::Config, format!("{} {verb} wrong", names.len()))
        .because(names.join(", "))
        .remedy("correct what is listed above; `help` explains every variable")
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
        // Whatever was found may hold line breaks and terminal codes: it is shown escaped and short.
        let found = found.map(|f| {
            let short: String = f.chars().take(120).collect();
            let dots = if short.len() < f.len() { "…" } else { "" };
            format!("{}{dots}", short.escape_debug())
        });
        let variable = variable.escape_debug().to_string();
        Self { variable, found, missing: false, wanted: wanted.to_owned() }
    }

    pub(super) fn missing(variable: &Variable) -> Self {
        let (meaning, example) = (variable.meaning, variable.example);
        let wanted = format!("{meaning}, such as {example}");
        Self { missing: true, ..Self::new(variable.name, None, &wanted) }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.found {
            None if self.missing => {
                write!(f, "{} is not set: wanted {}", self.variable, self.wanted)
            }
            Some(found) => write!(f, "{}: found '{found}', wanted {}", self.variable, self.wanted),
            None => write!(f, "{}: wanted {}", self.variable, self.wanted),
        }
    }
}
