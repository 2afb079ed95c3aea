//! The files, compared with what was verified and against each other: present, readable, and saying what `init`
//! would write now.

use crate::commands::volumes::Volumes;
use crate::config::{Config, Kind, Output};
use crate::error::{Error, Exit};
use crate::files::read::Found;
use crate::outputs::management::unexamined;
use crate::outputs::plan::Page;
use crate::proof::{Check, CheckId, Outcome, Proof};

/// One check a file, one for the secrets, and what management.json has beside what is rendered.
pub fn checks(
    config: &Config,
    volumes: &Volumes,
    refused: &[Error],
    proof: Option<&Proof>,
) -> Vec<Check> {
    let ids = config.files.outputs.iter().filter_map(|output| id_of(*output));
    let mut checks: Vec<Check> = refused.iter().map(told).collect();
    if config.files.outputs.is_empty() {
        return checks;
    }
    if checks.is_empty() {
        checks.push(secrets(volumes));
    }
    if config.kind == Kind::Standalone && config.files.outputs.contains(&Output::ManagementJson) {
        checks.extend(beside(config, volumes, &checks));
        checks.extend(proof.map(key_refresh));
    }
    let Some(proof) = proof.filter(|_| refused.is_empty()) else {
        // Without a proof there is nothing to hold them against: they are told as skipped because of what failed.
        if !refused.is_empty() {
            let told = |id: &CheckId| !checks.iter().any(|check| check.id == *id);
            let free: Vec<CheckId> = ids.filter(told).collect();
            let skip = |id| Check::skipped(id, "because init would write nothing");
            checks.extend(free.into_iter().map(skip));
        }
        return checks;
    };
    match volumes.files(config, Some(proof)) {
        Ok(plan) => {
            let found = plan.pages.iter().filter_map(|page| Some((id_of(page.output)?, page)));
            checks.extend(found.map(|(id, page)| warned(compare(id, page, volumes), volumes)));
        }
        Err(error) => {
            let failed = told(&error);
            let rest = ids.filter(|id| *id != failed.id);
            checks.extend(rest.map(|id| Check::skipped(id, "because init would write nothing")));
            checks.push(failed);
        }
    }
    checks
}

/// What is not as it seems to be in a file that says what it should.
fn warned(check: Check, volumes: &Volumes) -> Check {
    match check.id == CheckId::ManagementJson && check.outcome == Outcome::Pass {
        true if !volumes.warnings.is_empty() => {
            Check::warn(check.id, volumes.warnings.join("; "), "see docs/embedded.md")
        }
        _ => check,
    }
}

/// What makes NetBird listen to another issuer, or ask another one for its users: a refusal, if it is there.
fn beside(config: &Config, volumes: &Volumes, refused: &[Check]) -> Vec<Check> {
    const ID: CheckId = CheckId::ForeignManager;
    let file = volumes.before.management.as_ref();
    let manager = match file.and_then(|file| unexamined(file, config)) {
        Some(why) => Check::warn(ID, why, ID.fix()),
        None => {
            let manager = file.and_then(|file| file.manager());
            let manager = manager.unwrap_or_else(|| "none".to_owned());
            Check::pass(ID, format!("the manager is {manager}"))
        }
    };
    [Check::pass(CheckId::EmbeddedIdp, "Authentik is the issuer"), manager]
        .into_iter()
        .filter(|check| !refused.iter().any(|other| other.id == check.id))
        .collect()
}

fn key_refresh(proof: &Proof) -> Check {
    const ID: CheckId = CheckId::KeyRefresh;
    match proof.keys.warning() {
        Some(warning) => Check::warn(ID, warning, ID.fix()),
        None => Check::pass(ID, "management fetches keys again"),
    }
}

fn secrets(volumes: &Volumes) -> Check {
    match &volumes.before.kept {
        Some(_) => Check::pass(CheckId::Secrets, "kept, and the same where they are used"),
        None => {
            let missing = "there is no secrets.json: init has not run here";
            Check::fail(CheckId::Secrets, missing, "run init").exiting(Exit::Output)
        }
    }
}

/// A refusal, under the check that it is about, else that of the file that it names.
fn told(error: &Error) -> Check {
    Check::about(about(error).unwrap_or(CheckId::Secrets), error)
}

/// The check that an error is about, or that of the file that it names.
pub fn about(error: &Error) -> Option<CheckId> {
    let text = error.to_string();
    let named = || {
        let output = Output::ALL.into_iter().find(|output| {
            let first = text.split([' ', ':', ',']).next();
            first.is_some_and(|first| first.ends_with(output.file_name()))
        });
        output.and_then(id_of)
    };
    error.about.and_then(CheckId::named).or_else(named)
}

/// The check of a file.
pub fn id_of(output: Output) -> Option<CheckId> {
    match output {
        Output::SetupEnv => Some(CheckId::SetupEnv),
        Output::ManagementJson => Some(CheckId::ManagementJson),
        Output::DashboardEnv => Some(CheckId::DashboardEnv),
        Output::RelayEnv => Some(CheckId::RelayEnv),
        Output::TurnserverConf => Some(CheckId::TurnserverConf),
        Output::ConfigYaml => Some(CheckId::ConfigYaml),
        Output::IdpSeedInfo => None,
    }
}

/// The names of what differs, never the values.
fn compare(id: CheckId, page: &Page, volumes: &Volumes) -> Check {
    let shown = page.path.display();
    match (&page.step, volumes.before.there(page.output)) {
        (_, Found::Nothing) => {
            Check::failed(id, format!("there is no {shown}")).exiting(Exit::Output)
        }
        (_, Found::Link) => Check::failed(id, format!("{shown} is a link")),
        (None, Found::File(_)) => Check::pass(id, "says what Authentik has"),
        (Some(step), Found::File(_)) => {
            let keys: Vec<&str> = step.said().map(|change| change.key.as_str()).collect();
            match keys.is_empty() {
                true => Check::pass(id, "says what Authentik has"),
                false => Check::failed(id, format!("{shown} differs in {}", keys.join(", "))),
            }
        }
    }
}
