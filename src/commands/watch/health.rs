//! Whether a sidecar is well: a value that is told what happens and asked later, so that the health check, the
//! HTTP endpoints and the tests get the same answer.

use std::time::Duration;

use tokio::time::Instant;

use crate::error::{Error, Exit};

/// What the cycles came to so far.
#[derive(Debug)]
pub struct Health {
    interval: Duration,
    last_good: Option<Instant>,
    failures: u64,
    failure: Option<(Exit, String)>,
}

/// Why it is not well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unwell {
    /// In this program's own words, for anybody who can reach the port.
    pub why: String,
    /// What else is known, in the words of the log, for whoever may read that.
    pub detail: Option<String>,
}

impl Health {
    /// With `SETUP_INTERVAL`.
    pub fn new(interval: Duration) -> Self {
        Self { interval, last_good: None, failures: 0, failure: None }
    }

    /// A cycle got to its end; how many before it did not.
    pub fn succeeded(&mut self, now: Instant) -> u64 {
        self.last_good = Some(now);
        self.failure = None;
        std::mem::take(&mut self.failures)
    }

    /// A cycle did not.
    pub fn failed(&mut self, error: &Error) {
        self.failures += 1;
        self.failure = Some((error.exit, error.to_string()));
    }

    /// Whether the files are written.
    pub fn is_ready(&self) -> bool {
        self.last_good.is_some()
    }

    /// Well is: the last cycle was good, and is younger than two intervals.
    ///
    /// # Errors
    /// Why not.
    pub fn verdict(&self, now: Instant, waiting_for: Option<&str>) -> Result<(), Unwell> {
        let waiting = waiting_for.map(|what| format!("waiting for {what}"));
        if let Some((exit, what)) = &self.failure {
            let why = format!("the last cycle failed: {}", exit.meaning());
            return Err(Unwell { why, detail: Some(what.clone()) });
        }
        let Some(last_good) = self.last_good else {
            let why = "the first cycle is not done yet".to_owned();
            return Err(Unwell { why, detail: waiting });
        };
        let age = now.duration_since(last_good);
        if age < 2 * self.interval {
            return Ok(());
        }
        let why = format!("the last good cycle ended {} s ago", age.as_secs());
        Err(Unwell { why, detail: waiting })
    }
}

impl std::fmt::Display for Unwell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.why)?;
        self.detail.as_ref().map_or(Ok(()), |detail| write!(f, ": {detail}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_means_a_good_last_cycle_that_is_young() {
        let minute = Duration::from_secs(60);
        let start = Instant::now();
        let mut health = Health::new(minute);
        let unwell = health.verdict(start, Some("discovery and keys")).unwrap_err();
        assert_eq!(
            unwell.to_string(),
            "the first cycle is not done yet: waiting for discovery and keys"
        );
        assert!(!health.is_ready());

        assert_eq!(health.succeeded(start), 0);
        assert!(health.is_ready());
        assert_eq!(health.verdict(start + 2 * minute - Duration::from_millis(1), None), Ok(()));
        let old = health.verdict(start + 2 * minute, None).unwrap_err();
        assert_eq!(old.to_string(), "the last good cycle ended 120 s ago");

        health.failed(&Error::new(Exit::Refused, "provider NetBird is taken"));
        health.failed(&Error::new(Exit::Refused, "provider NetBird is taken"));
        let failed = health.verdict(start, None).unwrap_err();
        assert!(!failed.why.contains("NetBird"), "no name of an object leaves by the port");
        assert!(failed.to_string().ends_with(": provider NetBird is taken"));
        assert!(health.is_ready(), "the files are still there");
        assert_eq!(health.succeeded(start), 2);
        assert_eq!(health.verdict(start, None), Ok(()));
    }
}
