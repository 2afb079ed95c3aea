//! `connect`: what is done in NetBird after it started. Once by itself, and in every cycle of a `watch` after `init`.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;

use super::{server, transport};
use crate::authentik::oidc::Oidc;
use crate::config::{Config, Kind};
use crate::connect::asked::{Asked, Login, Provider};
use crate::connect::memory::Memory;
use crate::connect::plan::Plan;
use crate::connect::plan::settings::Wish;
use crate::connect::{Connect, Tally};
use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::http::BaseUrl;
use crate::log::progress::Progress;
use crate::log::story::Story;
use crate::netbird::api::Server;
use crate::text::excerpt;

/// Does what is asked for; what was done is in the tally also if it fails.
///
/// # Errors
/// What ended it. What is done stays done, and the next run completes it.
pub async fn run(
    config: &Config,
    deadline: Deadline,
    story: &Arc<Story>,
    tally: &mut Tally,
) -> Result<()> {
    let progress = Progress::new(deadline, Arc::clone(story));
    let work = async { Work::new(config)?.connect(config, &progress, story).run(tally).await };
    progress.during(work).await
}

/// Whether there is anything that it could have to do.
pub async fn is_asked(config: &Config) -> bool {
    let connect = &config.connect;
    config.kind != Kind::Standalone
        || !connect.role_groups.is_empty()
        || connect.user_approval.is_some()
        || connect.jwt_groups.is_some()
        || connect.jwt_allow_groups.is_some()
        || gave_roles(config).await
}

/// Whether somebody has a role that this container gave.
async fn gave_roles(config: &Config) -> bool {
    let remembered = timeout(LOOK, Memory::look(&config.files.state_dir)).await;
    remembered.is_ok_and(|read| read.is_ok_and(|memory| memory.side().gave_roles()))
}

/// What it would do, for `plan`: apart from the plan for Authentik and the files, and without a part in its exit code,
/// since NetBird may not run yet.
#[derive(Debug)]
pub enum Sight {
    /// Nothing is asked for.
    Nothing,
    /// There is no token to look with.
    NotLooked,
    /// It did not get to look.
    Failed(Error),
    /// What it saw.
    Seen(Plan),
}

/// Looks once, with `NB_PAT` alone, and changes nothing.
pub async fn look(config: &Config, story: &Arc<Story>) -> Sight {
    let seen = async {
        let work = Work::new(config)?;
        if !work.asked.needs_credential(true, false) && !gave_roles(config).await {
            return Ok(Sight::Nothing);
        }
        let deadline = Deadline::from_now(LOOK.min(config.timing.timeout));
        let progress = Progress::new(deadline, Arc::clone(story));
        let look = work.connect(config, &progress, story);
        Ok(progress
            .during(async { look.look().await })
            .await?
            .map_or(Sight::NotLooked, Sight::Seen))
    };
    seen.await.unwrap_or_else(Sight::Failed)
}

/// How long `plan` waits for a NetBird that does not answer: mostly it is not started yet.
const LOOK: Duration = Duration::from_secs(5);

impl Sight {
    /// The part of the JSON document, where something is asked for.
    pub fn json(&self) -> Option<Value> {
        match self {
            Self::Nothing => None,
            Self::NotLooked => Some(json!({"looked": false, "why": NOT_LOOKED})),
            Self::Failed(error) => {
                Some(json!({"looked": false, "why": excerpt(&error.to_string())}))
            }
            Self::Seen(plan) => {
                let mut document = plan.json();
                document["looked"] = true.into();
                Some(document)
            }
        }
    }
}

const NOT_LOOKED: &str =
    "not looked at: that takes NB_PAT, since a login as the owner would change it";

impl fmt::Display for Sight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => Ok(()),
            Self::NotLooked => writeln!(f, "NetBird: {NOT_LOOKED}"),
            Self::Failed(error) => {
                writeln!(f, "NetBird: not looked at: {}", excerpt(&error.to_string()))
            }
            Self::Seen(plan) => write!(f, "NetBird (by connect):\n{plan}"),
        }
    }
}

/// The NetBird at `NB_MANAGEMENT_URL`.
///
/// # Errors
/// [`crate::error::Exit::Config`] when a certificate that was given cannot be used as a root.
pub fn netbird(config: &Config) -> Result<Server> {
    netbird_at(config, config.connect.url.clone())
}

/// The NetBird at this URL.
///
/// # Errors
/// As [`netbird`].
pub fn netbird_at(config: &Config, url: BaseUrl) -> Result<Server> {
    Ok(Server::new(transport(config)?, url))
}

/// What a run works with.
struct Work {
    asked: Asked,
    netbird: Server,
    authentik: crate::authentik::Server,
}

impl Work {
    fn new(config: &Config) -> Result<Self> {
        let netbird = netbird(config)?;
        Ok(Self { asked: asked(config), netbird, authentik: server(config)? })
    }

    fn connect<'a>(
        &'a self,
        config: &'a Config,
        progress: &'a Progress,
        story: &'a Story,
    ) -> Connect<'a> {
        Connect {
            asked: &self.asked,
            netbird: &self.netbird,
            authentik: &self.authentik,
            state_dir: &config.files.state_dir,
            progress,
            story,
        }
    }
}

/// What the configuration asks of NetBird.
fn asked(config: &Config) -> Asked {
    let provider = match config.kind {
        Kind::Standalone => Provider::Authentik,
        Kind::Embedded => Provider::OwnByFile,
        Kind::Combined => Provider::OwnByApi,
    };
    let owner = &config.owner;
    let login = (provider.is_own() && owner.local_auth.value)
        .then(|| Login { email: owner.email.clone(), password: owner.password.clone() });
    let connect = &config.connect;
    Asked {
        provider,
        access_token: connect.token.clone(),
        login,
        settings: Wish {
            user_approval: connect.user_approval,
            jwt_groups: connect.jwt_groups,
            jwt_allow_groups: connect.jwt_allow_groups.clone(),
        },
        role_groups: connect.role_groups.clone(),
        slug: config.wishes.slug.clone(),
        client_id: config.wishes.client_id.value.clone(),
        connector_issuer: config
            .connection
            .public
            .join(&format!("application/o/{}/", config.wishes.slug)),
        authorize: config.connection.public.join(Oidc::AUTHORIZE_PATH),
        origin: config.netbird.endpoint.origin(),
    }
}
