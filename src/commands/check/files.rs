//! The files, held against what was proven and against each other: present, readable, and saying what `init`
//! would write now.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};

use crate::config::{Config, Output};
use crate::error::Exit;
use crate::files::read::{Found, look};
use crate::outputs;
use crate::proof::{Check, CheckId, Proof};
use crate::state::secrets;

/// One check a file, and one for the secrets.
pub fn checks(config: &Config, proof: Option<&Proof>) -> Vec<Check> {
    let secrets = match outputs::secrets_in(config)
        .and_then(|in_use| secrets::read(config, &in_use))
    {
        Ok(Some(secrets)) => secrets,
        Ok(None) => {
            let missing = "there is no secrets.json: init has not run here";
            return vec![Check::fail(CheckId::Secrets, missing, "run init").exiting(Exit::Output)];
        }
        Err(error) => {
            let found =
                Check::fail(CheckId::Secrets, error.to_string(), error.remedy.unwrap_or_default());
            return vec![found.exiting(error.exit)];
        }
    };
    let mut checks = vec![Check::pass(CheckId::Secrets, "kept, and the same where they are used")];
    let base =
        outputs::management_in(&config.files.path(Output::ManagementJson)).unwrap_or_default();
    let managed = config.files.outputs.contains(&Output::ManagementJson);
    if let Some(file) = base.as_ref().filter(|_| managed) {
        checks.extend(foreign(file));
    }
    // Without it there is nothing to hold them against: they are told as skipped.
    let Some(proof) = proof else { return checks };
    if managed {
        checks.push(match proof.keys.warning() {
            Some(warning) => Check::warn(CheckId::KeyRefresh, warning, CheckId::KeyRefresh.fix()),
            None => Check::pass(CheckId::KeyRefresh, "management fetches keys again"),
        });
    }
    for (output, wanted) in outputs::files(config, proof, &secrets, base) {
        let path = config.files.path(output);
        checks.extend(id_of(output).map(|id| compare(id, &path, &wanted)));
    }
    checks
}

/// What makes NetBird listen to another issuer, or ask another one for its users. Go reads keys without regard to case.
fn foreign(file: &Map<String, Value>) -> [Check; 2] {
    let key = |object: Option<&Value>, name: &str| {
        let object = object.and_then(Value::as_object)?;
        let found = object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.clone())
    };
    let whole = Value::Object(file.clone());
    let embedded = key(key(Some(&whole), "EmbeddedIdP").as_ref(), "Enabled");
    let manager = key(key(Some(&whole), "IdpManagerConfig").as_ref(), "ManagerType");
    let manager = manager.as_ref().and_then(Value::as_str).unwrap_or_default().to_lowercase();
    [
        match embedded {
            Some(Value::Bool(true)) => {
                Check::failed(CheckId::EmbeddedIdp, "management.json has EmbeddedIdP.Enabled")
                    .exiting(Exit::Refused)
            }
            _ => Check::pass(CheckId::EmbeddedIdp, "Authentik is the issuer"),
        },
        match manager.as_str() {
            "" | "none" | "authentik" => Check::pass(CheckId::ForeignManager, "none"),
            other => Check::failed(
                CheckId::ForeignManager,
                format!("management.json has the manager type {}", crate::text::excerpt(other)),
            )
            .exiting(Exit::Refused),
        },
    ]
}

/// The check of a file.
pub fn id_of(output: Output) -> Option<CheckId> {
    match output {
        Output::SetupEnv => Some(CheckId::SetupEnv),
        Output::ManagementJson => Some(CheckId::ManagementJson),
        Output::DashboardEnv => Some(CheckId::DashboardEnv),
        Output::RelayEnv => Some(CheckId::RelayEnv),
        Output::TurnserverConf => Some(CheckId::TurnserverConf),
        Output::ConfigYaml | Output::IdpSeedInfo => None,
    }
}

fn compare(id: CheckId, path: &Path, wanted: &str) -> Check {
    let shown = path.display();
    let content = match look(path) {
        Err(e) => return Check::failed(id, e.to_string()).exiting(Exit::Output),
        Ok(Found::Nothing) => {
            return Check::failed(id, format!("there is no {shown}")).exiting(Exit::Output);
        }
        Ok(Found::Link) => return Check::failed(id, format!("{shown} is a link")),
        Ok(Found::File(content)) => content,
    };
    if content.bytes == wanted.as_bytes() {
        return Check::pass(id, "says what Authentik has");
    }
    let differing = differences(&String::from_utf8_lossy(&content.bytes), wanted);
    match differing.is_empty() {
        true => Check::pass(id, "says what Authentik has"),
        false => Check::failed(id, format!("{shown} differs in {}", differing.join(", "))),
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
