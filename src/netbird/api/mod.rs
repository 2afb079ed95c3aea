//! NetBird's own REST API and the login page of its embedded provider. Reading and writing are apart by type, as
//! Authentik's are, so that `plan` and `check` cannot write by mistake.

mod decode;
pub mod login;
pub mod model;
pub mod reader;
pub mod server;
pub mod user_id;
pub mod writer;

pub use reader::{Reader, Stray};
pub use server::{Credential, Server};
pub use writer::Writer;
