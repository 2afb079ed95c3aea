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
}

impl Memory {
    /// Reads `state.json` in this directory.
    ///
    /// # Errors
    /// See [`store::read`].
    pub fn read(dir: PathBuf, holds_identity: bool, issuer: Option<String>) -> Result<Self> {
        let remembered = Mutex::new(store::read(&dir)?);
        Ok(Self { dir, remembered, holds_identity, issuer })
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
        tokio::task::spawn_blocking(move || store::write(&dir, &keep))
            .await
            .map_err(abnormal)??;
        *self.remembered.lock().unwrap_or_else(PoisonError::into_inner) = remembered;
        Ok(())
    }
}
