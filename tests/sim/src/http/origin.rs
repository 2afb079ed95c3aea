//! Scheme and host a request was meant for: what issuers are made of.

use crate::call::Call;
use crate::features::Feature;
use crate::http::reply::Reply;
use crate::profile::Profile;

/// What decides the origin.
#[derive(Debug)]
pub struct Seen<'a> {
    /// The Host header.
    pub host: &'a str,
    /// X-Forwarded-Host, if any.
    pub forwarded_host: Option<&'a str>,
    /// X-Forwarded-Proto, if any.
    pub forwarded_proto: Option<&'a str>,
    /// Whether the request came over TLS.
    pub tls: bool,
    /// Whether the peer is in the trusted proxy networks.
    pub trusted: bool,
}

impl<'a> Seen<'a> {
    /// What decides in a request. The newest router also reads `Forwarded` and `X-Forwarded-Scheme`.
    #[must_use]
    pub(crate) fn of(profile: &Profile, call: &'a Call, tls: bool, trusted: bool) -> Self {
        let further = |name: &str| {
            let part = |part: &'a str| {
                let (key, value) = part.trim().split_once('=')?;
                key.eq_ignore_ascii_case(name).then(|| value.trim_matches('"'))
            };
            let header =
                call.header("forwarded").filter(|_| profile.has(Feature::ForwardedTrusted));
            header?.split(',').next()?.split(';').find_map(part)
        };
        let scheme =
            || call.header("x-forwarded-scheme").filter(|_| profile.has(Feature::ForwardedTrusted));
        Self {
            host: call.header("host").unwrap_or_default(),
            forwarded_host: call.header("x-forwarded-host").or_else(|| further("host")),
            forwarded_proto: call
                .header("x-forwarded-proto")
                .or_else(scheme)
                .or_else(|| further("proto")),
            tls,
            trusted,
        }
    }

    /// `https://auth.example.com`, or the page for a host that is none.
    ///
    /// # Errors
    /// The answer to give instead of any other.
    pub fn origin(&self, profile: &Profile) -> Result<String, Reply> {
        let host = match self.forwarded_host {
            Some(forwarded) if self.trusted => forwarded,
            _ => self.host,
        };
        let name = host.rsplit_once(':').map_or(host, |(name, port)| {
            if port.bytes().all(|byte| byte.is_ascii_digit()) { name } else { host }
        });
        let valid = !name.is_empty()
            && name.bytes().all(|byte| {
                byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'[' | b']' | b':')
            });
        if !valid {
            return Err(if profile.has(Feature::BadHostIs400) {
                Reply::html(400, "Bad Request")
            } else {
                Reply::html(404, "")
            });
        }
        let proto_counts = self.trusted || !profile.has(Feature::ForwardedTrusted);
        let scheme = match self.forwarded_proto {
            Some("https") if proto_counts => "https",
            Some(_) if proto_counts => "http",
            _ if self.tls => "https",
            _ => "http",
        };
        Ok(format!("{scheme}://{host}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::find;

    fn seen(host: &str) -> Seen<'_> {
        Seen { host, forwarded_host: None, forwarded_proto: None, tls: false, trusted: true }
    }

    #[test]
    fn ports_are_kept_and_hosts_with_an_underscore_are_none() {
        let new = find("2026.2").expect("a profile");
        assert_eq!(seen("a.example:443").origin(new).ok().as_deref(), Some("http://a.example:443"));
        assert_eq!(
            seen("authentik_server:9000").origin(new).map_err(|reply| reply.status),
            Err(404)
        );
        let old = find("2023.10").expect("a profile");
        assert_eq!(
            seen("authentik_server:9000").origin(old).map_err(|reply| reply.status),
            Err(400)
        );
    }

    #[test]
    fn only_the_newest_release_distrusts_the_scheme() {
        let with = |trusted| Seen {
            forwarded_host: Some("pub.example"),
            forwarded_proto: Some("https"),
            trusted,
            ..seen("in.example")
        };
        let origin = |profile, trusted| {
            with(trusted).origin(find(profile).expect("a profile")).unwrap_or_default()
        };
        assert_eq!(origin("2026.2", true), "https://pub.example");
        assert_eq!(origin("2026.2", false), "https://in.example");
        assert_eq!(origin("2026.8", false), "http://in.example");
    }
}
