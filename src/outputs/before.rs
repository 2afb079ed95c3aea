//! Everything that is on the volumes, read once and before anything is written: outputs, `secrets.json`, `state.json`. It
//! takes part in the plan, as Authentik's objects do.

use std::path::{Path, PathBuf};

use super::management::File;
use super::{config_yaml, management, relay_env, setup_env, sourced, turnserver_conf};
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
    /// Each output in its place, whether it is asked for or not.
    outputs: Vec<(Output, PathBuf, There)>,
    /// Files of this container in `SETUP_DIR` whose output has a directory of its own by now.
    moved: Vec<(Output, PathBuf, There)>,
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
        let has_files = config.kind == Kind::Standalone || !files.outputs.is_empty();
        // Without outputs NetBird's files are somebody else's.
        let concerned = |output: &Output| match output {
            Output::IdpSeedInfo => files.outputs.contains(output),
            _ => has_files,
        };
        let outputs: Vec<Output> = Output::ALL.into_iter().filter(concerned).collect();
        let is_moved = |output: &&Output| {
            let has_own = files.dirs.get(output).is_some_and(|dir| *dir != files.dir);
            has_own && **output != Output::IdpSeedInfo
        };
        let moved = outputs.iter().filter(is_moved);
        let moved = moved.map(|output| read(config, *output, files.dir.join(output.file_name())));
        let moved = moved.collect::<Result<Vec<_>>>()?;
        let outputs = outputs.iter().map(|output| read(config, *output, files.path(*output)));
        let outputs = outputs.collect::<Result<Vec<_>>>()?;
        let management = outputs.iter().find_map(|(output, path, there)| {
            let bytes = there.bytes().filter(|_| *output == Output::ManagementJson)?;
            Some(File::read(&path.display().to_string(), bytes))
        });
        let left_behind = match files.state_dir == files.dir {
            true => None,
            false => Kept::read(&files.dir)?,
        };
        Ok(Self {
            moved: moved.into_iter().filter(is_own).collect(),
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

    /// The issuer that `setup.env` names.
    pub fn issuer(&self) -> Option<String> {
        let text = std::str::from_utf8(self.there(Output::SetupEnv).bytes()?).ok()?;
        setup_env::issuer(text)
    }

    /// What the files say about a provider of NetBird's own.
    pub fn provider(&self, config: &Config) -> InFile {
        if config.kind == Kind::Combined {
            let place = config.files.path(Output::ConfigYaml).display().to_string();
            return self
                .config_yaml()
                .map(|text| config_yaml::provider_in(text, &place))
                .unwrap_or_default();
        }
        self.management.as_ref().map(management::own_provider::in_file).unwrap_or_default()
    }

    /// The text of a `config.yaml` that this container wrote.
    pub fn config_yaml(&self) -> Option<&str> {
        let bytes =
            self.there(Output::ConfigYaml).bytes().filter(|bytes| sourced::is_own(bytes))?;
        std::str::from_utf8(bytes).ok()
    }

    /// Where files of this container are that nothing writes any more, since `SETUP_OUTPUTS` names another directory.
    pub fn moved(&self) -> impl Iterator<Item = &Path> {
        self.moved.iter().map(|(_, path, _)| path.as_path())
    }

    /// The id of Authentik's connector, as far as it is remembered.
    pub fn connector(&self) -> Option<&str> {
        self.remembered.netbird.connector_id()
    }

    /// Every secret in use that an output shows.
    pub fn in_use(&self, config: &Config) -> InUse {
        let mut in_use = InUse::default();
        for (output, path, there) in self.outputs.iter().chain(&self.moved) {
            let place = path.display().to_string();
            let holds_key =
                matches!(output, Output::SetupEnv | Output::ManagementJson | Output::ConfigYaml);
            if *there == There::Link && holds_key {
                in_use.without_key.push(format!("{place} (a link, which is not followed)"));
            }
            let Some(bytes) = there.bytes() else { continue };
            if *output == Output::ConfigYaml && !sourced::is_own(bytes) {
                continue;
            }
            in_use.extend(match std::str::from_utf8(bytes) {
                Ok(text) => secrets_in(*output, text, &place, config),
                Err(_) => unread(*output, place),
            });
        }
        in_use
    }
}

/// What is in this place. A `config.yaml` that was not written here is never looked at.
fn read(config: &Config, output: Output, path: PathBuf) -> Result<(Output, PathBuf, There)> {
    let is_asked_for = config.files.outputs.contains(&output);
    match look(&path) {
        Ok(there) if output != Output::ConfigYaml || is_asked_for => Ok((output, path, there)),
        Ok(there) => {
            let own = there.bytes().is_some_and(sourced::is_own);
            Ok((output, path, if own { there } else { There::Nothing }))
        }
        Err(error) if output != Output::ConfigYaml => Err(error),
        // What cannot be read was not written here.
        Err(_) if is_asked_for => Err(config_yaml::foreign(config)),
        Err(_) => Ok((output, path, There::Nothing)),
    }
}

/// Whether it is a file of this container; of `management.json` its form does not tell.
fn is_own((output, _, there): &(Output, PathBuf, There)) -> bool {
    let own = |bytes| *output == Output::ManagementJson || sourced::is_own(bytes);
    there.bytes().is_some_and(|bytes| !bytes.is_empty() && own(bytes))
}

fn secrets_in(output: Output, text: &str, place: &str, config: &Config) -> InUse {
    match output {
        Output::ManagementJson => match File::read(place, text.as_bytes()) {
            Ok(file) => management::secrets_in(&file, config),
            Err(_) => unread(output, place.to_owned()),
        },
        // Without a secret, or with one that is kept elsewhere.
        Output::DashboardEnv | Output::IdpSeedInfo => InUse::default(),
        Output::ConfigYaml => config_yaml::secrets_in(text, place),
        Output::SetupEnv => setup_env::secrets_in(text, place),
        Output::RelayEnv => relay_env::secrets_in(text, place),
        Output::TurnserverConf => turnserver_conf::secrets_in(text, place),
    }
}

/// A file in which a secret may be, in a form that is not read.
fn unread(output: Output, place: String) -> InUse {
    let mut in_use = InUse::default();
    let (kind, what) = match output {
        Output::DashboardEnv | Output::IdpSeedInfo => return in_use,
        Output::ManagementJson => (evidence::Kind::DatastoreKey, "no JSON object"),
        Output::SetupEnv | Output::ConfigYaml => (evidence::Kind::DatastoreKey, NO_TEXT),
        Output::RelayEnv => (evidence::Kind::Relay, NO_TEXT),
        Output::TurnserverConf => (evidence::Kind::Turn, NO_TEXT),
    };
    in_use.add(kind, place, Found::Other(what));
    in_use
}

const NO_TEXT: &str = "no text in UTF-8";
