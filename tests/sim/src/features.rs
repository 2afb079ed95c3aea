//! What differs between releases beyond the keys of an answer: one table, so that a profile is nothing but a number.

use crate::release::{NEVER, Range, Release, before, between, since};

/// How the borders of a difference are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Both sides of each border were recorded, or seen on running servers.
    Recorded,
    /// The published schemas of the releases say so.
    Schema,
    /// Source code, release notes or reports, read.
    Read,
}

/// How a profile is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// Seen on a running server; the replay test compares it.
    Recorded,
    /// From released schemas, release notes or reading only.
    Read,
}

/// A behaviour that some releases have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feature {
    /// A missing trailing slash is redirected instead of refused.
    SlashRedirect,
    /// A Host that is no host name gets a 400 page; later a bare 404.
    BadHostIs400,
    /// `Authorization: Token x` is named as the wrong scheme.
    SchemeNamed,
    /// Lists carry `autocomplete`, absent objects are named in the 404, tokens and service accounts are validated.
    Autocomplete,
    /// JSON answers of the API name their charset.
    Charset,
    /// Twenty objects a page instead of a hundred.
    SmallPages,
    /// Scope mappings live under `propertymappings/provider/`.
    MappingsMoved,
    /// `core/brands` instead of `core/tenants`.
    Brands,
    /// The offline_access mapping exists, and refresh tokens need it.
    OfflineAccess,
    /// The mapping of the API scope exists, and scopes are limited to the provider's mappings.
    ApiMapping,
    /// The entitlements mapping exists.
    Entitlements,
    /// Providers need an invalidation flow.
    InvalidationFlow,
    /// Redirect URIs are a required list of objects instead of a string.
    RedirectList,
    /// Redirect entries have a type.
    RedirectType,
    /// Providers list the grants they allow; created ones allow none.
    GrantTypes,
    /// The name of a provider is unique.
    ProviderNameUnique,
    /// The subject may be the user's id.
    SubUserId,
    /// The subject may be the user's UUID.
    SubUserUuid,
    /// `set_key` reads JSON.
    SetKeyJson,
    /// The name of a group is unique.
    GroupNameUnique,
    /// Creating a user needs `groups`.
    UserNeedsGroups,
    /// Provider and application can be made in one request.
    Transactional,
    /// ... by superusers only.
    TransactionalSuperuser,
    /// The API takes tokens of the token endpoint.
    JwtOnApi,
    /// Token answers and access tokens carry the scope.
    ScopeClaim,
    /// Tokens carry the session and the means of authentication.
    SessionClaims,
    /// Tokens carry an id of their own.
    TokenId,
    /// The code flow's access token carries the nonce.
    NonceInAccess,
    /// The e-mail address is claimed to be verified.
    EmailVerified,
    /// Oldest token shape: `bearer`, `cid`, `family_name`, and a lifetime of 30 days.
    OldTokens,
    /// Errors of the OAuth2 endpoints carry a request id, and the device endpoint answers in JSON.
    OauthRequestId,
    /// An implicit-consent flow still shows its page.
    ConsentPage,
    /// ... and this release does so when offline_access is asked for.
    ConsentForOffline,
    /// Login starts at the flow itself, not at the redirector.
    LoginAtFlow,
    /// The device page names the flow inspector.
    Inspector,
    /// Health endpoints answer 200; before, 204.
    Live200,
    /// Readiness answers 200; before, 204.
    Ready200,
    /// Everything but liveness is 503 with Retry-After while starting; before, 502.
    Starting503,
    /// Liveness asks the application.
    LiveAsksCore,
    /// Liveness is answered by the starting page too.
    LiveStarting,
    /// The bootstrap token comes some time after readiness.
    TokenLater,
    /// Forwarded headers count from trusted peers only.
    ForwardedTrusted,
    /// Reading key pairs without `include_details=false` is no longer dear.
    CheapKeyPairs,
    /// Permissions of roles decide; the oldest releases know superusers only.
    Rbac,
    /// Malformed JSON is reported by another parser.
    FastJson,
    /// Application slugs that would hide an endpoint are refused.
    ReservedSlugs,
    /// Refused slugs are quoted typographically.
    CurlyQuotes,
    /// Users have a type; before, an attribute makes service accounts.
    UserTypes,
    /// `uid` is made with the secret key instead of the installation's id.
    UidOfSecretKey,
    /// Users hold roles themselves, and groups hand theirs down.
    DirectRoles,
    /// An application without bindings is open to nobody if the system settings say so.
    DefaultAccess,
    /// That setting is told to everybody by the brand.
    DefaultAccessShown,
    /// Bindings may end.
    ExpiringBindings,
    /// A brand serves its domain and what ends in a dot and the domain; before, whatever ends like the domain.
    BrandAtDot,
    /// Of several brands the one with the longest domain serves; before, any.
    BrandLongest,
    /// Settings of the system are open to the API.
    SystemSettings,
    /// Settings have flags.
    Flags,
    /// A device code is for those only who may open the application.
    DeviceChecksAccess,
    /// Discovery lists the grants of the provider; before, a fixed list.
    GrantsDiscovered,
    /// A return address of a logout counts if it is registered; before, none does.
    LogoutReturns,
    /// ... one that is not registered is refused; before, ignored.
    LogoutChecked,
    /// ... and where none at all is registered, any is refused.
    LogoutNeedsEntry,
    /// Somebody who is not logged in may log out; before, they are sent to log in.
    LogoutIdempotent,
    /// The uniqueness of a name that was lost in a race is a field error; before, a 500 page.
    RaceIsFieldError,
    /// Every second request that names `TE` in its Connection header gets no answer.
    TeStalls,
    /// `users/me` lists the users of the session.
    MeUsers,
    /// Three more scope mappings, whose names are not known.
    NineMappings,
}

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
    unseen(F::UidOfSecretKey, before(2023, 4), Read),
    row(F::DirectRoles, since(2025, 12), Schema),
    unseen(F::DefaultAccess, from(2026, 5, 0), Schema),
    unseen(F::DefaultAccessShown, Range(Release(2026, 5, 0), Release(2026, 5, 7)), Schema),
    unseen(F::ExpiringBindings, since(2026, 8), Schema),
    unseen(F::BrandAtDot, since(2026, 2), Read),
    unseen(F::BrandLongest, since(2025, 6), Read),
    unseen(F::SystemSettings, since(2024, 2), Schema),
    row(F::Flags, since(2025, 10), Schema),
    unseen(F::DeviceChecksAccess, from(2024, 2, 4), Read),
    unseen(F::GrantsDiscovered, since(2026, 8), Read),
    unseen(F::LogoutReturns, since(2026, 5), Read),
    unseen(F::LogoutChecked, from(2026, 5, 0), Read),
    unseen(F::LogoutNeedsEntry, Range(Release(2026, 5, 0), Release(2026, 5, 3)), Read),
    unseen(F::LogoutIdempotent, since(2026, 8), Read),
    unseen(F::RaceIsFieldError, from(2026, 5, 6), Read),
    unseen(F::TeStalls, since(2026, 8), Read),
    unseen(F::MeUsers, since(2026, 8), Schema),
    unseen(F::NineMappings, since(2026, 8), Read),
];

/// Whether a release behaves so.
#[must_use]
pub fn holds(feature: Feature, release: Release) -> bool {
    TABLE.iter().any(|row| row.feature == feature && row.range.holds(release))
}
