//! What outlives a run and is nobody else's business: the secrets, what is remembered about Authentik, and the lock
//! that keeps two runs apart.

pub mod client;
pub mod evidence;
pub mod lock;
pub mod memory;
pub mod own;
pub mod owner;
pub mod secrets;
pub mod settle;
pub mod store;

pub use memory::Memory;
