//! Parts for other simulated servers that stand beside this one in tests: sockets, faults and the log are the same there.

pub use crate::call::{Call, encode, pairs};
pub use crate::clock::{http_date, iso, now, parse_iso};
pub use crate::http::front::{Front, Handled, Site};
pub use crate::http::reply::Reply;
pub use crate::http::server::{listen, reserve};
pub use crate::ids::{hex, key, sha256_hex, uuid};
