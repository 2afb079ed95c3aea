//! What differs between releases beyond the keys of an answer: one table, so that a profile is nothing but a number.

use crate::release::{NEVER, Range, Release, before, between, since};

/// How a fact is known.
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
}

/// One line of the table.
#[derive(Debug)]
pub struct Row {
    /// What.
    pub feature: Feature,
    /// Where it holds.
    pub range: Range,
    /// How the range is known.
    pub evidence: Evidence,
}

const fn row(feature: Feature, range: Range, evidence: Evidence) -> Row {
    Row { feature, range, evidence }
}

use Evidence::{Read, Recorded};
use Feature as F;

/// Every difference. A range whose border lies between two recordings is `Read`.
pub static TABLE: &[Row] = &[
    row(F::SlashRedirect, before(2023, 5), Read),
    row(F::BadHostIs400, before(2024, 2), Recorded),
    row(F::SchemeNamed, before(2025, 8), Read),
    row(F::Autocomplete, since(2025, 8), Read),
    row(F::Charset, between((2024, 12), (2026, 2)), Recorded),
    row(F::SmallPages, since(2025, 12), Read),
    row(F::MappingsMoved, since(2024, 8), Read),
    row(F::Brands, since(2024, 2), Recorded),
    row(F::OfflineAccess, since(2024, 2), Recorded),
    row(F::ApiMapping, since(2024, 6), Read),
    row(F::Entitlements, since(2024, 12), Read),
    row(F::InvalidationFlow, since(2024, 10), Read),
    row(F::RedirectList, Range(Release(2024, 8, 5), Release(2024, 10, -1)), Read),
    row(F::RedirectList, Range(Release(2024, 10, 3), NEVER), Read),
    row(F::RedirectType, since(2026, 5), Recorded),
    row(F::GrantTypes, Range(Release(2026, 5, 0), NEVER), Read),
    row(F::ProviderNameUnique, since(2023, 3), Read),
    row(F::SubUserId, since(2023, 2), Read),
    row(F::SubUserUuid, since(2023, 5), Read),
    row(F::SetKeyJson, since(2023, 2), Read),
    row(F::GroupNameUnique, since(2025, 12), Read),
    row(F::UserNeedsGroups, before(2023, 2), Read),
    row(F::Transactional, since(2023, 10), Read),
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
    row(F::Live200, since(2024, 12), Recorded),
    row(F::Ready200, since(2024, 8), Read),
    row(F::Starting503, since(2025, 10), Read),
    row(F::LiveAsksCore, Range(Release(2025, 10, 4), NEVER), Read),
    row(F::LiveStarting, since(2026, 8), Read),
    row(F::TokenLater, since(2023, 8), Read),
    row(F::ForwardedTrusted, since(2026, 8), Read),
    row(F::CheapKeyPairs, since(2025, 12), Read),
    row(F::Rbac, since(2023, 10), Read),
    row(F::FastJson, since(2024, 12), Read),
    row(F::ReservedSlugs, since(2025, 8), Read),
    row(F::CurlyQuotes, since(2025, 12), Read),
];
