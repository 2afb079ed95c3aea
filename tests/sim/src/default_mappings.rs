//! The scope mappings that an installation begins with.

use crate::defaults::SCOPE;
use crate::features::Feature;
use crate::profile::Profile;

/// What the consent page says about a scope.
pub(crate) fn description(scope: &str) -> &'static str {
    match scope {
        "ak_proxy" => "authentik Proxy - User information",
        "email" => "Email address",
        "profile" => "General Profile Information",
        "offline_access" => "Access to request new tokens without interaction",
        "goauthentik.io/api" => "authentik API Access on behalf of your user",
        "entitlements" => "Application entitlements",
        _ => "",
    }
}

/// Managed name, scope and title.
pub(crate) fn mappings(profile: &Profile) -> Vec<(String, &'static str, &'static str)> {
    let oauth2 = |name: &str| format!("{SCOPE}{name}");
    let mut all = vec![
        ("goauthentik.io/providers/proxy/scope-proxy".to_owned(), "ak_proxy", "Proxy outpost"),
        (oauth2("email"), "email", "OpenID 'email'"),
        (oauth2("openid"), "openid", "OpenID 'openid'"),
        (oauth2("profile"), "profile", "OpenID 'profile'"),
    ];
    if profile.has(Feature::OfflineAccess) {
        all.push((oauth2("offline_access"), "offline_access", "OpenID 'offline_access'"));
    }
    if profile.has(Feature::ApiMapping) {
        all.push((oauth2("authentik_api"), "goauthentik.io/api", "authentik API access"));
    }
    if profile.has(Feature::Entitlements) {
        all.push((oauth2("entitlements"), "entitlements", "Application Entitlements"));
    }
    if profile.has(Feature::NineMappings) {
        // There are nine; what the three new ones are called is not known, so these names are invented.
        for (scope, title) in [
            ("invented_one", "Invented 1"),
            ("invented_two", "Invented 2"),
            ("invented_three", "Invented 3"),
        ] {
            all.push((oauth2(scope), scope, title));
        }
    }
    all
}
