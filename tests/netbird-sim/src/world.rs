//! What the server's tasks and the tests' handle have in common.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use authentik_sim::plumbing::{Call, Front, Handled, Site};

use crate::process::Process;
use crate::state::State;
use crate::{dex, rest};

/// The lock, whoever panicked while holding it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Which of NetBird's images this stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Image {
    /// `netbirdio/management`, which reads management.json.
    Management,
    /// `netbirdio/netbird-server`, which reads config.yaml.
    Combined,
}

/// Where the configuration is.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    Text(String),
    File(PathBuf),
}

/// What the builder decided.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) image: Image,
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) resolve: BTreeMap<String, String>,
    pub(crate) looks_up: bool,
    /// The value of `--single-account-mode-domain`.
    pub(crate) domain: String,
    pub(crate) debug: bool,
    pub(crate) offline: bool,
    pub(crate) patience: Duration,
}

/// The server's memory.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) front: Front,
    pub(crate) options: Options,
    pub(crate) source: Mutex<Source>,
    /// What is on the volumes.
    pub(crate) state: Mutex<State>,
    /// What a restart forgets; nothing while no server runs.
    pub(crate) process: Mutex<Option<Arc<Process>>>,
    lines: Mutex<Vec<String>>,
}

impl World {
    pub(crate) fn new(front: Front, options: Options, source: Source, state: State) -> Self {
        Self {
            front,
            options,
            source: Mutex::new(source),
            state: Mutex::new(state),
            process: Mutex::default(),
            lines: Mutex::default(),
        }
    }

    /// Writes a line of the server's log.
    pub(crate) fn log(&self, level: &str, line: impl AsRef<str>) {
        lock(&self.lines).push(format!("{level} {}", line.as_ref()));
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        lock(&self.lines).clone()
    }

    pub(crate) fn now(&self) -> i64 {
        self.front.now()
    }

    pub(crate) fn env(&self, name: &str) -> &str {
        self.options.env.get(name).map_or("", String::as_str)
    }
}

impl Site for World {
    fn front(&self) -> &Front {
        &self.front
    }

    async fn handle(&self, call: Call, _tls: bool) -> Option<Handled> {
        let process = lock(&self.process).clone()?;
        if call.path.starts_with("/oauth2/") && process.embedded().is_some() {
            return dex::answer(self, &process, &call).await.map(Handled::made_up);
        }
        Some(rest::answer(self, &process, &call).await)
    }
}
