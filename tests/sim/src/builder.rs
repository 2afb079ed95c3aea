//! What a test decides before a server starts, and the starting.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::http::fault::Script;
use crate::http::networks::DEFAULT;
use crate::http::server::{listen, reserve};
use crate::http::stage::{Advance, Ladder, Stage};
use crate::http::tls::{TlsMode, acceptor};
use crate::profile::Profile;
use crate::shared::{Config, Gate, Listeners, Shared, lock};
use crate::sim::{DEFAULT_TOKEN, Sim};
use crate::state::{INSTALLATION, State};

/// Whom requests really come from.
const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// How a server is to start.
#[derive(Debug)]
pub struct Builder {
    profile: &'static Profile,
    token: String,
    startup: Vec<(Advance, Stage)>,
    config: Config,
    bind: SocketAddr,
    tls: TlsMode,
    tls_bind: Option<SocketAddr>,
    tls_names: Vec<String>,
    approves_devices: Option<String>,
    installation: String,
    issuer_override: bool,
    state: Option<State>,
}

impl Builder {
    pub(crate) fn new(profile: &'static Profile) -> Self {
        Self {
            profile,
            token: DEFAULT_TOKEN.to_owned(),
            startup: vec![],
            config: Config {
                latency: Duration::ZERO,
                clock_offset: 0,
                web_path: "/".to_owned(),
                peer: LOOPBACK,
                trusted_networks: DEFAULT.iter().map(|network| (*network).to_owned()).collect(),
            },
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
        self.config.latency = latency;
        self
    }

    /// By how many seconds the server's clock is ahead.
    #[must_use]
    pub fn clock_offset(mut self, seconds: i64) -> Self {
        self.config.clock_offset = seconds;
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

    /// Starts the server on a thread of its own; it listens when this returns, unless it begins by refusing.
    ///
    /// # Panics
    /// If the machine gives no port, key or thread.
    #[must_use]
    pub fn start(self) -> Sim {
        let parts = self.parts();
        let (ready, started) = std::sync::mpsc::channel();
        let (inner, tls, bind) = (Arc::clone(&parts.shared), parts.tls, parts.bind);
        let thread = std::thread::Builder::new()
            .name("authentik-sim".to_owned())
            .spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .expect("a runtime");
                runtime.block_on(async move {
                    let mut stop = inner.gate.subscribe();
                    let _ = ready.send(spawn(bind, tls, &inner));
                    let _ = stop.wait_for(|gate| gate.stop).await;
                });
            })
            .expect("a thread");
        let (address, tls_address) = started.recv().expect("the server starts");
        let shared = parts.shared;
        if lock(&shared.ladder).stage != Stage::Refused {
            shared.listeners.wait(true);
        }
        Sim { shared, address, tls_address, ca_pem: parts.ca_pem, thread: Some(thread) }
    }

    /// Starts the server as tasks of the runtime that this is called in: with its clock paused, server and client
    /// live in the same simulated time. Stages are not to be set from outside then, since that blocks.
    ///
    /// # Panics
    /// If the machine gives no port or key, or outside of a runtime.
    pub async fn start_here(self) -> Sim {
        let parts = self.parts();
        let shared = parts.shared;
        let (address, tls_address) = spawn(parts.bind, parts.tls, &shared);
        if lock(&shared.ladder).stage != Stage::Refused {
            while !shared.listeners.all() {
                tokio::task::yield_now().await;
            }
        }
        Sim { shared, address, tls_address, ca_pem: parts.ca_pem, thread: None }
    }

    fn parts(self) -> Parts {
        let installed = || State::installed_as(self.profile, &self.token, &self.installation);
        let mut state = self.state.unwrap_or_else(installed);
        state.upgrade(self.profile);
        state.approves_devices = self.approves_devices;
        state.issuer_override = self.issuer_override;
        let (gate, _) = watch::channel(Gate { open: false, stop: false, turn: 0 });
        let (ca_pem, tls) = acceptor(self.tls, &self.tls_names).expect("a certificate");
        let total = if tls.is_some() { 2 } else { 1 };
        let shared = Arc::new(Shared {
            profile: self.profile,
            config: self.config,
            state: Mutex::new(state),
            log: Mutex::default(),
            script: Mutex::new(Script::default()),
            ladder: Mutex::new(Ladder::new(self.startup)),
            gate,
            counter: Mutex::new(0),
            te_requests: Mutex::new(0),
            listeners: Listeners { total, ..Listeners::default() },
        });
        shared.enter();
        let mut tls_bind = self.bind;
        tls_bind.set_port(0);
        let bind = (self.bind, self.tls_bind.unwrap_or(tls_bind));
        Parts { shared, tls, ca_pem, bind }
    }
}

/// What a server is made of before it runs.
struct Parts {
    shared: Arc<Shared>,
    tls: Option<TlsAcceptor>,
    ca_pem: String,
    /// For plain HTTP and for HTTPS.
    bind: (SocketAddr, SocketAddr),
}

/// Spawns the server's tasks; answers the addresses of plain HTTP and of HTTPS.
fn spawn(
    (bind, tls_bind): (SocketAddr, SocketAddr),
    tls: Option<TlsAcceptor>,
    shared: &Arc<Shared>,
) -> (SocketAddr, SocketAddr) {
    let plain = reserve(bind).expect("a port");
    let secure = reserve(tls_bind).expect("a port");
    let at = |socket: &tokio::net::TcpSocket| socket.local_addr().expect("an address");
    let addresses = (at(&plain), at(&secure));
    tokio::spawn(listen(plain, None, Arc::clone(shared)));
    if tls.is_some() {
        tokio::spawn(listen(secure, tls, Arc::clone(shared)));
    }
    let timed = Arc::clone(shared);
    tokio::spawn(async move { timed.keep_time().await });
    addresses
}
