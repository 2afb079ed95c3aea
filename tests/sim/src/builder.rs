//! What a test decides before a server starts.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::http::networks::DEFAULT;
use crate::http::stage::{Advance, Stage};
use crate::http::tls::TlsMode;
use crate::profile::Profile;
use crate::shared::Config;
use crate::sim::DEFAULT_TOKEN;
use crate::state::{INSTALLATION, State};

/// Whom requests really come from.
const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// How a server is to start.
#[derive(Debug)]
pub struct Builder {
    pub(crate) profile: &'static Profile,
    pub(crate) token: String,
    pub(crate) startup: Vec<(Advance, Stage)>,
    pub(crate) config: Config,
    pub(crate) latency: Duration,
    pub(crate) measured: bool,
    pub(crate) clock_offset: i64,
    pub(crate) bind: SocketAddr,
    pub(crate) tls: TlsMode,
    pub(crate) tls_bind: Option<SocketAddr>,
    pub(crate) tls_names: Vec<String>,
    pub(crate) approves_devices: Option<String>,
    pub(crate) installation: String,
    pub(crate) issuer_override: bool,
    pub(crate) state: Option<State>,
}

impl Builder {
    pub(crate) fn new(profile: &'static Profile) -> Self {
        Self {
            profile,
            token: DEFAULT_TOKEN.to_owned(),
            startup: vec![],
            config: Config {
                web_path: "/".to_owned(),
                peer: LOOPBACK,
                trusted_networks: DEFAULT.iter().map(|network| (*network).to_owned()).collect(),
            },
            latency: Duration::ZERO,
            measured: false,
            clock_offset: 0,
            bind: SocketAddr::from(([127, 0, 0, 1], 0)),
            tls: TlsMode::Valid,
            tls_bind: None,
            tls_names: vec![],
            approves_devices: None,
            installation: INSTALLATION.to_owned(),
            issuer_override: false,
            state: None,
        }
    }

    /// The bootstrap token.
    #[must_use]
    pub fn token(mut self, token: &str) -> Self {
        token.clone_into(&mut self.token);
        self
    }

    /// The stage the server stays in.
    #[must_use]
    pub fn stage(mut self, stage: Stage) -> Self {
        self.startup = vec![(Advance::Never, stage)];
        self
    }

    /// The stages the server passes through, each with what ends it; after the last it is ready.
    #[must_use]
    pub fn startup(mut self, stages: Vec<(Advance, Stage)>) -> Self {
        self.startup = stages;
        self
    }

    /// How long every answer takes.
    #[must_use]
    pub fn latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// Every answer takes as long as it took a real server, and as few at a time are worked on as there. Meant for a test
    /// whose time is simulated ([`Builder::start_here`]).
    #[must_use]
    pub fn measured(mut self) -> Self {
        self.measured = true;
        self
    }

    /// By how many seconds the server's clock is ahead.
    #[must_use]
    pub fn clock_offset(mut self, seconds: i64) -> Self {
        self.clock_offset = seconds;
        self
    }

    /// The sub-path everything is under, as `/auth/`.
    #[must_use]
    pub fn web_path(mut self, path: &str) -> Self {
        self.config.web_path = format!("/{}/", path.trim_matches('/')).replace("//", "/");
        self
    }

    /// The address to listen on for plain HTTP; TLS takes a port of the kernel's choice there.
    #[must_use]
    pub fn bind(mut self, address: SocketAddr) -> Self {
        self.bind = address;
        self
    }

    /// The same as a text.
    ///
    /// # Panics
    /// If the text is no address, which is the caller's mistake.
    #[must_use]
    pub fn host(self, address: &str) -> Self {
        self.bind(address.parse().expect("an address such as 0.0.0.0:9000"))
    }

    /// What is wrong with the certificate.
    #[must_use]
    pub fn tls(mut self, mode: TlsMode) -> Self {
        self.tls = mode;
        self
    }

    /// The address to listen on for TLS.
    #[must_use]
    pub fn tls_bind(mut self, address: SocketAddr) -> Self {
        self.tls_bind = Some(address);
        self
    }

    /// Names, beside localhost, that the certificate is for.
    #[must_use]
    pub fn tls_names(mut self, names: &[String]) -> Self {
        self.tls_names = names.to_vec();
        self
    }

    /// A user who approves every device code at once, as somebody who sits before the page does.
    #[must_use]
    pub fn approves_devices(mut self, username: &str) -> Self {
        self.approves_devices = Some(username.to_owned());
        self
    }

    /// Whether peers count as trusted proxies, so that X-Forwarded-Host (and, on the newest, -Proto) counts.
    #[must_use]
    pub fn trusted_proxy(self, trusted: bool) -> Self {
        let networks: &[&str] = if trusted { &["0.0.0.0/0", "::/0"] } else { &[] };
        self.trusted_networks(networks)
    }

    /// The address that requests seem to come from, instead of the loopback one; by default the server believes private
    /// networks only.
    ///
    /// # Panics
    /// If the text is no address, which is the caller's mistake.
    #[must_use]
    pub fn peer(mut self, address: &str) -> Self {
        self.config.peer = address.parse().expect("an address such as 100.64.0.7");
        self
    }

    /// The networks whose forwarded headers the server believes, instead of the default ones.
    #[must_use]
    pub fn trusted_networks(mut self, networks: &[&str]) -> Self {
        self.config.trusted_networks =
            networks.iter().map(|network| (*network).to_owned()).collect();
        self
    }

    /// Lets providers have an `issuer_override`, as the draft of 2026.11 does.
    #[must_use]
    pub fn issuer_override(mut self) -> Self {
        self.issuer_override = true;
        self
    }

    /// Another installation than that of other servers, by any name: nothing in it is the same but the numbers.
    #[must_use]
    pub fn installation(mut self, name: &str) -> Self {
        name.clone_into(&mut self.installation);
        self
    }

    /// The objects to begin with, as another server left them; an older release's are upgraded.
    #[must_use]
    pub fn state(mut self, state: State) -> Self {
        self.state = Some(state);
        self
    }
}
