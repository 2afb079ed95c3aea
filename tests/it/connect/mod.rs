//! What is done in NetBird after it started: simulated Authentik, simulated NetBird, and the binary between them.

mod combined;
mod embedded;
mod kubernetes;
mod planned;
mod standalone;
mod watching;
pub mod world;
