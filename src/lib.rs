//! Makes Authentik hold what NetBird needs, verifies it through OIDC discovery, and writes the files that
//! NetBird starts from.
//!
//! ```text
//! environment ──> config ──> desired ─┐
//!                                     ├─> plan ──> apply ──> proof ──> outputs
//! Authentik ──patience──> observe ────┘  (pure)   (writes)  (probes)  (pure, then atomic files)
//! ```
//! Upper rooms use lower ones, never the other way round: `commands` tell each command's story, `converge` is the loop
//! of observing, planning and applying, `connect` the one for NetBird itself, `proof` asks what NetBird will ask,
//! `outputs` are NetBird's files, `netbird` and `authentik` say what the two are, and `http`, `files`, `state`, `log` and
//! `text` know neither.

pub mod app;
pub mod authentik;
pub mod cli;
pub mod commands;
pub mod config;
pub mod connect;
pub mod converge;
pub mod deadline;
pub mod error;
pub mod files;
pub mod http;
pub mod log;
pub mod netbird;
pub mod outputs;
pub mod proof;
pub mod random;
pub mod state;
pub mod text;
