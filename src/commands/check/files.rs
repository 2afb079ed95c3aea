//! The files, held against what was proven and against each other: present, readable, and saying what `init`
//! would write now.

use crate::commands::volumes::Volumes;
use crate::config::{Config, Output};
use crate::error::{Error, Exit};
use crate::files::read::Found;
use crate::outputs::plan::Page;
use crate::proof::{Check, CheckId, Proof};

/// One check a file, and one for the secrets.
pub fn checks(
    config: &Config,
    volumes: &Volumes,
    refused: &[Error],
    proof: Option<&Proof>,
) -> Vec<Check> {
    if config.files.outputs.is_empty() {
        return Vec::new();
    }
    let ids = config.files.outputs.iter().filter_map(|output| id_of(*output));
    let mut checks: Vec<Check> = refused.iter().map(told).collect();
    if checks.is_empty() {
        checks.push(secrets(volumes));
    }
    let Some(proof) = proof.filter(|_| refused.is_empty()) else {
        let why = match refused {
            [] => "nothing was proven to hold it against",
            _ => "init would write nothing",
        };
        let free = ids.filter(|id| !checks.iter().any(|check| check.id == *id)).collect::<Vec<_>>();
        checks.extend(free.into_iter().map(|id| Check::skipped(id, why)));
        return checks;
    };
    match volumes.files(config, Some(proof)) {
        Ok(plan) => {
            let found = plan.pages.iter().filter_map(|page| Some((id_of(page.output)?, page)));
            checks.extend(found.map(|(id, page)| compare(id, page, volumes)));
        }
        Err(error) => {
            checks.push(told(&error));
            let rest = ids.filter(|id| *id != CheckId::ManagementJson);
            checks.extend(rest.map(|id| Check::skipped(id, "init would write nothing")));
        }
    }
    checks
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

/// A refusal, under the check of the file that it names.
fn told(error: &Error) -> Check {
    let text = error.to_string();
    let named = Output::ALL.into_iter().find(|output| {
        text.split([' ', ':', ',']).next().is_some_and(|first| first.ends_with(output.file_name()))
    });
    let id = named.and_then(id_of).unwrap_or(CheckId::Secrets);
    Check::fail(id, text, error.remedy.clone().unwrap_or_default()).exiting(error.exit)
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
