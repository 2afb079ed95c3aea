//! Whether NetBird reads the file as people do: one spelling of each key that it knows, and the kinds of values that it can
//! read. Otherwise what is meant cannot be told, and must not be overwritten.

use super::File;
use super::shape::{FLOWS, KNOWN, OF_FLOW, Shape};
use crate::error::{Error, Exit};
use crate::outputs::fold::fold;
use crate::outputs::json::{Node, spelt};

/// Names in a map of Go are keys of their own, whatever their case.
const MAPS: &[&str] = &["extraconfig", "config"];

/// A refusal, with the reason and the way out.
pub(super) fn error(what: String, why: &str, remedy: &str) -> Error {
    Error::new(Exit::Refused, what).because(why).remedy(remedy)
}

/// Go takes the last of two spellings, and people read the first.
pub(super) fn two_spellings(file: &File) -> Vec<Error> {
    let mut found = Vec::new();
    let known = |name: &str| {
        let top = KNOWN.iter().filter(|(key, _)| !key.contains(['.', '[']));
        top.into_iter().any(|(key, _)| fold(key) == fold(name))
    };
    same_names(&file.root, "", &known, &mut found);
    for (name, value) in file.root.members() {
        let name = spelt(name);
        if known(&name) {
            look_below(value, &name, &mut found);
        }
    }
    let told = |(first, second): (String, String)| {
        let keys = match first == second {
            true => format!("the key {first} twice"),
            false => format!("the keys {first} and {second}"),
        };
        error(
            format!("{} has {keys}", file.place),
            "NetBird compares keys without case and takes the last one",
            "keep the one that is meant",
        )
    };
    found.into_iter().map(told).collect()
}

fn look_below(node: &Node, path: &str, found: &mut Vec<(String, String)>) {
    let last = path.rsplit('.').next().unwrap_or_default();
    if !MAPS.contains(&fold(last).as_str()) {
        same_names(node, path, &|_| true, found);
    }
    for (name, value) in node.members() {
        look_below(value, &format!("{path}.{}", spelt(name)), found);
    }
    for item in node.items() {
        look_below(item, path, found);
    }
}

fn same_names(
    node: &Node,
    path: &str,
    read: &dyn Fn(&str) -> bool,
    found: &mut Vec<(String, String)>,
) {
    let names: Vec<String> = node.members().iter().map(|(name, _)| spelt(name)).collect();
    for (position, second) in names.iter().enumerate() {
        let same = names[..position].iter().find(|first| fold(first) == fold(second));
        if let Some(first) = same.filter(|_| read(second)) {
            let full = |name: &str| match path {
                "" => name.to_owned(),
                path => format!("{path}.{name}"),
            };
            found.push((full(first), full(second)));
        }
    }
}

/// What NetBird cannot read has no value to keep, and yet is somebody's: its management would not start with the file.
pub(super) fn shapes(file: &File) -> Vec<Error> {
    let mut found = Vec::new();
    for (path, shape) in KNOWN {
        look_at(&file.root, path, path, *shape, &mut found);
    }
    for flow in FLOWS {
        for (key, shape) in OF_FLOW {
            let path = format!("{flow}.ProviderConfig.{key}");
            look_at(&file.root, &path, &path, *shape, &mut found);
        }
    }
    // A map of texts; the password is a secret of this container.
    let extra = file.root.at("IdpManagerConfig.ExtraConfig").map(Node::members).unwrap_or_default();
    for (name, value) in extra.iter().filter(|(name, _)| spelt(name) != "Password") {
        let path = format!("IdpManagerConfig.ExtraConfig.{}", spelt(name));
        look_at(value, "", &path, Shape::Text, &mut found);
    }
    let told = |(path, kind, wanted): (String, &str, &str)| {
        error(
            format!("{}: {path} is {kind}, not {wanted}", file.place),
            "NetBird cannot read it, and what is meant by it would be lost",
            "correct it, or remove the key",
        )
    };
    found.into_iter().map(told).collect()
}

/// Every value at a path, in which `[]` is each item of a list.
fn look_at(
    node: &Node,
    path: &str,
    shown: &str,
    shape: Shape,
    found: &mut Vec<(String, &'static str, &'static str)>,
) {
    if let Some((list, rest)) = path.split_once("[]") {
        let items = node.at(list).map(Node::items).unwrap_or_default();
        let rest = rest.trim_start_matches('.');
        items.iter().for_each(|item| look_at(item, rest, shown, shape, found));
        return;
    }
    let at = if path.is_empty() { Some(node) } else { node.at(path) };
    let Some((node, wanted)) = at.and_then(|node| Some((node, shape.wanted(node)?))) else {
        return;
    };
    // A text of the wrong form is no other kind of value.
    let kind = match (node.kind(), shape) {
        ("a text", Shape::Duration | Shape::Network) => "another text",
        (kind, _) => kind,
    };
    let shown = shown.replace("[]", "");
    if !found.iter().any(|(path, ..)| *path == shown) {
        found.push((shown, kind, wanted));
    }
}
