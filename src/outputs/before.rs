//! Everything that is on the volumes, read once and before anything is written: outputs, `secrets.json`, `state.json`. It
//! takes part in the plan, as Authentik's objects do.

use std::path::PathBuf;

use super::management::File;
use super::{config_yaml, management, relay_env, setup_env, turnserver_conf};
use crate::config::{Config, Kind, Output};
use crate::error::Result;
use crate::files::read::{Found as There, look};
use crate::state::evidence::{self, Found, InUse};
use crate::state::owner::InFile;
use crate::state::secrets::Kept;
use crate::state::store::{self, Remembered};

/// Everything that is on the volumes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Before {
    /// Each output, whether it is asked for or not.
    outputs: Vec<(Output, PathBuf, There)>,
    /// `management.json`, if it is there.
    pub management: Option<File>,
    /// `secrets.json`.
    pub kept: Option<Kept>,
    /// A `secrets.json` in `SETUP_DIR` from before `SETUP_STATE_DIR` moved.
    pub left_behind: Option<Kept>,
    /// `state.json`.
    pub remembered: Remembered,
    /// The permission bits of `state.json`; nothing if it is not there.
    pub state_mode: Option<u32>,
}

impl Before {
    /// Reads it all.
    ///
    /// # Errors
    /// [`crate::error::Exit::Refused`] or [`crate::error::Exit::Output`] where a file is not what it must be, or cannot
    /// be read.
    pub fn read(config: &Config) -> Result<Self> {
        let files = &config.files;
        let read = |output: Output| {
            let path = files.path(output);
            match look(&path) {
                Ok(there) => Ok((output, path, there)),
                // What cannot be read was not written here.
                Err(_) if output == Output::ConfigYaml => Err(config_yaml::foreign(config)),
                Err(error) => Err(error),
            }
        };
        let concerned = |output: &Output| match output {
            Output::ConfigYaml | Output::IdpSeedInfo => files.outputs.contains(output),
            // Without outputs NetBird's files are somebody else's.
            _ => config.kind == Kind::Standalone || !files.outputs.is_empty(),
        };
        let outputs = Output::ALL.into_iter().filter(concerned);
        let outputs = outputs.map(read).collect::<Result<Vec<_>>>()?;
        let management = outputs.iter().find_map(|(output, path, there)| {
            let bytes = there.bytes().filter(|_| *output == Output::ManagementJson)?;
            Some(File::read(&path.display().to_string(), bytes))
        });
        let left_behind = match files.state_dir == files.dir {
            true => None,
            false => Kept::read(&files.dir)?,
        };
        Ok(Self {
            management: management.transpose()?,
            kept: Kept::read(&files.state_dir)?,
            left_behind,
            remembered: store::read(&files.state_dir)?,
            state_mode: match look(&files.state_dir.join(store::FILE_NAME))? {
                There::File(content) => Some(content.mode),
                There::Nothing | There::Link => None,
            },
            outputs,
        })
    }

    /// What is in the place of this output.
    pub fn there(&self, output: Output) -> &There {
        let found = self.outputs.iter().find(|(of, ..)| *of == output);
        found.map_or(&There::Nothing, |(_, _, there)| there)
    }

    /// Whether keys came with a max-age when `setup.env` was written.
    pub fn public_max_age(&self) -> Option<bool> {
        let text = std::str::from_utf8(self.there(Output::SetupEnv).bytes()?).ok()?;
        setup_env::public_max_age(text)
    }

    /// What the files say about a provider of NetBird's own.
    pub fn provider(&self) -> InFile {
        let bytes = self.there(Output::ConfigYaml).bytes();
        match (bytes.and_then(|bytes| std::str::from_utf8(bytes).ok()), &self.management) {
            (Some(text), _) => config_yaml::provider_in(text),
            (None, Some(file)) => management::own_provider::in_file(file),
            (None, None) => InFile::default(),
        }
    }

    /// The id of Authentik's connector, as far as it is remembered.
    pub fn connector(&self) -> Option<&str> {
        self.remembered.netbird.connector.as_ref().map(|connector| connector.id.as_str())
    }

    /// Every secret in use that an output shows.
    pub fn in_use(&self) -> InUse {
        let mut in_use = InUse::default();
        for (output, path, there) in &self.outputs {
            let place = path.display().to_string();
            let holds_key = matches!(output, Output::SetupEnv | Output::ManagementJson);
            if *there == There::Link && holds_key {
                in_use.without_key.push(format!("{place} (a link, which is not followed)"));
            }
            let Some(bytes) = there.bytes() else { continue };
            match (output, std::str::from_utf8(bytes)) {
                (Output::ManagementJson, _) => {
                    in_use.extend(
                        self.management.as_ref().map(management::secrets_in).unwrap_or_default(),
                    );
                }
                // Without a secret, or with one that is kept elsewhere.
                (Output::DashboardEnv | Output::IdpSeedInfo, _) => {}
                (Output::ConfigYaml, Ok(text)) => {
                    in_use.extend(config_yaml::secrets_in(text, &place));
                }
                (Output::SetupEnv, Ok(text)) => in_use.extend(setup_env::secrets_in(text, &place)),
                (Output::RelayEnv, Ok(text)) => in_use.extend(relay_env::secrets_in(text, &place)),
                (Output::TurnserverConf, Ok(text)) => {
                    in_use.extend(turnserver_conf::secrets_in(text, &place));
                }
                (output, Err(_)) => {
                    let kind = match output {
                        Output::SetupEnv | Output::ConfigYaml => evidence::Kind::DatastoreKey,
                        Output::RelayEnv => evidence::Kind::Relay,
                        _ => evidence::Kind::Turn,
                    };
                    in_use.add(kind, place, Found::Other("no text in UTF-8"));
                }
            }
        }
        in_use
    }
}
