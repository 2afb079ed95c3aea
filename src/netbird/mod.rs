//! What NetBird is, seen from an identity provider: the OIDC client that each kind of it needs.

pub mod api;
mod client;
pub mod dashboard;
pub mod embedded;
pub mod standalone;

pub use client::{ClientType, OidcClient, Registration, Scope};
