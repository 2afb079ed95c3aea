//! Release numbers, and the ranges in which something holds: every difference between Authentik releases is a range.

use std::fmt;

/// Year, month and patch. A patch of -1 is a release candidate, so that it sorts before the release itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release(pub u16, pub u8, pub i8);

/// Before every release.
pub const ALWAYS: Release = Release(0, 0, 0);
/// After every release.
pub const NEVER: Release = Release(u16::MAX, 0, 0);

/// From the first release up to, not including, the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range(pub Release, pub Release);

impl Range {
    /// Whether `release` lies in the range.
    #[must_use]
    pub fn holds(self, release: Release) -> bool {
        self.0 <= release && release < self.1
    }
}

/// In every release.
pub const ALL: Range = Range(ALWAYS, NEVER);

/// From the first patch of a month on.
#[must_use]
pub const fn since(year: u16, month: u8) -> Range {
    Range(Release(year, month, -1), NEVER)
}

/// Before the first release candidate of a month.
#[must_use]
pub const fn before(year: u16, month: u8) -> Range {
    Range(ALWAYS, Release(year, month, -1))
}

/// From the first patch of one month to the last before another.
#[must_use]
pub const fn between(from: (u16, u8), until: (u16, u8)) -> Range {
    Range(Release(from.0, from.1, -1), Release(until.0, until.1, -1))
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.2 {
            -1 => write!(f, "{}.{}.0-rc1", self.0, self.1),
            patch => write!(f, "{}.{}.{patch}", self.0, self.1),
        }
    }
}
