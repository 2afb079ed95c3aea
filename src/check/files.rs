//! The files, held against what was proven and against each other: present, readable, and saying what `init`
//! would write now.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};

use super::drift::remedy;
use crate::config::{Config, Output};
use crate::error::Exit;
use crate::render::{self, Facts};
use crate::secrets;
use crate::verify::Check;

/// One check a file, and one for the secrets.
pub fn checks(config: &Config, facts: Option<&Facts>) -> Vec<Check> {
    let names: Vec<&'static str> = config.files.outputs.iter().map(|o| o.file_name()).collect();
    let secrets = match secrets::read(config) {
        Ok(Some(secrets)) => secrets,
        Ok(None) => {
            let missing = "there is no secrets.json: init has not run here";
            return vec![Check::fail("secrets", missing, "run init").exiting(Exit::Output)];
        }
        Err(error) => {
            let found = Check::fail("secrets", error.to_string(), error.remedy.unwrap_or_default());
            return vec![found.exiting(error.exit)];
        }
    };
    let mut checks = vec![Check::pass("secrets", "kept, and the same where they are used")];
    let Some(facts) = facts else {
        let skip = |name| Check::skipped(name, "nothing was proven to hold it against");
        checks.extend(names.into_iter().map(skip));
        return checks;
    };
    let management = config.files.dir.join(Output::ManagementJson.file_name());
    let base = secrets::read_object(&management).unwrap_or_default();
    for (output, wanted) in render::files(config, facts, &secrets, base) {
        let name = output.file_name();
        checks.push(compare(name, &config.files.dir.join(name), &wanted));
    }
    checks
}

fn compare(name: &'static str, path: &Path, wanted: &str) -> Check {
    let shown = path.display();
    match std::fs::read_to_string(path) {
        Err(e) => Check::fail(name, format!("{shown} cannot be read: {e}"), remedy(name))
            .exiting(Exit::Output),
        Ok(found) if found == wanted => Check::pass(name, "says what Authentik has"),
        Ok(found) => {
            let differing = differences(&found, wanted);
            if differing.is_empty() {
                return Check::pass(name, "says what Authentik has");
            }
            Check::fail(name, format!("{shown} differs in {}", differing.join(", ")), remedy(name))
        }
    }
}

/// The names of what differs, never the values: some are secret.
fn differences(found: &str, wanted: &str) -> Vec<String> {
    let (found, wanted) = (entries(found), entries(wanted));
    let names = found.keys().chain(wanted.keys().filter(|name| !found.contains_key(*name)));
    names.filter(|name| found.get(*name) != wanted.get(*name)).cloned().collect()
}

/// Names and values of a JSON file (by path) or of assignments (by line).
fn entries(text: &str) -> BTreeMap<String, String> {
    let mut entries = BTreeMap::new();
    if let Ok(object) = serde_json::from_str::<Map<String, Value>>(text) {
        flatten("", &Value::Object(object), &mut entries);
        return entries;
    }
    for line in text.lines().filter(|l| !l.trim_start().starts_with('#') && !l.trim().is_empty()) {
        let line = line.strip_prefix("export ").unwrap_or(line);
        let (name, value) = line.split_once('=').unwrap_or((line, ""));
        entries.insert(name.to_owned(), value.to_owned());
    }
    entries
}

fn flatten(path: &str, value: &Value, into: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                flatten(&path, value, into);
            }
        }
        other => {
            into.insert(path.to_owned(), other.to_string());
        }
    }
}
