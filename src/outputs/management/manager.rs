//! The section with which NetBird lists users, `IdpManagerConfig`: whose it is, and whether it may be touched.

use super::readable::error;
use super::{AUTHENTIK, File};
use crate::config::{Config, Kind};
use crate::error::Error;
use crate::outputs::json::Node;
use crate::state::memory::ManagerBefore;
use crate::text::Secret;

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

/// Where a manager logs in.
const URLS: [&str; 2] =
    ["IdpManagerConfig.ClientConfig.Issuer", "IdpManagerConfig.ClientConfig.TokenEndpoint"];

/// Whether this URL is Authentik's, as people or as this container reach it; nothing if it is no URL.
fn is_here(url: &str, config: &Config) -> Option<bool> {
    let connection = &config.connection;
    let origin = url::Url::parse(url).ok()?.origin().ascii_serialization();
    Some(origin == connection.public.origin() || origin == connection.internal.origin())
}

/// Whether the manager asks another server: what it logs in with is for that one alone.
pub(super) fn asks_elsewhere(file: &File, config: &Config) -> bool {
    let mut urls = URLS.iter().filter_map(|path| file.text(path));
    urls.any(|url| is_here(&url, config) == Some(false))
}

/// A manager that stays as it is, since no variable asks for one or against it.
pub fn staying(file: &File, config: &Config) -> Option<ManagerBefore> {
    let undecided = config.kind == Kind::Standalone && config.netbird.user_list.is_none();
    let file = Some(file).filter(|f| undecided && f.manager().as_deref() == Some(AUTHENTIK))?;
    let extra = file.root.at("IdpManagerConfig.ExtraConfig");
    let extra = |key: &str| extra.and_then(|extra| extra.exact(key));
    let nodes = [
        file.root.at("IdpManagerConfig.ClientConfig.ClientID"),
        extra("Username"),
        extra("Password"),
    ];
    let is_plain = |node: &Option<&Node>| {
        node.is_some_and(|n| !n.is_template() && n.as_text().is_some_and(|text| !text.is_empty()))
    };
    let grant = file.text("IdpManagerConfig.ClientConfig.GrantType");
    let mut urls = URLS.iter().map(|path| file.text(path));
    let can_be_asked = nodes.iter().all(is_plain)
        && urls.all(|url| url.is_some_and(|url| is_here(&url, config) == Some(true)))
        && grant.as_deref() == Some("client_credentials");
    let [client_id, username, password] =
        nodes.map(|node| node.and_then(Node::as_text).unwrap_or_default());
    let password = can_be_asked.then(|| Secret::new(password));
    Some(ManagerBefore { client_id, username, password })
}

/// Why a manager that stays is not examined.
pub fn unexamined(file: &File, config: &Config) -> Option<String> {
    staying(file, config).filter(|manager| manager.password.is_none())?;
    let issuer = file.text("IdpManagerConfig.ClientConfig.Issuer").unwrap_or_default();
    Some(format!(
        "{}: the manager is authentik, with issuer {issuer}, and stays as it is: whether NetBird can log in with it \
         was not tried",
        file.place
    ))
}

/// What keeps the manager from being completed or taken away.
pub(super) fn manager(file: &File, config: &Config) -> Option<Error> {
    const KEY: &str = "IdpManagerConfig.ManagerType";
    let place = &file.place;
    let node = file.root.at(KEY).filter(|node| !node.is_null())?;
    let way_out = format!("set {KEY} to none, or remove IdpManagerConfig, if it is no longer used");
    if node.as_text().is_none() || node.is_template() {
        let what = format!("{place}: {KEY} is not a plain text");
        let error = error(what, "which user list NetBird would use cannot be told", &way_out);
        return Some(error.about("foreign-manager"));
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
