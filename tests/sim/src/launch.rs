//! Starting a server: on a thread of its own, or in the runtime and the time of a test.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio_rustls::TlsAcceptor;

use crate::builder::Builder;
use crate::http::cost;
use crate::http::front::Front;
use crate::http::server::{listen, reserve};
use crate::http::stage::{Ladder, Stage};
use crate::http::tls::acceptor;
use crate::shared::{Shared, lock};
use crate::sim::Sim;
use crate::state::State;

impl Builder {
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
                    let _ = ready.send(spawn(bind, tls, &inner));
                    inner.front.stopped().await;
                });
            })
            .expect("a thread");
        let (address, tls_address) = started.recv().expect("the server starts");
        let shared = parts.shared;
        if lock(&shared.ladder).stage != Stage::Refused {
            shared.front.wait(true);
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
            while !shared.front.listeners.all() {
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
        let (ca_pem, tls) = acceptor(self.tls, &self.tls_names).expect("a certificate");
        let total = if tls.is_some() { 2 } else { 1 };
        let mut front = Front::new(total, self.latency, self.clock_offset);
        if self.measured {
            front = front.with_workers(cost::WORKERS);
        }
        let shared = Arc::new(Shared {
            profile: self.profile,
            config: self.config,
            state: Mutex::new(state),
            front,
            ladder: Mutex::new(Ladder::new(self.startup)),
            te_requests: Mutex::new(0),
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
