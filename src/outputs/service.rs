//! Who reads an output. NetBird's services read their files when they start, and this container cannot restart them: people
//! are told.

use crate::config::Output;

/// A service of NetBird that reads a file at its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// The management server.
    Management,
    /// The dashboard.
    Dashboard,
    /// The relay.
    Relay,
    /// The TURN server.
    Turn,
    /// Management, signal, relay and STUN in one, of the combined image.
    Server,
}

impl Service {
    /// Who reads this file at its start. `setup.env` and `idp-seed-info` are for programs that people start.
    pub fn reading(output: Output) -> Option<Self> {
        match output {
            Output::ManagementJson => Some(Self::Management),
            Output::DashboardEnv => Some(Self::Dashboard),
            Output::RelayEnv => Some(Self::Relay),
            Output::TurnserverConf => Some(Self::Turn),
            Output::ConfigYaml => Some(Self::Server),
            Output::SetupEnv | Output::IdpSeedInfo => None,
        }
    }

    /// For machines, and for people who know NetBird.
    pub fn name(self) -> &'static str {
        match self {
            Self::Management => "management",
            Self::Dashboard => "dashboard",
            Self::Relay => "relay",
            Self::Turn => "turn",
            Self::Server => "server",
        }
    }

    /// What to do. The dashboard writes its settings into its pages on its first start only.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Management => "restart NetBird's management",
            Self::Dashboard => "recreate NetBird's dashboard (a restart is not enough)",
            Self::Relay => "restart NetBird's relay",
            Self::Turn => "restart the TURN server",
            Self::Server => "restart NetBird's netbird-server",
        }
    }
}
