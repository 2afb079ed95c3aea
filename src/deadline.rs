//! The one deadline of a run: made at its start, it bounds reading files, locks, name lookups, requests and publishing
//! alike.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

/// When a run must have ended.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    start: Instant,
    limit: Duration,
}

impl Deadline {
    /// A run that started then has this long, as `SETUP_TIMEOUT` says.
    pub fn new(start: Instant, limit: Duration) -> Self {
        Self { start, limit }
    }

    /// A run that starts now.
    pub fn from_now(limit: Duration) -> Self {
        Self::new(Instant::now(), limit)
    }

    /// The same run, if it may not last longer than this.
    #[must_use]
    pub fn at_most(self, limit: Duration) -> Self {
        Self { limit: self.limit.min(limit), ..self }
    }

    /// How long the run may last in all.
    pub fn limit(self) -> Duration {
        self.limit
    }

    /// How long it lasts already.
    pub fn elapsed(self) -> Duration {
        self.start.elapsed()
    }

    /// When it must have ended.
    pub fn end(self) -> Instant {
        self.start + self.limit
    }

    /// What comes of the work, or nothing when the deadline comes first. Work that blocks a thread is left behind.
    pub async fn bound<T>(self, work: impl Future<Output = T>) -> Option<T> {
        timeout_at(self.end(), work).await.ok()
    }
}
