//! `plan`: waits and observes like `init`, says what it would change, and changes nothing.

use std::io::Write;
use std::sync::Arc;

use super::connect::{self, Sight};
use super::volumes::{self, Volumes};
use super::{print, server};
use crate::config::Config;
use crate::converge::plan::{Level, Plan, Remark, coloured};
use crate::converge::{Converge, Learnt, Look};
use crate::deadline::Deadline;
use crate::error::{Exit, Result};
use crate::http::setback::Phase;
use crate::log::progress::Progress;
use crate::log::story::Story;
use crate::proof::{Check, CheckId};

/// How a plan is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Lines.
    Text,
    /// Lines in colours, for a terminal.
    Coloured,
    /// One JSON document.
    Json,
}

/// Prints the plan.
///
/// # Errors
/// What kept it from looking.
pub async fn run(
    config: Config,
    deadline: Deadline,
    format: Format,
    out: &mut dyn Write,
) -> Result<Exit> {
    let story: Arc<Story> = Arc::default();
    let progress = Progress::new(deadline, Arc::clone(&story));
    let seen = progress.during(Box::pin(async {
        let volumes = match volumes::look(&config).await? {
            Ok(volumes) => volumes,
            Err(refused) => return Ok((Plan { refused, ..Plan::default() }, Sight::Nothing)),
        };
        progress.passed(Phase::Files);
        let server = server(&config)?;
        let memory = volumes.memory(&config);
        let converge = Converge {
            config: &config,
            server: &server,
            app_password: volumes.app_password(),
            memory: &memory,
            thorough: false,
            checks: false,
            progress: &progress,
            story: &story,
        };
        let look = converge.look(&mut Learnt::default()).await?;
        let plan = with_files(&config, &converge, &volumes, look).await?;
        Ok((plan, connect::look(&config, &story).await))
    }));
    let (plan, netbird) = seen.await?;
    match format {
        Format::Json => {
            let mut document = plan.json();
            if let Some(netbird) = netbird.json() {
                document["netbird"] = netbird;
            }
            print::document(out, document);
        }
        Format::Coloured => print::painted(out, &format!("{plan}{netbird}"), coloured),
        Format::Text => print::lines(out, &format!("{plan}{netbird}")),
    }
    if let Some((error, others)) = plan.refused.split_first() {
        others.iter().for_each(crate::log::failure);
        crate::log::failure(error);
        return Ok(error.exit);
    }
    Ok(if plan.is_empty() { Exit::Ok } else { Exit::Pending })
}

/// The plan for Authentik and the files. The files say what Authentik answers now; where it has no application yet, that
/// they will be written.
async fn with_files(
    config: &Config,
    converge: &Converge<'_>,
    volumes: &Volumes,
    look: Look,
) -> Result<Plan> {
    if !look.plan.refused.is_empty() {
        return Ok(look.plan);
    }
    let pending = !look.plan.steps.is_empty();
    let mut proof = None;
    let mut failed = None;
    if let Some(registration) = look.provable().cloned() {
        match converge.foresee(&look, &registration).await {
            Ok((checks, foreseen)) => {
                failed = checks.iter().find_map(Check::error);
                proof = Some(foreseen);
            }
            // What is pending may be what keeps it from answering.
            Err(_) if pending => {}
            Err(error) => return Err(error),
        }
    }
    let remembered = converge.conclude(&look);
    let mut plan = look.plan;
    plan.remarks.extend(
        volumes
            .warnings
            .iter()
            .map(|what| Remark::new(CheckId::ManagementJson, Level::Warning, what.clone(), "")),
    );
    plan.refused.extend(failed.filter(|_| !pending));
    match volumes.files(config, proof.as_ref()) {
        Ok(mut files) => {
            files.remember(&volumes.before, (!pending).then_some(&remembered));
            plan.files = files;
        }
        Err(error) => plan.refused.push(error),
    }
    Ok(plan)
}
