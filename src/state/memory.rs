//! What a run knows about Authentik before it asks: what is remembered, and what the files on the volumes say.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use super::store::{self, Remembered};
use crate::error::{Error, Exit, Result};

/// The memory of one run. What it must not lose in a crash is kept as soon as it is noted.
#[derive(Debug, Default)]
pub struct Memory {
    dir: PathBuf,
    remembered: Mutex<Remembered>,
    /// Whether a file on the volumes belongs to an identity already: NetBird may have users by it.
    pub holds_identity: bool,
    /// The issuer in `management.json`.
    pub issuer: Option<String>,
    /// Ports on which clients wait for the end of a login.
    pub client_ports: Vec<u16>,
    /// How NetBird's management comes by its keys so far; nothing where there is no file yet.
    pub key_source: Option<KeysBefore>,
}

/// How NetBird's management comes by its keys so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeysBefore {
    /// Whether it fetches discovery at each start.
    pub discovery_at_start: bool,
    /// Whether it fetches keys again.
    pub refresh: bool,
    /// Whether it has the address of the keys at the URL inside.
    pub inside: bool,
    /// Whether keys came with a max-age, as far as a file says so.
    pub public_max_age: Option<bool>,
}

impl Memory {
    /// What is remembered in `state.json` of this directory.
    pub fn of(dir: PathBuf, remembered: Remembered) -> Self {
        Self { dir, remembered: Mutex::new(remembered), ..Self::default() }
    }

    /// What is remembered.
    pub fn remembered(&self) -> Remembered {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes what is remembered, and keeps it. The disk is waited for on another thread, so that a deadline can leave
    /// it behind.
    ///
    /// # Errors
    /// [`Exit::Output`] where it cannot be written.
    pub async fn note(&self, change: impl FnOnce(&mut Remembered)) -> Result<()> {
        let mut remembered = self.remembered();
        change(&mut remembered);
        let (dir, keep) = (self.dir.clone(), remembered.clone());
        let abnormal = |_| Error::new(Exit::Bug, "work on files ended abnormally");
        // What is known of NetBird has writers of its own: `client`, and `connect`.
        let write = move || {
            let netbird = store::read(&dir)?.netbird;
            store::write(&dir, &Remembered { netbird, ..keep })
        };
        tokio::task::spawn_blocking(write).await.map_err(abnormal)??;
        *self.remembered.lock().unwrap_or_else(PoisonError::into_inner) = remembered;
        Ok(())
    }
}
