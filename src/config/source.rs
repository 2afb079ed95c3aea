//! From the process's environment to texts: what is empty counts as unset, `X_FILE` is
//! read for secrets, and only then envy fills the fields. Nothing here parses, so nothing here can print
//! a secret's value.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use super::Problem;
use super::declare::Variable;
use super::names;
use super::parse::shape;
use super::variables::{self, Raw};
use crate::files::read;
use crate::text::{Secret, redact};

/// The prepared environment.
#[derive(Debug, Default)]
pub struct Prepared {
    /// This program's variables.
    pub raw: Raw,
    /// Every `NETBIRD_*` variable that is passed on, for `setup.env`.
    pub passed: BTreeMap<String, String>,
    /// Names that look like this program's and are not.
    pub unknown: Vec<String>,
    /// What was wrong already.
    pub problems: Vec<Problem>,
}

/// Sorts the environment: this program's variables, NetBird's, and what looks like a typo.
pub fn prepare(vars: impl IntoIterator<Item = (OsString, OsString)>) -> Prepared {
    let mut prepared = Prepared::default();
    let mut own: BTreeMap<String, String> = BTreeMap::new();
    let mut files: Vec<(&'static Variable, String)> = Vec::new();

    for (name, value) in vars {
        // A name that is not UTF-8 is none of these; an empty value is what compose makes of `${X:-}`.
        let Ok(name) = name.into_string() else {
            continue;
        };
        if value.is_empty() {
            continue;
        }
        if names::is_unknown(&name) {
            prepared.unknown.push(name);
            continue;
        }
        let file_of = variables::file_form(&name);
        let own_or_passed = variables::find(&name).is_some() || name.starts_with("NETBIRD_");
        if file_of.is_none() && !own_or_passed {
            continue;
        }
        let Ok(value) = value.into_string() else {
            prepared.problems.push(Problem::new(&name, None, "UTF-8 text"));
            continue;
        };
        match file_of {
            Some(variable) => files.push((variable, value)),
            None if variables::find(&name).is_some() => {
                own.insert(name, value);
            }
            None => {
                prepared.passed.insert(name, value);
            }
        }
    }

    for (variable, path) in files {
        match file_value(variable, &path, own.contains_key(variable.name)) {
            Ok(value) => {
                own.insert(variable.name.to_owned(), value);
            }
            Err(problem) => prepared.problems.push(problem),
        }
    }
    // From here on nothing may show one, what is wrong with it least of all.
    for (name, value) in &own {
        if variables::find(name).is_some_and(|variable| variable.secret) {
            redact::learn(&Secret::new(value));
        }
    }
    prepared.unknown.sort();

    match envy::from_iter::<_, Raw>(own) {
        Ok(raw) => prepared.raw = raw,
        // Cannot happen with fields of text only; said all the same rather than swallowed.
        Err(_) => prepared.problems.push(Problem::new("environment", None, "plain text values")),
    }
    prepared
}

/// What the file of a secret holds.
fn file_value(variable: &Variable, path: &str, given_too: bool) -> Result<String, Problem> {
    let name = format!("{}_FILE", variable.name);
    let shown = Some(path).filter(|path| shape::is_path(path));
    if shown.is_none() {
        // Whoever writes the secret itself here must not find it in a log.
        redact::learn(&Secret::new(path));
    }
    let wrong = |wanted: &str| Err(Problem::new(&name, shown, wanted));
    if given_too {
        return wrong(&format!("one of {} and {name}, not both", variable.name));
    }
    if let Some(wanted) = shape::mistake(&name, true, path) {
        return wrong(&wanted);
    }
    read_secret(path)
        .or_else(|why| wrong(&format!("the path of a readable file that holds the secret ({why})")))
}

/// The content of a secret's file, without the line break that editors and `echo` leave behind.
fn read_secret(path: &str) -> Result<String, String> {
    let bytes = read::given(Path::new(path))?;
    let text = String::from_utf8(bytes).map_err(|_| "it is no text in UTF-8")?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if text.is_empty() { Err("it is empty".into()) } else { Ok(text.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_is_unset_and_netbird_variables_are_passed_on() {
        let prepared = prepare(
            [
                ("AUTHENTIK_HOST", ""),
                ("NETBIRD_SIGNAL_PORT", "10000"),
                ("NETBIRD_MGMT_API_CERT_KEY_FILE", "/certs/key.pem"),
                ("SETUP_TIMOUT", "1m"),
                ("HOME", "/"),
            ]
            .map(|(k, v)| (k.into(), v.into())),
        );
        assert_eq!(prepared.raw.authentik_host().text, None);
        assert_eq!(
            prepared.passed.keys().collect::<Vec<_>>(),
            ["NETBIRD_MGMT_API_CERT_KEY_FILE", "NETBIRD_SIGNAL_PORT"]
        );
        assert_eq!(prepared.unknown, ["SETUP_TIMOUT"]);
    }
}
