//! What a sidecar has done, for Prometheus. Names follow its conventions: base units, `_total` for counters.
//! No name, address or release of Authentik is among it.

use std::fmt;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prometheus_client::encoding::prometheus_text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use crate::commands::init::Record;
use crate::connect::Tally;
use crate::converge::plan::Target;
use crate::error::{Error, Exit};
use crate::http::requests::CLASSES;

/// The media type of what [`Metrics::text`] returns.
pub const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

type Labels<const N: usize> = [(&'static str, &'static str); N];

/// From a converged run on a fast server to one that waits for the whole of `SETUP_TIMEOUT`.
const SECONDS: [f64; 11] = [0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0];

/// Why a cycle can fail: each is there from the start, at zero, so that its first failure is an increase.
const REASONS: [Exit; 7] = [
    Exit::Refused,
    Exit::NotReady,
    Exit::Bug,
    Exit::Output,
    Exit::Protocol,
    Exit::Rejected,
    Exit::Config,
];

/// The numbers.
pub struct Metrics {
    registry: Registry,
    cycles: Counter,
    failures: Family<Labels<1>, Counter>,
    changes: Family<Labels<2>, Counter>,
    requests: Family<Labels<1>, Counter>,
    files: Counter,
    last_success: Gauge<f64, AtomicU64>,
    duration: Histogram,
    connect_failures: Family<Labels<1>, Counter>,
    connect_success: Gauge<f64, AtomicU64>,
    netbird_changes: Family<Labels<1>, Counter>,
    connector_changed: Gauge<f64, AtomicU64>,
}

impl Metrics {
    /// All zero.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("netbird_authentik_init");
        let (cycles, files) = (Counter::default(), Counter::default());
        let failures = Family::<Labels<1>, Counter>::default();
        let changes = Family::<Labels<2>, Counter>::default();
        let requests = Family::<Labels<1>, Counter>::default();
        let last_success = Gauge::<f64, AtomicU64>::default();
        let duration = Histogram::new(SECONDS);
        for exit in REASONS {
            failures.get_or_create(&[("reason", exit.name())]).inc_by(0);
        }
        for target in Target::ALL {
            for action in [CREATE, CHANGE] {
                changes.get_or_create(&[("object", target.kind()), ("action", action)]).inc_by(0);
            }
        }
        let connect_failures = Family::<Labels<1>, Counter>::default();
        for exit in REASONS {
            connect_failures.get_or_create(&[("reason", exit.name())]).inc_by(0);
        }
        let netbird_changes = Family::<Labels<1>, Counter>::default();
        let connect_success = Gauge::<f64, AtomicU64>::default();
        let connector_changed = Gauge::<f64, AtomicU64>::default();
        for class in CLASSES {
            requests.get_or_create(&[("class", class)]).inc_by(0);
        }
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The program's version", build);
        registry.register("cycles", "Cycles that have ended, good or not", cycles.clone());
        registry.register(
            "cycle_failures",
            "Cycles that failed, by the reason that the exit codes have",
            failures.clone(),
        );
        registry.register(
            "changes",
            "Objects of Authentik that were created or changed",
            changes.clone(),
        );
        registry.register(
            "requests",
            "Requests by class of the answer's status; none: no complete answer",
            requests.clone(),
        );
        registry.register("files_written", "Files that were written anew", files.clone());
        registry.register_with_unit(
            "last_success_timestamp",
            "When the last good cycle ended, in Unix time; 0: there was none",
            Unit::Seconds,
            last_success.clone(),
        );
        registry.register_with_unit(
            "cycle_duration",
            "How long cycles last, waiting included",
            Unit::Seconds,
            duration.clone(),
        );
        registry.register(
            "connect_failures",
            "Cycles in which NetBird could not be brought to what is asked for, by the reason that the exit codes have; \
             health does not depend on it",
            connect_failures.clone(),
        );
        registry.register_with_unit(
            "connect_last_success_timestamp",
            "When NetBird was last seen to be as it is asked to be, in Unix time; 0: never",
            Unit::Seconds,
            connect_success.clone(),
        );
        registry.register(
            "netbird_changes",
            "Objects of NetBird that were created or changed",
            netbird_changes.clone(),
        );
        registry.register_with_unit(
            "connector_changed_timestamp",
            "When the connector in NetBird was last changed, in Unix time: a netbird-server that started before does not \
             use it yet; 0: never",
            Unit::Seconds,
            connector_changed.clone(),
        );
        Self {
            registry,
            cycles,
            failures,
            changes,
            requests,
            files,
            last_success,
            duration,
            connect_failures,
            connect_success,
            netbird_changes,
            connector_changed,
        }
    }

    /// A cycle has ended.
    pub fn observe(&self, failure: Option<&Error>, record: &Record, lasted: Duration) {
        self.cycles.inc();
        self.duration.observe(lasted.as_secs_f64());
        self.files.inc_by(record.written as u64);
        for (target, created) in &record.changes {
            let action = if *created { CREATE } else { CHANGE };
            self.changes.get_or_create(&[("object", target.kind()), ("action", action)]).inc();
        }
        for (class, count) in CLASSES.into_iter().zip(record.requests) {
            self.requests.get_or_create(&[("class", class)]).inc_by(count);
        }
        match failure {
            Some(error) => {
                self.failures.get_or_create(&[("reason", error.exit.name())]).inc();
            }
            None => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                self.last_success.set(now.as_secs_f64());
            }
        }
    }

    /// What was done in NetBird in a cycle.
    pub fn observe_connect(&self, failure: Option<&Error>, tally: &Tally) {
        for (object, _) in &tally.steps {
            self.netbird_changes.get_or_create(&[("object", object)]).inc();
        }
        if let Some(changed_at) = tally.connector_changed_at {
            self.connector_changed.set(changed_at as f64);
        }
        match failure {
            Some(error) => {
                self.connect_failures.get_or_create(&[("reason", error.exit.name())]).inc();
            }
            None => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                self.connect_success.set(now.as_secs_f64());
            }
        }
    }

    /// All of it, in Prometheus' text format.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = prometheus_text::encode(&mut text, &self.registry);
        text
    }
}

const CREATE: &str = "create";
const CHANGE: &str = "change";

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}
