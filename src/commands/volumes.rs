//! What every command does with the volumes before it asks Authentik anything: reads them once, and settles with which
//! secrets the files may be written. `init` keeps those secrets then; the others write nothing.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::beside;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::files::publish;
use crate::outputs::admit::admit;
use crate::outputs::before::Before;
use crate::random::random;
use crate::state::evidence::Kind;
use crate::state::lock;
use crate::state::secrets::{self, Secrets};
use crate::text::{Secret, redact};

/// The volumes as they are, and what may be written.
#[derive(Debug)]
pub struct Volumes {
    /// What is there.
    pub before: Before,
    /// The secrets that apply.
    pub secrets: Secrets,
    /// What the log says about them.
    pub remarks: Vec<String>,
}

/// Reads the volumes, and keeps new secrets before anything uses them. Runs at the same time wait for each other, so that
/// only one of them makes a secret. Everything that is refused is answered, worst first.
///
/// # Errors
/// What could not be read, or may not be written.
pub async fn keep(config: &Config, last: Option<Secrets>) -> Result<Result<Volumes, Vec<Error>>> {
    let config = config.clone();
    beside(move || {
        writable(&config)?;
        let _lock = lock::acquire(&config.files.state_dir);
        let before = Before::read(&config)?;
        before.in_use().texts().for_each(redact::learn);
        let mut settled = match admit(&config, &before, last.as_ref()) {
            Ok(settled) => settled,
            Err(errors) => return Ok(Err(errors)),
        };
        for kind in settled.to_make {
            settled.secrets.set(kind, make(kind)?);
        }
        settled.secrets.all().for_each(redact::learn);
        secrets::keep(&config.files.state_dir, before.kept.as_ref(), &settled.secrets)?;
        Ok(Ok(Volumes { before, secrets: settled.secrets, remarks: settled.remarks }))
    })
    .await
}

/// Reads the volumes and writes nothing: a secret that `init` would make is a word in its place.
///
/// # Errors
/// As of [`keep`].
pub async fn look(config: &Config) -> Result<Result<Volumes, Vec<Error>>> {
    let config = config.clone();
    beside(move || {
        writable(&config)?;
        let before = Before::read(&config)?;
        before.in_use().texts().for_each(redact::learn);
        let mut settled = match admit(&config, &before, None) {
            Ok(settled) => settled,
            Err(errors) => return Ok(Err(errors)),
        };
        settled.secrets.all().for_each(redact::learn);
        let app_password_is_made = settled.to_make.contains(&Kind::ServiceAccount);
        for kind in settled.to_make.into_iter().filter(|kind| *kind != Kind::ServiceAccount) {
            settled.secrets.set(kind, Secret::new(TO_BE_MADE));
        }
        // Authentik would be asked with it.
        if app_password_is_made {
            settled.secrets.service_account = None;
        }
        Ok(Ok(Volumes { before, secrets: settled.secrets, remarks: settled.remarks }))
    })
    .await
}

/// Never written, never shown.
const TO_BE_MADE: &str = "(made by init)";

/// Asked before anything is changed in Authentik, so that a run does not end half done.
fn writable(config: &Config) -> Result<()> {
    publish::check_directory("SETUP_DIR", &config.files.dir)?;
    publish::check_directory("SETUP_STATE_DIR", &config.files.state_dir)
}

fn make(kind: Kind) -> Result<Secret> {
    let bytes = random::<32>()?;
    Ok(Secret::new(match kind {
        Kind::DatastoreKey => STANDARD.encode(bytes),
        _ => URL_SAFE_NO_PAD.encode(bytes),
    }))
}
