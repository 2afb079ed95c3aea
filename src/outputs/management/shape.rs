//! What NetBird's management reads from its file, and what each key must be for Go to decode it: one line a key.

use std::net::IpAddr;

use crate::outputs::json::Node;

/// The keys that NetBird reads, of its Go structs, and what each must be. Secrets of this container are told apart in
/// `secrets_in`, since a variable may take their place.
pub const KNOWN: &[(&str, Shape)] = &[
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
pub const FLOWS: [&str; 2] = ["DeviceAuthorizationFlow", "PKCEAuthorizationFlow"];
/// Each key of them.
pub const OF_FLOW: &[(&str, Shape)] = &[
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
pub enum Shape {
    /// It is looked at elsewhere.
    Any,
    /// An object.
    Object,
    /// A list.
    List,
    /// A text.
    Text,
    /// `true` or `false`.
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
    pub fn wanted(self, node: &Node) -> Option<&'static str> {
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
        // Microseconds are written with a u where there is no Greek.
        let behind = behind.strip_prefix('u').filter(|b| b.starts_with('s')).unwrap_or(behind);
        let unit =
            ["ns", "µs", "μs", "ms", "s", "m", "h"].iter().find_map(|u| behind.strip_prefix(u));
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
