//! A stateful simulated NetBird 0.77.1 over real HTTP: the split `management` image with its management.json, and the
//! combined `netbird-server` image with its config.yaml.
//!
//! [`NetBird`] is a running server. [`browser`] has what stands before it: a browser, and NetBird's client.

pub mod browser;
mod builder;
mod config;
mod demands;
mod dex;
mod ids;
mod jwt;
mod manager;
mod netbird;
mod process;
mod provider;
mod rest;
mod start;
mod state;
mod upstream;
mod validator;
mod world;

pub use authentik_sim::{Fault, FaultRule, Match};
pub use builder::Builder;
pub use config::{Connector, Kind};
pub use ids::{subject_and_connector, user_id};
pub use netbird::NetBird;
pub use provider::{Idp, Password};
pub use start::Refusal;
pub use state::{AccessToken, Account, Group, State, User};
pub use world::Image;
