//! The handle a test holds on a running server.

use std::net::SocketAddr;
use std::sync::{Arc, MutexGuard};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::builder::Builder;
use crate::http::cost;
use crate::http::fault::FaultRule;
use crate::http::log::{Request, rounds};
use crate::http::stage::{Advance, Ladder, Stage};
use crate::profile::{Profile, find};
use crate::shared::{Shared, lock};
use crate::state::State;

/// The bootstrap token unless the builder says otherwise.
pub const DEFAULT_TOKEN: &str = "sim-bootstrap-token";

/// A running server. Dropping it stops it.
#[derive(Debug)]
pub struct Sim {
    pub(crate) shared: Arc<Shared>,
    pub(crate) address: SocketAddr,
    pub(crate) tls_address: SocketAddr,
    pub(crate) ca_pem: String,
    pub(crate) thread: Option<JoinHandle<()>>,
}

impl Sim {
    /// A server that is ready at once, with all default objects and [`DEFAULT_TOKEN`].
    ///
    /// # Panics
    /// If there is no such profile.
    #[must_use]
    pub fn start(profile: &str) -> Self {
        Self::builder(profile).start()
    }

    /// A server to be described further.
    ///
    /// # Panics
    /// If there is no such profile.
    #[must_use]
    pub fn builder(profile: &str) -> Builder {
        Builder::new(find(profile).unwrap_or_else(|| panic!("no profile {profile}")))
    }

    /// The profile.
    #[must_use]
    pub fn profile(&self) -> &'static Profile {
        self.shared.profile
    }

    /// The address of plain HTTP, with the sub-path if there is one and without a trailing slash.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}{}", self.address, self.sub_path())
    }

    /// The address of HTTPS, by name, as [`Sim::url`].
    #[must_use]
    pub fn https_url(&self) -> String {
        format!("https://localhost:{}{}", self.tls_address.port(), self.sub_path())
    }

    fn sub_path(&self) -> &str {
        self.shared.config.web_path.trim_end_matches('/')
    }

    /// The certificate of the CA that signed the server's.
    #[must_use]
    pub fn ca_pem(&self) -> String {
        self.ca_pem.clone()
    }

    /// All requests so far, in the order of their arrival.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.shared.front.requests()
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        self.shared.front.clear_requests();
    }

    /// Waits until this holds, which only requests can bring about.
    pub fn wait_until(&self, holds: impl Fn(&Self) -> bool) {
        self.shared.front.wait_until(|| holds(self));
    }

    /// The authenticated changes among the requests.
    #[must_use]
    pub fn writes(&self) -> Vec<Request> {
        self.requests().into_iter().filter(Request::is_write).collect()
    }

    /// The requests a real server needs long to answer.
    #[must_use]
    pub fn dear_reads(&self) -> Vec<Request> {
        self.requests().into_iter().filter(|request| request.dear).collect()
    }

    /// What the requests so far would have cost a real server, one after another: a sum of measured medians, no time.
    #[must_use]
    pub fn cost(&self) -> Duration {
        let prefix = self.sub_path();
        let requests = self.requests();
        requests.iter().map(|request| cost::of(self.shared.profile, prefix, request.into())).sum()
    }

    /// How many requests each round had, in which they came side by side: by the order of arrivals and answers. Answers
    /// come at once, so tell what to gather first ([`Sim::gather`]), or set a latency.
    #[must_use]
    pub fn rounds(&self) -> Vec<usize> {
        rounds(&self.requests()).iter().map(Vec::len).collect()
    }

    /// Holds the answers of the next requests back until so many have come, then those of the next so many, and so on.
    /// A run that does not ask them side by side waits in vain, and is let go after a while.
    pub fn gather(&self, rounds: &[usize]) {
        self.shared.front.gathering.expect(rounds);
    }

    /// The objects, to look at and to edit. Do not hold it across a request.
    pub fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.shared.state)
    }

    /// Goes to a stage and stays there. The port listens, or refuses, when this returns.
    pub fn set_stage(&self, stage: Stage) {
        let listens = stage != Stage::Refused;
        *lock(&self.shared.ladder) = Ladder::new(vec![(Advance::Never, stage)]);
        self.shared.enter();
        self.shared.front.wait(listens);
    }

    /// Goes through these stages, as a server does that is restarted; its objects are those of its database, so
    /// they stay.
    pub fn restart(&self, stages: Vec<(Advance, Stage)>) {
        *lock(&self.shared.ladder) = Ladder::new(stages);
        self.shared.enter();
    }

    /// The present stage.
    #[must_use]
    pub fn stage(&self) -> Stage {
        lock(&self.shared.ladder).stage.clone()
    }

    /// Adds a rule to the fault script.
    pub fn fault(&self, fault: FaultRule) {
        self.shared.front.fault(fault);
    }

    /// Ends all faults.
    pub fn clear_faults(&self) {
        self.shared.front.clear_faults();
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        self.shared.front.stop();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
