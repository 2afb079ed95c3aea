//! How many listeners listen: what a change of stage waits for, so that a test sees its effect.

use std::sync::{Condvar, Mutex};
use std::time::Duration;

use crate::shared::lock;

/// How many listeners there are, and how many of them listen: what `set_stage` waits for, so that a test sees its effect.
#[derive(Debug, Default)]
pub(crate) struct Listeners {
    pub(crate) total: usize,
    pub(crate) listening: Mutex<usize>,
    pub(crate) changed: Condvar,
}

impl Listeners {
    /// One listener began or ceased to listen.
    pub(crate) fn note(&self, listens: bool) {
        let mut count = lock(&self.listening);
        *count = if listens { *count + 1 } else { count.saturating_sub(1) };
        self.changed.notify_all();
    }

    /// Whether all listen.
    pub(crate) fn all(&self) -> bool {
        *lock(&self.listening) == self.total
    }

    /// Waits until all listen, or none.
    pub(crate) fn wait(&self, all: bool) {
        let wanted = if all { self.total } else { 0 };
        let count = lock(&self.listening);
        // The limit only keeps a broken server from blocking a test for ever.
        let _ = self
            .changed
            .wait_timeout_while(count, Duration::from_secs(10), |count| *count != wanted);
    }
}
