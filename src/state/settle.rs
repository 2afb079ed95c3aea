//! Which secrets apply, from all evidence: the variables, `secrets.json`, the files that NetBird runs with, and what a
//! running `watch` remembers. Pure, and decided before anything is written: a secret in use is never replaced in silence,
//! and NetBird's users are encrypted with one of them.

use super::evidence::{Evidence, Found, InUse, Kind};
use super::secrets::{Kept, Secrets};
use crate::error::{Error, Exit};
use crate::text::Secret;

/// All that is known about the secrets.
#[derive(Clone, Debug, Default)]
pub struct Known<'a> {
    /// What the variables give.
    pub given: Secrets,
    /// `secrets.json`.
    pub kept: Option<&'a Kept>,
    /// `secrets.json` of another directory, from before `SETUP_STATE_DIR` moved.
    pub left_behind: Option<&'a Kept>,
    /// What the files hold.
    pub in_use: InUse,
    /// What the last run of this process used: NetBird still runs with it when files vanish.
    pub remembered: Option<&'a Secrets>,
    /// Secrets that something besides management.json has to hold, and which.
    pub needed: Vec<(Kind, String)>,
    /// Whether a wish of the user needs the service account's password.
    pub manages_users: bool,
}

/// What applies.
#[derive(Clone, Debug, Default)]
pub struct Settled {
    /// What is known.
    pub secrets: Secrets,
    /// What has to be made, since there is no trace of one.
    pub to_make: Vec<Kind>,
    /// What the log says about it, a line each.
    pub remarks: Vec<String>,
    /// What is not as it seems to be, a line each: for `plan` and `check` too.
    pub warnings: Vec<String>,
}

/// Settles every secret.
///
/// # Errors
/// Everything that keeps it from being settled, each [`Exit::Refused`].
pub fn settle(known: &Known<'_>) -> Result<Settled, Vec<Error>> {
    let mut settled = Settled::default();
    let mut refused = Vec::new();
    for kind in Kind::ALL {
        if kind == Kind::ServiceAccount && !known.manages_users {
            continue;
        }
        match known.settle(kind) {
            Ok(Choice::Use(secret, remark)) => {
                settled.secrets.set(kind, secret);
                settled.remarks.extend(remark);
            }
            Ok(Choice::Make) => {
                settled.to_make.push(kind);
                if kind == Kind::DatastoreKey {
                    settled.remarks.push(
                        "no trace of a data store key was found: a new one is made".to_owned(),
                    );
                }
            }
            Ok(Choice::Leave) => {}
            Err(errors) => refused.extend(errors),
        }
    }
    if refused.is_empty() { Ok(settled) } else { Err(refused) }
}

enum Choice {
    /// This one, and what to say about it.
    Use(Secret, Option<String>),
    /// There is none.
    Make,
    /// NetBird's environment has it, and nothing else needs it.
    Leave,
}

impl Known<'_> {
    fn settle(&self, kind: Kind) -> Result<Choice, Vec<Error>> {
        let unreadable: Vec<Error> =
            self.in_use.of(kind).filter_map(|evidence| self.unreadable(kind, evidence)).collect();
        if !unreadable.is_empty() {
            return Err(unreadable);
        }
        let in_use = self.in_use.of(kind).filter_map(|e| Some((e.place.as_str(), e.text()?)));
        let left =
            self.left_behind.and_then(|left| Some((left.place.as_str(), left.secret(kind)?)));
        let texts: Vec<(&str, &Secret)> =
            in_use.chain(left.as_ref().map(|(place, secret)| (*place, secret))).collect();
        let held = self.held(kind);
        match kind {
            Kind::DatastoreKey => self.datastore_key(held, &texts),
            _ => self.shared(kind, held, &texts),
        }
    }

    /// What `secrets.json` has, and where.
    fn held(&self, kind: Kind) -> Option<(String, Secret)> {
        let kept = self.kept?;
        Some((kept.place.clone(), kept.secret(kind)?))
    }

    /// A secret that is there and cannot be read: a new one would replace it.
    fn unreadable(&self, kind: Kind, evidence: &Evidence) -> Option<Error> {
        let Evidence { place, found } = evidence;
        let (name, variable) = (kind.name(), kind.variable());
        let needing = self.needed.iter().find(|(needed, _)| *needed == kind).map(|(_, by)| by);
        let is_given = self.given.of(kind).is_some();
        match found {
            Found::Text(_) => None,
            // A variable does not decide which key NetBird's users are encrypted with.
            Found::Other(what) if kind == Kind::DatastoreKey => Some(
                unread(place, what, name)
                    .remedy("put the key itself there, or move the file away if NetBird does not run with it"),
            ),
            _ if is_given => None,
            // Somebody's own TURN server.
            Found::Other(_) if kind == Kind::Turn && needing.is_none() => None,
            Found::Other(what) => Some(
                unread(place, what, name)
                    .remedy(format!("put the secret itself there, or give it with {variable}")),
            ),
            Found::Template => {
                let needing = needing?;
                if self.held(kind).is_some() {
                    return None;
                }
                Some(
                    Error::new(
                        Exit::Refused,
                        format!("{place} is a template that NetBird's own environment fills in, and {needing} needs the {name} itself"),
                    )
                    .remedy(format!(
                        "give the same value with {variable}, or name in SETUP_OUTPUTS only files that do without it"
                    )),
                )
            }
        }
    }

    /// Never made anew while there is a trace of an old one, and never two.
    fn datastore_key(
        &self,
        held: Option<(String, Secret)>,
        texts: &[(&str, &Secret)],
    ) -> Result<Choice, Vec<Error>> {
        const KIND: Kind = Kind::DatastoreKey;
        let variable = KIND.variable();
        let mut places: Vec<(&str, &Secret)> = Vec::new();
        places.extend(held.iter().map(|(place, key)| (place.as_str(), key)));
        places.extend(texts);
        if let Some((place, _)) = places.iter().find(|(_, key)| !is_datastore_key(key)) {
            return Err(vec![
                refused(format!("{place} holds a data store key that is not base64 of 32 bytes"))
                    .remedy("put the right key back from a backup; without it NetBird cannot read its users"),
            ]);
        }
        let differing = places.iter().find(|(_, key)| *key != places[0].1);
        if let Some((other, _)) = differing {
            let first = places[0].0;
            return Err(vec![
                refused(format!("{first} and {other} hold different data store keys"))
                    .because("NetBird can read its users with one of them only")
                    .remedy(format!(
                        "see which of the two NetBird's management runs with, and move the other file away, or put \
                         the right key into it ({variable} does not decide it)"
                    )),
            ]);
        }
        let found = places.first().map(|(place, key)| ((*place).to_owned(), (*key).clone()));
        match (self.given.of(KIND), found) {
            (Some(given), Some((place, key))) if *given != key => Err(vec![
                refused(format!("{variable} differs from the data store key in {place}"))
                    .because("NetBird could not read its users any more")
                    .remedy(format!(
                        "unset {variable}, or move the files away if NetBird has no users yet"
                    )),
            ]),
            (Some(given), _) => Ok(Choice::Use(given.clone(), None)),
            (None, Some((place, key))) => Ok(Choice::Use(key, self.taken(KIND, &place))),
            (None, None) => self.no_datastore_key(),
        }
    }

    fn no_datastore_key(&self) -> Result<Choice, Vec<Error>> {
        const KIND: Kind = Kind::DatastoreKey;
        if let Some(key) = self.remembered.and_then(|secrets| secrets.of(KIND)) {
            return Ok(Choice::Use(key.clone(), None));
        }
        if self.in_use.of(KIND).next().is_some() {
            return Ok(Choice::Leave);
        }
        let kept = self.trace().map(|kept| &kept.place);
        match kept.or(self.in_use.without_key.first()) {
            None => Ok(Choice::Make),
            Some(place) => Err(vec![
                refused(format!("{place} is there and holds no data store key"))
                    .because("NetBird's users may be encrypted with a key that was lost, and a new one would hide that")
                    .remedy(format!(
                        "give the key that NetBird runs with as {}, or put the file back from a backup; if NetBird has \
                         no users yet, move the file away",
                        KIND.variable()
                    )),
            ]),
        }
    }

    /// A file of secrets that NetBird ran with: one that is missing in it was lost.
    fn trace(&self) -> Option<&Kept> {
        self.kept.or(self.left_behind).filter(|kept| !kept.is_of_client_alone())
    }

    /// The variable, then what is kept, then what is in use.
    fn shared(
        &self,
        kind: Kind,
        held: Option<(String, Secret)>,
        texts: &[(&str, &Secret)],
    ) -> Result<Choice, Vec<Error>> {
        let remembered = self.remembered.and_then(|secrets| secrets.of(kind)).cloned();
        let first = self.given.of(kind).cloned().or(held.map(|(_, s)| s)).or(remembered);
        if let Some(secret) = first {
            return Ok(Choice::Use(secret, None));
        }
        let Some((place, secret)) = texts.first() else {
            if self.in_use.of(kind).next().is_some() {
                return Ok(Choice::Leave);
            }
            // An app password comes into being with the first run that lists users.
            return match self.trace().filter(|_| kind != Kind::ServiceAccount) {
                None => Ok(Choice::Make),
                Some(kept) => Err(vec![
                    refused(format!("{} holds no {}, and no file does", kept.place, kind.key()))
                        .because(format!("a {} that is in use must not be replaced", kind.name()))
                        .remedy(format!(
                            "put {} back from a backup, or give the secret with {}; if nothing uses it yet, move the \
                             file away",
                            kept.place,
                            kind.variable()
                        )),
                ]),
            };
        };
        if let Some((other, _)) = texts.iter().find(|(_, text)| text != secret) {
            return Err(vec![
                refused(format!("{place} and {other} differ, and no {} is kept", kind.key()))
                    .because(format!("which {} is in use is not known", kind.name()))
                    .remedy(format!("give the right one with {}", kind.variable())),
            ]);
        }
        Ok(Choice::Use((*secret).clone(), self.taken(kind, place)))
    }

    /// Said where `secrets.json` did not have it.
    fn taken(&self, kind: Kind, place: &str) -> Option<String> {
        let kept = self.kept.and_then(|kept| kept.secret(kind));
        let place = place.trim_end_matches(',');
        kept.is_none().then(|| format!("the {} is taken from {place}", kind.name()))
    }
}

/// What is there and cannot be read: it may be in use.
pub fn unread(place: &str, what: &str, name: &str) -> Error {
    refused(format!("{place} is {what}")).because(format!(
        "the {name} that is in use cannot be read there, and must not be replaced"
    ))
}

fn refused(what: String) -> Error {
    Error::new(Exit::Refused, what)
}

/// Standard base64 of exactly 32 bytes (`util/crypt`): with anything else management ends.
fn is_datastore_key(key: &Secret) -> bool {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    STANDARD.decode(key.expose()).is_ok_and(|bytes| bytes.len() == 32)
}
