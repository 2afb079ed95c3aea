//! Whether the files may be written at all, and with which secrets: asked before Authentik is, with the same answer for
//! `init`, `plan`, `check` and each cycle of `watch`.

use super::before::Before;
use super::plan::places;
use super::{config_yaml, management, sourced, turnserver_conf};
use crate::config::{Config, Kind, Output};
use crate::error::{Error, Exit};
use crate::state::evidence::{self, Evidence, Found};
use crate::state::secrets::Secrets;
use crate::state::settle::{Known, Settled, settle, unread};
use crate::text::excerpt;

/// The secrets that apply; `last` are those that the last run of this process used.
///
/// # Errors
/// Everything that keeps the files from being written.
pub fn admit(
    config: &Config,
    before: &Before,
    last: Option<&Secrets>,
) -> Result<Settled, Vec<Error>> {
    if config.kind != Kind::Standalone && config.files.outputs.is_empty() {
        // NetBird's files are somebody else's: nothing of this is used, and nothing is kept that would seem to be.
        return Ok(Settled::default());
    }
    let has_config = asked_for(config, Output::ConfigYaml);
    if let Some(error) = foreign(config, before, Output::ConfigYaml).filter(|_| has_config) {
        // With it nothing else is this container's to write: what else could be said would lead astray.
        return Err(vec![error]);
    }
    let mut refused: Vec<Error> =
        config.files.outputs.iter().filter_map(|output| foreign(config, before, *output)).collect();
    let asked = asked_for(config, Output::ManagementJson);
    if let Some(file) = before.management.as_ref().filter(|_| asked) {
        refused.extend(match config.kind {
            Kind::Standalone => management::refused(file, config),
            _ => management::refused_with_provider(file, config, before.connector()),
        });
    }
    if has_config && before.config_yaml().is_none() {
        let standalone = before.management.as_ref();
        refused.extend(standalone.and_then(|f| management::conversion::refused_beside(config, f)));
    }
    if has_config && !config.owner.local_auth.value && before.connector().is_none() {
        refused.push(too_early());
    }
    if config.kind != Kind::Standalone {
        refused.extend(before.provider(config).unread().filter_map(unread_of_provider));
    }
    let settled = settle(&Known {
        given: given(config),
        kept: before.kept.as_ref(),
        left_behind: before.left_behind.as_ref(),
        in_use: before.in_use(config),
        remembered: last,
        needed: needed(config),
        manages_users: config.netbird.lists_users(),
    });
    let mut settled = match settled {
        Ok(settled) => settled,
        Err(errors) => {
            refused.extend(errors);
            return Err(refused);
        }
    };
    if let Some(password) =
        settled.secrets.turn.as_ref().filter(|_| asked_for(config, Output::TurnserverConf))
    {
        refused.extend(turnserver_conf::check(password).err());
    }
    for (output, kind) in [
        (Output::RelayEnv, evidence::Kind::Relay),
        (Output::SetupEnv, evidence::Kind::ServiceAccount),
    ] {
        let secret = settled.secrets.of(kind).filter(|_| asked_for(config, output));
        refused.extend(
            secret.and_then(|secret| sourced::check(kind, secret, output.file_name()).err()),
        );
    }
    if !refused.is_empty() {
        return Err(refused);
    }
    settled.remarks.extend(remarks(config, before));
    settled.warnings.extend(warnings(config, before));
    Ok(settled)
}

/// A part of the owner's login, or the key of sessions, that is there and cannot be read.
fn unread_of_provider(evidence: &Evidence) -> Option<Error> {
    let Found::Other(what) = evidence.found else { return None };
    let error = unread(&evidence.place, what, "login or key of NetBird's own provider");
    Some(error.remedy(
        "put the value itself there, as a text in one line, or put the file back from a backup",
    ))
}

fn asked_for(config: &Config, output: Output) -> bool {
    config.files.outputs.contains(&output)
}

/// NetBird ends at once if nobody could log in.
fn too_early() -> Error {
    Error::new(Exit::Config, "SETUP_LOCAL_AUTH is false, and NetBird has no connector yet")
        .because("netbird-server does not start without local logins and without a connector, which is made after it started")
        .remedy("leave SETUP_LOCAL_AUTH unset until `connect` has run once, then set it to false")
}

/// A text file that is somebody else's.
fn foreign(config: &Config, before: &Before, output: Output) -> Option<Error> {
    let has_mark = matches!(
        output,
        Output::SetupEnv
            | Output::DashboardEnv
            | Output::RelayEnv
            | Output::TurnserverConf
            | Output::ConfigYaml
    );
    let bytes = before.there(output).bytes().filter(|_| has_mark)?;
    if sourced::is_own(bytes) {
        return None;
    }
    if output == Output::ConfigYaml {
        return Some(config_yaml::foreign(config));
    }
    let path = config.files.path(output);
    Some(
        Error::new(Exit::Refused, format!("{} was not written by this container", path.display()))
            .because(format!("its first line does not begin with \"{}\"", sourced::MARK))
            .remedy(format!(
                "move it away, leave {} out of SETUP_OUTPUTS, or name another directory with SETUP_DIR",
                output.file_name()
            )),
    )
}

fn given(config: &Config) -> Secrets {
    let netbird = &config.netbird;
    Secrets {
        datastore_key: netbird.datastore_key.clone(),
        relay: netbird.relay_secret.clone(),
        turn: netbird.turn_password.clone(),
        service_account: netbird.service_account_password.clone(),
        ..Secrets::default()
    }
}

/// Who needs a secret itself, and not only management.json, which NetBird's environment can complete.
fn needed(config: &Config) -> Vec<(evidence::Kind, String)> {
    let mut needed = Vec::new();
    let mut need = |is_needed: bool, kind, by: &str| {
        if is_needed {
            needed.push((kind, by.to_owned()));
        }
    };
    need(asked_for(config, Output::SetupEnv), evidence::Kind::DatastoreKey, "setup.env");
    need(asked_for(config, Output::RelayEnv), evidence::Kind::Relay, "relay.env");
    need(asked_for(config, Output::ConfigYaml), evidence::Kind::DatastoreKey, "config.yaml");
    need(asked_for(config, Output::ConfigYaml), evidence::Kind::Relay, "config.yaml");
    let turn = config.netbird.services.turn_domain.is_some();
    need(
        turn && asked_for(config, Output::TurnserverConf),
        evidence::Kind::Turn,
        "turnserver.conf",
    );
    need(config.netbird.lists_users(), evidence::Kind::ServiceAccount, "Authentik");
    needed
}

/// What is worth a line in the log.
fn remarks(config: &Config, before: &Before) -> Vec<String> {
    let mut remarks = Vec::new();
    if let Some(left) = &before.left_behind {
        remarks.push(format!(
            "{} is left from before SETUP_STATE_DIR was set: remove it, since everybody who mounts SETUP_DIR can read it",
            left.place
        ));
    }
    remarks.extend(before.moved().map(|path| {
        format!(
            "{} is left from before SETUP_OUTPUTS named another directory for it: its secrets go on to apply, and nothing \
             else of it; move what you added to it, and remove it",
            path.display()
        )
    }));
    if config.kind != Kind::Standalone {
        return remarks;
    }
    let places = places(config, before);
    for url in places.foreign_urls() {
        remarks.push(format!(
            "management.json sends clients to {}, which is not registered in Authentik because a file says so: name it in \
             AUTHENTIK_REDIRECT_URIS if it is right",
            excerpt(url)
        ));
    }
    if let Some(account) = management::leaving(before.management.as_ref(), config) {
        remarks.push(format!(
            "management.json no longer makes NetBird list users, since NETBIRD_MGMT_IDP is none: service account {account} \
             can be deleted in Authentik"
        ));
    }
    remarks
}

/// What is worth a warning, in the plan too: something in management.json is not what it seems to be.
fn warnings(config: &Config, before: &Before) -> Vec<String> {
    if config.kind == Kind::Standalone {
        return Vec::new();
    }
    let file = before.management.as_ref().filter(|_| asked_for(config, Output::ManagementJson));
    let renamed = file.and_then(|file| {
        let connectors = management::own_provider::connectors(&file.root);
        management::connector::renamed(config, connectors, before.connector())
    });
    ignored(config, before).into_iter().chain(renamed).collect()
}

/// Sections of management.json that make no difference any more.
fn ignored(config: &Config, before: &Before) -> Option<String> {
    let file = before.management.as_ref().filter(|_| asked_for(config, Output::ManagementJson))?;
    let sections = management::conversion::ignored(file, config).join(", ");
    (!sections.is_empty()).then(|| {
        format!(
            "management.json: NetBird ignores {sections} beside a provider of its own; take them away if nothing else reads \
             them"
        )
    })
}
