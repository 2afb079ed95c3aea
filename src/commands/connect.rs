//! `connect`: what is done in NetBird after it started. Once by itself, and in every cycle of a `watch` after `init`.

use std::sync::Arc;

use super::{beside, server, transport};
use crate::config::{Config, Kind};
use crate::connect::asked::{Asked, Owner, Provider};
use crate::connect::plan::Plan;
use crate::connect::plan::settings::Wish;
use crate::connect::{Connect, Tally};
use crate::deadline::Deadline;
use crate::error::Result;
use crate::log::progress::Progress;
use crate::log::story::Story;
use crate::netbird::api::Server;
use crate::state::secrets::{self, Held};
use crate::text::redact;

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
    let work =
        async { Work::new(config).await?.connect(config, &progress, story).run(tally).await };
    progress.during(work).await
}

/// What it would do; nothing where there is no token to look with.
///
/// # Errors
/// What kept it from looking.
pub async fn look(
    config: &Config,
    progress: &Progress,
    story: &Arc<Story>,
) -> Result<Option<Plan>> {
    Work::new(config).await?.connect(config, progress, story).look().await
}

/// What a run works with.
struct Work {
    asked: Asked,
    held: Held,
    netbird: Server,
    authentik: crate::authentik::Server,
}

impl Work {
    async fn new(config: &Config) -> Result<Self> {
        let state_dir = config.files.state_dir.clone();
        let held = beside(move || secrets::held(&state_dir)).await?;
        held.all().for_each(redact::learn);
        let netbird = Server::new(transport(config)?, config.connect.url.clone());
        Ok(Self { asked: asked(config, &held), held, netbird, authentik: server(config)? })
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
            client_secret: self.held.client.as_ref(),
            state_dir: &config.files.state_dir,
            progress,
            story,
        }
    }
}

/// What the configuration asks of NetBird.
fn asked(config: &Config, held: &Held) -> Asked {
    let provider = match config.kind {
        Kind::Standalone => Provider::Authentik,
        Kind::Embedded => Provider::OwnByFile,
        Kind::Combined => Provider::OwnByApi,
    };
    let password = config.owner.password.clone().or_else(|| held.owner.clone());
    let has_login = provider.is_own() && config.owner.local_auth;
    let owner = password.filter(|_| has_login).map(|password| {
        let email = held.owner_email.clone().filter(|_| !config.owner.email.chosen);
        Owner { email: email.unwrap_or_else(|| config.owner.email.value.clone()), password }
    });
    let connect = &config.connect;
    Asked {
        provider,
        access_token: connect.token.clone(),
        owner,
        settings: Wish {
            user_approval: connect.user_approval,
            jwt_groups: connect.jwt_groups,
            jwt_allow_groups: connect.jwt_allow_groups.clone(),
        },
        role_groups: connect.role_groups.clone(),
        slug: config.wishes.slug.clone(),
        origin: config.netbird.endpoint.origin(),
    }
}
