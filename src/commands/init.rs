//! One run of the whole pipeline: what `init` does once, and `watch` at every cycle.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use tracing::{debug, info};

use super::publishing::{Done, publish_all, restarts};
use super::volumes::{self, Admitted, Volumes};
use super::{beside, check, server};
use crate::config::{Config, Kind, Output};
use crate::converge::plan::Target;
use crate::converge::{Converge, Learnt};
use crate::deadline::Deadline;
use crate::error::{Error, Exit, Result};
use crate::http::requests::CLASSES;
use crate::http::setback::Phase;
use crate::log::progress::Progress;
use crate::log::story::{Story, news};
use crate::netbird::Registration;
use crate::outputs::plan::Page;
use crate::proof::{CheckId, Outcome};
use crate::state::secrets::Secrets;
use crate::state::store::KnownClient;
use crate::state::{client, lock};

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

    /// A file has this content now.
    fn note(&mut self, done: Done) {
        let Done { output, digest, written, was_there } = done;
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
    // On the heap: in a debug build the whole of it is more than a thread's stack has room for.
    progress.during(Box::pin(pipeline(config, deadline, &progress, story, record))).await
}

async fn pipeline(
    config: &Config,
    deadline: Deadline,
    progress: &Progress,
    story: &Arc<Story>,
    record: &mut Record,
) -> Result<()> {
    let writable = config.clone();
    beside(move || volumes::writable(&writable)).await?;
    let held = |by: &str| progress.waiting(Phase::Files, by, String::new());
    let _lock = lock::wait(&config.files.state_dir, held).await?;
    // Before anything is asked or changed: a secret in doubt, or a file of somebody else's, must end the run here.
    let last = record.secrets.clone();
    let volumes = admitted(volumes::settle(config, last, Secrets::default()).await?)?;
    let news = story.is_news("volumes", &volumes.remarks.join("\n"));
    for remark in &volumes.remarks {
        match news {
            true => info!(stage = "files", "{remark}"),
            false => debug!(stage = "files", "{remark}"),
        }
    }
    for warning in &volumes.warnings {
        news!(story, warn, warning, { stage = "files" }, "{warning}");
    }
    progress.passed(Phase::Files);

    let server = server(config)?;
    let memory = volumes.memory(config);
    let converge = Converge {
        config,
        server: &server,
        app_password: volumes.app_password(),
        memory: &memory,
        thorough: record.thorough,
        checks: false,
        progress,
        story,
    };
    let mut learnt = Learnt::default();
    let proof = Box::pin(converge.run(&mut learnt)).await;
    record.changes = learnt.tally.steps().collect();
    record.checks = std::mem::take(&mut learnt.checks);
    record.requests = server.requests().by_class();
    record.certificate_ends = server.requests().first_expiry();
    let proof = proof?;

    let warning = proof.keys.warning();
    // Somebody may have changed a file while Authentik was waited for: what is there now is what counts.
    let last = record.secrets.clone();
    let volumes = admitted(volumes::settle(config, last, volumes.secrets).await?)?;
    let plan = volumes.files(config, Some(&proof))?;
    volumes.keep(config).await?;
    record.secrets = Some(volumes.secrets);
    plan.told().for_each(|line| info!(stage = "publish", "{line}"));
    let total = plan.pages.len();
    let (shared, registration, connector) =
        (config.clone(), proof.registration.clone(), plan.connector);
    beside(move || keep_client(&shared, &registration, connector)).await?;
    let (for_publishing, pages) = (config.clone(), plan.pages);
    let (last, others): (Vec<Page>, Vec<Page>) =
        pages.into_iter().partition(|page| page.output == Output::SetupEnv);
    let shared = for_publishing.clone();
    let published = beside(move || publish_all(&shared, others)).await?;
    published.into_iter().for_each(|done| record.note(done));
    let written = plan.written;
    memory
        .note(|remembered| {
            learnt.remember(remembered);
            remembered.written = written;
        })
        .await?;
    // Whoever waits for it finds everything else.
    let published = beside(move || publish_all(&for_publishing, last)).await?;
    published.into_iter().for_each(|done| record.note(done));
    let written = record.written;
    let settled = |release| check::settled(config, release, &learnt.told, memory.manager.is_some());
    record.checks.extend(learnt.release().into_iter().flat_map(settled));

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
    for line in restarts(&record.replaced) {
        info!(stage = "done", "{line}");
    }
    let is_owned = memory.remembered().netbird.owner.is_some() || config.files.outputs.is_empty();
    if config.kind != Kind::Standalone && !config.owner.local_auth.value && !is_owned {
        news!(
            story,
            warn,
            "first person",
            { stage = "done" },
            "SETUP_LOCAL_AUTH is false: unless NetBird has an owner already, the first person who logs in owns it, so let \
             AUTHENTIK_ACCESS_GROUPS name only groups of people who may"
        );
    }
    let reads_keys =
        config.kind == Kind::Standalone && config.files.outputs.contains(&Output::ManagementJson);
    if reads_keys {
        let outcome = if warning.is_some() { Outcome::Warn } else { Outcome::Pass };
        record.checks.push((CheckId::KeyRefresh, outcome));
    }
    if let Some(warning) = warning.filter(|_| reads_keys) {
        let check = CheckId::KeyRefresh.name();
        news!(story, warn, "key refresh", { stage = "done", check }, "{warning}");
    }
    Ok(())
}

/// Where NetBird has a provider of its own, `connect` needs to know the client; and the connector's id outlives the file.
fn keep_client(
    config: &Config,
    registration: &Registration,
    connector: Option<String>,
) -> Result<()> {
    if config.kind == Kind::Standalone {
        return Ok(());
    }
    let Registration { client_id, secret, issuer } = registration.clone();
    let known = KnownClient { id: client_id, issuer };
    client::keep(&config.files.state_dir, known, secret.as_ref(), connector)
}

/// The volumes, or the first refusal; the others are told.
fn admitted(admitted: Admitted) -> Result<Volumes> {
    admitted.map_err(|errors| {
        let mut errors = errors.into_iter();
        let first = errors.next();
        errors.for_each(|error| crate::log::failure(&error));
        first.unwrap_or_else(|| Error::new(Exit::Bug, "a refusal without a reason"))
    })
}
