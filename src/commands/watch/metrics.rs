//! What a sidecar has done and how it stands, for Prometheus. Names follow its conventions: base units, `_total` for
//! counters. No name, address or release of Authentik is among it, and every series is there from the start.

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

use super::restarts::Restarts;
use crate::commands::init::Record;
use crate::connect::Tally;
use crate::connect::plan::Step;
use crate::converge::plan::Target;
use crate::error::{Error, Exit};
use crate::http::requests::CLASSES;
use crate::outputs::service::Service;

/// The media type of what [`Metrics::text`] returns.
pub const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A label's value has no blanks: dashboards and rules write it out.
type Labels<const N: usize> = [(&'static str, String); N];
type Seconds = Gauge<f64, AtomicU64>;

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
    last_result: Family<Labels<1>, Gauge>,
    waiting: Gauge,
    changes: Family<Labels<2>, Counter>,
    requests: Family<Labels<1>, Counter>,
    files: Counter,
    restarts: Family<Labels<1>, Seconds>,
    last_success: Seconds,
    certificate: Seconds,
    duration: Histogram,
    connect_failures: Family<Labels<1>, Counter>,
    connect_success: Seconds,
    netbird_changes: Family<Labels<1>, Counter>,
    connector_changed: Seconds,
}

impl Metrics {
    /// All zero; `services` are those that read a file which is written here.
    pub fn new(services: impl IntoIterator<Item = Service>) -> Self {
        let new = Self {
            registry: Registry::with_prefix("netbird_authentik_init"),
            cycles: Counter::default(),
            failures: Family::default(),
            last_result: Family::default(),
            waiting: Gauge::default(),
            changes: Family::default(),
            requests: Family::default(),
            files: Counter::default(),
            restarts: Family::default(),
            last_success: Gauge::default(),
            certificate: Gauge::default(),
            duration: Histogram::new(SECONDS),
            connect_failures: Family::default(),
            connect_success: Gauge::default(),
            netbird_changes: Family::default(),
            connector_changed: Gauge::default(),
        };
        for exit in REASONS {
            new.failures.get_or_create(&reason(exit)).inc_by(0);
        }
        for exit in [Exit::Ok].into_iter().chain(REASONS) {
            new.last_result.get_or_create(&result(exit)).set(0);
        }
        for target in Target::ALL {
            for created in [true, false] {
                new.changes.get_or_create(&change(target, created)).inc_by(0);
            }
        }
        for exit in REASONS {
            new.connect_failures.get_or_create(&reason(exit)).inc_by(0);
        }
        for object in Step::OBJECTS {
            new.netbird_changes.get_or_create(&changed_in_netbird(object)).inc_by(0);
        }
        for class in CLASSES {
            new.requests.get_or_create(&[("class", class.to_owned())]).inc_by(0);
        }
        for service in services {
            new.restarts.get_or_create(&[("service", service.name().to_owned())]).set(0.0);
        }
        new.registered()
    }

    fn registered(mut self) -> Self {
        let r = &mut self.registry;
        r.register(
            "build",
            "The program's version",
            Info::new([("version", env!("CARGO_PKG_VERSION"))]),
        );
        r.register("cycles", "Cycles that have ended, good or not", self.cycles.clone());
        r.register(
            "cycle_failures",
            "Cycles that failed, by the reason that the exit codes have",
            self.failures.clone(),
        );
        r.register(
            "last_cycle_result",
            "1 for how the last cycle ended, 0 for the others; all 0: none has ended",
            self.last_result.clone(),
        );
        r.register(
            "waiting",
            "1 while a cycle waits for Authentik, and between cycles that waited without success",
            self.waiting.clone(),
        );
        r.register(
            "changes",
            "Objects of Authentik that were created or changed",
            self.changes.clone(),
        );
        r.register(
            "requests",
            "Requests by class of the answer's status; none: no complete answer",
            self.requests.clone(),
        );
        r.register("files_written", "Files that were written anew", self.files.clone());
        r.register_with_unit(
            "restart_needed_timestamp",
            "When a file was replaced that this service reads at its start, in Unix time; 0: none was",
            Unit::Seconds,
            self.restarts.clone(),
        );
        r.register_with_unit(
            "last_success_timestamp",
            "When the last good cycle ended, in Unix time; 0: there was none",
            Unit::Seconds,
            self.last_success.clone(),
        );
        r.register_with_unit(
            "certificate_expiry_timestamp",
            "When the first of Authentik's certificates ends that were seen, in Unix time; 0: none was",
            Unit::Seconds,
            self.certificate.clone(),
        );
        r.register_with_unit(
            "cycle_duration",
            "How long cycles last, waiting included",
            Unit::Seconds,
            self.duration.clone(),
        );
        r.register(
            "connect_failures",
            "Cycles in which NetBird could not be brought to what is asked for, by the reason that the exit codes have; \
             health does not depend on it",
            self.connect_failures.clone(),
        );
        r.register_with_unit(
            "connect_last_success_timestamp",
            "When NetBird was last seen to be as it is asked to be, in Unix time; 0: never",
            Unit::Seconds,
            self.connect_success.clone(),
        );
        r.register(
            "netbird_changes",
            "Objects of NetBird that were created or changed",
            self.netbird_changes.clone(),
        );
        r.register_with_unit(
            "connector_changed_timestamp",
            "When the connector in NetBird was last changed, in Unix time: a netbird-server that started before does not \
             use it yet; 0: never",
            Unit::Seconds,
            self.connector_changed.clone(),
        );
        self
    }

    /// A cycle has ended.
    pub fn observe(
        &self,
        failure: Option<&Error>,
        record: &Record,
        restarts: &Restarts,
        lasted: Duration,
    ) {
        self.cycles.inc();
        self.duration.observe(lasted.as_secs_f64());
        self.files.inc_by(record.written as u64);
        for (target, created) in &record.changes {
            self.changes.get_or_create(&change(*target, *created)).inc();
        }
        for (class, count) in CLASSES.into_iter().zip(record.requests) {
            self.requests.get_or_create(&[("class", class.to_owned())]).inc_by(count);
        }
        if let Some(ends) = record.certificate_ends {
            self.certificate.set(unix(ends));
        }
        for (service, since) in restarts.needed() {
            let labels = [("service", service.name().to_owned())];
            self.restarts.get_or_create(&labels).set(unix(since));
        }
        let ended = failure.map_or(Exit::Ok, |error| error.exit);
        for exit in [Exit::Ok].into_iter().chain(REASONS) {
            self.last_result.get_or_create(&result(exit)).set((exit == ended).into());
        }
        match failure {
            Some(error) => {
                self.failures.get_or_create(&reason(error.exit)).inc();
            }
            None => {
                self.last_success.set(unix(SystemTime::now()));
            }
        }
    }

    /// What was done in NetBird in a cycle.
    pub fn observe_connect(&self, failure: Option<&Error>, tally: &Tally) {
        for (object, _) in &tally.steps {
            self.netbird_changes.get_or_create(&changed_in_netbird(object)).inc();
        }
        if let Some(changed_at) = tally.connector_changed_at {
            self.connector_changed.set(changed_at as f64);
        }
        match failure {
            Some(error) => {
                self.connect_failures.get_or_create(&reason(error.exit)).inc();
            }
            None => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                self.connect_success.set(now.as_secs_f64());
            }
        }
    }

    /// All of it, in Prometheus' text format, in the same order every time.
    pub fn text(&self, waiting: bool) -> String {
        self.waiting.set(waiting.into());
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = prometheus_text::encode(&mut text, &self.registry);
        in_order(&text)
    }
}

fn reason(exit: Exit) -> Labels<1> {
    [("reason", exit.name().to_owned())]
}

fn result(exit: Exit) -> Labels<1> {
    [("result", exit.name().to_owned())]
}

fn change(target: Target, created: bool) -> Labels<2> {
    let action = if created { "create" } else { "change" };
    [("object", target.kind().replace(' ', "_")), ("action", action.to_owned())]
}

fn changed_in_netbird(object: &str) -> Labels<1> {
    [("object", object.replace(' ', "_"))]
}

fn unix(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

/// The library keeps the series of a family in an order that differs from process to process: people compare pages.
/// A histogram's buckets have their order, by size.
fn in_order(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    let family = |line: &str| line.split_once('{').map(|(name, _)| name.to_owned());
    let same = |a: &&str, b: &&str| {
        family(a).is_some_and(|name| !name.ends_with("_bucket") && family(b) == Some(name))
    };
    lines.chunk_by_mut(same).for_each(<[&str]>::sort_unstable);
    lines.iter().map(|line| format!("{line}\n")).collect()
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_have_one_order_and_buckets_keep_theirs() {
        let page = "# TYPE a counter\na{x=\"2\"} 1\na{x=\"1\"} 1\n# TYPE h histogram\nh_bucket{le=\"5\"} 1\nh_bucket{le=\"15\"} 1\n";
        let want = page.replace("a{x=\"2\"} 1\na{x=\"1\"} 1", "a{x=\"1\"} 1\na{x=\"2\"} 1");
        assert_eq!(in_order(page), want);
        let text = || Metrics::new([Service::Relay, Service::Management]).text(false);
        assert_eq!(text(), text());
    }
}
