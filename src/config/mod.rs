//! Configuration from the environment alone: all errors at once, each by its variable's name, with what
//! was found and what would be right, and never with a secret's value.

mod access;
mod configure_sh;
mod connect;
mod connection;
pub mod declare;
mod early;
mod files;
mod kind;
pub mod names;
mod netbird;
mod output;
mod owner;
pub mod parse;
mod passed;
mod problem;
mod reader;
mod scopes;
mod services;
mod setting;
mod source;
mod timing;
pub mod variables;
mod wishes;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::SocketAddr;

pub use access::Access;
pub use connect::Connect;
pub use connection::Connection;
pub use early::{state_dir, timeout};
pub use files::{Files, ManagementDiscovery};
pub use kind::Kind;
pub use netbird::{AccountRole, NetBird};
pub use output::Output;
pub use owner::Owner;
pub use parse::{NetBirdRole, RedirectWish, Relay, RoleGroup};
pub use passed::FOREIGN_CLAIMS;
pub use problem::{Problem, tell};
pub use services::Services;
pub use setting::Setting;
pub use timing::Timing;
pub use wishes::Wishes;

use crate::log;
use reader::Reader;
use variables::Raw;

/// Everything that the environment says.
#[derive(Clone, Debug)]
pub struct Config {
    /// `SETUP_NETBIRD`.
    pub kind: Kind,
    /// How to reach Authentik.
    pub connection: Connection,
    /// What Authentik is to hold.
    pub wishes: Wishes,
    /// What is known about NetBird.
    pub netbird: NetBird,
    /// NetBird's owner, where NetBird issues its own tokens.
    pub owner: Owner,
    /// What `connect` is to do.
    pub connect: Connect,
    /// Where and how files are written.
    pub files: Files,
    /// How long things may take.
    pub timing: Timing,
    /// `SETUP_LISTEN`.
    pub listen: Option<SocketAddr>,
}

/// What reading the environment comes to.
#[derive(Debug)]
pub struct Loaded {
    /// How to log, usable even if the rest is wrong.
    pub log: log::Settings,
    /// The configuration, or everything that is wrong with it.
    pub config: Result<Config, Vec<Problem>>,
    /// Remarks that do not stop the run: names that nobody knows.
    pub warnings: Vec<String>,
}

/// Reads the configuration from environment variables (`std::env::vars_os()`, or a test's own).
pub fn load(vars: impl IntoIterator<Item = (OsString, OsString)>) -> Loaded {
    let source::Prepared { raw, passed, unknown, problems } = source::prepare(vars);
    let mut warnings: Vec<String> = unknown.iter().map(|name| names::unknown(name)).collect();
    warnings.extend(passed.keys().filter_map(|name| configure_sh::remark(name)));
    let mut r = Reader { problems, warnings };
    let log = log_settings(&raw, &mut r);
    let config = config(&raw, passed, &mut r);
    let config = config.filter(|_| r.problems.is_empty()).ok_or(r.problems);
    Loaded { log, config, warnings: r.warnings }
}

/// Every part is read before the first that is wrong ends it, so that all problems are found.
fn config(raw: &Raw, passed: BTreeMap<String, String>, r: &mut Reader) -> Option<Config> {
    let kinds: Vec<(&str, Kind)> = Kind::ALL.iter().map(|kind| (kind.name(), *kind)).collect();
    let kind = r.value(raw.setup_netbird(), parse::choice(&kinds));
    if let Some(kind) = kind {
        of_other_kinds(raw, kind, r);
    }
    let for_kind = kind.unwrap_or(Kind::Standalone);
    let connection = Connection::read(raw, r);
    let wishes = Wishes::read(raw, r);
    let netbird = NetBird::read(raw, passed, for_kind, r);
    let owner = Owner::read(raw, netbird.as_ref().map(|netbird| netbird.domain.as_str()), r);
    let connect = Connect::read(raw, for_kind, r);
    let files = Files::read(raw, for_kind, r);
    let timing = Timing::read(raw, r);
    let listen = r.opt(raw.setup_listen(), parse::listen);
    if let (Some(wishes), Some(netbird), Some(connect)) = (&wishes, &netbird, &connect) {
        sub_mode(raw, wishes, netbird, connect, r);
    }
    Some(Config {
        kind: kind?,
        connection: connection?,
        wishes: wishes?,
        netbird: netbird?,
        owner: owner?,
        connect: connect?,
        files: files?,
        timing: timing?,
        listen,
    })
}

/// Variables that say something about another kind of NetBird.
fn of_other_kinds(raw: &Raw, kind: Kind, r: &mut Reader) {
    for given in raw.all() {
        let variable = given.variable;
        let says_something = given.text.is_some_and(|text| text != variable.neutral);
        if says_something && !variable.kinds.contains(&kind) {
            let wanted = format!(
                "nothing with SETUP_NETBIRD={}: it is for {}",
                kind.name(),
                kind::names(variable.kinds)
            );
            r.wrong(given, &wanted);
        }
    }
}

fn log_settings(raw: &Raw, r: &mut Reader) -> log::Settings {
    let format = parse::choice(&[("text", false), ("json", true)]);
    let json = r.value(raw.setup_log_format(), format).unwrap_or(false);
    // Where the level is wrong, what is wrong with it is still to be logged.
    let filter = r.value(raw.setup_log(), parse::log_filter).unwrap_or_else(|| "info".to_owned());
    log::Settings { json, filter }
}

/// What a token calls its user must be what the user list and the roles know people by.
fn sub_mode(raw: &Raw, wishes: &Wishes, netbird: &NetBird, connect: &Connect, r: &mut Reader) {
    let Some(mode) = wishes.sub_mode.wish() else { return };
    if netbird.lists_users() && mode != "user_id" {
        r.wrong(
            raw.authentik_sub_mode(),
            "user_id with NETBIRD_MGMT_IDP=authentik: NetBird looks users up by their number",
        );
    }
    let chosen = ["user_username", "user_email", "user_upn"].contains(&mode.as_str());
    if chosen && !connect.role_groups.is_empty() {
        let wanted = format!(
            "unset while AUTHENTIK_SUB_MODE is {mode}: people can choose that themselves, and so take somebody's role"
        );
        r.wrong(raw.setup_role_groups(), &wanted);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use variables::VARIABLES;

    #[test]
    fn every_default_is_a_value_that_can_be_given() {
        for variable in VARIABLES {
            let required = [
                ("AUTHENTIK_HOST", "http://authentik-server:9000"),
                ("AUTHENTIK_TOKEN", "token"),
                ("NETBIRD_DOMAIN", "netbird.example.com"),
                ("SETUP_STATE_DIR", "/state"),
                ("SETUP_NETBIRD", variable.kinds[0].name()),
            ];
            let given = variable.default_value().map(|value| (variable.name, value));
            let vars = required.into_iter().chain(given);
            let loaded = load(vars.map(|(name, value)| (name.into(), value.into())));
            assert!(loaded.config.is_ok(), "{}: {:?}", variable.name, loaded.config);
        }
    }
}
