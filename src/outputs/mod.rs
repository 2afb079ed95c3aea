//! From what was proven to the files that NetBird starts from. Pure: no file is touched here.

pub mod config_yaml;
pub mod connector;
pub mod conversion;
pub mod embedded;
pub mod endpoints;
pub mod management;
pub mod services;
pub mod setup_env;
pub mod shell;

use std::path::Path;

use serde_json::{Map, Value};

use crate::config::{Config, Kind, Output};
use crate::error::{Error, Exit, Result};
use crate::files::read::{Found, look, object};
use crate::proof::Proof;
use crate::state::Memory;
use crate::state::secrets::{self, InUse, Secrets};
use crate::state::store::NetBirdSide;

/// The secrets that the files on the volume hold already.
///
/// # Errors
/// [`crate::error::Exit::Refused`] or [`crate::error::Exit::Output`] where a file cannot be read as what it must be.
pub fn secrets_in(config: &Config) -> Result<InUse> {
    if config.kind == Kind::Combined {
        return match config.files.outputs.contains(&Output::ConfigYaml) {
            true => config_yaml::secrets_in(config),
            false => Ok(InUse::default()),
        };
    }
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
    let file = management_in(&management)?;
    let asked_for = config.files.outputs.contains(&Output::ManagementJson);
    let issuer = file.as_ref().and_then(management::issuer_in);
    let has_secrets = config.files.state_dir.join(secrets::FILE_NAME).exists();
    let memory =
        Memory::read(config.files.state_dir.clone(), issuer.is_some() || has_secrets, issuer)?;
    if let Some(file) = file.filter(|_| asked_for) {
        if let Some(error) = conversion::refused(config, &file) {
            return Err(error);
        }
        let remembered = memory.remembered();
        connector::admit(config, &embedded::connectors(&file), known(&remembered.netbird))?;
    }
    if config.kind == Kind::Combined && config.files.outputs.contains(&Output::ConfigYaml) {
        config_yaml::secrets_in(config)?;
        let remembered = memory.remembered();
        if !config.owner.local_auth.value && known(&remembered.netbird).is_none() {
            return Err(too_early());
        }
    }
    Ok(memory)
}

/// NetBird ends at once if nobody could log in.
fn too_early() -> Error {
    Error::new(Exit::Config, "SETUP_LOCAL_AUTH is false, and NetBird has no connector yet")
        .because("netbird-server does not start without local logins and without a connector, which is made after it started")
        .remedy("leave SETUP_LOCAL_AUTH unset until `connect` has run once, then set it to false")
}

/// The id of Authentik's connector, as far as it is remembered.
fn known(side: &NetBirdSide) -> Option<&str> {
    side.connector.as_ref().map(|connector| connector.id.as_str())
}

/// What becomes of the files.
#[derive(Debug)]
pub struct Files {
    /// Each with its text, `setup.env` last: whoever waits for it finds the others.
    pub texts: Vec<(Output, String)>,
    /// The id of Authentik's connector, where a file names it.
    pub connector: Option<String>,
    /// Sections of `management.json` that NetBird ignores.
    pub ignored: Vec<&'static str>,
}

/// Every file of `SETUP_OUTPUTS`.
///
/// # Errors
/// [`crate::error::Exit::Refused`] where a file could mean several things.
pub fn files(
    config: &Config,
    proof: &Proof,
    secrets: &Secrets,
    side: &NetBirdSide,
    management: Option<Map<String, Value>>,
) -> Result<Files> {
    let mut outputs = config.files.outputs.clone();
    outputs.sort_by_key(|output| *output == Output::SetupEnv);
    let has_provider = config.kind != Kind::Standalone;
    let ignored = match (&management, has_provider) {
        (Some(file), true) => conversion::ignored(file),
        _ => Vec::new(),
    };
    let mut management = Some(management);
    let mut connector = None;
    let mut texts = Vec::new();
    for output in outputs {
        let text = match output {
            Output::SetupEnv if has_provider => Some(setup_env::render_own(config, secrets)),
            Output::SetupEnv => Some(setup_env::render(config, proof, secrets)),
            Output::ManagementJson if has_provider => {
                let base = management.take().flatten();
                let (text, id) = embedded::render(config, proof, secrets, known(side), base)?;
                connector = Some(id);
                Some(text)
            }
            Output::ManagementJson => {
                Some(management::render(config, proof, secrets, management.take().flatten()))
            }
            Output::DashboardEnv if has_provider => Some(services::own_dashboard_env(config)),
            Output::DashboardEnv => Some(services::dashboard_env(config, proof)),
            Output::RelayEnv => Some(services::relay(config, secrets)),
            Output::TurnserverConf => services::turnserver(config, secrets),
            Output::ConfigYaml => Some(config_yaml::render(config, secrets)),
            Output::IdpSeedInfo => Some(connector::seed_info(config, proof)),
        };
        texts.extend(text.map(|text| (output, text)));
    }
    Ok(Files { texts, connector, ignored })
}
