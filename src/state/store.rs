//! `state.json`: what this container remembers about Authentik and NetBird between runs. Losing it is never fatal: what
//! is not remembered is left alone, and said.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::own::{BoundGroup, OwnAccount};
use crate::error::{Error, Exit, Result};
use crate::files::publish::{self, Document, Ownership, Published};
use crate::files::read::{Found, look, read_object};

/// The file's name.
pub const FILE_NAME: &str = "state.json";

/// The version that this program reads and writes.
const VERSION: u64 = 1;

/// Readable by its owner only, as `secrets.json` is: it will hold a client secret's neighbours.
pub const OWNERSHIP: Ownership = Ownership { mode: 0o600, uid: None, gid: None };

/// What is remembered. Keys that are not known here stay.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Remembered {
    /// Which Authentik it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub installation: Option<Installation>,
    /// Bindings of the application that this container made, or that `AUTHENTIK_ACCESS_GROUPS` named in a run that
    /// got to its end.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bindings: Vec<BoundGroup>,
    /// Primary key of the provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<i64>,
    /// The service account that this container made. One that it found is not remembered: who made that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_account: Option<OwnAccount>,
    /// Service accounts that it made before, and that have no use any more: until they are gone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub former_accounts: Vec<OwnAccount>,
    /// Primary key of the role that this container made; empty while it is being made, which proves nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Values that this container wrote into files, by file and path, as digests.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub written: BTreeMap<String, String>,
    /// What was verified at the last good run, by question, as digests of what the answer depends on.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub verified: BTreeMap<String, String>,
    /// What this container did in NetBird.
    #[serde(skip_serializing_if = "NetBirdSide::is_empty")]
    pub netbird: NetBirdSide,
    /// Further keys, by later versions.
    #[serde(flatten)]
    pub further: Map<String, Value>,
}

/// What this container did in NetBird, over its API or by its file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NetBirdSide {
    /// How Authentik knows NetBird, since the last run that got to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<KnownClient>,
    /// Authentik as a connector of NetBird's own provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connector: Option<KnownConnector>,
    /// The user, by id, that was seen to be Owner when this container logged in as the owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Roles that this container gave, by user id; nothing if it never gave one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<BTreeMap<String, String>>,
}

impl NetBirdSide {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The id of Authentik's connector; nothing before NetBird told it.
    pub fn connector_id(&self) -> Option<&str> {
        self.connector.as_ref().map(|connector| connector.id.as_str()).filter(|id| !id.is_empty())
    }

    /// Whether somebody has a role that this container gave.
    pub fn gave_roles(&self) -> bool {
        self.roles.as_ref().is_some_and(|roles| !roles.is_empty())
    }
}

/// A client in Authentik. Its secret is in `secrets.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KnownClient {
    /// `client_id`.
    pub id: String,
    /// The issuer of its tokens.
    pub issuer: String,
}

/// A connector in NetBird.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KnownConnector {
    /// Its id, which is part of the id of everyone who logs in through it; empty while it is being made.
    pub id: String,
    /// Digest of the client secret that NetBird was given last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// When it was changed last, in Unix time: NetBird uses it since its first start after that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<u64>,
}

impl Remembered {
    /// From now on this is the service account. One of another name has no use any more.
    pub fn use_account(&mut self, account: OwnAccount) {
        let before = self.service_account.take();
        self.former_accounts.retain(|former| former.pk != account.pk);
        let other = before.filter(|old| old.pk.is_some() && old.username != account.username);
        self.former_accounts.extend(other);
        self.service_account = Some(account);
    }

    /// Accounts that it made, the one in use first.
    pub fn own_accounts(&self) -> impl Iterator<Item = &OwnAccount> {
        self.service_account.iter().chain(&self.former_accounts)
    }

    /// Forgets what was made in an Authentik: in another one the same numbers and names are other people's.
    pub fn forget_authentik(&mut self) {
        self.installation = None;
        self.bindings.clear();
        self.provider = None;
        self.service_account = None;
        self.former_accounts.clear();
        self.role = None;
        self.verified.clear();
    }
}

/// Which Authentik: it is the same one if any of the three matches.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Installation {
    /// `pk` of the token's user, from `core/users/me/`.
    pub user: i64,
    /// `uid` of the same answer: a hash of the pk and the installation's id.
    pub uid: String,
    /// Primary key of the application.
    pub application: Option<String>,
    /// Primary key of the default brand.
    pub brand: Option<String>,
}

/// Reads it; what was never written is empty.
///
/// # Errors
/// [`Exit::Refused`] for a version that is not known, or what is no such file; [`Exit::Output`] where it cannot be
/// read.
pub fn read(state_dir: &Path) -> Result<Remembered> {
    let path = state_dir.join(FILE_NAME);
    let Some(mut object) = read_object(&path)? else { return Ok(Remembered::default()) };
    let version = object.remove("version");
    let shown = path.display();
    match version.as_ref().map(Value::as_u64) {
        Some(Some(VERSION)) => {}
        _ => {
            return Err(Error::new(
                Exit::Refused,
                format!("{shown} is not of version {VERSION}, the only one that this release reads"),
            )
            .remedy(format!(
                "run the release that wrote it, or move {shown} away: then bindings made by this container are \
                 no longer known as such"
            )));
        }
    }
    serde_json::from_value(Value::Object(object)).map_err(|_| {
        Error::new(
            Exit::Refused,
            format!("{shown} has a key of another type than this release writes"),
        )
        .remedy(format!("put {shown} back from a backup, or move it away"))
    })
}

/// Writes it, if it differs from what is there.
///
/// # Errors
/// [`Exit::Output`].
pub fn write(state_dir: &Path, remembered: &Remembered) -> Result<Published> {
    let path = state_dir.join(FILE_NAME);
    // Another layout of the same is no reason to write; a mode that only somebody else may change is one to replace it.
    if let Found::File(there) = look(&path)?
        && read(state_dir).is_ok_and(|there| there == *remembered)
    {
        return publish::publish(&Document { path, content: there.bytes }, OWNERSHIP);
    }
    let mut object = Map::new();
    object.insert("version".into(), VERSION.into());
    if let Ok(Value::Object(keys)) = serde_json::to_value(remembered) {
        object.extend(keys);
    }
    let content = format!("{:#}\n", Value::Object(object)).into_bytes();
    publish::publish(&Document { path, content }, OWNERSHIP)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_written_is_read_and_unknown_keys_stay() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(read(dir.path()).unwrap(), Remembered::default());
        let path = dir.path().join(FILE_NAME);
        std::fs::write(&path, r#"{"version": 1, "later": {"a": 1}}"#).unwrap();
        let mut remembered = read(dir.path()).unwrap();
        assert_eq!(remembered.further["later"], json!({"a": 1}));
        remembered.installation = Some(Installation { user: 5, ..Installation::default() });
        write(dir.path(), &remembered).unwrap();
        assert_eq!(read(dir.path()).unwrap(), remembered);
        assert_eq!(write(dir.path(), &remembered).unwrap(), Published::Unchanged);
    }

    #[test]
    fn an_unknown_version_or_shape_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        for text in [r#"{"version": 2}"#, "{}", r#"{"version": 1, "bindings": 7}"#, "[]"] {
            std::fs::write(dir.path().join(FILE_NAME), text).unwrap();
            assert_eq!(read(dir.path()).unwrap_err().exit, Exit::Refused, "{text}");
        }
    }
}
