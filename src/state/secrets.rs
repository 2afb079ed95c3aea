//! Secrets that must never change between runs: made once, kept in `secrets.json` before anything uses them,
//! and never replaced while something does. NetBird's users are encrypted with one of them.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use crate::config::{Config, Output, parse};
use crate::error::{Error, Exit, Result};
use crate::files::publish::{self, Document, Ownership};
use crate::files::read::read_object;
use crate::random::random;
use crate::text::Secret;

/// The file's name.
pub const FILE_NAME: &str = "secrets.json";

/// Readable by its owner only, whatever `SETUP_FILE_MODE` says: no other container needs it.
const OWNERSHIP: Ownership = Ownership { mode: 0o600, uid: None, gid: None };

/// What NetBird's services share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secrets {
    /// `DataStoreEncryptionKey`: base64 of 32 bytes.
    pub datastore_key: Secret,
    /// Between management and relay.
    pub relay: Secret,
    /// Between management and the TURN server.
    pub turn: Secret,
    /// The service account's app password, where users are to be listed.
    pub service_account: Option<Secret>,
}

impl Secrets {
    /// Each of them.
    pub fn all(&self) -> impl Iterator<Item = &Secret> {
        [&self.datastore_key, &self.relay, &self.turn].into_iter().chain(&self.service_account)
    }
}

/// Secrets that an output holds already.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InUse {
    /// `DataStoreEncryptionKey`.
    pub datastore_key: Option<String>,
    /// `Relay.Secret`.
    pub relay: Option<String>,
    /// The password of the first TURN server with NetBird's user.
    pub turn: Option<String>,
    /// `IdpManagerConfig.ExtraConfig.Password`, of Authentik's manager.
    pub service_account: Option<String>,
}

/// Keys of the file.
const DATASTORE_KEY: &str = "datastore_enc_key";
const RELAY: &str = "relay_auth_secret";
const TURN: &str = "turn_password";
const SERVICE_ACCOUNT: &str = "service_account_password";
const CLIENT: &str = "client_secret";
const OWNER: &str = "owner_password";
const OWNER_EMAIL: &str = "owner_email";

/// Reads the secrets, makes those that are missing, and keeps them; the caller holds the lock. Those of the last run of this process are put back where files vanished under it: NetBird
/// still runs with them.
///
/// # Errors
/// [`Exit::Refused`] where keeping them would replace a data store key in use, or where a file is not what
/// it must be; [`Exit::Output`] where the file cannot be read or written.
pub fn keep(config: &Config, in_use: &InUse, last: Option<&Secrets>) -> Result<Secrets> {
    let path = config.files.state_dir.join(FILE_NAME);
    let held = read_object(&path)?.unwrap_or_default();
    let management_path = config.files.path(Output::ManagementJson);

    let mut known = held.clone();
    if let Some(last) = last {
        recall(&mut known, last, &in_use.datastore_key);
    }

    let datastore_key =
        datastore_key(config, (&path, &known), (&management_path, &in_use.datastore_key))?;
    let given = &config.netbird;
    let relay = pick(given.relay_secret.as_ref(), text(&known, RELAY), in_use.relay.clone());
    let turn = pick(given.turn_password.as_ref(), text(&known, TURN), in_use.turn.clone());
    let password = given.service_account_password.as_ref();
    let service_account = match given.lists_users() {
        true => {
            Some(pick(password, text(&known, SERVICE_ACCOUNT), in_use.service_account.clone())?)
        }
        false => None,
    };
    let secrets = Secrets { datastore_key, relay: relay?, turn: turn?, service_account };

    let mut kept = held.clone();
    kept.entry("version").or_insert(json!(1));
    kept.insert(DATASTORE_KEY.into(), secrets.datastore_key.expose().into());
    kept.insert(RELAY.into(), secrets.relay.expose().into());
    kept.insert(TURN.into(), secrets.turn.expose().into());
    if let Some(password) = &secrets.service_account {
        kept.insert(SERVICE_ACCOUNT.into(), password.expose().into());
    }
    if kept != held {
        let content = format!("{:#}\n", Value::Object(kept)).into_bytes();
        publish::publish(&Document { path, content }, OWNERSHIP)?;
    } else if let Err(error) = publish::own_existing(&path, OWNERSHIP) {
        // Somebody else's file that we may read is no reason to keep NetBird from starting.
        let path = path.display();
        tracing::warn!(stage = "secrets", "{path} should be readable by its owner only: {error}");
    }
    Ok(secrets)
}

/// Fills in what no file holds any more; what a file holds, wins.
fn recall(known: &mut Map<String, Value>, last: &Secrets, in_use: &Option<String>) {
    let mut remember = |key: &str, secret: &Secret| {
        if text(known, key).is_none() {
            known.insert(key.into(), secret.expose().into());
        }
    };
    if in_use.is_none() {
        remember(DATASTORE_KEY, &last.datastore_key);
    }
    remember(RELAY, &last.relay);
    remember(TURN, &last.turn);
    if let Some(password) = &last.service_account {
        remember(SERVICE_ACCOUNT, password);
    }
}

/// The secrets as they are kept, making none; nothing if some are missing.
///
/// # Errors
/// See [`keep`].
pub fn read(config: &Config, in_use: &InUse) -> Result<Option<Secrets>> {
    let path = config.files.state_dir.join(FILE_NAME);
    let Some(held) = read_object(&path)? else { return Ok(None) };
    let management_path = config.files.path(Output::ManagementJson);
    let get = |key| text(&held, key).map(Secret::new);
    let (Some(_), Some(relay), Some(turn)) = (get(DATASTORE_KEY), get(RELAY), get(TURN)) else {
        return Ok(None);
    };
    let datastore_key =
        datastore_key(config, (&path, &held), (&management_path, &in_use.datastore_key))?;
    let service_account = config.netbird.lists_users().then(|| get(SERVICE_ACCOUNT)).flatten();
    Ok(Some(Secrets { datastore_key, relay, turn, service_account }))
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

/// Reads it, as far as it is there.
///
/// # Errors
/// [`Exit::Refused`] or [`Exit::Output`] where the file cannot be read as what it must be.
pub fn held(state_dir: &Path) -> Result<Held> {
    let held = read_object(&state_dir.join(FILE_NAME))?.unwrap_or_default();
    let secret = |key| text(&held, key).map(Secret::new);
    Ok(Held { client: secret(CLIENT), owner: secret(OWNER), owner_email: text(&held, OWNER_EMAIL) })
}

/// The service account's password as far as there is one: for `plan`, which makes and writes nothing.
///
/// # Errors
/// See [`keep`].
pub fn password(config: &Config) -> Result<Option<Secret>> {
    if let Some(given) = &config.netbird.service_account_password {
        return Ok(Some(given.clone()));
    }
    let held = read_object(&config.files.state_dir.join(FILE_NAME))?.unwrap_or_default();
    Ok(text(&held, SERVICE_ACCOUNT).map(Secret::new))
}

/// The key that is in use anywhere wins; a given one must be the same.
fn datastore_key(
    config: &Config,
    (state_path, held): (&PathBuf, &Map<String, Value>),
    (management_path, in_use): (&PathBuf, &Option<String>),
) -> Result<Secret> {
    let held = text(held, DATASTORE_KEY).map(|key| (state_path.display().to_string(), key));
    let in_use = in_use.clone().map(|key| (management_path.display().to_string(), key));
    for (place, key) in held.iter().chain(&in_use) {
        if parse::datastore_key(key).is_err() {
            return Err(refused(format!(
                "{place} holds a data store key that is not base64 of 32 bytes"
            ))
            .remedy(
                "put the right key back from a backup; without it NetBird cannot read its users",
            ));
        }
    }
    if let (Some((state, a)), Some((management, b))) = (&held, &in_use)
        && a != b
    {
        return Err(refused(format!("{state} and {management} hold different data store keys"))
            .because("NetBird can read its users with one of them only")
            .remedy(format!(
                "if {management} is the one that NetBird runs with, remove {DATASTORE_KEY} from {state}; \
                 else put DataStoreEncryptionKey of {management} right"
            )));
    }
    let existing = in_use.or(held);
    match (&config.netbird.datastore_key, existing) {
        (Some(given), Some((place, key))) if given.expose() != key => Err(refused(format!(
            "NETBIRD_DATASTORE_ENC_KEY differs from the data store key in {place}"
        ))
        .because("NetBird could not read its users any more")
        .remedy(
            "unset NETBIRD_DATASTORE_ENC_KEY, or remove the files if NetBird has no users yet",
        )),
        (Some(given), _) => Ok(given.clone()),
        (None, Some((_, key))) => Ok(Secret::new(key)),
        (None, None) => Ok(Secret::new(STANDARD.encode(random::<32>()?))),
    }
}

/// Given, else held, else what a hand-made file uses already, else new.
fn pick(given: Option<&Secret>, held: Option<String>, in_use: Option<String>) -> Result<Secret> {
    let sound = |s: &String| parse::shared_secret(s).is_ok() && !s.is_empty();
    match given.cloned().or_else(|| held.or(in_use).filter(sound).map(Secret::new)) {
        Some(secret) => Ok(secret),
        None => Ok(Secret::new(URL_SAFE_NO_PAD.encode(random::<32>()?))),
    }
}

fn text(object: &Map<String, Value>, key: &str) -> Option<String> {
    object.get(key)?.as_str().filter(|s| !s.is_empty()).map(str::to_owned)
}

fn refused(what: String) -> Error {
    Error::new(Exit::Refused, what)
}
