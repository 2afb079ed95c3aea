//! What this container must not touch, or cannot: a file that NetBird would read otherwise than it looks, or with which
//! people could not log in. Each refusal names the key and the way out.

use super::manager::manager;
use super::own_provider::connectors;
use super::places::Follower;
use super::readable::{error, shapes, two_spellings};
use super::{File, connector, conversion};
use crate::config::{Config, FOREIGN_CLAIMS, Output};
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
    refused.extend(foreign_claim(file, config));
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
    refused.extend(connector::admit(config, connectors(&file.root), known).err());
    refused.extend(relay(file, config));
    refused
}

const CLAIM_VARIABLE: &str = "NETBIRD_AUTH_USER_ID_CLAIM";
const CLAIM: &str = "HttpConfig.AuthUserIDClaim";

/// A claim of another provider, or one that cannot be told: known before Authentik is asked.
fn foreign_claim(file: &File, config: &Config) -> Option<Error> {
    if config.netbird.passed.contains_key(CLAIM_VARIABLE) {
        return None;
    }
    let node = file.root.at(CLAIM)?;
    let why = "NetBird would answer every login with \"token invalid\" if tokens did not have it";
    if node.is_template() {
        let what =
            format!("{}: {CLAIM} is a template, so which claim it is cannot be told", file.place);
        let remedy = "write the claim itself, or remove the key: NetBird takes sub then";
        return Some(error(what, why, remedy).about("user-id-claim"));
    }
    let claim = node.as_text().filter(|claim| FOREIGN_CLAIMS.contains(&claim.as_str()))?;
    let what =
        format!("{}: {CLAIM} is {claim}, a claim that Authentik's tokens do not have", file.place);
    let why = "NetBird would answer every login with \"token invalid\"";
    Some(error(what, why, "take it away, or use sub").about("user-id-claim"))
}

/// A claim that tokens will not have: NetBird would answer every login with 401.
pub fn claim(file: Option<&File>, config: &Config, supported: &[String]) -> Option<Error> {
    let passed = config.netbird.passed.get(CLAIM_VARIABLE);
    let (exit, name, claim) = match (passed, file.and_then(|file| file.text(CLAIM))) {
        (Some(claim), _) => (Exit::Config, CLAIM_VARIABLE.to_owned(), claim.clone()),
        (None, Some(claim)) => (Exit::Refused, format!("{}: {CLAIM}", file?.place), claim),
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

fn has_provider(file: &File) -> Option<Error> {
    let enabled = file.root.at("EmbeddedIdP.Enabled").filter(|node| !node.is_null())?;
    if matches!(enabled, Node::Scalar(raw) if raw == "false") {
        return None;
    }
    Some(error(
        format!("{}: EmbeddedIdP.Enabled is on, and SETUP_NETBIRD is standalone", file.place),
        "NetBird issues its tokens itself then and refuses Authentik's: every login would end with 401",
        "set SETUP_NETBIRD to the kind of NetBird that this is, or, to let Authentik issue the tokens again, set \
         EmbeddedIdP.Enabled to false: every user is a new one then",
    )
    .about("embedded-idp"))
}

fn slug(file: &File, config: &Config) -> Option<Error> {
    let wanted = &config.wishes.slug;
    if config.wishes.allow_identity_change {
        return None;
    }
    let (path, found) = conversion::ISSUERS.iter().find_map(|path| {
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
        "NetBird would take its tokens from another application",
        &format!(
            "set AUTHENTIK_APPLICATION_SLUG={found}; if that application has the slug {wanted} now, or to change to another \
             one on purpose, set SETUP_ALLOW_IDENTITY_CHANGE=true for one run"
        ),
    ))
}

/// The relay has to be told the address that clients are told.
fn relay(file: &File, config: &Config) -> Option<Error> {
    let needed = config.files.outputs.contains(&Output::RelayEnv);
    let first = file.root.at(Follower::Relays.path())?.items().first()?;
    if !needed
        || config.netbird.services.relays.chosen
        || (first.as_text().is_some_and(|text| !text.chars().any(char::is_control))
            && !first.is_template())
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
