//! What a file says about a provider of NetBird's own, the section `EmbeddedIdP`.

use super::File;
use crate::outputs::json::Node;
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
    let owner = file.text("EmbeddedIdP.Owner.Email").zip(file.text("EmbeddedIdP.Owner.Hash"));
    InFile { has_provider: true, owner, cookie_key: file.text(COOKIE_KEY) }
}

/// The connectors of a file.
pub fn connectors(root: &Node) -> &[Node] {
    root.at(CONNECTORS).map(Node::items).unwrap_or_default()
}
