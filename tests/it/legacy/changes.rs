//! What is not as it was in a volume, one text a change.
//!
//! - `setup/management.json /HttpConfig/AuthIssuer: "old" -> "new"`, with `-` for what is absent;
//! - `setup/relay.env - NB_ENABLE_STUN='true'` for a line that goes, with `+` for one that comes;
//! - `setup/relay.env: new`, `gone`, `mode 0640 -> 0600`, `other bytes` (the same keys or lines, in another order or
//!   with other blanks), `written anew` (the same bytes, at a later time).

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use serde_json::Value;

/// A file as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    pub content: String,
    pub mode: u32,
    pub modified: SystemTime,
}

/// All files, by their path below the directory.
pub type Files = BTreeMap<String, Kept>;

/// What is not as it was.
pub fn differences(before: &Files, after: &Files) -> Vec<String> {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let mut found = vec![];
    for name in names {
        let (Some(old), Some(new)) = (before.get(name), after.get(name)) else {
            found
                .push(format!("{name}: {}", if after.contains_key(name) { "new" } else { "gone" }));
            continue;
        };
        if old.mode != new.mode {
            found.push(format!("{name}: mode {:04o} -> {:04o}", old.mode, new.mode));
        }
        if old.content != new.content {
            let json = |kept: &Kept| serde_json::from_str::<Value>(&kept.content).ok();
            let told = match (json(old), json(new)) {
                (Some(old), Some(new)) => keys(name, "", Some(&old), Some(&new)),
                _ => lines(name, &old.content, &new.content),
            };
            let silent = told.is_empty().then(|| format!("{name}: other bytes"));
            found.extend(told.into_iter().chain(silent));
        } else if old.modified != new.modified && old.mode == new.mode {
            found.push(format!("{name}: written anew"));
        }
    }
    found
}

fn keys(name: &str, path: &str, old: Option<&Value>, new: Option<&Value>) -> Vec<String> {
    if let (Some(Value::Object(a)), Some(Value::Object(b))) = (old, new) {
        let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
        return names
            .iter()
            .flat_map(|key| keys(name, &format!("{path}/{key}"), a.get(*key), b.get(*key)))
            .collect();
    }
    let show = |value: Option<&Value>| value.map_or("-".to_owned(), Value::to_string);
    let same = old == new;
    (!same).then(|| format!("{name} {path}: {} -> {}", show(old), show(new))).into_iter().collect()
}

fn lines(name: &str, old: &str, new: &str) -> Vec<String> {
    let without = |text: &str, other: &str, sign: char| -> Vec<String> {
        let mut rest: Vec<&str> = other.lines().collect();
        let mut lone = vec![];
        for line in text.lines() {
            match rest.iter().position(|candidate| *candidate == line) {
                Some(position) => drop(rest.remove(position)),
                None => lone.push(format!("{name} {sign} {line}")),
            }
        }
        lone
    };
    [without(old, new, '-'), without(new, old, '+')].concat()
}
