//! `secrets.json`: what NetBird's services share, kept before anything uses it.

use std::path::Path;

use serde_json::{Map, Value};

use super::evidence::Kind;
use super::owner::{self, Owner};
use crate::error::{Error, Exit, Result};
use crate::files::publish::{self, Document, Ownership};
use crate::files::read::{Found, look, object};
use crate::files::trouble::in_the_way;
use crate::text::Secret;
use crate::text::json::Node;

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
    /// The owner's login, where NetBird has a provider of its own and its file names one.
    pub owner: Option<Owner>,
    /// What that provider encrypts its sessions with: base64 of 32 bytes.
    pub cookie_key: Option<Secret>,
}

impl Secrets {
    /// Each of them.
    pub fn all(&self) -> impl Iterator<Item = &Secret> {
        let owner = self.owner.iter().flat_map(|owner| owner.password.iter().chain([&owner.hash]));
        let shared = Kind::ALL.into_iter().filter_map(|kind| self.of(kind));
        shared.chain(&self.cookie_key).chain(owner)
    }

    /// Keys of the file, and what stands at them.
    fn entries(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let shared = Kind::ALL.into_iter().filter_map(|kind| Some((kind.key(), self.of(kind)?)));
        let session = self.cookie_key.iter().map(|key| (COOKIE_KEY, key));
        let made = self.owner.iter().filter_map(|owner| Some((owner, owner.password.as_ref()?)));
        let login = made.flat_map(|(owner, password)| {
            [
                (owner::EMAIL, owner.email.as_str()),
                (owner::PASSWORD, password.expose()),
                (owner::HASH, owner.hash.expose()),
            ]
        });
        shared.chain(session).map(|(key, secret)| (key, secret.expose())).chain(login)
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
    /// As it is written.
    text: String,
    object: Map<String, Value>,
}

impl Kept {
    /// Reads it; nothing if there is none.
    ///
    /// # Errors
    /// [`Exit::Refused`] for an unknown version or another shape; [`Exit::Output`] if it cannot be read.
    pub fn read(dir: &Path) -> Result<Option<Self>> {
        let path = dir.join(FILE_NAME);
        let content = match look(&path)? {
            Found::Nothing => return Ok(None),
            Found::Link => return Err(in_the_way(&path.display().to_string(), "a symbolic link")),
            Found::File(content) => content,
        };
        let object = object(&path, &content.bytes)?;
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
        let text = String::from_utf8_lossy(&content.bytes).into_owned();
        Ok(Some(Self { place, mode: content.mode, text, object }))
    }

    /// Every key of the file.
    pub fn object(&self) -> &Map<String, Value> {
        &self.object
    }

    /// Whether the file has another secret of the client than this one, or none.
    pub fn lacks_client(&self, secret: &Secret) -> bool {
        self.object.get(CLIENT).and_then(Value::as_str) != Some(secret.expose())
    }

    /// Whether the file has this key.
    pub fn has(&self, key: &str) -> bool {
        self.object.contains_key(key)
    }

    /// Whether the file holds the client's secret and nothing else: of runs that had no file of NetBird's to write. Then no
    /// other secret was ever made here.
    pub fn is_of_client_alone(&self) -> bool {
        self.has(CLIENT) && self.object.keys().all(|key| key == CLIENT || key == "version")
    }

    /// The secret of this kind.
    pub fn secret(&self, kind: Kind) -> Option<Secret> {
        let text = self.object.get(kind.key())?.as_str()?;
        (!text.is_empty()).then(|| Secret::new(text))
    }
}

/// What `connect` needs of the file.
#[derive(Clone, Debug, Default)]
pub struct Held {
    /// Of the confidential client in Authentik.
    pub client: Option<Secret>,
    /// Of the owner's login.
    pub owner: Option<Secret>,
    /// Whose login that is.
    pub owner_email: Option<String>,
}

impl Held {
    /// Each secret of it.
    pub fn all(&self) -> impl Iterator<Item = &Secret> {
        self.client.iter().chain(&self.owner)
    }
}

/// The secret of the confidential client in Authentik.
pub const CLIENT: &str = "client_secret";
/// What a provider of NetBird's own encrypts its sessions with.
pub const COOKIE_KEY: &str = "session_cookie_key";

/// Reads it, as far as it is there.
///
/// # Errors
/// See [`Kept::read`].
pub fn held(state_dir: &Path) -> Result<Held> {
    let kept = Kept::read(state_dir)?;
    let text = |key: &str| {
        let text = kept.as_ref()?.object.get(key)?.as_str()?;
        (!text.is_empty()).then(|| text.to_owned())
    };
    let secret = |key| text(key).map(Secret::new);
    let owner = secret(owner::PASSWORD);
    Ok(Held { client: secret(CLIENT), owner, owner_email: text(owner::EMAIL) })
}

/// Keeps the secret of the client in Authentik, which made it, for who works on NetBird later.
///
/// # Errors
/// See [`Kept::read`]; [`Exit::Output`] where the file cannot be written.
pub fn keep_client(state_dir: &Path, secret: &Secret) -> Result<()> {
    let kept = Kept::read(state_dir)?;
    put(state_dir, edited(kept.as_ref(), [(CLIENT, secret.expose())].into_iter()).1)
}

/// Writes the file; one that says the same stays, but for its mode, and one whose mode only somebody else may change is
/// replaced.
fn put(state_dir: &Path, text: String) -> Result<()> {
    let path = state_dir.join(FILE_NAME);
    publish::publish(&Document { path, content: text.into_bytes() }, OWNERSHIP).map(drop)
}

/// The keys of which the kept file would change; the file's text if there are any.
pub fn changes(kept: Option<&Kept>, secrets: &Secrets) -> Option<(Vec<&'static str>, String)> {
    let (changed, text) = edited(kept, secrets.entries());
    let same = kept.is_some_and(|kept| kept.text == text);
    (!same).then_some((changed, text))
}

/// The keys that differ, and the file with these entries. What it has beside them stays as it is written.
fn edited<'a>(
    kept: Option<&Kept>,
    entries: impl Iterator<Item = (&'static str, &'a str)>,
) -> (Vec<&'static str>, String) {
    let there = kept.and_then(|kept| Node::parse(&kept.text).ok());
    let mut root = there.unwrap_or_else(Node::empty);
    let mut changed = Vec::new();
    let is_new = root.exact("version").is_none();
    if is_new {
        root.set_exact("version", Node::from(Value::from(VERSION)));
    }
    for (key, value) in entries {
        if root.exact(key).and_then(Node::as_text).as_deref() != Some(value) {
            changed.push(key);
            root.set_exact(key, Node::Scalar(Value::from(value).to_string()));
        }
    }
    match kept.filter(|_| changed.is_empty() && !is_new) {
        Some(kept) => (changed, kept.text.clone()),
        None => (changed, root.pretty()),
    }
}

/// Keeps them, before anything uses them.
///
/// # Errors
/// [`Exit::Output`] where the file cannot be written.
pub fn keep(state_dir: &Path, kept: Option<&Kept>, secrets: &Secrets) -> Result<()> {
    put(state_dir, edited(kept, secrets.entries()).1)
}
