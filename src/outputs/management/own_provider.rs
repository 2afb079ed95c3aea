//! What a file says about a provider of NetBird's own, the section `EmbeddedIdP`.

use super::File;
use super::secrets_in::found;
use crate::outputs::json::Node;
use crate::state::evidence::Evidence;
use crate::state::owner::InFile;

/// Where the list of connectors is.
pub(super) const CONNECTORS: &str = "EmbeddedIdP.StaticConnectors";

/// Where the key of its sessions is.
const COOKIE_KEY: &str = "EmbeddedIdP.SessionCookieEncryptionKey";

/// Whether the provider is switched on.
pub fn is_on(file: &File) -> bool {
    matches!(file.root.at("EmbeddedIdP.Enabled"), Some(Node::Scalar(raw)) if raw == "true")
}

/// What the file says about the provider, its owner and the key of its sessions.
pub fn in_file(file: &File) -> InFile {
    if !is_on(file) {
        return InFile::default();
    }
    let at = |path: &str| {
        let found = file.root.at(path).and_then(found)?;
        Some(Evidence { place: format!("{}, {path},", file.place), found })
    };
    InFile {
        has_provider: true,
        email: at("EmbeddedIdP.Owner.Email"),
        hash: at("EmbeddedIdP.Owner.Hash"),
        cookie_key: at(COOKIE_KEY),
    }
}

/// The connectors of a file.
pub fn connectors(root: &Node) -> &[Node] {
    root.at(CONNECTORS).map(Node::items).unwrap_or_default()
}
