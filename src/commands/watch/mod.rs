//! The sidecar: a run of the whole pipeline, then another every `SETUP_INTERVAL`, one after the other, until
//! somebody ends the process. What keeps a run from its end is told, and tried again by the next one: a sidecar
//! that gives up repairs nothing.

pub mod channel;
mod health;
mod metrics;
mod netbird;
mod page;
mod restarts;
mod serve;

use std::ffi::OsString;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, sleep};
use tracing::{debug, info};

use crate::commands::check::{self, REACHED};
use crate::commands::init::{self, Record};
use crate::commands::load;
use crate::config::{self, Config};
use crate::deadline::Deadline;
use crate::error::{Error, Exit, Result};
use crate::log;
use crate::log::story::Story;
use crate::outputs::service::Service;
use crate::proof::{CheckId, Group, Outcome};
use crate::random::random;

use health::Health;
use metrics::Metrics;
use netbird::Netbird;
use page::Cycle;
use restarts::Restarts;

/// After a run that waited for Authentik in vain the next one, which waits too, begins this soon: Authentik is
/// repaired when somebody repairs it, not when an interval is over. Not at once, so that a server that fails fast is
/// not asked in a loop.
const WAIT_ON: Duration = Duration::from_secs(5);

/// How the sidecar is, for whoever asks while it works.
#[derive(Debug)]
pub struct Status {
    health: Mutex<Health>,
    story: Arc<Story>,
    metrics: Metrics,
    last: Mutex<Option<Cycle>>,
}

impl Status {
    /// Whether all is well now, else why not.
    fn verdict(&self) -> Result<(), health::Unwell> {
        let health = self.health.lock().unwrap_or_else(PoisonError::into_inner);
        health.verdict(Instant::now(), self.story.waiting_for())
    }

    fn is_ready(&self) -> bool {
        self.health.lock().unwrap_or_else(PoisonError::into_inner).is_ready()
    }

    fn last(&self) -> Option<Cycle> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether a cycle waits, or the last one did until its time was over.
    fn is_waiting(&self) -> bool {
        let in_vain = |cycle: Cycle| cycle.failure == Some(Exit::NotReady);
        self.story.waiting_for().is_some() || self.last().is_some_and(in_vain)
    }

    /// `/metrics`.
    fn metrics(&self) -> String {
        self.metrics.text(self.is_waiting())
    }

    /// `/`.
    fn page(&self) -> String {
        let well = self.verdict().map_err(|unwell| unwell.why);
        page::render(&well, self.last().as_ref(), self.story.waiting_for(), SystemTime::now())
    }
}

/// Cycles until the process is ended; `vars` are read again at every cycle, since the files that they name may
/// have changed.
///
/// # Errors
/// What keeps it from starting at all: an address that cannot be listened on, a system without signals.
pub async fn run(mut config: Config, vars: &[(OsString, OsString)]) -> Result<Exit> {
    let story: Arc<Story> = Arc::default();
    let status = Arc::new(Status {
        health: Mutex::new(Health::new(config.timing.interval)),
        story: Arc::clone(&story),
        metrics: Metrics::new(config.files.outputs.iter().filter_map(|o| Service::reading(*o))),
        last: Mutex::default(),
    });
    let mut hangup = signal(SignalKind::hangup())
        .map_err(|e| Error::new(Exit::Bug, "the system refuses a signal handler").because(e))?;
    channel::open(&config.files.state_dir, Arc::clone(&status));
    if let Some(address) = config.listen {
        serve::start(address, Arc::clone(&status)).await?;
    }

    let mut record = Record::default();
    let mut was_good = false;
    let mut netbird = Netbird::default();
    let mut restarts = Restarts::default();
    let mut unread = None;
    let mut rejected = false;
    for cycle in 1_u64.. {
        if rejected {
            // Its time to come into being is over: from now on one question a cycle is enough.
            config.timing.auth_grace = Duration::ZERO;
        }
        debug!(stage = "watch", cycle, "begins");
        let start = Instant::now();
        let result = match unread.take() {
            Some(error) => {
                record.renew();
                Err(error)
            }
            None => {
                let deadline = Deadline::new(start, config.timing.timeout);
                // What was verified before this process began is asked once more.
                record.thorough = !was_good;
                init::run(&config, deadline, &story, &mut record).await
            }
        };
        restarts.replaced(&record.replaced, SystemTime::now());
        note(&status, &result, &record, &restarts, start);
        was_good |= result.is_ok();
        rejected = match &result {
            Ok(()) => false,
            Err(error) => rejected || error.exit == Exit::Rejected,
        };
        let pause = pause(config.timing.interval, result.as_ref().err().map(|e| e.exit))?;
        let ended = if result.is_ok() { "good" } else { "failed" };
        debug!(stage = "watch", cycle, next_s = pause.as_secs_f64(), "ended: {ended}");
        let connecting = async {
            if result.is_ok() {
                netbird.keep(&config, start, &status).await;
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = sleep(pause) => {}
            // It has until the next cycle, and is left where it is then: it looks before it acts.
            () = connecting => {}
            _ = hangup.recv() => info!(stage = "watch", "SIGHUP: looks again now"),
        }
        let loaded = load(vars, Deadline::from_now(config.timing.timeout)).await;
        match loaded.map(|loaded| loaded.config) {
            Ok(Ok(fresh)) => config = fresh,
            Ok(Err(problems)) => unread = Some(config::tell(&problems)),
            Err(error) => unread = Some(error),
        }
    }
    Err(Error::new(Exit::Bug, "cycles ended by themselves"))
}

/// Tells everybody how a cycle ended.
fn note(
    status: &Status,
    result: &Result<()>,
    record: &Record,
    restarts: &Restarts,
    start: Instant,
) {
    let failure = result.as_ref().err();
    status.metrics.observe(failure, record, restarts, start.elapsed());
    let cycle = Cycle {
        ended: SystemTime::now(),
        failure: failure.map(|error| error.exit),
        checks: told(record, failure),
        restarts: restarts.clone(),
    };
    *status.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(cycle);
    let mut health = status.health.lock().unwrap_or_else(PoisonError::into_inner);
    match result {
        Ok(()) => {
            let failures = health.succeeded(Instant::now());
            if failures > 0 {
                info!(
                    stage = "watch",
                    failures, "recovered: this cycle was good, after {failures} that failed"
                );
            }
        }
        Err(error) => {
            log::failure(error);
            health.failed(error);
        }
    }
    status.story.turn(result.is_ok());
}

/// How checks came out: of a cycle that ended early, how far it got.
fn told(record: &Record, failure: Option<&Error>) -> Vec<(CheckId, Outcome)> {
    let mut checks = record.checks.clone();
    let Some(error) = failure else { return checks };
    let failed = check::about(error).or(match error.exit {
        Exit::Config => Some(CheckId::Configuration),
        Exit::Refused => Some(CheckId::Refused),
        _ => None,
    });
    let place = failed.and_then(|failed| REACHED.iter().position(|id| *id == failed));
    // What logins meet is asked when all of these have passed; files are read before.
    let is_late = |id: CheckId| !matches!(id.entry().group, Group::Files) && id != CheckId::Refused;
    let all = !checks.is_empty() || failed.is_some_and(is_late);
    let passed = place.unwrap_or(if all { REACHED.len() } else { 1 });
    checks.extend(REACHED[..passed].iter().map(|id| (*id, Outcome::Pass)));
    checks.extend(failed.map(|failed| (failed, Outcome::Fail)));
    checks
}

/// How long until the next cycle: the interval, a tenth more or less, so that replicas do not ask in step.
fn pause(interval: Duration, failure: Option<Exit>) -> Result<Duration> {
    let base = match failure {
        Some(Exit::NotReady) => interval.min(WAIT_ON),
        _ => interval,
    };
    let chance = f64::from(u32::from_ne_bytes(random()?)) / f64::from(u32::MAX);
    Ok(base.mul_f64(0.9 + chance / 5.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_lie_around_the_interval_and_are_short_while_authentik_is_away() {
        let minute = Duration::from_secs(60);
        for _ in 0..100 {
            let regular = pause(minute, None).unwrap();
            assert!((54..=66).contains(&regular.as_secs()), "{regular:?}");
            let refused = pause(minute, Some(Exit::Refused)).unwrap();
            assert!((54..=66).contains(&refused.as_secs()), "{refused:?}");
            assert!(pause(minute, Some(Exit::NotReady)).unwrap() <= WAIT_ON.mul_f64(1.1));
            let short = Duration::from_millis(10);
            assert!(pause(short, Some(Exit::NotReady)).unwrap() <= short.mul_f64(1.1));
        }
    }
}
