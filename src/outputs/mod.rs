//! NetBird's files: what was verified, and what is on the volumes, become what NetBird starts from. A file an output, with
//! `render` and `secrets_in`; reading is in `before`, everything else is pure.

pub mod admit;
pub mod before;
pub mod config_yaml;
pub mod dashboard_env;
mod diff;
pub mod endpoints;
pub mod management;
pub mod plan;
pub mod relay_env;
pub mod service;
pub mod setup_env;
pub mod shell;
mod shown;
mod sourced;
pub mod step;
pub mod turnserver_conf;
mod yaml;

pub use crate::text::{fold, json};
