//! From what was proven to the files that NetBird starts from. Pure: no file is touched here.

pub mod endpoints;
pub mod management;
pub mod services;
pub mod setup_env;
pub mod shell;

use std::path::Path;

use serde_json::{Map, Value};

use crate::config::{Config, Output};
use crate::error::Result;
use crate::files::read::{Found, look, object};
use crate::proof::Proof;
use crate::state::Memory;
use crate::state::secrets::{self, InUse, Secrets};

/// The secrets that the files on the volume hold already.
///
/// # Errors
/// [`crate::error::Exit::Refused`] or [`crate::error::Exit::Output`] where a file cannot be read as what it must be.
pub fn secrets_in(config: &Config) -> Result<InUse> {
    let management = config.files.path(Output::ManagementJson);
    Ok(management_in(&management)?.as_ref().map(management::secrets_in).unwrap_or_default())
}

/// What `management.json` holds; nothing in the place of a link, which is replaced and never followed.
///
/// # Errors
/// As [`secrets_in`].
pub fn management_in(path: &Path) -> Result<Option<Map<String, Value>>> {
    match look(path)? {
        Found::File(content) => object(path, &content.bytes).map(Some),
        Found::Nothing | Found::Link => Ok(None),
    }
}

/// What this run knows before it asks Authentik. Read before anything is written: a run makes `secrets.json` itself.
///
/// # Errors
/// Those of the files.
pub fn memory(config: &Config) -> Result<Memory> {
    let management = config.files.path(Output::ManagementJson);
    let issuer = management_in(&management)?.as_ref().and_then(management::issuer_in);
    let has_secrets = config.files.state_dir.join(secrets::FILE_NAME).exists();
    Memory::read(config.files.state_dir.clone(), issuer.is_some() || has_secrets, issuer)
}

/// Every file of `SETUP_OUTPUTS` with its text, `setup.env` last: whoever waits for it finds the others.
pub fn files(
    config: &Config,
    proof: &Proof,
    secrets: &Secrets,
    management: Option<Map<String, Value>>,
) -> Vec<(Output, String)> {
    let mut outputs = config.files.outputs.clone();
    outputs.sort_by_key(|output| *output == Output::SetupEnv);
    let mut management = Some(management);
    let mut files = Vec::new();
    for output in outputs {
        let text = match output {
            Output::SetupEnv => Some(setup_env::render(config, proof, secrets)),
            Output::ManagementJson => {
                Some(management::render(config, proof, secrets, management.take().flatten()))
            }
            Output::DashboardEnv => Some(services::dashboard_env(config, proof)),
            Output::RelayEnv => Some(services::relay(config, secrets)),
            Output::TurnserverConf => services::turnserver(config, secrets),
            // Of another kind of NetBird, and of a migration to it.
            Output::ConfigYaml | Output::IdpSeedInfo => None,
        };
        files.extend(text.map(|text| (output, text)));
    }
    files
}
