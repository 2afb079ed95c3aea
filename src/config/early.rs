//! The few variables that are read before, or instead of, all the others.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use super::parse;
use super::variables::Raw;

/// `SETUP_STATE_DIR`, or `SETUP_DIR` in its place: all that a health check needs to know. Not by reading everything: the
/// health check must answer while a secret's disk hangs.
pub fn state_dir(vars: impl IntoIterator<Item = (OsString, OsString)>) -> PathBuf {
    let (mut dir, mut state_dir) = (None, None);
    for (name, value) in vars.into_iter().filter(|(_, value)| !value.is_empty()) {
        match name.to_str() {
            Some("SETUP_DIR") => dir = Some(value),
            Some("SETUP_STATE_DIR") => state_dir = Some(value),
            _ => {}
        }
    }
    let default = Raw::default().setup_dir().variable.default_value().unwrap_or_default();
    state_dir.or(dir).unwrap_or_else(|| default.into()).into()
}

/// `SETUP_TIMEOUT` alone, read before everything else: it bounds the reading of the rest. A wrong value is reported
/// with the other problems.
pub fn timeout(vars: &[(OsString, OsString)]) -> Duration {
    let set = vars.iter().find(|(name, value)| name == "SETUP_TIMEOUT" && !value.is_empty());
    let given = set.and_then(|(_, value)| parse::positive_duration(value.to_str()?).ok());
    let default = || Raw::default().setup_timeout().variable.default_value();
    given.or_else(|| parse::positive_duration(default()?).ok()).unwrap_or(Duration::MAX)
}
