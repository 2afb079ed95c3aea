//! The one error type: what happened, why, what to do, with which code the program ends, and whether
//! another try may help.

use std::fmt;

/// How the program ends. The numbers are a public interface; most follow BSD's sysexits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Ok = 0,
    /// `healthcheck`: not well.
    Unwell = 1,
    /// `plan`: changes are pending.
    Pending = 2,
    /// Wrong command line.
    Usage = 64,
    /// Authentik, or a file, holds something that this program must not change, or that is ambiguous.
    Refused = 65,
    /// Not ready before `SETUP_TIMEOUT`.
    NotReady = 69,
    /// A bug in this program.
    Bug = 70,
    /// The output cannot be written.
    Output = 73,
    /// An answer that does not fit the protocol.
    Protocol = 76,
    /// The token is rejected or lacks a permission.
    Rejected = 77,
    /// The configuration is wrong.
    Config = 78,
    /// SIGINT.
    Interrupted = 130,
    /// SIGTERM.
    Terminated = 143,
}

impl Exit {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Ok,
        Self::Unwell,
        Self::Pending,
        Self::Usage,
        Self::Refused,
        Self::NotReady,
        Self::Bug,
        Self::Output,
        Self::Protocol,
        Self::Rejected,
        Self::Config,
        Self::Interrupted,
        Self::Terminated,
    ];

    /// For machines: the label of a metric.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Unwell => "unwell",
            Self::Pending => "pending",
            Self::Usage => "usage",
            Self::Refused => "refused",
            Self::NotReady => "not_ready",
            Self::Bug => "bug",
            Self::Output => "output",
            Self::Protocol => "protocol",
            Self::Rejected => "rejected",
            Self::Config => "config",
            Self::Interrupted => "interrupted",
            Self::Terminated => "terminated",
        }
    }

    /// For people, without a word of what Authentik said.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Ok => "all is well",
            Self::Unwell => "the sidecar is not well",
            Self::Pending => "changes are pending",
            Self::Usage => "the command line is wrong",
            Self::Refused => "an object or a file that this container must not change (65)",
            Self::NotReady => {
                "Authentik, or another run of this container, was not done in time (69)"
            }
            Self::Bug => "a bug (70)",
            Self::Output => "a file cannot be written (73)",
            Self::Protocol => "an answer does not fit (76)",
            Self::Rejected => "the token is rejected or lacks a permission (77)",
            Self::Config => "a variable is wrong (78)",
            Self::Interrupted | Self::Terminated => "ended by a signal",
        }
    }
}

/// Why a run could not go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The code the program ends with.
    pub exit: Exit,
    /// What happened, naming the variable or the object.
    pub what: String,
    /// Why: the last answer, or the server's own words, shortened and scrubbed.
    pub why: Option<String>,
    /// What to do about it.
    pub remedy: Option<String>,
    /// The check that it belongs to, by name; nothing where none is about it.
    pub about: Option<&'static str>,
    /// Whether looking again and planning anew may succeed without anybody's help.
    pub retryable: bool,
}

/// What nearly every function here returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error that ends the run with this code.
    pub fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self { exit, what: what.into(), why: None, remedy: None, about: None, retryable: false }
    }

    /// Adds the reason, in the server's or the system's words.
    #[must_use]
    pub fn because(mut self, why: impl fmt::Display) -> Self {
        self.why = Some(why.to_string());
        self
    }

    /// Adds what to do.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// Names the check that it belongs to.
    #[must_use]
    pub fn about(mut self, check: &'static str) -> Self {
        self.about = Some(check);
        self
    }

    /// Marks it as worth another look at the server.
    #[must_use]
    pub fn retryable(mut self) -> Self {
        self.retryable = true;
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if let Some(why) = &self.why {
            write!(f, ": {why}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
