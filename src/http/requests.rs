//! Counts what was sent, by the class of what came back, and remembers which certificate ends first: for the log, for
//! budgets and for metrics; and how often in a row a request has failed, for patience.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::body::ALTOGETHER;

/// Classes of answers, by the first digit of the status; `none` is for requests without a complete answer.
pub const CLASSES: [&str; 6] = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"];

/// Requests of one run.
#[derive(Debug, Default)]
pub struct Requests {
    answered: [AtomicU64; CLASSES.len()],
    sent: AtomicU64,
    attempt: AtomicU64,
    taken: AtomicUsize,
    failing: Mutex<BTreeMap<String, (u16, u32)>>,
    /// In Unix time; 0: none was seen.
    first_expiry: AtomicU64,
}

/// Stands for every status that says "not now": each of them goes on counting the others.
const LABOURING: u16 = 500;

/// What counts as the same failure again: each refusal by itself, all "not now" together; a success, and a server that
/// is away, end the row.
fn failure(status: Option<u16>) -> Option<u16> {
    match status? {
        502 | 503 | 0..400 => None,
        408 | 425 | 429 | 500.. => Some(LABOURING),
        refusal => Some(refusal),
    }
}

impl Requests {
    /// One is sent.
    pub fn send(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }

    /// One was answered with this status.
    pub fn answered(&self, status: u16) {
        if let Some(class) = self.answered.get(usize::from(status / 100)) {
            class.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A request ended with this status, or without an answer; how often in a row it has failed in the same way.
    pub fn in_a_row(&self, request: &str, status: Option<u16>) -> u32 {
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(failure) = failure(status) else {
            failing.remove(request);
            return 0;
        };
        let entry = failing.entry(request.to_owned()).or_insert((failure, 0));
        let before = if entry.0 == failure { entry.1 } else { 0 };
        *entry = (failure, before.saturating_add(1));
        entry.1
    }

    /// A peer's certificate ends then.
    pub fn saw_certificate(&self, ends: SystemTime) {
        let seconds = ends.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let earlier = |seen| (seen == 0 || seconds < seen).then_some(seconds);
        // Nothing to do if it is not the earliest.
        let _ = self.first_expiry.fetch_update(Ordering::Relaxed, Ordering::Relaxed, earlier);
    }

    /// When the first of the certificates that were seen ends; nothing without TLS.
    pub fn first_expiry(&self) -> Option<SystemTime> {
        match self.first_expiry.load(Ordering::Relaxed) {
            0 => None,
            seconds => UNIX_EPOCH.checked_add(Duration::from_secs(seconds)),
        }
    }

    /// The run looks at the server anew: its requests are those of another attempt.
    pub fn next_attempt(&self) {
        self.attempt.fetch_add(1, Ordering::Relaxed);
        self.taken.store(0, Ordering::Relaxed);
    }

    /// An answer of this many bytes came; whether those of this attempt are within bounds still. Waiting for a server
    /// takes as many attempts as it takes, and none of them keeps what the last one read.
    pub fn takes(&self, bytes: usize) -> bool {
        self.taken.fetch_add(bytes, Ordering::Relaxed) + bytes <= ALTOGETHER
    }

    /// Which attempt of the run this is, from 1 on.
    pub fn attempt(&self) -> u64 {
        self.attempt.load(Ordering::Relaxed)
    }

    /// How many were sent.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// How many of each class, in the order of [`CLASSES`]. Those that a deadline cut off count as `none`.
    pub fn by_class(&self) -> [u64; CLASSES.len()] {
        let mut counts = [0; CLASSES.len()];
        for (count, class) in counts.iter_mut().zip(&self.answered) {
            *count = class.load(Ordering::Relaxed);
        }
        counts[0] = self.sent().saturating_sub(counts[1..].iter().sum());
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_count_in_a_row_and_by_request() {
        let requests = Requests::default();
        let ask = |request, status| requests.in_a_row(request, status);
        assert_eq!([ask("a", Some(500)), ask("b", Some(500)), ask("a", Some(504))], [1, 1, 2]);
        assert_eq!([ask("a", Some(200)), ask("a", Some(500)), ask("b", Some(429))], [0, 1, 2]);
        assert_eq!([ask("a", Some(503)), ask("a", Some(500))], [0, 1], "a restart begins anew");
        assert_eq!([ask("b", None), ask("b", Some(500))], [0, 1], "so does silence");
        assert_eq!([ask("a", Some(400)), ask("a", Some(400)), ask("a", Some(403))], [1, 2, 1]);
    }

    #[test]
    fn the_certificate_that_ends_first_is_remembered() {
        let requests = Requests::default();
        assert_eq!(requests.first_expiry(), None);
        for seconds in [30, 20, 40] {
            requests.saw_certificate(UNIX_EPOCH + Duration::from_secs(seconds));
        }
        assert_eq!(requests.first_expiry(), Some(UNIX_EPOCH + Duration::from_secs(20)));
    }

    #[test]
    fn what_was_not_answered_counts_as_none() {
        let requests = Requests::default();
        for status in [200, 204, 403, 503, 999] {
            requests.send();
            requests.answered(status);
        }
        requests.send();
        assert_eq!(requests.by_class(), [2, 0, 2, 0, 1, 1]);
        assert_eq!(requests.sent(), 6);
    }
}
