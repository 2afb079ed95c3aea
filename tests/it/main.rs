//! The binary as users run it: a process, against a simulated Authentik over real HTTP.

#![allow(clippy::unwrap_used, missing_docs)]

mod adoption;
mod checking;
mod configuration;
mod connect;
mod deployed;
mod documents;
mod drift;
mod exit_codes;
mod files;
mod http;
mod interrupted;
mod leaks;
mod legacy;
mod login;
mod logs;
mod mistakes;
mod monitoring;
mod ownership;
mod people;
mod permissions;
mod planning;
mod properties;
mod releases;
mod releases_page;
mod runs;
mod schema;
mod sidecar;
mod soak;
mod status_page;
mod support;
mod tools;
mod upgrades;
mod waiting;
mod watch;
