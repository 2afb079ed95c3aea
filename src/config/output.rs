//! The files that can be asked for.

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
}

impl Output {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::SetupEnv,
        Self::ManagementJson,
        Self::DashboardEnv,
        Self::RelayEnv,
        Self::TurnserverConf,
    ];

    /// Its file name.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::SetupEnv => "setup.env",
            Self::ManagementJson => "management.json",
            Self::DashboardEnv => "dashboard.env",
            Self::RelayEnv => "relay.env",
            Self::TurnserverConf => "turnserver.conf",
        }
    }
}

/// The files of `SETUP_OUTPUTS`, each once.
pub(super) fn outputs(text: &str) -> Result<Vec<Output>, Wanted> {
    let mut outputs: Vec<Output> = Vec::new();
    for name in parse::list(text) {
        match Output::ALL.into_iter().find(|o| o.file_name() == name) {
            Some(output) if !outputs.contains(&output) => outputs.push(output),
            Some(_) => {}
            None => {
                let known: Vec<&str> = Output::ALL.iter().map(|o| o.file_name()).collect();
                return Err(format!("file names out of: {}", known.join(", ")));
            }
        }
    }
    if outputs.is_empty() {
        return Err("at least one file name".into());
    }
    Ok(outputs)
}
