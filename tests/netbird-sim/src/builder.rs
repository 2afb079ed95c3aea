//! What a test decides before a server starts, and the starting.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use authentik_sim::plumbing::{Front, listen, reserve};

use crate::netbird::NetBird;
use crate::start::Refusal;
use crate::state::State;
use crate::world::{Image, Options, Source, World};

/// How a server is to start.
#[derive(Debug)]
pub struct Builder {
    options: Options,
    source: Source,
    state: State,
    bind: SocketAddr,
    latency: Duration,
    clock_offset: i64,
}

impl Builder {
    fn new(image: Image, source: Source) -> Self {
        let options = Options {
            image,
            env: BTreeMap::new(),
            resolve: BTreeMap::new(),
            looks_up: false,
            domain: "netbird.selfhosted".to_owned(),
            debug: false,
            offline: false,
            patience: Duration::from_secs(10),
        };
        Self {
            options,
            source,
            state: State::default(),
            bind: SocketAddr::from(([127, 0, 0, 1], 0)),
            latency: Duration::ZERO,
            clock_offset: 0,
        }
    }

    pub(crate) fn of_text(image: Image, text: &str) -> Self {
        Self::new(image, Source::Text(text.to_owned()))
    }

    pub(crate) fn of_file(image: Image, path: &Path) -> Self {
        Self::new(image, Source::File(path.to_owned()))
    }

    /// A variable of the server's environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.options.env.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Where an origin really is: `https://auth.example.com`, `http://127.0.0.1:1234`. The request keeps the Host of the
    /// former and tells its scheme in X-Forwarded-Proto; TLS, if the latter has it, is for the latter's name.
    #[must_use]
    pub fn resolve(mut self, origin: &str, target: &str) -> Self {
        let origin = url::Url::parse(origin).map(|url| url.origin().ascii_serialization());
        let origin = origin.expect("an origin such as https://auth.example.com");
        self.options.resolve.insert(origin, target.to_owned());
        self
    }

    /// Looks other names up as the machine does; without this they do not exist.
    #[must_use]
    pub fn looks_names_up(mut self) -> Self {
        self.options.looks_up = true;
        self
    }

    /// The value of `--single-account-mode-domain`.
    #[must_use]
    pub fn domain(mut self, domain: &str) -> Self {
        domain.clone_into(&mut self.options.domain);
        self
    }

    /// The log level `debug`, which shows secrets.
    #[must_use]
    pub fn debug(mut self) -> Self {
        self.options.debug = true;
        self
    }

    /// NetBird's own servers cannot be reached.
    #[must_use]
    pub fn offline(mut self) -> Self {
        self.options.offline = true;
        self
    }

    /// How long the server waits for others: 10 seconds unless a test cannot wait so long.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.options.patience = patience;
        self
    }

    /// How long every answer takes.
    #[must_use]
    pub fn latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// By how many seconds the server's clock is ahead.
    #[must_use]
    pub fn clock_offset(mut self, seconds: i64) -> Self {
        self.clock_offset = seconds;
        self
    }

    /// The address to listen on.
    #[must_use]
    pub fn bind(mut self, address: SocketAddr) -> Self {
        self.bind = address;
        self
    }

    /// What is on the volumes to begin with, as another server left it.
    #[must_use]
    pub fn state(mut self, state: State) -> Self {
        self.state = state;
        self
    }

    /// Starts the server on a thread of its own; it listens when this returns.
    ///
    /// # Errors
    /// If NetBird would end instead of listening.
    ///
    /// # Panics
    /// If the machine gives no port or thread.
    pub fn start(self) -> Result<NetBird, Refusal> {
        let server = self.prepare();
        server.restart().map(|()| server)
    }

    /// The server before its first start, so that what it says while it starts can be read even if it ends.
    ///
    /// # Panics
    /// If the machine gives no port or thread.
    #[must_use]
    pub fn prepare(self) -> NetBird {
        let front = Front::new(1, self.latency, self.clock_offset);
        let world = Arc::new(World::new(front, self.options, self.source, self.state));
        let (ready, started) = std::sync::mpsc::channel();
        let (inner, bind) = (Arc::clone(&world), self.bind);
        let thread = std::thread::Builder::new()
            .name("netbird-sim".to_owned())
            .spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .expect("a runtime");
                runtime.block_on(async move {
                    let socket = reserve(bind).expect("a port");
                    let address = socket.local_addr().expect("an address");
                    let handle = tokio::runtime::Handle::current();
                    tokio::spawn(listen(socket, None, Arc::clone(&inner)));
                    let _ = ready.send((address, handle));
                    inner.front.stopped().await;
                });
            })
            .expect("a thread");
        let (address, runtime) = started.recv().expect("the server's thread starts");
        NetBird { world, address, runtime, thread: Some(thread) }
    }
}
