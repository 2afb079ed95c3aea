//! The releases the simulator can be, as data: a number, how well it is known, and the features its number brings.

use crate::differences::{self, TABLE};
use crate::features::{Evidence, Feature, Source};
use crate::release::{Range, Release};

/// One simulated release.
#[derive(Debug)]
pub struct Profile {
    /// What the profile is selected by.
    pub name: &'static str,
    /// What `/admin/version/` answers.
    pub version_current: &'static str,
    /// The release, for comparisons.
    pub release: Release,
    /// Whether the answers were compared with a recording of this very release line.
    pub evidence: Evidence,
}

const fn profile(
    name: &'static str,
    version_current: &'static str,
    release: Release,
    evidence: Evidence,
) -> Profile {
    Profile { name, version_current, release, evidence }
}

use Evidence::{Read, Recorded};

static PROFILES: [Profile; 20] = [
    profile("2022.12", "2022.12.3", Release(2022, 12, 3), Recorded),
    profile("2023.5", "2023.5.6", Release(2023, 5, 6), Read),
    profile("2023.10", "2023.10.7", Release(2023, 10, 7), Recorded),
    profile("2024.2", "2024.2.4", Release(2024, 2, 4), Recorded),
    profile("2024.6", "2024.6.5", Release(2024, 6, 5), Read),
    profile("2024.8.4", "2024.8.4", Release(2024, 8, 4), Read),
    profile("2024.8", "2024.8.6", Release(2024, 8, 6), Read),
    profile("2024.10.0", "2024.10.0", Release(2024, 10, 0), Read),
    profile("2024.10.5", "2024.10.5", Release(2024, 10, 5), Read),
    profile("2024.12", "2024.12.5", Release(2024, 12, 5), Recorded),
    profile("2025.2", "2025.2.4", Release(2025, 2, 4), Read),
    profile("2025.6", "2025.6.4", Release(2025, 6, 4), Read),
    profile("2025.8", "2025.8.4", Release(2025, 8, 4), Read),
    profile("2025.10", "2025.10.3", Release(2025, 10, 3), Read),
    profile("2025.12", "2025.12.4", Release(2025, 12, 4), Recorded),
    profile("2026.2", "2026.2.2", Release(2026, 2, 2), Recorded),
    profile("2026.5.0-rc1", "2026.5.0-rc1", Release(2026, 5, -1), Recorded),
    profile("2026.5.0", "2026.5.0", Release(2026, 5, 0), Read),
    profile("2026.5", "2026.5.6", Release(2026, 5, 6), Read),
    profile("2026.8", "2026.8.5", Release(2026, 8, 5), Read),
];

/// Every profile, oldest first.
#[must_use]
pub fn profiles() -> Vec<&'static Profile> {
    PROFILES.iter().collect()
}

/// The profile of this name or of this full version.
#[must_use]
pub fn find(name: &str) -> Option<&'static Profile> {
    PROFILES.iter().find(|profile| profile.name == name || profile.version_current == name)
}

impl Profile {
    /// Whether this release behaves so.
    #[must_use]
    pub fn has(&self, feature: Feature) -> bool {
        differences::holds(feature, self.release)
    }

    /// Whether this release lies in the range.
    #[must_use]
    pub fn within(&self, range: Range) -> bool {
        range.holds(self.release)
    }

    /// How it is known whether this release behaves so: the weakest source among the borders, unless a recording of this
    /// release shows it.
    #[must_use]
    pub fn source_of(&self, feature: Feature) -> Source {
        let rows = || TABLE.iter().filter(|row| row.feature == feature);
        if self.evidence == Recorded && rows().all(|row| row.shown) {
            return Source::Recorded;
        }
        let has = |source: Source| rows().any(|row| row.source == source);
        if has(Source::Read) {
            Source::Read
        } else if has(Source::Schema) {
            Source::Schema
        } else {
            Source::Recorded
        }
    }

    /// Everything that distinguishes this release, in the order of the table.
    #[must_use]
    pub fn features(&self) -> Vec<Feature> {
        TABLE.iter().filter(|row| row.range.holds(self.release)).map(|row| row.feature).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_redirect_list_came_twice_and_went_once() {
        let list = |name| find(name).expect("a profile").has(Feature::RedirectList);
        assert!(!list("2024.8.4"));
        assert!(list("2024.8"));
        assert!(!list("2024.10.0"));
        assert!(list("2024.10.5"));
        assert!(list("2026.8"));
    }

    #[test]
    fn grant_types_are_in_the_release_but_not_in_its_candidate() {
        let has = |name| find(name).expect("a profile").has(Feature::GrantTypes);
        assert!(!has("2026.5.0-rc1"));
        assert!(has("2026.5"));
    }

    #[test]
    fn names_are_unique_and_in_order() {
        let all = profiles();
        assert!(
            all.windows(2)
                .all(|pair| pair[0].release < pair[1].release && pair[0].name != pair[1].name)
        );
    }
}
