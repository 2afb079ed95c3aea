//! What `connect` remembers between runs, in `state.json`, while it holds the lock on the state directory: that lock alone
//! keeps two runs from making two connectors, since NetBird takes every one that it is given.

use std::path::{Path, PathBuf};

use crate::error::{Error, Exit, Result};
use crate::state::lock::{self, Lock};
use crate::state::secrets::{self, Held};
use crate::state::store::{self, Installation, NetBirdSide, Remembered};
use crate::text::redact;

/// What is remembered, and the lock that makes it safe to act upon it.
#[derive(Debug)]
pub struct Memory {
    dir: PathBuf,
    side: NetBirdSide,
    held: Held,
    installation: Option<Installation>,
    _lock: Option<Lock>,
}

impl Memory {
    /// Waits for the lock, and reads. Other runs wait until this is dropped.
    ///
    /// # Errors
    /// See [`store::read`].
    pub async fn open(dir: &Path) -> Result<Self> {
        Self::read(dir, true).await
    }

    /// Reads without the lock, for who only looks.
    ///
    /// # Errors
    /// See [`store::read`].
    pub async fn look(dir: &Path) -> Result<Self> {
        Self::read(dir, false).await
    }

    async fn read(dir: &Path, locks: bool) -> Result<Self> {
        let held = |by: &str| tracing::debug!(stage = "connect", "{by}");
        let lock = if locks { lock::wait(dir, held).await? } else { None };
        let dir = dir.to_owned();
        blocking(move || {
            let Remembered { netbird: side, installation, .. } = store::read(&dir)?;
            let held = secrets::held(&dir)?;
            held.all().for_each(redact::learn);
            Ok(Self { dir, side, held, installation, _lock: lock })
        })
        .await
    }

    /// What is remembered.
    pub fn side(&self) -> &NetBirdSide {
        &self.side
    }

    /// The secrets that are kept.
    pub fn held(&self) -> &Held {
        &self.held
    }

    /// Which Authentik it was whose people NetBird knows.
    pub fn installation(&self) -> Option<&Installation> {
        self.installation.as_ref()
    }

    /// Remembers something else from now on: on the disk when this returns.
    ///
    /// # Errors
    /// See [`store::write`].
    pub fn change(
        &mut self,
        change: impl FnOnce(&mut NetBirdSide),
    ) -> impl Future<Output = Result<()>> + Send {
        let before = self.side.clone();
        change(&mut self.side);
        self.write(before)
    }

    /// One future for every change: a generic one would be compiled for each of them.
    async fn write(&mut self, before: NetBirdSide) -> Result<()> {
        if self.side == before {
            return Ok(());
        }
        let (dir, side) = (self.dir.clone(), self.side.clone());
        blocking(move || {
            let mut all = store::read(&dir)?;
            all.netbird = side;
            store::write(&dir, &all).map(|_| ())
        })
        .await
    }
}

/// A disk or a lock may block: a deadline leaves it behind.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let abnormal = |_| Error::new(Exit::Bug, "work on state.json ended abnormally");
    tokio::task::spawn_blocking(work).await.map_err(abnormal)?
}
