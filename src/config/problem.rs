//! What is wrong with a variable, and the reader that collects it: all problems at once, none with a secret.

use std::fmt;

use super::parse::Wanted;
use super::variables;
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

    fn missing(variable: &str, wanted: &str) -> Self {
        Self { missing: true, ..Self::new(variable, None, wanted) }
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

/// Collects problems while values are read one by one.
#[derive(Default)]
pub(super) struct Reader {
    /// What was wrong so far.
    pub(super) problems: Vec<Problem>,
}

impl Reader {
    /// Parses a value that may be missing.
    pub(super) fn opt<T>(
        &mut self,
        name: &str,
        raw: Option<String>,
        parse: impl FnOnce(&str) -> Result<T, Wanted>,
    ) -> Option<T> {
        let text = raw?;
        match parse(&text) {
            Ok(value) => Some(value),
            Err(wanted) => {
                let secret = variables::find(name).is_some_and(|v| v.secret);
                let found = if secret { None } else { Some(text.as_str()) };
                self.problems.push(Problem::new(name, found, &wanted));
                None
            }
        }
    }

    /// Parses a value that must be there.
    pub(super) fn required<T>(
        &mut self,
        name: &str,
        raw: Option<String>,
        parse: impl FnOnce(&str) -> Result<T, Wanted>,
        example: &str,
    ) -> Option<T> {
        let file = format!("{name}_FILE");
        if raw.is_none() && !self.problems.iter().any(|p| p.variable == file) {
            self.problems.push(Problem::missing(name, example));
        }
        self.opt(name, raw, parse)
    }

    /// One word out of a few.
    pub(super) fn choice<T: Copy>(
        &mut self,
        name: &str,
        raw: Option<String>,
        choices: &[(&str, T)],
    ) -> Option<T> {
        self.opt(name, raw, |text| {
            choices
                .iter()
                .find(|(word, _)| word.eq_ignore_ascii_case(text))
                .map(|(_, value)| *value)
                .ok_or_else(|| {
                    let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
                    format!("one of: {}", words.join(", "))
                })
        })
    }
}
