//! What one run of the server knows: its configuration, whether it still waits to be set up, and what it keeps in memory.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::config::{Config, Embedded};
use crate::dex::connector::Opened;
use crate::jwt::Signer;
use crate::upstream::Upstream;
use crate::validator::Keys;
use crate::world::{World, lock};

/// One run.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) config: Config,
    pub(crate) upstream: Upstream,
    pub(crate) signer: Signer,
    /// Keys of the issuer, of a server without an embedded provider.
    pub(crate) keys: tokio::sync::Mutex<Keys>,
    /// Connectors that were opened; they stay as they were until the next run.
    pub(crate) opened: Mutex<HashMap<String, Arc<Opened>>>,
    /// Whether new users join the one account that there is.
    pub(crate) single: bool,
    /// Whether stored names and addresses cannot be read with this run's key.
    pub(crate) unreadable: bool,
    /// Whether the user list of an identity provider manager was read.
    pub(crate) users_listed: AtomicBool,
    setup_required: AtomicBool,
}

impl Process {
    pub(crate) fn new(world: &World, config: Config, upstream: Upstream) -> Self {
        let mut state = lock(&world.state);
        let empty = state.accounts.is_empty() && state.idp.passwords.is_empty();
        let single = state.accounts.len() <= 1;
        if !single {
            let count = state.accounts.len();
            world.log("INFO", format!("single account mode disabled, accounts number {count}"));
        }
        let key = config.store_key.clone();
        // A key that nothing was stored with yet is as good as any.
        if state.users.is_empty() || state.store_key.is_none() {
            state.store_key = Some(key.clone());
        }
        let unreadable = state.store_key.as_ref().is_some_and(|stored| *stored != key);
        let setup_required = AtomicBool::new(config.embedded.is_some() && empty);
        Self {
            config,
            upstream,
            signer: Signer::new(),
            keys: tokio::sync::Mutex::default(),
            opened: Mutex::default(),
            single,
            unreadable,
            users_listed: AtomicBool::new(false),
            setup_required,
        }
    }

    pub(crate) fn embedded(&self) -> Option<&Embedded> {
        self.config.embedded.as_ref()
    }

    pub(crate) fn setup_required(&self) -> bool {
        self.setup_required.load(Ordering::SeqCst)
    }

    /// Turns the flag that the dashboard asks for; it never turns back while the server runs.
    pub(crate) fn is_set_up(&self) {
        self.setup_required.store(false, Ordering::SeqCst);
    }

    /// The public keys of this server's own provider.
    pub(crate) fn own_keys(&self, kid: &str) -> Vec<Value> {
        vec![self.signer.jwk(kid)]
    }
}
