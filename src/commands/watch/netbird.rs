//! What a cycle does in NetBird after `init` was good. NetBird may be waiting for this container to be healthy, so nothing
//! of it touches the cycle's result: it has a log line and metrics of its own.

use tokio::time::Instant;
use tracing::debug;

use super::Status;
use crate::commands::connect;
use crate::config::Config;
use crate::connect::Tally;
use crate::connect::plan::account;
use crate::deadline::Deadline;
use crate::log;

/// What is known from one cycle to the next.
#[derive(Debug, Default)]
pub struct Netbird {
    /// Somebody else owns the account: the owner's login is of no use until somebody gives a token.
    taken: bool,
}

impl Netbird {
    /// Brings NetBird to what is asked for, within the cycle's time.
    pub async fn keep(&mut self, config: &Config, start: Instant, status: &Status) {
        if !connect::is_asked(config).await {
            return;
        }
        if self.taken && config.connect.token.is_none() {
            debug!(
                stage = "connect",
                "not tried: NetBird has another owner, and NB_PAT is not set"
            );
            return;
        }
        let mut tally = Tally::default();
        let deadline = Deadline::new(start, config.timing.timeout);
        let result = connect::run(config, deadline, &status.story, &mut tally).await;
        let failure = result.as_ref().err();
        status.metrics.observe_connect(failure, &tally);
        let Some(error) = failure else { return };
        self.taken = account::is_about_owner(error);
        if status.story.is_news("connect failed", &error.to_string()) {
            log::failure(error);
        } else {
            debug!(stage = "connect", "as before: {error}");
        }
    }
}
