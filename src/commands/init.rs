//! One run of the whole pipeline: what `init` does once, and `watch` at every cycle.

use std::sync::Arc;

use tracing::{debug, info};

use super::{beside, server};
use crate::config::{Config, Output};
use crate::converge::plan::Target;
use crate::converge::{Converge, Learnt};
use crate::deadline::Deadline;
use crate::error::Result;
use crate::files::publish::{self, Document, Ownership, Published};
use crate::files::read::read_object;
use crate::http::requests::CLASSES;
use crate::http::setback::Phase;
use crate::log::progress::Progress;
use crate::log::story::{Story, news};
use crate::outputs;
use crate::proof::Proof;
use crate::state::secrets::{self, Secrets};
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
}

impl Record {
    /// Forgets what was done; the secrets stay.
    pub fn renew(&mut self) {
        *self = Self { secrets: self.secrets.take(), ..Self::default() };
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
    // Before anything is asked or changed: a data store key in doubt must end the run here.
    let (for_secrets, kept) = (Arc::clone(&shared), record.secrets.clone());
    let secrets = beside(move || {
        let files = &for_secrets.files;
        publish::check_directory("SETUP_DIR", &files.dir)?;
        publish::check_directory("SETUP_STATE_DIR", &files.state_dir)?;
        let in_use = outputs::secrets_in(&for_secrets)?;
        secrets::keep(&for_secrets, &in_use, kept.as_ref())
    });
    let secrets = secrets.await?;
    secrets.all().for_each(redact::learn);
    record.secrets = Some(secrets.clone());
    progress.passed(Phase::Files);

    let server = server(config)?;
    let converge = Converge {
        config,
        server: &server,
        app_password: secrets.service_account.as_ref(),
        progress,
        story,
    };
    let mut learnt = Learnt::default();
    let proof = converge.run(&mut learnt).await;
    record.changes = learnt.tally.steps().collect();
    record.requests = server.requests().by_class();
    let proof = proof?;

    let (written, total) = beside(move || publish_all(&shared, &proof, &secrets)).await?;
    record.written = written;

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
    Ok(())
}

/// Renders and publishes; answers how many were written, of how many.
fn publish_all(config: &Config, proof: &Proof, secrets: &Secrets) -> Result<(usize, usize)> {
    let files = &config.files;
    let ownership = Ownership { mode: files.mode, uid: files.uid, gid: files.gid };
    let base = read_object(&files.dir.join(Output::ManagementJson.file_name()))?;
    let rendered = outputs::files(config, proof, secrets, base);
    let total = rendered.len();
    let mut written = 0;
    for (output, text) in rendered {
        let path = files.dir.join(output.file_name());
        let shown = path.display().to_string();
        match publish::publish(&Document { path, content: text.into_bytes() }, ownership)? {
            Published::Written => {
                written += 1;
                info!(stage = "publish", path = %shown, "{} written", output.file_name());
            }
            Published::Unchanged => {
                debug!(stage = "publish", path = %shown, "{} unchanged", output.file_name());
            }
        }
    }
    let names: Vec<&str> = Output::ALL.iter().map(|o| o.file_name()).collect();
    publish::sweep(&files.dir, &names);
    publish::sweep(&files.state_dir, &[secrets::FILE_NAME]);
    Ok((written, total))
}
