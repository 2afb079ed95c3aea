//! Whether NetBird reads the file as people do: one spelling of each key that it knows, and the kinds of values that it can
//! read. Otherwise what is meant cannot be told, and must not be overwritten.

use super::File;
use crate::error::{Error, Exit};
use crate::outputs::fold::fold;
use crate::outputs::json::{Node, spelt};

/// The keys that NetBird reads, and what each must be.
const KNOWN: &[(&str, Shape)] = &[
    ("DataStoreEncryptionKey", Shape::Any),
    ("Datadir", Shape::Any),
    ("DeviceAuthorizationFlow", Shape::Object),
    ("DisableDefaultPolicy", Shape::Any),
    ("EmbeddedIdP", Shape::Object),
    ("HttpConfig", Shape::Object),
    ("IdpManagerConfig", Shape::Object),
    ("PKCEAuthorizationFlow", Shape::Object),
    ("Relay", Shape::Object),
    ("ReverseProxy", Shape::Object),
    ("Signal", Shape::Object),
    ("StoreConfig", Shape::Object),
    ("Stuns", Shape::List),
    ("TURNConfig", Shape::Object),
];

/// Further down.
const BELOW: &[(&str, Shape)] = &[
    ("DeviceAuthorizationFlow.ProviderConfig", Shape::Object),
    ("EmbeddedIdP.DashboardRedirectURIs", Shape::List),
    ("EmbeddedIdP.Owner", Shape::Object),
    ("EmbeddedIdP.StaticConnectors", Shape::List),
    ("IdpManagerConfig.ClientConfig", Shape::Object),
    ("IdpManagerConfig.ExtraConfig", Shape::Object),
    ("PKCEAuthorizationFlow.ProviderConfig", Shape::Object),
    ("PKCEAuthorizationFlow.ProviderConfig.RedirectURLs", Shape::List),
    ("Relay.Addresses", Shape::List),
    ("TURNConfig.Turns", Shape::List),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Any,
    Object,
    List,
}

/// Names in a map of Go are keys of their own, whatever their case.
const MAPS: &[&str] = &["extraconfig", "config"];

/// A refusal, with the reason and the way out.
pub(super) fn error(what: String, why: &str, remedy: &str) -> Error {
    Error::new(Exit::Refused, what).because(why).remedy(remedy)
}

/// Go takes the last of two spellings, and people read the first.
pub(super) fn two_spellings(file: &File) -> Vec<Error> {
    let mut found = Vec::new();
    let known = |name: &str| KNOWN.iter().any(|(key, _)| fold(key) == fold(name));
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

/// What NetBird cannot read has no value to keep, and yet is somebody's.
pub(super) fn shapes(file: &File) -> Vec<Error> {
    let wrong = |(path, shape): &(&str, Shape)| {
        let node = file.root.at(path).filter(|node| !node.is_null())?;
        let (fits, wanted) = match shape {
            Shape::Any => return None,
            Shape::Object => (matches!(node, Node::Object(_)), "an object"),
            Shape::List => (matches!(node, Node::Array(_)), "a list"),
        };
        (!fits).then(|| {
            error(
                format!("{}: {path} is {}, not {wanted}", file.place, node.kind()),
                "NetBird cannot read it, and what is meant by it would be lost",
                "correct it, or remove the key",
            )
        })
    };
    KNOWN.iter().chain(BELOW).filter_map(wrong).collect()
}
