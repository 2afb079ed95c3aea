//! The URLs that other URLs, the issuer above all, are made from byte for byte.

use url::Url;

/// A URL that others are made from: its path always ends in a slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(Url);

impl BaseUrl {
    /// From a parsed URL that has a host and neither query nor fragment.
    pub fn new(mut url: Url) -> Self {
        let path = format!("{}/", url.path().trim_end_matches('/'));
        url.set_path(&path);
        Self(url)
    }

    /// The URL of a path below this one; `path` has no leading slash, and may carry a query.
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// What a URL below this one has beyond it; nothing for one that is elsewhere.
    pub fn below<'a>(&self, url: &'a str) -> Option<&'a str> {
        url.strip_prefix(self.0.as_str())
    }

    /// Scheme, host and port, without a trailing slash: `https://auth.example.com`.
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// Host and port as a Host header has them (RFC 9110, 7.2): no port where it is the default.
    pub fn authority(&self) -> String {
        match self.0.port() {
            Some(port) => format!("{}:{port}", self.host()),
            None => self.host().to_owned(),
        }
    }

    /// The host name or address.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// `http` or `https`.
    pub fn scheme(&self) -> &str {
        self.0.scheme()
    }

    /// The port, the scheme's own where none is written.
    pub fn port(&self) -> u16 {
        self.0.port_or_known_default().unwrap_or(443)
    }

    /// The sub-path, with slashes around it; `/` where there is none.
    pub fn path(&self) -> &str {
        self.0.path()
    }

    /// The parsed URL.
    pub fn url(&self) -> &Url {
        &self.0
    }
}
