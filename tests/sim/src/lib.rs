//! A stateful simulated Authentik over real HTTP and HTTPS.
//!
//! [`Sim::start`] gives a running server of one release. Tests talk to [`Sim::url`] as they would to a real one, and look
//! at [`Sim::requests`] and [`Sim::state`] afterwards. Which releases there are, and whether their answers were compared
//! with recordings of real servers, [`profiles`] tells.

mod access;
mod api;
mod browser;
mod builder;
mod call;
mod clock;
mod default_mappings;
mod defaults;
mod differences;
mod edit;
mod features;
mod http;
mod ids;
mod launch;
mod migrate;
mod model;
mod oidc;
mod other_shapes;
mod people;
mod people_shapes;
pub mod plumbing;
mod profile;
mod records;
mod release;
mod routes;
mod saved;
pub mod schema;
mod shapes;
mod shared;
mod sim;
mod sources;
mod state;

pub use browser::{Browser, Client, Failure, LoggedOut, Login};
pub use builder::Builder;
pub use defaults::{DEFAULT_BRAND, SCOPE, SELF_SIGNED, default_objects};
pub use differences::{Row, TABLE, holds};
pub use features::{Evidence, Feature, Source};
pub use http::fault::{Fault, FaultRule, Match};
pub use http::log::Request;
pub use http::stage::{Advance, Stage};
pub use http::tls::TlsMode;
pub use migrate::ALL_GRANTS;
pub use oidc::redirect::matches as redirect_matches;
pub use people::{OtherProvider, UserKind};
pub use profile::{Profile, find, profiles};
pub use release::{Range, Release};
pub use sim::{DEFAULT_TOKEN, Sim};
pub use state::{INSTALLATION, State};
