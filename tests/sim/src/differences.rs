//! What differs between releases beyond the keys of an answer: one table, so that a profile is nothing but a number.

use crate::features::{Feature, Source};
use crate::release::{NEVER, Range, Release, before, between, since};

/// One line of the table.
#[derive(Debug)]
pub struct Row {
    /// What.
    pub feature: Feature,
    /// Where it holds.
    pub range: Range,
    /// How the borders of the range are known.
    pub source: Source,
    /// Whether the recordings show it: then a recorded profile is known by its recording, whatever the source.
    pub shown: bool,
}

/// A difference that shows in the recordings.
const fn row(feature: Feature, range: Range, source: Source) -> Row {
    Row { feature, range, source, shown: true }
}

/// A difference that no recording shows.
const fn unseen(feature: Feature, range: Range, source: Source) -> Row {
    Row { feature, range, source, shown: false }
}

/// From the release itself on, its candidates left out.
const fn from(year: u16, month: u8, patch: i8) -> Range {
    Range(Release(year, month, patch), NEVER)
}

use Feature as F;
use Source::{Read, Recorded, Schema};

/// Every difference. A border between two recordings is known by the schemas, or it is `Read`.
pub static TABLE: &[Row] = &[
    row(F::SlashRedirect, before(2023, 5), Read),
    row(F::BadHostIs400, before(2024, 2), Recorded),
    row(F::SchemeNamed, before(2025, 8), Read),
    row(F::Autocomplete, since(2025, 8), Schema),
    row(F::Charset, between((2024, 12), (2026, 2)), Read),
    row(F::SmallPages, since(2025, 12), Schema),
    row(F::MappingsMoved, since(2024, 8), Schema),
    row(F::Brands, since(2024, 2), Recorded),
    row(F::OfflineAccess, since(2024, 2), Recorded),
    row(F::ApiMapping, since(2024, 6), Read),
    row(F::Entitlements, since(2024, 12), Read),
    row(F::InvalidationFlow, since(2024, 10), Schema),
    row(F::RedirectList, Range(Release(2024, 8, 5), Release(2024, 10, -1)), Schema),
    row(F::RedirectList, from(2024, 10, 3), Schema),
    row(F::RedirectType, since(2026, 5), Recorded),
    row(F::GrantTypes, from(2026, 5, 0), Schema),
    row(F::ProviderNameUnique, since(2023, 3), Read),
    row(F::SubUserId, since(2023, 2), Schema),
    row(F::SubUserUuid, since(2023, 5), Schema),
    row(F::SetKeyJson, since(2023, 2), Schema),
    row(F::GroupNameUnique, since(2025, 12), Schema),
    row(F::UserNeedsGroups, before(2023, 2), Schema),
    row(F::Transactional, since(2023, 10), Schema),
    row(F::TransactionalSuperuser, between((2023, 10), (2024, 12)), Read),
    row(F::JwtOnApi, since(2023, 5), Read),
    row(F::ScopeClaim, since(2025, 8), Read),
    row(F::SessionClaims, since(2024, 12), Read),
    row(F::TokenId, since(2026, 2), Recorded),
    row(F::NonceInAccess, since(2024, 2), Recorded),
    row(F::EmailVerified, before(2025, 10), Read),
    row(F::OldTokens, before(2023, 2), Read),
    row(F::OauthRequestId, since(2025, 8), Read),
    row(F::ConsentPage, before(2024, 8), Read),
    row(F::ConsentForOffline, before(2025, 8), Read),
    row(F::LoginAtFlow, since(2025, 12), Read),
    row(F::Inspector, since(2025, 12), Read),
    row(F::Live200, since(2024, 12), Read),
    row(F::Ready200, since(2024, 8), Read),
    row(F::Starting503, since(2025, 10), Read),
    row(F::LiveAsksCore, from(2025, 10, 4), Read),
    row(F::LiveStarting, since(2026, 8), Read),
    row(F::TokenLater, since(2023, 8), Read),
    row(F::ForwardedTrusted, since(2026, 8), Read),
    row(F::CheapKeyPairs, since(2025, 12), Read),
    row(F::Rbac, since(2023, 10), Schema),
    row(F::FastJson, since(2024, 12), Read),
    row(F::ReservedSlugs, since(2025, 8), Read),
    row(F::CurlyQuotes, since(2025, 12), Read),
    row(F::UserTypes, since(2023, 8), Schema),
    row(F::DirectRoles, since(2025, 12), Schema),
    unseen(F::DefaultAccess, from(2026, 5, 0), Schema),
    unseen(F::DefaultAccessShown, Range(Release(2026, 5, 0), Release(2026, 5, 7)), Schema),
    unseen(F::ExpiringBindings, since(2026, 8), Schema),
    unseen(F::BrandAtDot, since(2026, 2), Read),
    unseen(F::BrandLongest, since(2025, 6), Read),
    unseen(F::SystemSettings, since(2024, 2), Schema),
    row(F::Flags, since(2025, 8), Schema),
    unseen(F::DeviceChecksAccess, from(2024, 2, 4), Read),
    unseen(F::GrantsDiscovered, since(2026, 8), Read),
    unseen(F::LogoutReturns, since(2026, 5), Read),
    unseen(F::LogoutChecked, from(2026, 5, 0), Read),
    unseen(F::LogoutNeedsEntry, Range(Release(2026, 5, 0), Release(2026, 5, 3)), Read),
    unseen(F::LogoutIdempotent, since(2026, 8), Read),
    unseen(F::RaceIsFieldError, from(2026, 5, 6), Read),
    unseen(F::TeStalls, since(2026, 8), Read),
    unseen(F::PkceDowngrade, from(2023, 10, 7), Read),
    unseen(F::RefreshKeepsScopes, since(2026, 8), Read),
    unseen(F::DayLongTokens, from(2026, 8, 1), Read),
    unseen(F::RaceIsRawText, before(2025, 8), Read),
    unseen(F::MeUsers, since(2026, 8), Schema),
    unseen(F::NineMappings, since(2026, 8), Read),
];

/// Whether a release behaves so.
#[must_use]
pub fn holds(feature: Feature, release: Release) -> bool {
    TABLE.iter().any(|row| row.feature == feature && row.range.holds(release))
}
