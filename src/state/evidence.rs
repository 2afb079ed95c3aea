//! Which secrets are in use, and where that was seen. What is there but is no text that can be read counts as there.

use crate::text::Secret;

/// What stands in the place of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A text.
    Text(Secret),
    /// A text that NetBird's own environment fills in (`{{ .NAME }}`): only NetBird knows the secret.
    Template,
    /// Something else; which, in words for people.
    Other(&'static str),
}

/// One place where a secret is in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The file and the key in it, for people.
    pub place: String,
    /// What is there.
    pub found: Found,
}

impl Evidence {
    /// The text, if it is one.
    pub fn text(&self) -> Option<&Secret> {
        match &self.found {
            Found::Text(secret) => Some(secret),
            _ => None,
        }
    }
}

/// The secrets that NetBird's services share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `DataStoreEncryptionKey`: base64 of 32 bytes.
    DatastoreKey,
    /// Between management and relay.
    Relay,
    /// Between management and the TURN server.
    Turn,
    /// The service account's app password.
    ServiceAccount,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::DatastoreKey, Self::Relay, Self::Turn, Self::ServiceAccount];

    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::DatastoreKey => "data store key",
            Self::Relay => "relay's secret",
            Self::Turn => "TURN password",
            Self::ServiceAccount => "service account's app password",
        }
    }

    /// The variable that gives it.
    pub fn variable(self) -> &'static str {
        match self {
            Self::DatastoreKey => "NETBIRD_DATASTORE_ENC_KEY",
            Self::Relay => "NETBIRD_RELAY_AUTH_SECRET",
            Self::Turn => "TURN_PASSWORD",
            Self::ServiceAccount => "NETBIRD_IDP_MGMT_EXTRA_PASSWORD",
        }
    }

    /// Its key in `secrets.json`.
    pub fn key(self) -> &'static str {
        match self {
            Self::DatastoreKey => "datastore_enc_key",
            Self::Relay => "relay_auth_secret",
            Self::Turn => "turn_password",
            Self::ServiceAccount => "service_account_password",
        }
    }
}

/// Every place where secrets are in use, and files that would hold one if there was one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InUse {
    seen: Vec<(Kind, Evidence)>,
    /// Files that are there and hold no data store key although they are of a kind that does.
    pub without_key: Vec<String>,
}

impl InUse {
    /// Adds a place.
    pub fn add(&mut self, kind: Kind, place: String, found: Found) {
        self.seen.push((kind, Evidence { place, found }));
    }

    /// Adds what another file holds.
    pub fn extend(&mut self, other: Self) {
        self.seen.extend(other.seen);
        self.without_key.extend(other.without_key);
    }

    /// Every place of one secret.
    pub fn of(&self, kind: Kind) -> impl Iterator<Item = &Evidence> {
        self.seen.iter().filter(move |(of, _)| *of == kind).map(|(_, evidence)| evidence)
    }

    /// Every secret that is a text, to be kept out of the log.
    pub fn texts(&self) -> impl Iterator<Item = &Secret> {
        self.seen.iter().filter_map(|(_, evidence)| evidence.text())
    }
}
