//! What NetBird is, seen from an identity provider: the OIDC client that each kind of it needs.

pub mod api;
mod client;
pub mod dashboard;
pub mod embedded;
pub mod standalone;

pub use client::{ClientType, OidcClient, Registration, Scope};

use crate::authentik::Release;
use crate::config::{Config, Kind};

impl OidcClient {
    /// What the kind of NetBird that is configured needs of this release; its clients wait on these ports.
    pub fn new(config: &Config, release: Release, ports: &[u16]) -> Self {
        match config.kind {
            Kind::Standalone => Self::standalone(config, release, ports),
            Kind::Embedded | Kind::Combined => Self::embedded(config, release),
        }
    }
}
