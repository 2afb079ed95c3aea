//! Authentik from the outside: one module sends, one reads, one writes, one asks what NetBird's side will
//! ask. Reading and writing are apart by type, so that `plan` and `check` cannot write by mistake.

pub mod answer;
mod decode;
pub mod duration;
pub mod model;
pub mod oidc;
pub mod reader;
pub mod redirect;
pub mod release;
pub mod requests;
pub mod tls;
pub mod transport;
pub mod trouble;
pub mod writer;
