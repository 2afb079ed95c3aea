//! Publishing what a run came to: file by file, with what was there before, so that it can be said who has to start again.

use std::hash::{DefaultHasher, Hash, Hasher};

use tracing::{debug, info};

use crate::config::{Config, Output};
use crate::error::Result;
use crate::files::publish::{self, Document, Published};
use crate::outputs::plan::Page;
use crate::outputs::service::Service;
use crate::state::{secrets, store};

/// A file that was published.
pub struct Done {
    /// Which one.
    pub output: Output,
    /// Of its content.
    pub digest: u64,
    /// Whether it was not there, or had another content.
    pub written: bool,
    /// Whether there was something of its name.
    pub was_there: bool,
}

/// Writes what differs from what is there, and removes what runs that were killed left half written.
///
/// # Errors
/// [`crate::error::Exit::Output`].
pub fn publish_all(config: &Config, pages: Vec<Page>) -> Result<Vec<Done>> {
    let files = &config.files;
    let mut published = Vec::new();
    for Page { output, path, text, ownership, .. } in pages {
        let shown = path.display().to_string();
        let was_there = path.symlink_metadata().is_ok();
        let mut digest = DefaultHasher::new();
        text.hash(&mut digest);
        let written =
            match publish::publish(&Document { path, content: text.into_bytes() }, ownership)? {
                Published::Written => {
                    info!(stage = "publish", path = %shown, "{} written", output.file_name());
                    true
                }
                Published::Unchanged => {
                    debug!(stage = "publish", path = %shown, "{} unchanged", output.file_name());
                    false
                }
            };
        published.push(Done { output, digest: digest.finish(), written, was_there });
    }
    let names: Vec<&str> = Output::ALL.iter().map(|o| o.file_name()).collect();
    for dir in files.dirs.values().chain([&files.dir]) {
        publish::sweep(dir, &names);
    }
    publish::sweep(&files.state_dir, &[secrets::FILE_NAME, store::FILE_NAME]);
    Ok(published)
}

/// What to do about services that still run with what a file said before. One that was not started yet needs nothing.
pub fn restarts(replaced: &[Output]) -> Vec<String> {
    let told = |output: &Output| {
        let service = Service::reading(*output)?;
        Some(format!("{} has changed: {}", output.file_name(), service.remedy()))
    };
    replaced.iter().filter_map(told).collect()
}
