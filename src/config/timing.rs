//! How long things may take.

use std::time::Duration;

use super::parse;
use super::reader::Reader;
use super::variables::Raw;

/// Shorter than a converged run on a busy Authentik takes; a `watch` that asks more often only costs.
const SHORTEST_INTERVAL: Duration = Duration::from_secs(10);

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// `SETUP_TIMEOUT`.
    pub timeout: Duration,
    /// `SETUP_AUTH_GRACE`.
    pub auth_grace: Duration,
    /// `SETUP_INTERVAL`; at least ten seconds.
    pub interval: Duration,
}

impl Timing {
    pub(super) fn read(raw: &Raw, r: &mut Reader) -> Option<Self> {
        let timeout = r.value(raw.setup_timeout(), parse::positive_duration);
        let auth_grace = r.value(raw.setup_auth_grace(), parse::duration);
        let interval = r.value(raw.setup_interval(), parse::positive_duration);
        if interval.is_some_and(|interval| interval < SHORTEST_INTERVAL) {
            let seconds = SHORTEST_INTERVAL.as_secs();
            r.warnings.push(format!(
                "SETUP_INTERVAL is less than {seconds} s, which only costs Authentik: {seconds} s is used; \
                 SIGHUP makes watch look at once"
            ));
        }
        let interval = interval?.max(SHORTEST_INTERVAL);
        Some(Self { timeout: timeout?, auth_grace: auth_grace?, interval })
    }
}
