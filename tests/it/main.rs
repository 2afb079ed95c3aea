//! The binary as users run it: a process, against a simulated Authentik over real HTTP.

#![allow(clippy::unwrap_used, missing_docs)]

mod adoption;
mod configuration;
mod documents;
mod exit_codes;
mod files;
mod http;
mod interrupted;
mod leaks;
mod ownership;
mod permissions;
mod planning;
mod properties;
mod releases;
mod runs;
mod support;
mod upgrades;
mod waiting;
