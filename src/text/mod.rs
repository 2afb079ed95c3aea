//! Text that people read: secrets that cannot print themselves, and the one filter for what comes from elsewhere; and JSON that
//! keeps what others wrote.

pub mod digest;
pub mod duration;
pub mod fold;
pub mod json;
pub mod printable;
pub mod redact;
pub mod secret;

pub use printable::excerpt;
pub use secret::Secret;
