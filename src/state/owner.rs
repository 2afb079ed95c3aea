//! The login of NetBird's owner, where NetBird has a provider of its own: made once, and kept as password and as hash,
//! since every hash of one password is another one, and a file that changes at every run would be written at every run.

use base64::Engine;
use base64::alphabet;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::{NO_PAD, URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

use super::evidence::{Evidence, Found};
use crate::config;
use crate::error::Result;
use crate::random::random;
use crate::text::Secret;

/// Keys of `secrets.json`.
pub const EMAIL: &str = "owner_email";
/// The password.
pub const PASSWORD: &str = "owner_password";
/// Its hash.
pub const HASH: &str = "owner_password_hash";

/// The login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// What is typed into the form; compared in lower case.
    pub email: String,
    /// Nothing where only the hash is known, of a file that somebody else made.
    pub password: Option<Secret>,
    /// bcrypt (`$2b$`).
    pub hash: Secret,
}

/// As a file of NetBird has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InFile {
    /// Whether there is a file that names a provider of NetBird's own.
    pub has_provider: bool,
    /// The owner's e-mail.
    pub email: Option<Evidence>,
    /// The hash of the owner's password.
    pub hash: Option<Evidence>,
    /// What the provider encrypts its sessions with.
    pub cookie_key: Option<Evidence>,
}

impl InFile {
    /// What is there in a form that is not read: it must not be replaced.
    pub fn unread(&self) -> impl Iterator<Item = &Evidence> {
        let all = self.email.iter().chain(&self.hash).chain(&self.cookie_key);
        all.filter(|evidence| matches!(evidence.found, Found::Other(_)))
    }

    /// The owner's e-mail and hash, where it names one.
    fn owner(&self) -> Option<(String, Secret)> {
        let (email, hash) = (self.email.as_ref()?.text()?, self.hash.as_ref()?.text()?);
        Some((email.expose().to_owned(), hash.clone()))
    }

    /// Whether NetBird's environment fills the owner in.
    fn is_owner_elsewhere(&self) -> bool {
        let mut all = self.email.iter().chain(&self.hash);
        all.any(|evidence| evidence.found == Found::Template)
    }

    /// Whether NetBird's environment fills the key of sessions in.
    pub fn is_cookie_key_elsewhere(&self) -> bool {
        self.cookie_key.as_ref().is_some_and(|evidence| evidence.found == Found::Template)
    }
}

/// Whether secrets are made, or only stood for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Making {
    /// Made.
    Now,
    /// By `init`: a word is in their place.
    Later,
}

/// In the place of a secret that `init` would make. Never written and never shown.
pub const TO_BE_MADE: &str = "(made by init)";

/// NetBird's provider takes 10 to 16 (`server/api.go`); each step doubles the time of a login and of a guess.
const COST: u32 = 10;

/// The login that the file is to name; nothing where it names none, or one that is not this container's.
///
/// # Errors
/// [`crate::error::Exit::Bug`] where the system has no random numbers.
pub fn settle(
    wish: &config::Owner,
    held: &Map<String, Value>,
    in_file: &InFile,
    making: Making,
) -> Result<Option<Owner>> {
    let text = |key: &str| held.get(key)?.as_str().filter(|s| !s.is_empty()).map(str::to_owned);
    let kept = text(PASSWORD);
    if in_file.is_owner_elsewhere() && !wish.email.chosen {
        return Ok(None);
    }
    let there = in_file.owner();
    // Whoever set NetBird up without an owner in the file has one already.
    if in_file.has_provider
        && kept.is_none()
        && !wish.email.chosen
        && (there.is_none() || wish.password.is_none())
    {
        return Ok(there.map(|(email, hash)| Owner { email, password: None, hash }));
    }
    let there = there.map(|(email, _)| email);
    let email = match (wish.email.wish(), text(EMAIL).or(there)) {
        (Some(email), _) => email.clone(),
        (None, Some(email)) => email,
        (None, None) => wish.email.value.clone(),
    };
    let password = match (&wish.password, &kept) {
        (Some(given), _) => given.clone(),
        (None, Some(kept)) => Secret::new(kept),
        (None, None) if making == Making::Later => Secret::new(TO_BE_MADE),
        (None, None) => Secret::new(URL_SAFE_NO_PAD.encode(random::<32>()?)),
    };
    let same = kept.as_deref() == Some(password.expose());
    let hash = match text(HASH).filter(|_| same) {
        Some(hash) => Secret::new(hash),
        None if making == Making::Later => Secret::new(TO_BE_MADE),
        None => hash(&password)?,
    };
    Ok(Some(Owner { email, password: Some(password), hash }))
}

/// A new hash, in the form that crypt(3) has: version, cost, salt and hash.
fn hash(password: &Secret) -> Result<Secret> {
    let salt = random::<16>()?;
    let mut bytes = password.expose().as_bytes().to_vec();
    // As C ends a text; of a longer password than 72 bytes the rest would not count, so none is taken.
    bytes.push(0);
    bytes.truncate(LONGEST);
    let output = bcrypt::bcrypt(COST, salt, &bytes);
    let text = |bytes: &[u8]| BCRYPT.encode(bytes);
    // The last byte of the output is not part of the format.
    Ok(Secret::new(format!("$2b${COST:02}${}{}", text(&salt), text(&output[..23]))))
}

/// What bcrypt reads of a password, in bytes.
const LONGEST: usize = 72;

/// Its own alphabet.
const BCRYPT: GeneralPurpose = GeneralPurpose::new(&alphabet::BCRYPT, NO_PAD);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Setting;
    use serde_json::json;

    fn wish(email: Option<&str>, password: Option<&str>) -> config::Owner {
        config::Owner {
            email: Setting::or(email.map(str::to_owned), "owner@netbird.example.com".to_owned()),
            password: password.map(Secret::new),
            local_auth: Setting { value: true, chosen: false, is_default: true },
        }
    }

    fn held(owner: &Owner) -> Map<String, Value> {
        let password = owner.password.as_ref().map(Secret::expose);
        let object = json!({EMAIL: owner.email, PASSWORD: password, HASH: owner.hash.expose()});
        object.as_object().unwrap().clone()
    }

    #[test]
    fn it_is_made_once_and_hashed_once() {
        let nothing = Map::new();
        let made =
            settle(&wish(None, None), &nothing, &InFile::default(), Making::Now).unwrap().unwrap();
        assert_eq!(made.email, "owner@netbird.example.com");
        let password = made.password.clone().unwrap();
        assert!(bcrypt::verify(password.expose(), made.hash.expose()).unwrap());
        let file = InFile { has_provider: true, ..InFile::default() };
        assert_eq!(
            settle(&wish(None, None), &held(&made), &file, Making::Now).unwrap(),
            Some(made.clone())
        );
        let given = settle(&wish(None, Some("another-password")), &held(&made), &file, Making::Now);
        let given = given.unwrap().unwrap();
        assert!(bcrypt::verify("another-password", given.hash.expose()).unwrap());
        assert_eq!(given.email, made.email);
    }

    #[test]
    fn a_file_that_somebody_made_gets_an_owner_only_if_one_is_asked_for() {
        let nothing = Map::new();
        let file = InFile { has_provider: true, ..InFile::default() };
        assert_eq!(settle(&wish(None, None), &nothing, &file, Making::Now).unwrap(), None);
        let asked = settle(&wish(Some("a@example.com"), None), &nothing, &file, Making::Now)
            .unwrap()
            .unwrap();
        assert_eq!(asked.email, "a@example.com");
        let password = wish(None, Some("another-password"));
        assert_eq!(settle(&password, &nothing, &file, Making::Now).unwrap(), None);
        let text = |found: &str| {
            Some(Evidence { place: String::new(), found: Found::Text(Secret::new(found)) })
        };
        let named = InFile { email: text("chief@example.com"), hash: text("$2b$10$x"), ..file };
        let theirs = settle(&password, &nothing, &named, Making::Now).unwrap().unwrap();
        assert_eq!(theirs.email, "chief@example.com");
        assert!(bcrypt::verify("another-password", theirs.hash.expose()).unwrap());
    }
}
