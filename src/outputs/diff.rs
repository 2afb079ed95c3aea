//! What differs between a file that is there and the one that is to be, key by key, and never with a secret.

use std::collections::BTreeMap;

use serde_json::Value;

use super::json::{Node, spelt};
use super::shown::{self, HIDDEN, SECRET};
use super::step::KeyChange;
use super::yaml::Document;
use super::{config_yaml, setup_env, sourced};
use crate::config::Output;
use crate::text::excerpt;

/// What differs in an output.
pub fn contents(output: Output, before: &str, after: &str) -> Vec<KeyChange> {
    match output {
        Output::ConfigYaml => return yaml(before, after),
        // It holds the client secret.
        Output::IdpSeedInfo if before == after => return Vec::new(),
        Output::IdpSeedInfo => {
            let secret = Some(SECRET.to_owned());
            return vec![KeyChange {
                key: "content".to_owned(),
                before: secret.clone(),
                after: secret,
            }];
        }
        _ => {}
    }
    match (output, Node::parse(before), Node::parse(after)) {
        (Output::ManagementJson, Ok(before), Ok(after)) => {
            let mut changes = Vec::new();
            nodes("", Some(&before), Some(&after), &mut changes);
            changes
        }
        _ => lines(output, before, after),
    }
}

/// What differs in remembered digests, which nobody wants to read.
pub fn digests(
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
) -> Vec<KeyChange> {
    let names = before.keys().chain(after.keys().filter(|name| !before.contains_key(*name)));
    let differing = names.filter(|name| before.get(*name) != after.get(*name));
    let told = |map: &BTreeMap<String, String>, name: &String| {
        map.get(name).map(|digest| digest.chars().take(8).collect())
    };
    differing
        .map(|name| KeyChange {
            key: format!("written {name}"),
            before: told(before, name),
            after: told(after, name),
        })
        .collect()
}

fn nodes(path: &str, before: Option<&Node>, after: Option<&Node>, changes: &mut Vec<KeyChange>) {
    if before == after {
        return;
    }
    let object = |node: Option<&Node>| matches!(node, Some(Node::Object(_)));
    if object(before) && object(after) || object(after) && before.is_none() {
        let members = |node: Option<&Node>| node.map(Node::members).unwrap_or_default().to_vec();
        let (old, new) = (members(before), members(after));
        let find = |members: &[(String, Node)], name: &str| {
            members.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone())
        };
        let gone = old.iter().filter(|(name, _)| find(&new, name).is_none());
        for (name, _) in new.iter().chain(gone) {
            let path = match path {
                "" => spelt(name),
                path => format!("{path}.{}", spelt(name)),
            };
            nodes(&path, find(&old, name).as_ref(), find(&new, name).as_ref(), changes);
        }
        return;
    }
    let key = path.rsplit('.').next().unwrap_or_default();
    let text = |node: Option<&Node>| node.map(|node| shown::told(key, node));
    changes.push(KeyChange { key: path.to_owned(), before: text(before), after: text(after) });
}

fn yaml(before: &str, after: &str) -> Vec<KeyChange> {
    let (before, after) = (Document::parse(before), Document::parse(after));
    let (before, after) = (before.written(), after.written());
    let names = after.keys().chain(before.keys().filter(|name| !after.contains_key(*name)));
    let differing = names.filter(|name| before.get(*name) != after.get(*name));
    // Of a damaged file nobody knows what stands where.
    let is_sound = |name: &String, value: &str| {
        after.contains_key(name)
            && serde_json::from_str::<Vec<Value>>(&format!("[{value}]")).is_ok()
    };
    let told = |values: &BTreeMap<String, String>, name: &String| {
        values.get(name).map(|value| match config_yaml::is_secret(name) {
            true => SECRET.to_owned(),
            false if is_sound(name, value) => excerpt(value),
            false => HIDDEN.to_owned(),
        })
    };
    differing
        .map(|name| KeyChange {
            key: excerpt(name),
            before: told(before, name),
            after: told(after, name),
        })
        .collect()
}

fn lines(output: Output, before: &str, after: &str) -> Vec<KeyChange> {
    let split = |text: &str| -> Vec<(String, String)> {
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        lines.filter(|line| !line.starts_with('#')).map(|line| entry(output, line)).collect()
    };
    let (old, new) = (split(before), split(after));
    let last = |entries: &[(String, String)], key: &str| {
        entries.iter().rev().find(|(other, _)| other == key).map(|(_, value)| value.clone())
    };
    let mut changes: Vec<KeyChange> = Vec::new();
    for (key, _) in new.iter().chain(&old) {
        if changes.iter().any(|change| change.key == *key) {
            continue;
        }
        let (was, is) = (last(&old, key), last(&new, key));
        if was != is {
            let own = is.is_some();
            let told = |value: Option<String>| value.map(|value| tell(output, key, &value, own));
            changes.push(KeyChange { key: key.clone(), before: told(was), after: told(is) });
        }
    }
    changes
}

/// A line's name and value.
fn entry(output: Output, line: &str) -> (String, String) {
    let own = sourced::assignments(line).next();
    match (output, own, line.split_once('=')) {
        (Output::TurnserverConf, _, Some((key, value))) => (excerpt(key), value.to_owned()),
        (Output::TurnserverConf, _, None) => (excerpt(line), "set".to_owned()),
        (_, Some((name, value)), _) => {
            (name.to_owned(), super::shell::unquote(value).unwrap_or_else(|| value.to_owned()))
        }
        // It could hold anything.
        _ => ("another line".to_owned(), line.to_owned()),
    }
}

/// A value of a name that this container writes is shown unless it is a secret; of others only their owner knows.
fn tell(output: Output, key: &str, value: &str, own: bool) -> String {
    let is_secret = matches!(key, "NB_AUTH_SECRET" | "user" | "NETBIRD_DATASTORE_ENC_KEY")
        || key.contains("PASSWORD")
        || key.contains("SECRET");
    let is_shown = own && (output != Output::SetupEnv || setup_env::is_shown(key));
    match (is_secret, is_shown) {
        (true, _) if value.is_empty() => "''".to_owned(),
        (true, _) => SECRET.to_owned(),
        // The name of a TURN server has none, and where it has one it is a password.
        (false, true) if !value.contains("://") => value
            .rsplit_once('@')
            .map_or_else(|| excerpt(value), |(_, rest)| excerpt(&format!("…@{rest}"))),
        (false, true) => excerpt(value),
        (false, false) => HIDDEN.to_owned(),
    }
}
