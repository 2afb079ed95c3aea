//! One run of the whole pipeline: what `init` does once, and `watch` at every cycle.

use std::sync::Arc;

use tracing::{debug, info};

use crate::authentik::requests::CLASSES;
use crate::authentik::transport::Transport;
use crate::config::{Config, Output};
use crate::converge::Converge;
use crate::error::{Error, Exit, Result};
use crate::plan::Target;
use crate::publish::{self, Document, Ownership, Published};
use crate::render::{self, Facts};
use crate::secrets::{self, Secrets};
use crate::story::{Story, news};

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
pub async fn run(config: &Config, story: &Arc<Story>, record: &mut Record) -> Result<()> {
    record.renew();
    let kept = record.secrets.clone();

    let files = &config.files;
    publish::check_directory("SETUP_DIR", &files.dir)?;
    publish::check_directory("SETUP_STATE_DIR", &files.state_dir)?;
    // Before anything is asked or changed: a data store key in doubt must end the run here.
    let shared = Arc::new(config.clone());
    let for_secrets = Arc::clone(&shared);
    let secrets = beside(move || secrets::keep(&for_secrets, kept.as_ref())).await?;
    record.secrets = Some(secrets.clone());

    let known = [&secrets.datastore_key, &secrets.relay, &secrets.turn].into_iter().cloned();
    let known = known.chain(secrets.service_account.clone());
    let transport = Transport::new(&config.connection, known)?;
    let password = secrets.service_account.clone();
    let mut converge = Converge::new(config, &transport, password, Arc::clone(story));
    let converged = converge.run().await;
    record.changes = converge.tally().steps().collect();
    record.requests = transport.requests().by_class();
    let converged = converged?;

    let facts = converged.facts;
    let (written, total) = beside(move || publish_all(&shared, &facts, &secrets)).await?;
    record.written = written;

    let (created, changed) = (converge.tally().created(), converge.tally().changed());
    let unchanged = converged.unchanged;
    let seconds = (converge.seconds() * 10.0).round() / 10.0;
    let requests = transport.requests().sent();
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

/// Files wait for a disk: that happens beside, so that a signal is heard meanwhile. A run that ends in the
/// middle leaves old files or new ones, never half a file.
pub(crate) async fn beside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let abnormal = |_| Error::new(Exit::Bug, "work on files ended abnormally");
    tokio::task::spawn_blocking(work).await.map_err(abnormal)?
}

/// Renders and publishes; answers how many were written, of how many.
fn publish_all(config: &Config, facts: &Facts, secrets: &Secrets) -> Result<(usize, usize)> {
    let files = &config.files;
    let ownership = Ownership { mode: files.mode, uid: files.uid, gid: files.gid };
    let base = secrets::read_object(&files.dir.join(Output::ManagementJson.file_name()))?;
    let rendered = render::files(config, facts, secrets, base);
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
