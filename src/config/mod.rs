//! Configuration from the environment alone: all errors at once, each by its variable's name, with what
//! was found and what would be right, and never with a secret's value.

mod connection;
pub mod declare;
mod early;
mod files;
pub mod names;
mod netbird;
mod output;
pub mod parse;
mod passed;
mod problem;
mod reader;
mod setting;
mod source;
mod timing;
pub mod variables;
mod wishes;

use std::ffi::OsString;
use std::net::SocketAddr;

pub use connection::Connection;
pub use early::{state_dir, timeout};
pub use files::{Files, ManagementDiscovery};
pub use netbird::NetBird;
pub use output::Output;
pub use problem::{Problem, tell};
pub use setting::Setting;
pub use timing::Timing;
pub use wishes::{RedirectWish, Wishes};

use crate::log;
use crate::text::Secret;
use reader::Reader;
use variables::Raw;

/// Everything that the environment says.
#[derive(Clone, Debug)]
pub struct Config {
    /// How to reach Authentik.
    pub connection: Connection,
    /// What Authentik is to hold.
    pub wishes: Wishes,
    /// What is known about NetBird.
    pub netbird: NetBird,
    /// Where and how files are written.
    pub files: Files,
    /// How long things may take.
    pub timing: Timing,
    /// `SETUP_LISTEN`.
    pub listen: Option<SocketAddr>,
}

impl Config {
    /// Every secret that was given, so that no text shows one.
    pub fn given_secrets(&self) -> Vec<Secret> {
        let netbird = &self.netbird;
        let given = [
            &netbird.service_account_password,
            &netbird.datastore_key,
            &netbird.relay_secret,
            &netbird.turn_password,
        ];
        let given = given.into_iter().flatten().cloned();
        given.chain([self.connection.token.clone()]).collect()
    }
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
    let mut r = Reader { problems };
    let warnings = unknown.iter().map(|name| names::unknown(name)).collect();
    let log = log_settings(&raw, &mut r);

    let connection = Connection::read(&raw, &mut r);
    let wishes = Wishes::read(&raw, &mut r);
    let netbird = NetBird::read(&raw, passed, &mut r);
    let files = Files::read(&raw, &mut r);
    let timing = Timing::read(&raw, &mut r);
    let listen = r.opt(raw.setup_listen(), parse::listen);
    contradictions(&raw, wishes.as_ref(), netbird.as_ref(), &mut r);

    let config = match (connection, wishes, netbird, files, timing) {
        (Some(connection), Some(wishes), Some(netbird), Some(files), Some(timing))
            if r.problems.is_empty() =>
        {
            Ok(Config { connection, wishes, netbird, files, timing, listen })
        }
        _ => Err(r.problems),
    };
    Loaded { log, config, warnings }
}

fn log_settings(raw: &Raw, r: &mut Reader) -> log::Settings {
    let format = parse::choice(&[("text", false), ("json", true)]);
    let json = r.value(raw.setup_log_format(), format).unwrap_or(false);
    // Where the level is wrong, what is wrong with it is still to be logged.
    let filter = r.value(raw.setup_log(), parse::log_filter).unwrap_or_else(|| "info".to_owned());
    log::Settings { json, filter }
}

/// Variables that are sound by themselves and cannot be had together.
fn contradictions(raw: &Raw, wishes: Option<&Wishes>, netbird: Option<&NetBird>, r: &mut Reader) {
    let lists_users = netbird.is_some_and(|netbird| netbird.manage_users);
    let other_mode = wishes.and_then(|w| w.sub_mode.wish()).is_some_and(|mode| mode != "user_id");
    if lists_users && other_mode {
        r.wrong(
            raw.authentik_sub_mode(),
            "user_id with NETBIRD_MGMT_IDP=authentik: NetBird looks users up by their number",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use variables::VARIABLES;

    #[test]
    fn every_default_is_a_value_that_can_be_given() {
        let required = [
            ("AUTHENTIK_HOST", "http://authentik-server:9000"),
            ("AUTHENTIK_TOKEN", "token"),
            ("NETBIRD_DOMAIN", "netbird.example.com"),
        ];
        for variable in VARIABLES {
            let given = variable.default_value().map(|value| (variable.name, value));
            let vars = required.into_iter().chain(given);
            let loaded = load(vars.map(|(name, value)| (name.into(), value.into())));
            assert!(loaded.config.is_ok(), "{}: {:?}", variable.name, loaded.config);
        }
    }
}
