//! What this container must not touch, or cannot: a file that NetBird would read otherwise than it looks, or with which
//! people could not log in. Each refusal names the key and the way out.

use super::places::Follower;
use super::readable::{shapes, two_spellings};
use super::{AUTHENTIK, File, connector, conversion, embedded};
use crate::config::{Config, Output};
use crate::error::{Error, Exit};
use crate::outputs::json::Node;

/// Everything that keeps the file from being completed for NetBird with Authentik as its issuer.
pub fn refused(file: &File, config: &Config) -> Vec<Error> {
    let mut refused = Vec::new();
    refused.extend(two_spellings(file));
    refused.extend(shapes(file));
    refused.extend(has_provider(file));
    refused.extend(manager(file, config));
    refused.extend(slug(file, config));
    refused.extend(relay(file, config));
    refused
}

/// Everything that keeps the file from being completed for a NetBird with a provider of its own; `known` is the id of
/// Authentik's connector, as far as it is remembered.
pub fn refused_with_provider(file: &File, config: &Config, known: Option<&str>) -> Vec<Error> {
    let mut refused = Vec::new();
    refused.extend(two_spellings(file));
    refused.extend(shapes(file));
    if !refused.is_empty() {
        return refused;
    }
    refused.extend(conversion::refused(config, file));
    refused.extend(connector::admit(config, embedded::connectors(&file.root), known).err());
    refused.extend(relay(file, config));
    refused
}

/// A claim that tokens will not have: NetBird would answer every login with 401.
pub fn claim(file: Option<&File>, config: &Config, supported: &[String]) -> Option<Error> {
    const VARIABLE: &str = "NETBIRD_AUTH_USER_ID_CLAIM";
    const PATH: &str = "HttpConfig.AuthUserIDClaim";
    let passed = config.netbird.passed.get(VARIABLE);
    let (exit, name, claim) = match (passed, file.and_then(|file| file.text(PATH))) {
        (Some(claim), _) => (Exit::Config, VARIABLE.to_owned(), claim.clone()),
        (None, Some(claim)) => (Exit::Refused, format!("{}: {PATH}", file?.place), claim),
        (None, None) => return None,
    };
    if supported.is_empty() || supported.contains(&claim) {
        return None;
    }
    let what = format!("{name} is {claim}, a claim that Authentik's tokens do not have");
    Some(
        Error::new(exit, what)
            .because("NetBird would answer every login with \"token invalid\"")
            .remedy(format!("take it away, or use one of {}", supported.join(", ")))
            .about("user-id-claim"),
    )
}

pub(super) fn error(what: String, why: &str, remedy: &str) -> Error {
    Error::new(Exit::Refused, what).because(why).remedy(remedy)
}

fn has_provider(file: &File) -> Option<Error> {
    let enabled = file.root.at("EmbeddedIdP.Enabled").filter(|node| !node.is_null())?;
    if matches!(enabled, Node::Scalar(raw) if raw == "false") {
        return None;
    }
    Some(error(
        format!("{}: EmbeddedIdP.Enabled is on, and SETUP_NETBIRD is standalone", file.place),
        "NetBird issues its tokens itself then and refuses Authentik's: every login would end with 401",
        "set SETUP_NETBIRD to the kind of NetBird that this is, or, to let Authentik issue the tokens again, set \
         EmbeddedIdP.Enabled to false",
    )
    .about("embedded-idp"))
}

/// Whether this container may take the manager away: it is of this Authentik and this application.
pub(super) fn is_own_manager(file: &File, config: &Config) -> bool {
    let public = &config.connection.public;
    let issuers = [public.join(&format!("application/o/{}/", config.wishes.slug)), public.join("")];
    let issuer = file.text("IdpManagerConfig.ClientConfig.Issuer");
    file.manager().as_deref() == Some(AUTHENTIK) && issuer.is_some_and(|i| issuers.contains(&i))
}

fn unwanted(config: &Config) -> bool {
    config.netbird.user_list == Some(false)
}

/// The account that NetBird no longer uses when its manager is taken away, if it is.
pub fn leaving(file: Option<&File>, config: &Config) -> Option<String> {
    let file = file.filter(|file| unwanted(config) && is_own_manager(file, config))?;
    let extra = file.root.at("IdpManagerConfig.ExtraConfig");
    extra.and_then(|extra| extra.exact("Username")).and_then(Node::as_text)
}

fn manager(file: &File, config: &Config) -> Option<Error> {
    const KEY: &str = "IdpManagerConfig.ManagerType";
    let place = &file.place;
    let node = file.root.at(KEY).filter(|node| !node.is_null())?;
    let way_out = format!("set {KEY} to none, or remove IdpManagerConfig, if it is no longer used");
    if node.as_text().is_none() || node.is_template() {
        let what = format!("{place}: {KEY} is not a plain text");
        return Some(error(what, "which user list NetBird would use cannot be told", &way_out));
    }
    let name = file.manager()?;
    if name != AUTHENTIK {
        return Some(
            error(
                format!("{place}: {KEY} is {name}, another identity provider's"),
                "NetBird would go on to look its users up there",
                &way_out,
            )
            .about("foreign-manager"),
        );
    }
    if config.netbird.lists_users() {
        return None;
    }
    if unwanted(config) && !is_own_manager(file, config) {
        return Some(
            error(
                format!(
                    "{place}: {KEY} is authentik with another issuer, and NETBIRD_MGMT_IDP is none"
                ),
                "it was not made for this application of this Authentik",
                &format!("{way_out}; or unset NETBIRD_MGMT_IDP to leave it as it is"),
            )
            .about("foreign-manager"),
        );
    }
    let missing = missing(file);
    (!missing.is_empty() && !unwanted(config)).then(|| {
        error(
            format!("{place}: {KEY} is authentik, and the manager lacks {}", missing.join(", ")),
            "NetBird's management would not start with it",
            "set NETBIRD_MGMT_IDP=authentik to have it completed, or NETBIRD_MGMT_IDP=none and IdpManagerConfig.ManagerType to none",
        )
    })
}

/// What `idp/authentik.go` ends without.
fn missing(file: &File) -> Vec<&'static str> {
    const CLIENT: &[&str] = &[
        "IdpManagerConfig.ClientConfig.ClientID",
        "IdpManagerConfig.ClientConfig.GrantType",
        "IdpManagerConfig.ClientConfig.Issuer",
        "IdpManagerConfig.ClientConfig.TokenEndpoint",
    ];
    let mut missing: Vec<&'static str> =
        CLIENT.iter().copied().filter(|path| file.text(path).is_none()).collect();
    let extra = file.root.at("IdpManagerConfig.ExtraConfig");
    for (key, path) in [
        ("Username", "IdpManagerConfig.ExtraConfig.Username"),
        ("Password", "IdpManagerConfig.ExtraConfig.Password"),
    ] {
        let text = extra.and_then(|extra| extra.exact(key)).and_then(Node::as_text);
        if text.is_none_or(|text| text.is_empty()) {
            missing.push(path);
        }
    }
    missing
}

/// Where a file names the application that it was made for.
const ISSUERS: &[&str] =
    &["HttpConfig.AuthIssuer", "HttpConfig.AuthKeysLocation", "HttpConfig.OIDCConfigEndpoint"];

fn slug(file: &File, config: &Config) -> Option<Error> {
    let wanted = &config.wishes.slug;
    if config.wishes.allow_identity_change {
        return None;
    }
    let (path, found) = ISSUERS.iter().find_map(|path| {
        let url = file.text(path)?;
        let (_, rest) = url.split_once("/application/o/")?;
        let slug = rest.split('/').next().filter(|slug| !slug.is_empty() && *slug != wanted)?;
        Some((path, slug.to_owned()))
    })?;
    Some(error(
        format!(
            "{}: {path} names the application {found}, and AUTHENTIK_APPLICATION_SLUG is {wanted}",
            file.place
        ),
        "a second application would be made, and NetBird would take its tokens from that one",
        &format!(
            "set AUTHENTIK_APPLICATION_SLUG={found}; to change to another application on purpose, set \
             SETUP_ALLOW_IDENTITY_CHANGE=true for one run"
        ),
    ))
}

/// The relay has to be told the address that clients are told.
fn relay(file: &File, config: &Config) -> Option<Error> {
    let needed = config.files.outputs.contains(&Output::RelayEnv);
    let first = file.root.at(Follower::Relays.path())?.items().first()?;
    if !needed
        || config.netbird.services.relays.chosen
        || (first.as_text().is_some() && !first.is_template())
    {
        return None;
    }
    Some(error(
        format!(
            "{}: the first of Relay.Addresses is not a plain text, and relay.env needs it",
            file.place
        ),
        "a template is known to NetBird's environment only",
        "give the address with NETBIRD_RELAY_ENDPOINT, or leave relay.env out of SETUP_OUTPUTS",
    ))
}
