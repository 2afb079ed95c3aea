//! From one kind of NetBird to another: who may, and what goes. People keep their data only if their ids are translated by
//! NetBird's own `idp-migrate`, so a file that people may have logged in with is refused, with the steps.

use serde_json::{Map, Value};

use super::embedded;
use super::management::{issuer_in, lookup};
use crate::config::{Config, Kind, Output};
use crate::error::{Error, Exit};

/// What keeps a `management.json` from being made one of the configured kind.
pub fn refused(config: &Config, file: &Map<String, Value>) -> Option<Error> {
    let has_provider = embedded::section(file).is_some();
    match config.kind {
        Kind::Standalone if has_provider => Some(to_standalone()),
        Kind::Embedded if !has_provider && !config.wishes.allow_identity_change => {
            issuer_in(file).map(|_| to_embedded(config))
        }
        _ => None,
    }
}

fn to_standalone() -> Error {
    Error::new(Exit::Refused, "EmbeddedIdP is switched on in management.json, and SETUP_NETBIRD is standalone")
        .because("NetBird issues its tokens itself and takes none of Authentik's, and its users' ids are its provider's")
        .remedy("set SETUP_NETBIRD=embedded; or, for a NetBird without users, set EmbeddedIdP.Enabled to false")
}

/// The steps that keep people's data, as commands.
fn to_embedded(config: &Config) -> Error {
    let file = config.files.path(Output::ManagementJson);
    let seed = config.files.path(Output::IdpSeedInfo);
    let (file, seed, domain) = (file.display(), seed.display(), &config.netbird.domain);
    Error::new(
        Exit::Refused,
        "management.json makes NetBird take Authentik's tokens, and SETUP_NETBIRD is embedded",
    )
    .because("in the other kind everybody's id is another one: without a migration every user would be a new user")
    .remedy(format!(
        "1. run once with SETUP_NETBIRD=standalone and idp-seed-info added to SETUP_OUTPUTS; 2. stop management, and copy \
         {file} and NetBird's data directory to a safe place (a second run overwrites the tool's own backup); 3. run \
         netbird-idp-migrate --config {file} --datadir /var/lib/netbird --idp-seed-info \"$(cat {seed})\" --domain {domain} \
         --skip-populate-user-info --force, and look for \"users migrated\" (without --force it migrates nobody and still \
         says Congratulations!); 4. run with SETUP_NETBIRD=embedded, then start management. If nobody has logged in to NetBird \
         yet, set SETUP_ALLOW_IDENTITY_CHANGE=true for one run instead"
    ))
}

/// Takes away what made NetBird take another issuer's tokens: ignored by it, and misleading to people. What TLS needs stays.
pub(super) fn without_issuer(file: &mut Map<String, Value>, config: &Config) {
    let Some(issuer) = issuer_in(file) else { return };
    if !super::connector::issuers(config).contains(&issuer) {
        // Somebody else's sections: said in a warning, and left.
        return;
    }
    for section in ["DeviceAuthorizationFlow", "PKCEAuthorizationFlow", "IdpManagerConfig"] {
        take(file, section);
    }
    let Some(name) = name_of(file, "HttpConfig") else { return };
    let Some(http) = file.get_mut(&name).and_then(Value::as_object_mut) else { return };
    for key in [
        "AuthIssuer",
        "AuthAudience",
        "AuthClientID",
        "AuthCallbackURL",
        "AuthKeysLocation",
        "AuthUserIDClaim",
        "OIDCConfigEndpoint",
        "IdpSignKeyRefreshEnabled",
    ] {
        take(http, key);
    }
    let is_empty = |value: &Value| value.is_null() || value == "";
    if http.values().all(is_empty) {
        take(file, "HttpConfig");
    }
}

/// Sections that NetBird ignores beside a provider of its own, for a warning.
pub fn ignored(file: &Map<String, Value>) -> Vec<&'static str> {
    let has_issuer = issuer_in(file).is_some();
    let manager = lookup(file, "IdpManagerConfig")
        .and_then(|section| lookup(section.as_object()?, "ManagerType")?.as_str())
        .is_some_and(|name| !name.is_empty() && name != "none");
    let there = |section: &str| lookup(file, section).is_some_and(|value| !value.is_null());
    [
        ("HttpConfig", has_issuer),
        ("IdpManagerConfig", manager),
        ("PKCEAuthorizationFlow", there("PKCEAuthorizationFlow")),
        ("DeviceAuthorizationFlow", there("DeviceAuthorizationFlow")),
    ]
    .into_iter()
    .filter_map(|(section, is_there)| is_there.then_some(section))
    .collect()
}

fn name_of(object: &Map<String, Value>, key: &str) -> Option<String> {
    object.keys().find(|name| name.eq_ignore_ascii_case(key)).cloned()
}

fn take(object: &mut Map<String, Value>, key: &str) {
    if let Some(name) = name_of(object, key) {
        object.shift_remove(&name);
    }
}
