//! Authentik from the outside: one module knows the way to it, one reads, one writes, one asks what NetBird's side
//! will ask. Reading and writing are apart by type, so that `plan` and `check` cannot write by mistake.

pub mod account;
pub mod advice;
mod anything;
mod bounded;
pub mod conflict;
mod decode;
pub mod duration;
pub mod model;
pub mod oidc;
pub mod people;
pub mod reader;
mod reader_people;
pub mod redirect;
pub mod release;
pub mod server;
pub mod time;
pub mod writer;

pub use reader::Reader;
pub use release::Release;
pub use server::{Server, Via};
pub use writer::Writer;
