//! The files that can be asked for, and where each goes.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::kind::Kind;
use super::parse::{self, Wanted};

/// A file that `SETUP_OUTPUTS` can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Output {
    /// For NetBird's `configure.sh`.
    SetupEnv,
    /// For NetBird's management server.
    ManagementJson,
    /// For NetBird's dashboard.
    DashboardEnv,
    /// For NetBird's relay.
    RelayEnv,
    /// For a TURN server.
    TurnserverConf,
    /// For NetBird's `netbird-server`.
    ConfigYaml,
    /// For NetBird's `idp-migrate`: a secret, so it goes into the state directory.
    IdpSeedInfo,
}

impl Output {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::SetupEnv,
        Self::ManagementJson,
        Self::DashboardEnv,
        Self::RelayEnv,
        Self::TurnserverConf,
        Self::ConfigYaml,
        Self::IdpSeedInfo,
    ];

    /// Its file name.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::SetupEnv => "setup.env",
            Self::ManagementJson => "management.json",
            Self::DashboardEnv => "dashboard.env",
            Self::RelayEnv => "relay.env",
            Self::TurnserverConf => "turnserver.conf",
            Self::ConfigYaml => "config.yaml",
            Self::IdpSeedInfo => "idp-seed-info",
        }
    }

    /// What is written if `SETUP_OUTPUTS` is not set.
    pub fn default_for(kind: Kind) -> &'static [Self] {
        match kind {
            Kind::Standalone | Kind::Embedded => {
                &[Self::SetupEnv, Self::ManagementJson, Self::DashboardEnv, Self::RelayEnv]
            }
            Kind::Combined => &[Self::ConfigYaml, Self::DashboardEnv],
        }
    }

    /// Whether this kind of NetBird can have it.
    pub fn is_for(self, kind: Kind) -> bool {
        match self {
            Self::DashboardEnv => true,
            Self::SetupEnv | Self::ManagementJson | Self::RelayEnv | Self::TurnserverConf => {
                kind != Kind::Combined
            }
            Self::ConfigYaml => kind == Kind::Combined,
            Self::IdpSeedInfo => kind == Kind::Standalone,
        }
    }
}

/// The files of `SETUP_OUTPUTS`, each once, and the directories of those that have one of their own; `none` is none.
pub(super) fn outputs(text: &str) -> Result<(Vec<Output>, BTreeMap<Output, PathBuf>), Wanted> {
    let (mut outputs, mut dirs) = (Vec::new(), BTreeMap::new());
    let items = parse::list(text)?;
    if items == ["none"] {
        return Ok((outputs, dirs));
    }
    for item in items {
        let (name, dir) = match item.split_once('=') {
            Some((name, dir)) => (name.trim_end(), Some(dir.trim_start())),
            None => (item.as_str(), None),
        };
        let output = Output::ALL.into_iter().find(|o| o.file_name() == name).ok_or_else(|| {
            let known = Output::ALL.map(Output::file_name).join(", ");
            format!("NAME or NAME=DIRECTORY with names out of: {known}; or none alone")
        })?;
        if outputs.contains(&output) {
            return Err(format!("each file once: {name} stands twice"));
        }
        outputs.push(output);
        match dir {
            Some("") => return Err(format!("a directory after {name}=")),
            Some(dir) => drop(dirs.insert(output, dir.into())),
            None => {}
        }
    }
    Ok((outputs, dirs))
}
