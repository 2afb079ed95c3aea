//! Counts what was sent, by the class of what came back: for the log, for budgets and for metrics.

use std::sync::atomic::{AtomicU64, Ordering};

/// Classes of answers, by the first digit of the status; `none` is for requests without a complete answer.
pub const CLASSES: [&str; 6] = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"];

/// Requests of one run.
#[derive(Debug, Default)]
pub struct Requests {
    answered: [AtomicU64; CLASSES.len()],
    sent: AtomicU64,
    attempt: AtomicU64,
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

    /// The run looks at the server anew: its requests are those of another attempt.
    pub fn next_attempt(&self) {
        self.attempt.fetch_add(1, Ordering::Relaxed);
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
