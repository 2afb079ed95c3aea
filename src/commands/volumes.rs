//! What every command does with the volumes before it asks Authentik anything: reads them once, and settles with which
//! secrets the files may be written. `init` keeps those secrets then; the others write nothing.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::beside;
use crate::config::{self, Config, Output};
use crate::error::{Error, Exit, Result};
use crate::files::publish;
use crate::outputs::admit::admit;
use crate::outputs::before::Before;
use crate::outputs::management;
use crate::outputs::plan::{FilePlan, ownership, places};
use crate::proof::Proof;
use crate::random::random;
use crate::state::Memory;
use crate::state::evidence::{Evidence, Kind};
use crate::state::lock;
use crate::state::memory::KeysBefore;
use crate::state::owner::{self, Making, TO_BE_MADE};
use crate::state::secrets::{self, COOKIE_KEY, Kept, Secrets};
use crate::state::settle::Settled;
use crate::text::{Secret, redact};

/// The volumes as they are, and what may be written.
#[derive(Clone, Debug, Default)]
pub struct Volumes {
    /// What is there.
    pub before: Before,
    /// The secrets that apply.
    pub secrets: Secrets,
    /// What the log says about them.
    pub remarks: Vec<String>,
    /// What it warns of, and the plan as well.
    pub warnings: Vec<String>,
}

/// The volumes, or everything that keeps files from being written.
pub type Admitted = Result<Volumes, Vec<Error>>;

/// Reads the volumes, and makes the secrets that are missing: they are on no disk before [`Volumes::keep`]. The caller holds
/// the lock, so that of runs at the same time only one makes a secret. `last` are those that the last run of this process
/// kept, `made` those that this run has made already.
///
/// # Errors
/// What cannot be read.
pub async fn settle(config: &Config, last: Option<Secrets>, made: Secrets) -> Result<Admitted> {
    let config = config.clone();
    beside(move || {
        let before = read(&config)?;
        let mut settled = match admit(&config, &before, last.as_ref()) {
            Ok(settled) => settled,
            Err(errors) => return Ok(Err(errors)),
        };
        for kind in std::mem::take(&mut settled.to_make) {
            let secret = made.of(kind).cloned().map_or_else(|| make(kind), Ok)?;
            settled.secrets.set(kind, secret);
        }
        let last = last.as_ref().unwrap_or(&made);
        of_provider(&config, &before, Some(last), &mut settled, Making::Now)?;
        settled.secrets.all().for_each(redact::learn);
        let Settled { secrets, remarks, warnings, .. } = settled;
        Ok(Ok(Volumes { before, secrets, remarks, warnings }))
    })
    .await
}

/// Reads the volumes and writes nothing: a secret that `init` would make is a word in its place.
///
/// # Errors
/// What cannot be read, or could not be written.
pub async fn look(config: &Config) -> Result<Admitted> {
    let config = config.clone();
    beside(move || {
        writable(&config)?;
        let before = match read(&config) {
            Err(error) if error.exit == Exit::Refused => return Ok(Err(vec![error])),
            read => read?,
        };
        let mut settled = match admit(&config, &before, None) {
            Ok(settled) => settled,
            Err(errors) => return Ok(Err(errors)),
        };
        settled.secrets.all().for_each(redact::learn);
        for kind in std::mem::take(&mut settled.to_make) {
            settled.secrets.set(kind, Secret::new(TO_BE_MADE));
        }
        of_provider(&config, &before, None, &mut settled, Making::Later)?;
        let Settled { secrets, remarks, warnings, .. } = settled;
        Ok(Ok(Volumes { before, secrets, remarks, warnings }))
    })
    .await
}

/// As [`look`], for `check`: what is refused is one of its findings, and it goes on.
///
/// # Errors
/// What cannot be read.
pub async fn examine(config: &Config) -> Result<(Volumes, Vec<Error>)> {
    let config = config.clone();
    beside(move || {
        let files = &config.files;
        for (name, dir) in [("SETUP_DIR", &files.dir), ("SETUP_STATE_DIR", &files.state_dir)] {
            // That it cannot be written is no finding: nothing is.
            if !dir.is_dir() {
                publish::check_directory(name, dir)?;
            }
        }
        let before = match read(&config) {
            Err(error) if error.exit == Exit::Refused => {
                return Ok((Volumes::default(), vec![error]));
            }
            read => read?,
        };
        let (mut settled, refused) = match admit(&config, &before, None) {
            Ok(settled) => (settled, Vec::new()),
            Err(errors) => (Settled::default(), errors),
        };
        of_provider(&config, &before, None, &mut settled, Making::Later)?;
        let Settled { secrets, warnings, .. } = settled;
        Ok((Volumes { before, secrets, remarks: Vec::new(), warnings }, refused))
    })
    .await
}

/// Whether all directories can be written, asked before anything is locked or changed, so that a run does not end half
/// done.
///
/// # Errors
/// [`crate::error::Exit::Output`].
pub fn writable(config: &Config) -> Result<()> {
    let files = &config.files;
    publish::check_directory("SETUP_DIR", &files.dir)?;
    publish::check_directory("SETUP_STATE_DIR", &files.state_dir)?;
    files.dirs.values().try_for_each(|dir| publish::check_directory("SETUP_OUTPUTS", dir))?;
    files.outputs.iter().try_for_each(|output| {
        publish::check_owner(&files.path(*output), ownership(config, *output))
    })?;
    lock::check(&files.state_dir)
}

impl Volumes {
    /// The app password, if there is one already: Authentik is asked with it.
    pub fn app_password(&self) -> Option<&Secret> {
        self.secrets.service_account.as_ref().filter(|secret| secret.expose() != TO_BE_MADE)
    }

    /// Keeps the secrets, before anything uses them.
    ///
    /// # Errors
    /// [`crate::error::Exit::Output`].
    pub async fn keep(&self, config: &Config) -> Result<()> {
        if self.secrets == Secrets::default() {
            return Ok(());
        }
        let (dir, kept) = (config.files.state_dir.clone(), self.before.kept.clone());
        let secrets = self.secrets.clone();
        beside(move || secrets::keep(&dir, kept.as_ref(), &secrets)).await
    }

    /// What a run knows before it asks Authentik.
    pub fn memory(&self, config: &Config) -> Memory {
        let file = self.before.management.as_ref();
        let issuer = file.and_then(|file| file.text("HttpConfig.AuthIssuer"));
        let known = self.before.remembered.netbird.client.as_ref().map(|c| c.issuer.clone());
        let keys = file.and_then(management::File::key_source);
        let location = file.and_then(|file| file.text("HttpConfig.AuthKeysLocation"));
        let inside = config.connection.internal.join("");
        let state_dir = config.files.state_dir.clone();
        let mut memory = Memory::of(state_dir, self.before.remembered.clone());
        memory.holds_identity = issuer.is_some() || self.before.kept.is_some();
        memory.issuers = issuer.into_iter().chain(self.before.issuer()).chain(known).collect();
        memory.to_keep = Some((self.secrets.clone(), self.before.kept.clone()));
        memory.client_ports = places(config, &self.before).ports();
        memory.manager = file.and_then(|file| management::staying(file, config));
        memory.key_source = keys.map(|(discovery_at_start, refresh)| KeysBefore {
            discovery_at_start,
            refresh,
            inside: location.is_some_and(|location| location.starts_with(&inside)),
            public_max_age: self.before.public_max_age(),
        });
        memory
    }

    /// What would be written, with this proof if there is one yet.
    ///
    /// # Errors
    /// [`crate::error::Exit::Refused`] or [`crate::error::Exit::Config`] where NetBird would refuse every login.
    pub fn files(&self, config: &Config, proof: Option<&Proof>) -> Result<FilePlan> {
        let file = self.before.management.as_ref();
        let written = config.files.outputs.contains(&Output::ManagementJson);
        let written = written && config.kind == config::Kind::Standalone;
        let claim =
            proof.filter(|_| written).and_then(|p| management::claim(file, config, &p.claims));
        match claim {
            Some(error) => Err(error),
            None => FilePlan::new(config, &self.before, &self.secrets, proof),
        }
    }
}

fn read(config: &Config) -> Result<Before> {
    let before = Before::read(config)?;
    before.in_use(config).texts().for_each(redact::learn);
    // One for another server is no evidence, and is hidden all the same.
    let theirs = before.management.as_ref();
    let theirs = theirs.and_then(|file| file.text("IdpManagerConfig.ExtraConfig.Password"));
    theirs.into_iter().for_each(|password| redact::learn(&Secret::new(password)));
    Ok(before)
}

const NO_OWNER: &str = "SETUP_OWNER_PASSWORD alone makes no owner in a file that names none: NetBird may have one already; \
    set SETUP_OWNER_EMAIL as well if it has not";

/// The owner's login and the key of sessions, where NetBird has a provider of its own.
fn of_provider(
    config: &Config,
    before: &Before,
    last: Option<&Secrets>,
    settled: &mut Settled,
    making: Making,
) -> Result<()> {
    let secrets = &mut settled.secrets;
    if config.kind == config::Kind::Standalone || config.files.outputs.is_empty() {
        return Ok(());
    }
    let in_file = before.provider(config);
    let kept = before.kept.as_ref().map(Kept::object).cloned().unwrap_or_default();
    let last = last.filter(|_| kept.is_empty());
    secrets.owner = match last.and_then(|last| last.owner.clone()) {
        Some(owner) => Some(owner),
        None => owner::settle(&config.owner, &kept, &in_file, making)?,
    };
    if secrets.owner.is_none() && config.owner.password.is_some() {
        settled.warnings.push(NO_OWNER.to_owned());
    }
    let held = kept.get(COOKIE_KEY).and_then(|key| key.as_str()).map(Secret::new);
    if in_file.is_cookie_key_elsewhere() {
        return Ok(());
    }
    let known = in_file.cookie_key.as_ref().and_then(Evidence::text).cloned().or(held);
    secrets.cookie_key = match known.or_else(|| last.and_then(|last| last.cookie_key.clone())) {
        Some(key) => Some(key),
        None if making == Making::Later => Some(Secret::new(TO_BE_MADE)),
        None => Some(make(Kind::DatastoreKey)?),
    };
    Ok(())
}

fn make(kind: Kind) -> Result<Secret> {
    let bytes = random::<32>()?;
    Ok(Secret::new(match kind {
        Kind::DatastoreKey => STANDARD.encode(bytes),
        _ => URL_SAFE_NO_PAD.encode(bytes),
    }))
}
