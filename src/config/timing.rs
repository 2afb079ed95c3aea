//! How long things may take.

use std::time::Duration;

use super::parse;
use super::reader::Reader;
use super::variables::Raw;

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// `SETUP_TIMEOUT`.
    pub timeout: Duration,
    /// `SETUP_AUTH_GRACE`.
    pub auth_grace: Duration,
    /// `SETUP_INTERVAL`.
    pub interval: Duration,
}

impl Timing {
    pub(super) fn read(raw: &Raw, r: &mut Reader) -> Option<Self> {
        let timeout = r.value(raw.setup_timeout(), parse::positive_duration);
        let auth_grace = r.value(raw.setup_auth_grace(), parse::duration);
        let interval = r.value(raw.setup_interval(), parse::positive_duration);
        Some(Self { timeout: timeout?, auth_grace: auth_grace?, interval: interval? })
    }
}
