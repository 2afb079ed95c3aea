//! Makes Authentik hold what NetBird needs, proves it through OIDC discovery, and writes the files that
//! NetBird starts from.
//!
//! ```text
//! config ──> desired ─┐
//!                     ├─> plan ──> apply ──> verify ──> render ──> publish
//! patience, observe ──┘  (pure)   (writes)  (probes)   (pure)     (atomic files)
//! ```
//! `converge` is the loop that ties them together, `app` the program around it, `authentik` everything that
//! knows Authentik's API.

pub mod app;
pub mod apply;
pub mod authentik;
pub mod check;
pub mod cli;
pub mod config;
pub mod converge;
pub mod desired;
pub mod error;
pub mod init;
pub mod logging;
pub mod observe;
pub mod patience;
pub mod plan;
pub mod progress;
pub mod publish;
pub mod render;
pub mod secret;
pub mod secrets;
pub mod story;
pub mod verify;
pub mod watch;
