//! `secrets.json`: what NetBird's services share, kept before anything uses it.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use serde_json::{Map, Value};

use super::evidence::Kind;
use crate::error::{Error, Exit, Result};
use crate::files::publish::{self, Document, Ownership};
use crate::files::read::read_object;
use crate::text::Secret;

/// The file's name.
pub const FILE_NAME: &str = "secrets.json";

/// The version that this program reads and writes: 0.1.0's, with further keys.
const VERSION: u64 = 1;

/// Readable by its owner only, whatever `SETUP_FILE_MODE` says: no other container needs it.
pub const OWNERSHIP: Ownership = Ownership { mode: 0o600, uid: None, gid: None };

/// What NetBird's services share. One that is missing here is not used, or is known to NetBird's environment only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secrets {
    /// `DataStoreEncryptionKey`: base64 of 32 bytes.
    pub datastore_key: Option<Secret>,
    /// Between management and relay.
    pub relay: Option<Secret>,
    /// Between management and the TURN server.
    pub turn: Option<Secret>,
    /// The service account's app password, where users are to be listed.
    pub service_account: Option<Secret>,
}

impl Secrets {
    /// Each of them.
    pub fn all(&self) -> impl Iterator<Item = &Secret> {
        Kind::ALL.into_iter().filter_map(|kind| self.of(kind))
    }

    /// The one of this kind.
    pub fn of(&self, kind: Kind) -> Option<&Secret> {
        match kind {
            Kind::DatastoreKey => self.datastore_key.as_ref(),
            Kind::Relay => self.relay.as_ref(),
            Kind::Turn => self.turn.as_ref(),
            Kind::ServiceAccount => self.service_account.as_ref(),
        }
    }

    /// Sets the one of this kind.
    pub fn set(&mut self, kind: Kind, secret: Secret) {
        *match kind {
            Kind::DatastoreKey => &mut self.datastore_key,
            Kind::Relay => &mut self.relay,
            Kind::Turn => &mut self.turn,
            Kind::ServiceAccount => &mut self.service_account,
        } = Some(secret);
    }
}

/// The file as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// Where, for people.
    pub place: String,
    /// Its permission bits.
    pub mode: u32,
    object: Map<String, Value>,
}

impl Kept {
    /// Reads it; nothing if there is none.
    ///
    /// # Errors
    /// [`Exit::Refused`] for an unknown version or another shape; [`Exit::Output`] if it cannot be read.
    pub fn read(dir: &Path) -> Result<Option<Self>> {
        let path = dir.join(FILE_NAME);
        let Some(object) = read_object(&path)? else { return Ok(None) };
        let place = path.display().to_string();
        let refused = |what: String| {
            Err(Error::new(Exit::Refused, what).remedy(format!(
                "put {place} back from a backup; or move it away: then the secrets are taken from the files that \
                 NetBird runs with"
            )))
        };
        // One without a version was written by hand.
        if object.get("version").is_some_and(|version| version.as_u64() != Some(VERSION)) {
            return refused(format!(
                "{place} is not of version {VERSION}, the only one that this release reads"
            ));
        }
        for kind in Kind::ALL {
            if object.get(kind.key()).is_some_and(|value| !value.is_string()) {
                return refused(format!("{place}: {} is not a text", kind.key()));
            }
        }
        let mode = std::fs::metadata(&path).map_or(OWNERSHIP.mode, |meta| meta.mode() & 0o7777);
        Ok(Some(Self { place, mode, object }))
    }

    /// Whether the file has this key.
    pub fn has(&self, key: &str) -> bool {
        self.object.contains_key(key)
    }

    /// The secret of this kind.
    pub fn secret(&self, kind: Kind) -> Option<Secret> {
        let text = self.object.get(kind.key())?.as_str()?;
        (!text.is_empty()).then(|| Secret::new(text))
    }
}

/// The keys of which the kept file would change; the file's text if there are any.
pub fn changes(kept: Option<&Kept>, secrets: &Secrets) -> Option<(Vec<&'static str>, String)> {
    let mut object = kept.map(|kept| kept.object.clone()).unwrap_or_default();
    object.entry("version").or_insert_with(|| VERSION.into());
    let mut changed = Vec::new();
    for kind in Kind::ALL {
        let Some(secret) = secrets.of(kind) else { continue };
        if kept.and_then(|kept| kept.secret(kind)).as_ref() != Some(secret) {
            changed.push(kind.key());
            object.insert(kind.key().to_owned(), secret.expose().into());
        }
    }
    let same = kept.is_some_and(|kept| kept.object == object);
    (!same).then(|| (changed, format!("{:#}\n", Value::Object(object))))
}

/// Keeps them, before anything uses them.
///
/// # Errors
/// [`Exit::Output`] where the file cannot be written.
pub fn keep(state_dir: &Path, kept: Option<&Kept>, secrets: &Secrets) -> Result<()> {
    let path = state_dir.join(FILE_NAME);
    if let Some((_, text)) = changes(kept, secrets) {
        return publish::publish(&Document { path, content: text.into_bytes() }, OWNERSHIP).map(drop);
    }
    if let Err(error) = publish::own_existing(&path, OWNERSHIP) {
        // Somebody else's file that can be read is no reason to keep NetBird from starting.
        let path = path.display();
        tracing::warn!(stage = "secrets", "{path} should be readable by its owner only: {error}");
    }
    Ok(())
}
