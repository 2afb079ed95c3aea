//! Decides how NetBird's management comes by its keys, which decides whether NetBird survives a reboot and how
//! fast it answers. With discovery it exits and is restarted until Authentik answers: that heals by itself.
//! Without, it starts alone, and must refresh its keys; and a refresh without a max-age happens at every request.

use super::Evidence;
use crate::config::{Connection, ManagementDiscovery};
use crate::state::memory::KeysBefore;

/// Where management gets its keys from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySource {
    /// Whether it fetches discovery at each start (`HttpConfig.OIDCConfigEndpoint`).
    pub discovery_at_start: bool,
    /// Whether it uses Authentik's internal URL for the keys, because only that one answers.
    pub internal_keys: bool,
    /// `HttpConfig.IdpSignKeyRefreshEnabled`.
    pub refresh: bool,
    /// Whether the keys at the public URL come with a max-age.
    pub public_max_age: bool,
    /// What was chosen, and why.
    pub explanation: String,
    /// Where keys come from, and how often.
    pub keys: String,
}

impl KeySource {
    /// Chooses by what was seen from here: NetBird's containers stand in the same place, and trust the public roots
    /// alone.
    ///
    /// A public URL that gives no answer, once, is no reason to write another file: what NetBird runs with stays then. A
    /// wrong answer is one.
    pub fn choose(
        evidence: &Evidence,
        wish: ManagementDiscovery,
        connection: &Connection,
        before: Option<KeysBefore>,
    ) -> Self {
        let before = before.filter(|_| evidence.is_silent());
        let answers = evidence.is_trusted();
        let public = evidence.public.as_ref().unwrap_or(&evidence.internal);
        let public_keys = public.key_set().filter(|_| answers);
        let (discovery_at_start, why) = match wish {
            ManagementDiscovery::Always => (true, "SETUP_MANAGEMENT_DISCOVERY=true"),
            ManagementDiscovery::Never => (false, "SETUP_MANAGEMENT_DISCOVERY=false"),
            ManagementDiscovery::Auto if answers => {
                (true, "the public URL is reachable from this container")
            }
            ManagementDiscovery::Auto if before.is_some_and(|before| before.discovery_at_start) => {
                (true, "the public URL is not reachable now, and was before")
            }
            ManagementDiscovery::Auto => (
                false,
                "the public URL is not reachable from this container with a certificate that NetBird trusts",
            ),
        };
        // A certificate that this container was told to trust is none that NetBird's trust.
        let internal_is_trusted =
            !connection.is_lenient() || connection.internal.scheme() == "http";
        let internal_answers = evidence.internal.key_set().is_some() && internal_is_trusted;
        let internal_keys = !discovery_at_start && public_keys.is_none() && internal_answers;
        let internal = evidence.internal.key_set();
        let max_age = match internal_keys {
            true => internal.and_then(|keys| keys.max_age),
            false => public_keys.and_then(|keys| keys.max_age),
        };
        let refresh = match before {
            Some(before) if discovery_at_start => before.refresh,
            _ => max_age.is_some() || !discovery_at_start,
        };
        let public_max_age = public_keys.is_some_and(|keys| keys.max_age.is_some());
        let discovery = if discovery_at_start { "on" } else { "off" };
        let keys =
            if internal_keys { "keys from the internal URL" } else { "keys from the public URL" };
        let refreshing = match (refresh, max_age) {
            _ if before.is_some() && discovery_at_start => "refreshed as before".to_owned(),
            (true, Some(seconds)) => format!("refreshed after {seconds} s"),
            (true, None) => "refreshed at every request (no max-age)".to_owned(),
            (false, _) => "read once, since they come without a max-age".to_owned(),
        };
        Self {
            discovery_at_start,
            internal_keys,
            refresh,
            public_max_age: before
                .and_then(|before| before.public_max_age)
                .unwrap_or(public_max_age),
            explanation: format!("OIDC discovery {discovery} ({why})"),
            keys: format!("{keys}, {refreshing}"),
        }
    }
}
