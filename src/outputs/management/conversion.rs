//! From one kind of NetBird to another: who may, and what goes. People keep their data only if their ids are translated by
//! NetBird's own `idp-migrate`, so a file that people may have logged in with is refused, with the steps.

use super::own_provider::is_on;
use super::{File, connector};
use crate::config::{Config, Output};
use crate::error::{Error, Exit};
use crate::outputs::json::Node;

/// Where a file names the issuer whose tokens NetBird takes.
const ISSUER: &str = "HttpConfig.AuthIssuer";

/// Where a file names the application that it was made for: any of them is enough for NetBird to take its tokens.
pub(super) const ISSUERS: &[&str] =
    &[ISSUER, "HttpConfig.AuthKeysLocation", "HttpConfig.OIDCConfigEndpoint"];

/// What keeps a `management.json` from getting a provider of NetBird's own.
pub fn refused(config: &Config, file: &File) -> Option<Error> {
    takes_tokens(config, file).then(|| to_embedded(config))
}

/// What keeps Authentik's client from becoming that of a netbird-server, which reads another file.
pub fn refused_beside(config: &Config, file: &File) -> Option<Error> {
    let domain = &config.netbird.domain;
    takes_tokens(config, file).then(|| {
        Error::new(
            Exit::Refused,
            format!("{} makes NetBird take Authentik's tokens, and SETUP_NETBIRD is combined", file.place),
        )
        .about("refused")
        .because("logins of the NetBird that uses it would end, and in the other kind everybody's id is another one")
        .remedy(format!(
            "if {domain} is another NetBird, give it directories and an AUTHENTIK_APPLICATION_SLUG of its own; to replace \
             one whose users may be lost, move the file away, or set SETUP_ALLOW_IDENTITY_CHANGE=true for one run"
        ))
    })
}

/// Whether people may have logged in with Authentik's tokens, and nobody said that their ids may change.
fn takes_tokens(config: &Config, file: &File) -> bool {
    let converts = !is_on(file) && !config.wishes.allow_identity_change;
    converts && ISSUERS.iter().any(|path| file.text(path).is_some())
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
    .about("refused")
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
pub(super) fn without_issuer(root: &mut Node, config: &Config) {
    if !is_of_authentik(root, config) {
        // Somebody else's sections: said in a warning, and left.
        return;
    }
    for section in ["DeviceAuthorizationFlow", "PKCEAuthorizationFlow", "IdpManagerConfig"] {
        root.remove(section);
    }
    let Some(http) = root.at_mut("HttpConfig") else { return };
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
        http.remove(key);
    }
    if http.meaning() == "{}" {
        root.remove("HttpConfig");
    }
}

/// Whether the issuer is this application of Authentik: by its name, or where that is not in the file, by where its keys
/// or its discovery document are.
fn is_of_authentik(root: &Node, config: &Config) -> bool {
    let issuers = connector::issuers(config);
    let text = |path: &str| root.at(path).and_then(Node::as_text).filter(|text| !text.is_empty());
    match text(ISSUER) {
        Some(issuer) => issuers.contains(&issuer),
        None => {
            let application = format!("/application/o/{}/", config.wishes.slug);
            let below = |url: String| {
                issuers.iter().any(|i| i.ends_with(&application) && url.starts_with(i.as_str()))
            };
            ISSUERS.iter().filter_map(|path| text(path)).any(below)
        }
    }
}

/// Sections that NetBird ignores beside a provider of its own, for a remark; those that a conversion takes away are none.
pub fn ignored(file: &File, config: &Config) -> Vec<&'static str> {
    let mut root = file.root.clone();
    if !is_on(file) {
        without_issuer(&mut root, config);
    }
    let there = |section: &str| root.at(section).is_some_and(|node| !node.is_null());
    let manager = root.at("IdpManagerConfig.ManagerType").and_then(Node::as_text);
    [
        (
            "HttpConfig",
            root.at(ISSUER).and_then(Node::as_text).is_some_and(|text| !text.is_empty()),
        ),
        ("IdpManagerConfig", manager.is_some_and(|name| !name.is_empty() && name != "none")),
        ("PKCEAuthorizationFlow", there("PKCEAuthorizationFlow")),
        ("DeviceAuthorizationFlow", there("DeviceAuthorizationFlow")),
    ]
    .into_iter()
    .filter_map(|(section, is_there)| is_there.then_some(section))
    .collect()
}
