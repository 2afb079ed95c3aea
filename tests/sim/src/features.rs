//! The names of what differs between releases beyond the keys of an answer.

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
    /// A code that was asked for without PKCE is refused if a verifier comes with it.
    PkceDowngrade,
    /// A refresh that asks for fewer scopes is refused.
    RefreshKeepsScopes,
    /// New installations give tokens a day instead of half an hour.
    DayLongTokens,
    /// Some of the databases' own words reach the client when a race is lost.
    RaceIsRawText,
    /// `users/me` lists the users of the session.
    MeUsers,
    /// Three more scope mappings, whose names are not known.
    NineMappings,
}
