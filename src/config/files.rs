//! Where and how files are written.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::kind::Kind;
use super::output::{Output, outputs};
use super::parse;
use super::reader::Reader;
use super::variables::Raw;

/// Whether NetBird's management fetches discovery at each start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ManagementDiscovery {
    /// If the public URL answers from here with a trusted certificate.
    Auto,
    /// Always.
    Always,
    /// Never: the verified endpoints are in its file.
    Never,
}

/// Where and how files are written.
#[derive(Clone, Debug)]
pub struct Files {
    /// `SETUP_DIR`.
    pub dir: PathBuf,
    /// `SETUP_STATE_DIR`.
    pub state_dir: PathBuf,
    /// `SETUP_OUTPUTS`: which files.
    pub outputs: Vec<Output>,
    /// `SETUP_OUTPUTS`: directories of those that have one of their own.
    pub dirs: BTreeMap<Output, PathBuf>,
    /// `SETUP_FILE_MODE`.
    pub mode: u32,
    /// `SETUP_FILE_UID`.
    pub uid: Option<u32>,
    /// `SETUP_FILE_GID`.
    pub gid: Option<u32>,
    /// `SETUP_MANAGEMENT_DISCOVERY`.
    pub management_discovery: ManagementDiscovery,
}

impl Files {
    /// The directory that an output goes to.
    pub fn dir_of(&self, output: Output) -> &Path {
        let shared = match output {
            Output::IdpSeedInfo => &self.state_dir,
            _ => &self.dir,
        };
        self.dirs.get(&output).unwrap_or(shared)
    }

    /// Where an output is.
    pub fn path(&self, output: Output) -> PathBuf {
        self.dir_of(output).join(output.file_name())
    }

    pub(super) fn read(raw: &Raw, kind: Kind, r: &mut Reader) -> Option<Self> {
        let dir = r.value(raw.setup_dir(), parse::path);
        let state_dir = r.opt(raw.setup_state_dir(), parse::path);
        let given = r.opt(raw.setup_outputs(), outputs);
        let (outputs, dirs) =
            given.unwrap_or_else(|| (Output::default_for(kind).to_vec(), BTreeMap::new()));
        let mode = r.value(raw.setup_file_mode(), parse::mode);
        let uid = r.opt(raw.setup_file_uid(), parse::id);
        let gid = r.opt(raw.setup_file_gid(), parse::id);
        let discovery = parse::choice(&[
            ("auto", ManagementDiscovery::Auto),
            ("true", ManagementDiscovery::Always),
            ("false", ManagementDiscovery::Never),
        ]);
        let management_discovery = r.value(raw.setup_management_discovery(), discovery);
        let dir = dir?;
        let files = Self {
            state_dir: state_dir.unwrap_or_else(|| dir.clone()),
            dir,
            outputs,
            dirs,
            mode: mode?,
            uid,
            gid,
            management_discovery: management_discovery?,
        };
        files.of_this_kind(raw, kind, r);
        files.state_is_apart(raw, kind, r);
        Some(files)
    }

    fn of_this_kind(&self, raw: &Raw, kind: Kind, r: &mut Reader) {
        let foreign: Vec<&str> =
            self.outputs.iter().filter(|o| !o.is_for(kind)).map(|o| o.file_name()).collect();
        if !foreign.is_empty() {
            let wanted = format!(
                "files that SETUP_NETBIRD={} has: {} is none of them",
                kind.name(),
                foreign.join(", ")
            );
            r.wrong(raw.setup_outputs(), &wanted);
        }
    }

    /// Secrets that no service of NetBird needs are kept where none of them looks.
    fn state_is_apart(&self, raw: &Raw, kind: Kind, r: &mut Reader) {
        // A link or a second mount can make one directory of two names; this is about what was written down.
        let same = |dir: &Path| dir.components().eq(self.state_dir.components());
        if !same(&self.dir) && !self.dirs.values().any(|dir| same(dir)) {
            return;
        }
        if kind == Kind::Standalone {
            r.warnings.push(format!(
                "SETUP_STATE_DIR: secrets.json lies in {} beside NetBird's files, where every service that mounts it \
                 can read it: set it to a directory of its own",
                self.state_dir.display()
            ));
            return;
        }
        let why = format!(
            "a directory of its own with SETUP_NETBIRD={}: the owner's password lies there",
            kind.name()
        );
        r.wrong(raw.setup_state_dir(), &why);
    }
}
