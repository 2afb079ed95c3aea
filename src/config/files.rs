//! Where and how files are written.

use std::path::PathBuf;

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
    /// `SETUP_OUTPUTS`.
    pub outputs: Vec<Output>,
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
    pub(super) fn read(raw: &Raw, r: &mut Reader) -> Option<Self> {
        let dir = r.value(raw.setup_dir(), parse::path);
        let state_dir = r.opt(raw.setup_state_dir(), parse::path);
        let outputs = r.value(raw.setup_outputs(), outputs);
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
        Some(Self {
            state_dir: state_dir.unwrap_or_else(|| dir.clone()),
            dir,
            outputs: outputs?,
            mode: mode?,
            uid,
            gid,
            management_discovery: management_discovery?,
        })
    }
}
