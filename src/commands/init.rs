//! One run of the whole pipeline: what `init` does once, and `watch` at every cycle.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::SystemTime;

use tracing::{debug, info};

use super::{beside, check, server};
use crate::config::{Config, Output};
use crate::converge::plan::Target;
use crate::converge::{Converge, Learnt};
use crate::deadline::Deadline;
use crate::error::Result;
use crate::files::publish::{self, Document, Ownership, Published};
use crate::http::requests::CLASSES;
use crate::http::setback::Phase;
use crate::log::progress::Progress;
use crate::log::story::{Story, news};
use crate::outputs;
use crate::proof::{CheckId, Outcome, Proof};
use crate::state::lock;
use crate::state::secrets::{self, Secrets};
use crate::state::store;
use crate::text::redact;

/// What a run did, also if it failed; and the secrets, which the next run must not make anew.
#[derive(Debug, Default)]
pub struct Record {
    /// As they are kept. A run that finds no file any more puts these back.
    pub secrets: Option<Secrets>,
    /// Objects of Authentik that were written, and whether they are new.
    pub changes: Vec<(Target, bool)>,
    /// Requests, in the order of [`CLASSES`].
    pub requests: [u64; CLASSES.len()],
    /// Files that were written.
    pub written: usize,
    /// Those of them that had another content before: who reads them has to start again.
    pub replaced: Vec<Output>,
    /// What this process last published, as digests: a file that vanished and came back as it was has not changed.
    pub published: BTreeMap<Output, u64>,
    /// When the first of Authentik's certificates ends, as far as one was seen.
    pub certificate_ends: Option<SystemTime>,
    /// Whether the next run asks what was verified before, too: set by whoever runs many.
    pub thorough: bool,
    /// How checks came out, as far as the run got: those of the proof, and at its end what it has left.
    pub checks: Vec<(CheckId, Outcome)>,
}

impl Record {
    /// Forgets what was done; what the next run has to know stays.
    pub fn renew(&mut self) {
        *self = Self {
            secrets: self.secrets.take(),
            published: std::mem::take(&mut self.published),
            thorough: self.thorough,
            ..Self::default()
        };
    }

    /// A file has this content now; `written` says that it was not there, or had another one.
    fn note(&mut self, output: Output, digest: u64, written: bool, was_there: bool) {
        let before = self.published.insert(output, digest);
        self.written += usize::from(written);
        if written && (was_there || before.is_some_and(|before| before != digest)) {
            self.replaced.push(output);
        }
    }
}

/// Waits, observes, plans, applies, verifies and publishes.
///
/// # Errors
/// What ended it. What is done stays done, and the next run completes it.
pub async fn run(
    config: &Config,
    deadline: Deadline,
    story: &Arc<Story>,
    record: &mut Record,
) -> Result<()> {
    record.renew();
    let progress = Progress::new(deadline, Arc::clone(story));
    progress.during(pipeline(config, deadline, &progress, story, record)).await
}

async fn pipeline(
    config: &Config,
    deadline: Deadline,
    progress: &Progress,
    story: &Arc<Story>,
    record: &mut Record,
) -> Result<()> {
    let shared = Arc::new(config.clone());
    let files = &shared.files;
    let writable = Arc::clone(&shared);
    beside(move || writable_directories(&writable)).await?;
    let held = |by: &str| progress.waiting(Phase::Files, by, String::new());
    let _lock = lock::wait(&files.state_dir, held).await?;
    // Before anything is asked or changed: a data store key in doubt must end the run here.
    let (for_secrets, kept) = (Arc::clone(&shared), record.secrets.clone());
    let secrets = beside(move || {
        let memory = outputs::memory(&for_secrets)?;
        let in_use = outputs::secrets_in(&for_secrets)?;
        Ok((secrets::keep(&for_secrets, &in_use, kept.as_ref())?, memory))
    });
    let (secrets, memory) = secrets.await?;
    secrets.all().for_each(redact::learn);
    record.secrets = Some(secrets.clone());
    progress.passed(Phase::Files);

    let server = server(config)?;
    let converge = Converge {
        config,
        server: &server,
        app_password: secrets.service_account.as_ref(),
        memory: &memory,
        thorough: record.thorough,
        progress,
        story,
    };
    let mut learnt = Learnt::default();
    let proof = converge.run(&mut learnt).await;
    record.changes = learnt.tally.steps().collect();
    record.checks = std::mem::take(&mut learnt.checks);
    record.requests = server.requests().by_class();
    record.certificate_ends = server.requests().first_expiry();
    let proof = proof?;

    let warning = proof.keys.warning();
    let published = beside(move || publish_all(&shared, &proof, &secrets)).await?;
    let total = published.len();
    for (output, digest, written, was_there) in published {
        record.note(output, digest, written, was_there);
    }
    let written = record.written;
    record.checks.extend(learnt.release().into_iter().flat_map(|r| check::settled(config, r)));
    memory.note(|remembered| learnt.remember(remembered)).await?;

    let (created, changed) = (learnt.tally.created(), learnt.tally.changed());
    let unchanged = learnt.unchanged;
    let seconds = (deadline.elapsed().as_secs_f64() * 10.0).round() / 10.0;
    let requests = server.requests().sent();
    // What is in sync after a change is no news: it was said that NetBird can start.
    let in_sync = "in sync: NetBird can start";
    if created + changed + written > 0 {
        story.is_news("in sync", in_sync);
        info!(
            stage = "done",
            created,
            changed,
            unchanged,
            files_written = written,
            files = total,
            seconds,
            requests,
            "NetBird can start"
        );
    } else {
        news!(
            story,
            info,
            "in sync",
            {
                stage = "done", created, changed, unchanged, files_written = written, files = total,
                seconds, requests
            },
            "{in_sync}"
        );
    }
    let reads_keys = config.files.outputs.contains(&Output::ManagementJson);
    if let Some(warning) = warning.filter(|_| reads_keys) {
        let check = CheckId::KeyRefresh.name();
        news!(story, warn, "key refresh", { stage = "done", check }, "{warning}");
    }
    Ok(())
}

/// Asked before anything is locked or changed.
fn writable_directories(config: &Config) -> Result<()> {
    let files = &config.files;
    publish::check_directory("SETUP_DIR", &files.dir)?;
    publish::check_directory("SETUP_STATE_DIR", &files.state_dir)?;
    files.dirs.values().try_for_each(|dir| publish::check_directory("SETUP_OUTPUTS", dir))
}

/// Renders and publishes; answers of each file a digest, whether it was written, and whether there was one before.
fn publish_all(
    config: &Config,
    proof: &Proof,
    secrets: &Secrets,
) -> Result<Vec<(Output, u64, bool, bool)>> {
    let files = &config.files;
    let ownership = Ownership { mode: files.mode, uid: files.uid, gid: files.gid };
    let base = outputs::management_in(&files.path(Output::ManagementJson))?;
    let rendered = outputs::files(config, proof, secrets, base);
    let mut published = Vec::new();
    for (output, text) in rendered {
        let path = files.path(output);
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
        published.push((output, digest.finish(), written, was_there));
    }
    let names: Vec<&str> = Output::ALL.iter().map(|o| o.file_name()).collect();
    for dir in files.dirs.values().chain([&files.dir]) {
        publish::sweep(dir, &names);
    }
    publish::sweep(&files.state_dir, &[secrets::FILE_NAME, store::FILE_NAME]);
    Ok(published)
}
