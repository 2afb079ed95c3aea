//! What is done in NetBird after it started: simulated Authentik, simulated NetBird, and the binary between them.

mod standalone;
mod world;
