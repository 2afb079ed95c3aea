//! `management.json`, for NetBird's management server. What concerns the identity provider is this container's; everything
//! else that is there stays as it is written, unless its variable is set or this container wrote it itself. Field names
//! are those of NetBird's Go structs, which are compared without case.

pub mod connector;
pub mod conversion;
pub mod embedded;
mod manager;
pub mod own_provider;
pub mod places;
mod readable;
mod refuse;
mod secrets_in;
mod shape;
mod standalone;

pub use manager::{leaving, staying, unexamined};
pub use refuse::{claim, refused, refused_with_provider};
pub use secrets_in::secrets_in;
pub use standalone::render;

use super::json::Node;
use crate::error::{Error, Exit, Result};

/// The file as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct File {
    /// Where, for people.
    pub place: String,
    /// What it says.
    pub root: Node,
}

impl File {
    /// Reads it.
    ///
    /// # Errors
    /// [`Exit::Refused`] if it is no JSON object.
    pub fn read(place: &str, bytes: &[u8]) -> Result<Self> {
        let text = std::str::from_utf8(bytes)
            .map_err(|e| format!("byte {} is not UTF-8", e.valid_up_to() + 1));
        let why = match text.and_then(Node::parse) {
            Ok(root @ Node::Object(_)) => return Ok(Self { place: place.to_owned(), root }),
            Ok(_) => "it holds something else".to_owned(),
            Err(why) => why,
        };
        Err(Error::new(Exit::Refused, format!("{place} is not a JSON object")).because(why).remedy(
            "repair it or put it back from a backup; if nothing is lost with it, remove it",
        ))
    }

    /// A text that is not empty.
    pub fn text(&self, path: &str) -> Option<String> {
        self.root.at(path)?.as_text().filter(|text| !text.is_empty())
    }

    /// `IdpManagerConfig.ManagerType`, as NetBird reads it; nothing where there is no manager.
    pub fn manager(&self) -> Option<String> {
        let name = self.text("IdpManagerConfig.ManagerType")?.to_ascii_lowercase();
        (name != "none").then_some(name)
    }

    /// Whether management fetches discovery at each start, and whether it fetches keys again.
    pub fn key_source(&self) -> Option<(bool, bool)> {
        let refresh = self.root.at("HttpConfig.IdpSignKeyRefreshEnabled")?;
        let refresh = matches!(refresh, Node::Scalar(raw) if raw == "true");
        Some((self.text("HttpConfig.OIDCConfigEndpoint").is_some(), refresh))
    }
}

/// The name of Authentik's manager.
const AUTHENTIK: &str = "authentik";
