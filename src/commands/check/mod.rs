//! `check`: waits and looks like `init`, writes nothing, and tells a line a check, grouped by what it protects.

mod drift;
mod files;
mod probes;
mod report;

use std::io::Write;
use std::sync::Arc;

use tracing::debug;

use super::{beside, server};
use crate::authentik::oidc::Oidc;
use crate::authentik::{Release, Server};
use crate::config::Config;
use crate::converge::plan::Plan;
use crate::converge::{Converge, Learnt, Look};
use crate::deadline::Deadline;
use crate::error::{Exit, Result};
use crate::http::Trouble;
use crate::http::setback::Phase;
use crate::log::progress::Progress;
use crate::log::story::Story;
use crate::outputs;
use crate::proof::{Check, CheckId, Outcome};
use crate::state::secrets;
use crate::text::redact;

/// Runs every check and prints what came out.
///
/// # Errors
/// What kept it from looking at all.
pub async fn run(
    config: Config,
    deadline: Deadline,
    json: bool,
    out: &mut dyn Write,
) -> Result<Exit> {
    let story: Arc<Story> = Arc::default();
    let progress = Progress::new(deadline, Arc::clone(&story));
    let config = Arc::new(config);
    let checks = progress.during(async {
        let for_secrets = Arc::clone(&config);
        let (password, memory) =
            beside(move || Ok((secrets::password(&for_secrets)?, outputs::memory(&for_secrets)?)))
                .await?;
        password.iter().for_each(redact::learn);
        progress.passed(Phase::Files);
        let server = server(&config)?;
        let converge = Converge {
            config: &config,
            server: &server,
            app_password: password.as_ref(),
            memory: &memory,
            progress: &progress,
            story: &story,
        };
        checks(&config, &converge).await
    });
    let checks = checks.await?;
    let text = match json {
        true => format!("{:#}\n", report::json(&checks)),
        false => report::text(&checks),
    };
    // A reader that went away (`check | head`) is nobody to complain to.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    Ok(exit(&checks))
}

async fn checks(config: &Arc<Config>, converge: &Converge<'_>) -> Result<Vec<Check>> {
    let look = converge.look(&mut Learnt::default()).await?;
    let server = converge.server;
    let mut checks = drift::checks(config, look.observed.release, &look.plan);
    let mut proof = None;
    match look.provable() {
        Some(registration) => {
            let (judged, proven) = converge.examine(&look, registration).await?;
            checks.extend(judged);
            proof = proven;
            let client = &look.desired.provider.client;
            for origin in &client.origins {
                let answer = probes::cors(server, &look.desired.slug, origin).await;
                checks.push(asked(CheckId::Cors, answer));
            }
            let answer =
                probes::device(server, &registration.client_id, &client.login_scope()).await;
            checks.push(asked(CheckId::DeviceEndpoint, answer));
            checks.push(user_list(config, server, &look).await);
        }
        None => {
            let probed = [
                CheckId::PublicUrl,
                CheckId::Issuer,
                CheckId::Endpoints,
                CheckId::Authorize,
                CheckId::Cors,
                CheckId::DeviceEndpoint,
                CheckId::UserList,
            ];
            let skip = |id| Check::skipped(id, "application and provider are not there yet");
            checks.extend(probed.into_iter().map(skip));
        }
    }
    let for_files = Arc::clone(config);
    checks.extend(beside(move || Ok(files::checks(&for_files, proof.as_ref()))).await?);
    checks.sort_by_key(|check| (check.id.entry().group, check.id));
    merge(&mut checks);
    debug!(stage = "check", count = checks.len(), "checked");
    Ok(checks)
}

/// What a run leaves that got to its end: nothing pending, every file as it was rendered, and a user list where one is
/// asked for.
pub fn settled(config: &Config, release: Release) -> Vec<(CheckId, Outcome)> {
    let mut checks: Vec<_> = drift::checks(config, release, &Plan::default())
        .into_iter()
        .map(|check| (check.id, check.outcome))
        .collect();
    let listed = if config.netbird.lists_users() { Outcome::Pass } else { Outcome::Skipped };
    checks.extend([(CheckId::UserList, listed), (CheckId::Secrets, Outcome::Pass)]);
    let files = config.files.outputs.iter().filter_map(|output| files::id_of(*output));
    checks.extend(files.map(|id| (id, Outcome::Pass)));
    checks
}

/// One line a check: of several of one id (a served key and a wished one, many redirect URIs) the failures
/// stay, else the first.
fn merge(checks: &mut Vec<Check>) {
    let worst = |id: CheckId, checks: &[Check]| {
        checks.iter().filter(|c| c.id == id).map(|c| c.outcome).max().unwrap_or(Outcome::Skipped)
    };
    let all = checks.clone();
    let mut seen: Vec<CheckId> = Vec::new();
    checks.retain(|check| {
        let worst = worst(check.id, &all);
        let bad = worst >= Outcome::Warn;
        let keep = check.outcome == worst && (bad || !seen.contains(&check.id));
        seen.push(check.id);
        keep
    });
}

/// The code of the first failure.
fn exit(checks: &[Check]) -> Exit {
    checks.iter().find(|c| c.outcome == Outcome::Fail).map_or(Exit::Ok, |c| c.exit)
}

fn asked(id: CheckId, result: Result<Check, Trouble>) -> Check {
    result.unwrap_or_else(|trouble| Check::failed(id, trouble.to_string()))
}

async fn user_list(config: &Config, server: &Server, look: &Look) -> Check {
    const ID: CheckId = CheckId::UserList;
    if !config.netbird.lists_users() {
        return Check::skipped(ID, "NETBIRD_MGMT_IDP is none");
    }
    let Some(token) = &look.observed.account.token else {
        return Check::failed(ID, "the service account cannot log in");
    };
    match Oidc(server).lists_users(token).await {
        Ok(true) => Check::pass(ID, "the service account logs in and lists users"),
        Ok(false) => {
            Check::failed(ID, "the service account may not list users").exiting(Exit::Rejected)
        }
        Err(trouble) => Check::failed(ID, trouble.to_string()),
    }
}
