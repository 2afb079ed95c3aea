//! How Authentik knows NetBird, kept for `connect`, which works on NetBird without asking Authentik for it.

use std::path::Path;

use super::secrets;
use super::store::{self, KnownClient};
use crate::error::Result;
use crate::text::Secret;

/// Keeps client id, issuer and secret, and the id of the connector where a file names it; files that say so already are
/// left alone. The caller holds the lock.
///
/// # Errors
/// [`crate::error::Exit::Output`] where a file cannot be written, [`crate::error::Exit::Refused`] where one is not what it
/// must be.
pub fn keep(
    state_dir: &Path,
    client: KnownClient,
    secret: Option<&Secret>,
    connector: Option<String>,
) -> Result<()> {
    if let Some(secret) = secret {
        secrets::keep_client(state_dir, secret)?;
    }
    let mut remembered = store::read(state_dir)?;
    remembered.netbird.client = Some(client);
    if let Some(id) = connector {
        remembered.netbird.connector.get_or_insert_default().id = id;
    }
    store::write(state_dir, &remembered).map(|_| ())
}
