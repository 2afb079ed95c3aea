//! Holds answers back until the others of their round have come, so that what is asked side by side is seen side by side,
//! however slow the machine is. No clock decides: a client that asks one question after another never gets the first
//! answer of a round of two.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

/// After this long nothing more is going to come: the round was expected to be larger than it is.
const LIMIT: Duration = Duration::from_secs(20);

/// How many requests came since the rounds were told, and where rounds end.
#[derive(Clone, Debug, Default)]
struct Count {
    came: usize,
    ends: Vec<usize>,
}

/// The rounds that are expected.
#[derive(Debug)]
pub(crate) struct Gathering(watch::Sender<Count>);

impl Default for Gathering {
    fn default() -> Self {
        Self(watch::channel(Count::default()).0)
    }
}

impl Gathering {
    /// From now on rounds of so many requests are expected; after them nothing is held back.
    pub(crate) fn expect(&self, rounds: &[usize]) {
        let sum = |end: &mut usize, size: &usize| {
            *end += size;
            Some(*end)
        };
        let ends = rounds.iter().scan(0, sum).collect();
        self.0.send_replace(Count { came: 0, ends });
    }

    /// A request came; returns when its round is complete.
    pub(crate) async fn gathered(&self) {
        let mut end = None;
        self.0.send_modify(|count| {
            end = count.ends.iter().copied().find(|end| count.came < *end);
            count.came += 1;
        });
        let Some(end) = end else { return };
        let mut counts = self.0.subscribe();
        let _ = timeout(LIMIT, counts.wait_for(|count| count.came >= end)).await;
    }
}
