//! Whether NetBird reads the file as people do: one spelling of each key that it knows, and the kinds of values that it can
//! read. Otherwise what is meant cannot be told, and must not be overwritten.

use std::net::IpAddr;

use super::File;
use crate::error::{Error, Exit};
use crate::outputs::fold::fold;
use crate::outputs::json::{Node, spelt};

/// The keys that NetBird reads, of its Go structs, and what each must be. Secrets of this container are told apart in
/// `secrets_in`, since a variable may take their place.
const KNOWN: &[(&str, Shape)] = &[
    ("DataStoreEncryptionKey", Shape::Any),
    ("Datadir", Shape::Text),
    ("DeviceAuthorizationFlow", Shape::Object),
    ("DeviceAuthorizationFlow.Provider", Shape::Text),
    ("DeviceAuthorizationFlow.ProviderConfig", Shape::Object),
    ("DisableDefaultPolicy", Shape::Flag),
    ("EmbeddedIdP", Shape::Object),
    ("EmbeddedIdP.CLIRedirectURIs", Shape::List),
    ("EmbeddedIdP.CLIRedirectURIs[]", Shape::Text),
    ("EmbeddedIdP.DashboardRedirectURIs", Shape::List),
    ("EmbeddedIdP.DashboardRedirectURIs[]", Shape::Text),
    ("EmbeddedIdP.Enabled", Shape::Flag),
    ("EmbeddedIdP.Issuer", Shape::Text),
    ("EmbeddedIdP.LocalAuthDisabled", Shape::Flag),
    ("EmbeddedIdP.Owner", Shape::Object),
    ("EmbeddedIdP.Owner.Username", Shape::Text),
    ("EmbeddedIdP.StaticConnectors", Shape::List),
    ("EmbeddedIdP.StaticConnectors[]", Shape::Object),
    ("EmbeddedIdP.StaticConnectors[].config", Shape::Object),
    ("EmbeddedIdP.StaticConnectors[].id", Shape::Text),
    ("EmbeddedIdP.StaticConnectors[].name", Shape::Text),
    ("EmbeddedIdP.StaticConnectors[].type", Shape::Text),
    ("HttpConfig", Shape::Object),
    ("HttpConfig.AuthAudience", Shape::Text),
    ("HttpConfig.AuthCallbackURL", Shape::Text),
    ("HttpConfig.AuthClientID", Shape::Text),
    ("HttpConfig.AuthIssuer", Shape::Text),
    ("HttpConfig.AuthKeysLocation", Shape::Text),
    ("HttpConfig.AuthUserIDClaim", Shape::Text),
    ("HttpConfig.CertFile", Shape::Text),
    ("HttpConfig.CertKey", Shape::Text),
    ("HttpConfig.ExtraAuthAudience", Shape::Text),
    ("HttpConfig.IdpSignKeyRefreshEnabled", Shape::Flag),
    ("HttpConfig.LetsEncryptDomain", Shape::Text),
    ("HttpConfig.OIDCConfigEndpoint", Shape::Text),
    ("IdpManagerConfig", Shape::Object),
    ("IdpManagerConfig.ClientConfig", Shape::Object),
    ("IdpManagerConfig.ClientConfig.ClientID", Shape::Text),
    ("IdpManagerConfig.ClientConfig.ClientSecret", Shape::Text),
    ("IdpManagerConfig.ClientConfig.GrantType", Shape::Text),
    ("IdpManagerConfig.ClientConfig.Issuer", Shape::Text),
    ("IdpManagerConfig.ClientConfig.TokenEndpoint", Shape::Text),
    ("IdpManagerConfig.ExtraConfig", Shape::Object),
    ("IdpManagerConfig.ManagerType", Shape::Text),
    ("PKCEAuthorizationFlow", Shape::Object),
    ("PKCEAuthorizationFlow.ProviderConfig", Shape::Object),
    ("PKCEAuthorizationFlow.ProviderConfig.RedirectURLs", Shape::List),
    ("PKCEAuthorizationFlow.ProviderConfig.RedirectURLs[]", Shape::Text),
    ("Relay", Shape::Object),
    ("Relay.Addresses", Shape::List),
    ("Relay.Addresses[]", Shape::Text),
    ("Relay.CredentialsTTL", Shape::Duration),
    ("ReverseProxy", Shape::Object),
    ("ReverseProxy.TrustedHTTPProxies", Shape::List),
    ("ReverseProxy.TrustedHTTPProxies[]", Shape::Network),
    ("ReverseProxy.TrustedHTTPProxiesCount", Shape::Number),
    ("ReverseProxy.TrustedPeers", Shape::List),
    ("ReverseProxy.TrustedPeers[]", Shape::Network),
    ("Signal", Shape::Object),
    ("Signal.Password", Shape::Text),
    ("Signal.Proto", Shape::Text),
    ("Signal.URI", Shape::Text),
    ("Signal.Username", Shape::Text),
    ("StoreConfig", Shape::Object),
    ("StoreConfig.Engine", Shape::Text),
    ("Stuns", Shape::List),
    ("Stuns[]", Shape::Object),
    ("Stuns[].Password", Shape::Text),
    ("Stuns[].Proto", Shape::Text),
    ("Stuns[].URI", Shape::Text),
    ("Stuns[].Username", Shape::Text),
    ("TURNConfig", Shape::Object),
    ("TURNConfig.CredentialsTTL", Shape::Duration),
    ("TURNConfig.Secret", Shape::Text),
    ("TURNConfig.TimeBasedCredentials", Shape::Flag),
    ("TURNConfig.Turns", Shape::List),
    ("TURNConfig.Turns[]", Shape::Object),
    ("TURNConfig.Turns[].Proto", Shape::Text),
    ("TURNConfig.Turns[].URI", Shape::Text),
    ("TURNConfig.Turns[].Username", Shape::Text),
];

/// What both flows have.
const FLOWS: [&str; 2] = ["DeviceAuthorizationFlow", "PKCEAuthorizationFlow"];
const OF_FLOW: &[(&str, Shape)] = &[
    ("Audience", Shape::Text),
    ("AuthorizationEndpoint", Shape::Text),
    ("ClientID", Shape::Text),
    ("ClientSecret", Shape::Text),
    ("DeviceAuthEndpoint", Shape::Text),
    ("DisablePromptLogin", Shape::Flag),
    ("Domain", Shape::Text),
    ("LoginFlag", Shape::Number),
    ("Scope", Shape::Text),
    ("TokenEndpoint", Shape::Text),
    ("UseIDToken", Shape::Flag),
];

/// What Go makes of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// It is looked at elsewhere.
    Any,
    Object,
    List,
    Text,
    Flag,
    /// A whole number that is not negative.
    Number,
    /// A text such as 24h, or a number.
    Duration,
    /// An address and the length of a prefix.
    Network,
}

impl Shape {
    /// What would be right; nothing where the value is.
    fn wanted(self, node: &Node) -> Option<&'static str> {
        let text = node.as_text().filter(|_| !node.is_template());
        let is_text = matches!(node, Node::Scalar(raw) if raw.starts_with('"'));
        let is_scalar = |is: &dyn Fn(&str) -> bool| matches!(node, Node::Scalar(raw) if is(raw));
        let (fits, wanted) = match self {
            Self::Any => return None,
            Self::Object => (matches!(node, Node::Object(_)), "an object"),
            Self::List => (matches!(node, Node::Array(_)), "a list"),
            Self::Text => (is_text, "a text"),
            Self::Flag => (is_scalar(&|raw| matches!(raw, "true" | "false")), "true or false"),
            Self::Number => (is_scalar(&|raw| raw.parse::<u64>().is_ok()), "a whole number"),
            Self::Duration => {
                let is_number = !is_text && node.kind() == "a number";
                (
                    is_number || is_text && text.is_none_or(|text| is_duration(&text)),
                    "a duration such as 24h",
                )
            }
            Self::Network => (
                is_text && text.is_none_or(|text| is_network(&text)),
                "a network such as 192.0.2.0/24",
            ),
        };
        (!fits && !node.is_null()).then_some(wanted)
    }
}

/// Go's `time.ParseDuration`.
fn is_duration(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    if text == "0" {
        return true;
    }
    let mut rest = text;
    while !rest.is_empty() {
        let behind = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let number = &rest[..rest.len() - behind.len()];
        let unit = ["ns", "us", "µs", "μs", "ms", "s", "m", "h"]
            .iter()
            .find_map(|u| behind.strip_prefix(u));
        match unit {
            Some(behind) if number.parse::<f64>().is_ok() => rest = behind,
            _ => return false,
        }
    }
    !text.is_empty()
}

/// Go's `netip.ParsePrefix`.
fn is_network(text: &str) -> bool {
    text.split_once('/').is_some_and(|(address, length)| {
        let longest = match address.parse::<IpAddr>() {
            Ok(IpAddr::V4(_)) => 32,
            Ok(IpAddr::V6(_)) => 128,
            Err(_) => return false,
        };
        length.parse::<u8>().is_ok_and(|length| length <= longest)
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_networks_are_what_go_takes() {
        for right in ["24h", "1h30m", "1.5s", "-3ms", "0", "5µs"] {
            assert!(is_duration(right), "{right}");
        }
        for wrong in ["", "1 day", "24", "h", "1d", "1.2.3s"] {
            assert!(!is_duration(wrong), "{wrong}");
        }
        for right in ["0.0.0.0/0", "fd00::/8"] {
            assert!(is_network(right), "{right}");
        }
        for wrong in ["10.0.0.1", "10.0.0.0/33", "x/8", "", "::/129"] {
            assert!(!is_network(wrong), "{wrong}");
        }
    }
}
