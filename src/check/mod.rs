//! `check`: waits and looks like `init`, writes nothing, and tells a line a check, grouped by what it protects.

pub mod catalogue;
mod drift;
mod files;
mod probes;
mod report;

use tracing::debug;

use crate::authentik::transport::Transport;
use crate::config::Config;
use crate::converge::{Converge, Look};
use crate::error::{Error, Exit, Result};
use crate::verify::{Check, Outcome};

pub use report::{json, text};

/// Runs every check.
///
/// # Errors
/// What kept it from looking at all.
pub async fn run(
    config: &Config,
    transport: &Transport,
    converge: &mut Converge<'_>,
) -> Result<Vec<Check>> {
    let look = converge.look().await?;
    let mut checks = drift::checks(config, look.release, &look.plan);
    let mut facts = None;
    match look.provable() {
        Some(identity) => {
            let (judged, proven) = converge.examine(&look, identity).await?;
            checks.extend(judged);
            facts = proven;
            let slug = &config.wishes.slug;
            let origin = config.netbird.endpoint.origin();
            checks.push(asked("cors", probes::cors(transport, slug, &origin).await));
            checks.push(asked(
                "device-endpoint",
                probes::device(transport, &identity.client_id).await,
            ));
            checks.push(user_list(config, transport, &look).await);
        }
        None => {
            let probed = [
                "public-url",
                "issuer",
                "endpoints",
                "authorize",
                "cors",
                "device-endpoint",
                "user-list",
            ];
            let skip = |name| Check::skipped(name, "application and provider are not there yet");
            checks.extend(probed.into_iter().map(skip));
        }
    }
    checks.extend(files::checks(config, facts.as_ref()));
    checks.sort_by_key(|check| {
        let place = catalogue::CATALOGUE.iter().position(|entry| entry.name == check.name);
        place.map(|p| (catalogue::CATALOGUE[p].group, p))
    });
    merge(&mut checks);
    debug!(stage = "check", count = checks.len(), "checked");
    Ok(checks)
}

/// One line a check: of several of one name (a served key and a wished one, many redirect URIs) the failures
/// stay, else the first.
fn merge(checks: &mut Vec<Check>) {
    let worst = |name: &str, checks: &[Check]| {
        checks
            .iter()
            .filter(|c| c.name == name)
            .map(|c| c.outcome)
            .max()
            .unwrap_or(Outcome::Skipped)
    };
    let all = checks.clone();
    let mut seen: Vec<&'static str> = Vec::new();
    checks.retain(|check| {
        let worst = worst(check.name, &all);
        let bad = worst >= Outcome::Warn;
        let keep = check.outcome == worst && (bad || !seen.contains(&check.name));
        seen.push(check.name);
        keep
    });
}

/// The code of the first failure.
pub fn exit(checks: &[Check]) -> Exit {
    checks.iter().find(|c| c.outcome == Outcome::Fail).map_or(Exit::Ok, |c| c.exit)
}

fn asked(name: &'static str, result: Result<Check, crate::authentik::trouble::Trouble>) -> Check {
    result.unwrap_or_else(|trouble| Check::fail(name, trouble.to_string(), drift::remedy(name)))
}

async fn user_list(config: &Config, transport: &Transport, look: &Look) -> Check {
    const NAME: &str = "user-list";
    if !config.netbird.manage_users {
        return Check::skipped(NAME, "NETBIRD_MGMT_IDP is none");
    }
    let Some(token) = &look.observed.access.token else {
        return Check::fail(NAME, "the service account cannot log in", drift::remedy(NAME));
    };
    match crate::authentik::oidc::Oidc(transport).lists_users(token).await {
        Ok(true) => Check::pass(NAME, "the service account logs in and lists users"),
        Ok(false) => {
            Check::fail(NAME, "the service account may not list users", drift::remedy(NAME))
                .exiting(Exit::Rejected)
        }
        Err(trouble) => {
            Check::fail(NAME, Error::from_trouble(&trouble).to_string(), drift::remedy(NAME))
        }
    }
}
