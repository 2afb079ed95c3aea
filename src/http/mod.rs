//! HTTP from a client's side, within bounds, and what its failures mean: one request and one answer, trust, and which
//! trouble is worth another try. Knows nothing of Authentik and NetBird.

pub mod answer;
mod base_url;
pub mod body;
mod certificate;
pub mod handshake;
pub mod patience;
pub mod requests;
pub mod setback;
pub mod tls;
pub mod transport;
pub mod trouble;

pub use answer::{Answer, Asked};
pub use base_url::BaseUrl;
pub use handshake::Handshake;
pub use transport::{Call, Transport};
pub use trouble::{Kind, Trouble};
