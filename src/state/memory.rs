//! What a run knows about Authentik before it asks: what is remembered, and what the files on the volumes say.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use super::secrets::{self, Kept, Secrets};
use super::store::{self, Remembered};
use crate::error::{Error, Exit, Result};
use crate::text::Secret;

/// The memory of one run. What it must not lose in a crash is kept as soon as it is noted.
#[derive(Debug, Default)]
pub struct Memory {
    dir: PathBuf,
    remembered: Mutex<Remembered>,
    /// Whether a file on the volumes belongs to an identity already: NetBird may have users by it.
    pub holds_identity: bool,
    /// Issuers by which files know NetBird's users already.
    pub issuers: Vec<String>,
    /// Secrets that this run makes, and `secrets.json` as it was when they were settled.
    pub to_keep: Option<(Secrets, Option<Kept>)>,
    /// Ports on which clients wait for the end of a login.
    pub client_ports: Vec<u16>,
    /// How NetBird's management comes by its keys so far; nothing where there is no file yet.
    pub key_source: Option<KeysBefore>,
    /// The manager that `management.json` has and keeps, if there is one.
    pub manager: Option<ManagerBefore>,
}

/// With what NetBird's management lists users, where no variable asks for it and a file says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManagerBefore {
    /// `IdpManagerConfig.ClientConfig.ClientID`.
    pub client_id: String,
    /// `IdpManagerConfig.ExtraConfig.Username`.
    pub username: String,
    /// `IdpManagerConfig.ExtraConfig.Password`; nothing where it is for another server, or cannot be told.
    pub password: Option<Secret>,
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

    /// Keeps the secrets, before the first of them is used.
    ///
    /// # Errors
    /// [`Exit::Output`] where they cannot be written; [`Exit::Refused`] where somebody changed the file meanwhile.
    pub async fn keep_secrets(&self) -> Result<()> {
        let Some((secrets, kept)) = self.to_keep.clone() else { return Ok(()) };
        let dir = self.dir.clone();
        let keep = move || match Kept::read(&dir)? {
            there if there == kept => secrets::keep(&dir, kept.as_ref(), &secrets),
            there if secrets::changes(there.as_ref(), &secrets).is_none() => Ok(()),
            _ => Err(Error::new(
                Exit::Refused,
                format!(
                    "{} was changed while this run waited",
                    dir.join(secrets::FILE_NAME).display()
                ),
            )
            .remedy("run again: what is there now is what counts")),
        };
        let abnormal = |_| Error::new(Exit::Bug, "work on files ended abnormally");
        tokio::task::spawn_blocking(keep).await.map_err(abnormal)?
    }

    /// Changes what is remembered, and keeps it. The disk is waited for on another thread, so that a deadline can leave
    /// it behind.
    ///
    /// # Errors
    /// [`Exit::Output`] where it cannot be written.
    pub fn note(
        &self,
        change: impl FnOnce(&mut Remembered),
    ) -> impl Future<Output = Result<()>> + Send {
        let mut remembered = self.remembered();
        change(&mut remembered);
        self.write(remembered)
    }

    /// One future for every change: a generic one would be compiled for each of them.
    async fn write(&self, remembered: Remembered) -> Result<()> {
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
