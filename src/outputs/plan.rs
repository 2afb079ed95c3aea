//! What would be written, file by file and key by key: data, made without touching a file. `plan` prints it, `init`
//! publishes the same.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::before::Before;
use super::diff;
use super::management::places::Places;
use super::shown::SECRET;
use super::step::{FileStep, KeyChange, LAYOUT};
use super::{config_yaml, dashboard_env, management, relay_env, setup_env, turnserver_conf};
use crate::config::{Config, Kind, Output};
use crate::error::Result;
use crate::files::publish::Ownership;
use crate::files::read::Found;
use crate::proof::Proof;
use crate::state::secrets::{self, Secrets};
use crate::state::store::{self, Remembered};
use crate::text::Secret;

/// A file to be, and what is different about it.
#[derive(Clone, Debug)]
pub struct Page {
    /// Which output.
    pub output: Output,
    /// Where.
    pub path: PathBuf,
    /// What it will say.
    pub text: String,
    /// Who may read it.
    pub ownership: Ownership,
    /// How it differs from what is there; nothing if it does not.
    pub step: Option<FileStep>,
}

/// All files, `setup.env` last: whoever waits for it finds the others.
#[derive(Clone, Debug, Default)]
pub struct FilePlan {
    /// Those that can be rendered now.
    pub pages: Vec<Page>,
    /// Steps that are no output: `secrets.json`, `state.json`, and outputs that wait for objects in Authentik.
    pub others: Vec<FileStep>,
    /// What this container wrote, as digests, to be remembered.
    pub written: BTreeMap<String, String>,
    /// The id of Authentik's connector, where a file names it.
    pub connector: Option<String>,
}

impl FilePlan {
    /// What would be written with these secrets, and with this proof if there is one yet.
    ///
    /// # Errors
    /// [`crate::error::Exit::Refused`] where a file could mean several things.
    pub fn new(
        config: &Config,
        before: &Before,
        secrets: &Secrets,
        proof: Option<&Proof>,
    ) -> Result<Self> {
        let places = places(config, before);
        let mut plan = Self { written: before.remembered.written.clone(), ..Self::default() };
        let mut outputs = config.files.outputs.clone();
        outputs.sort_by_key(|output| *output == Output::SetupEnv);
        for output in outputs {
            match plan.render(output, config, before, secrets, &places, proof)? {
                Text::Is(text) => {
                    let step = step(config, before, output, &text);
                    let path = config.files.path(output);
                    let ownership = ownership(config, output);
                    plan.pages.push(Page { output, path, text, ownership, step });
                }
                Text::Waits => plan.others.push(waiting(before, output)),
                Text::NotMade => {}
            }
        }
        if config.files.outputs.contains(&Output::ManagementJson) && proof.is_some() {
            plan.written = places.written(&before.remembered.written);
        }
        // What `connect` sends to NetBird later.
        let client = proof.filter(|_| config.kind != Kind::Standalone);
        let client = client.and_then(|proof| proof.registration.secret.as_ref());
        plan.others.extend(secrets_step(before, secrets, client));
        Ok(plan)
    }

    fn render(
        &mut self,
        output: Output,
        config: &Config,
        before: &Before,
        secrets: &Secrets,
        places: &Places,
        proof: Option<&Proof>,
    ) -> Result<Text> {
        let made = |text: Option<String>| text.map_or(Text::NotMade, Text::Is);
        let file = before.management.as_ref();
        let has_provider = config.kind != Kind::Standalone;
        Ok(match (output, proof) {
            (Output::RelayEnv, _) => made(relay_env::render(&places.services, secrets)),
            (Output::TurnserverConf, _) => {
                made(turnserver_conf::render(config, &places.services, secrets))
            }
            (_, None) => Text::Waits,
            (Output::ConfigYaml, _) => {
                made(config_yaml::render(config, secrets, before.config_yaml()))
            }
            (Output::IdpSeedInfo, Some(proof)) => {
                Text::Is(management::connector::seed_info(config, proof))
            }
            (Output::SetupEnv, _) if has_provider => made(setup_env::render_own(config, secrets)),
            (Output::SetupEnv, Some(proof)) => {
                made(setup_env::render(config, proof, secrets, places))
            }
            (Output::DashboardEnv, _) if has_provider => {
                Text::Is(dashboard_env::render_own(config))
            }
            (Output::DashboardEnv, Some(proof)) => Text::Is(dashboard_env::render(config, proof)),
            (Output::ManagementJson, Some(proof)) if has_provider => {
                let known = before.connector();
                let (text, id) =
                    management::embedded::render(config, proof, secrets, places, known, file)?;
                self.connector = Some(id);
                Text::Is(text)
            }
            (Output::ManagementJson, Some(proof)) => {
                Text::Is(management::render(config, proof, secrets, places, file))
            }
        })
    }

    /// Every step, in the order in which they are done.
    pub fn steps(&self) -> Vec<&FileStep> {
        let pages = self.pages.iter().filter_map(|page| page.step.as_ref());
        let mut steps: Vec<&FileStep> = self.others.iter().chain(pages).collect();
        steps.sort_by_key(|step| match step.name.as_str() {
            secrets::FILE_NAME => 0,
            store::FILE_NAME => 2,
            name if name == Output::SetupEnv.file_name() => 3,
            _ => 1,
        });
        steps
    }

    /// What is said about the outputs that change: of a new one nothing but that it is written.
    pub fn told(&self) -> impl Iterator<Item = String> {
        let steps = self.pages.iter().filter_map(|page| page.step.as_ref());
        steps.filter(|step| !step.create).flat_map(FileStep::lines)
    }

    /// How many outputs are as they are to be.
    pub fn unchanged(&self) -> usize {
        self.pages.iter().filter(|page| page.step.is_none()).count()
    }

    /// Adds `state.json`: what is remembered of the files, and what would be of Authentik, if nothing is done there.
    pub fn remember(&mut self, before: &Before, concluded: Option<&Remembered>) {
        let name = store::FILE_NAME.to_owned();
        let Some(mode) = before.state_mode else {
            self.others.push(FileStep { name, create: true, changes: Vec::new() });
            return;
        };
        let mut changes = diff::digests(&before.remembered.written, &self.written);
        if concluded.is_some_and(|concluded| *concluded != before.remembered) {
            changes.push(KeyChange::told(
                "content",
                "as it is",
                "what was seen in Authentik is remembered",
            ));
        }
        changes.extend(KeyChange::mode(mode, store::OWNERSHIP.mode));
        if !changes.is_empty() {
            self.others.push(FileStep { name, create: false, changes });
        }
    }
}

/// Where NetBird's services are, by the variables, the files and what is remembered.
pub fn places(config: &Config, before: &Before) -> Places {
    Places::new(config, before.management.as_ref(), &before.remembered.written)
}

enum Text {
    /// This.
    Is(String),
    /// It says what Authentik has, which is not there yet.
    Waits,
    /// Nothing asks for it.
    NotMade,
}

/// How the file that is there differs, in content, mode or owner.
fn step(config: &Config, before: &Before, output: Output, text: &str) -> Option<FileStep> {
    let name = output.file_name().to_owned();
    let Found::File(there) = before.there(output) else {
        return Some(FileStep { name, create: true, changes: Vec::new() });
    };
    let mut changes = diff::contents(output, &String::from_utf8_lossy(&there.bytes), text);
    if changes.is_empty() && there.bytes != text.as_bytes() {
        changes.push(KeyChange::told(LAYOUT, "edited", "as this container writes it"));
    }
    let wish = ownership(config, output);
    changes.extend(KeyChange::mode(there.mode, wish.mode));
    for (key, wish, is) in [("owner", wish.uid, there.owner.0), ("group", wish.gid, there.owner.1)]
    {
        if let Some(wish) = wish.filter(|wish| *wish != is) {
            changes.push(KeyChange::told(key, &is.to_string(), &wish.to_string()));
        }
    }
    (!changes.is_empty()).then_some(FileStep { name, create: false, changes })
}

/// NetBird's services read their files; what is for a person's own command is for nobody else.
pub fn ownership(config: &Config, output: Output) -> Ownership {
    let files = &config.files;
    match output {
        Output::IdpSeedInfo => secrets::OWNERSHIP,
        _ => Ownership { mode: files.mode, uid: files.uid, gid: files.gid },
    }
}

fn waiting(before: &Before, output: Output) -> FileStep {
    let name = output.file_name().to_owned();
    let create = before.there(output).bytes().is_none();
    let changes = match create {
        true => Vec::new(),
        false => vec![KeyChange::told(
            "content",
            "as it is",
            "written once Authentik has the objects above",
        )],
    };
    FileStep { name, create, changes }
}

/// Of `secrets.json`: the keys that come, never their values.
fn secrets_step(before: &Before, secrets: &Secrets, client: Option<&Secret>) -> Option<FileStep> {
    let name = secrets::FILE_NAME.to_owned();
    let Some(kept) = &before.kept else {
        let (_, text) = secrets::changes(None, secrets)?;
        return (!text.is_empty()).then_some(FileStep { name, create: true, changes: Vec::new() });
    };
    let keys = secrets::changes(Some(kept), secrets).map(|(keys, _)| keys);
    let change = |key: &'static str| KeyChange {
        key: key.to_owned(),
        before: kept.has(key).then(|| SECRET.to_owned()),
        after: Some(SECRET.to_owned()),
    };
    let mut changes: Vec<KeyChange> = match keys {
        None => Vec::new(),
        Some(keys) if keys.is_empty() => vec![KeyChange::told("version", "(none)", "1")],
        Some(keys) => keys.into_iter().map(change).collect(),
    };
    if client.is_some_and(|secret| kept.lacks_client(secret)) {
        changes.push(change(secrets::CLIENT));
    }
    changes.extend(KeyChange::mode(kept.mode, secrets::OWNERSHIP.mode));
    (!changes.is_empty()).then_some(FileStep { name, create: false, changes })
}
