//! NetBird itself, where it runs already: whether it answers, whether a login through it comes to Authentik, and whether it
//! is as it is asked to be. Nothing is sent that changes it: a login as the owner would make the account.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use crate::authentik::oidc::Oidc;
use crate::commands::connect::{self, Sight};
use crate::config::{Config, Kind};
use crate::error::{Error, Result};
use crate::http::Trouble;
use crate::log::story::Story;
use crate::netbird::api::Server;
use crate::netbird::embedded;
use crate::proof::{Check, CheckId};
use crate::state::store;

/// For each question: NetBird may not be started yet, or not be reached from here.
const PATIENCE: Duration = Duration::from_secs(5);

/// All of them; none where nothing depends on a running NetBird.
pub async fn checks(config: &Config, story: &Arc<Story>) -> Vec<Check> {
    if !connect::is_asked(config).await {
        return Vec::new();
    }
    let server = match connect::netbird(config) {
        Ok(server) => server,
        Err(error) => return vec![failed(CheckId::NetBird, &error)],
    };
    let mut checks = vec![answers(&server).await];
    let runs = checks[0].outcome != crate::proof::Outcome::Skipped;
    if config.kind != Kind::Standalone {
        if runs {
            checks.push(provider(config, &server).await);
            checks.push(connector(config, &server).await);
        }
        checks.push(route(config).await);
    }
    checks.push(account(config, story).await);
    checks
}

async fn asked<T>(question: impl Future<Output = Result<T, Trouble>>) -> Result<T, String> {
    match timeout(PATIENCE, question).await {
        Ok(answer) => answer.map_err(|trouble| trouble.to_string()),
        Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
    }
}

async fn answers(server: &Server) -> Check {
    const ID: CheckId = CheckId::NetBird;
    match asked(server.instance()).await {
        Ok(instance) if instance.setup_required => Check::failed(
            ID,
            "NetBird has no user yet, and its dashboard sends everybody to /setup",
        ),
        Ok(_) => Check::pass(ID, format!("{} answers", server.url())),
        Err(why) => Check::skipped(
            ID,
            format!("{} does not answer (is NetBird started?): {why}", server.url()),
        ),
    }
}

/// The embedded provider has the issuer that Authentik sends people back to.
async fn provider(config: &Config, server: &Server) -> Check {
    const ID: CheckId = CheckId::NetBirdProvider;
    let wish = embedded::issuer(config);
    match asked(server.discovery()).await {
        Ok(Some(document)) if document.issuer == wish => Check::pass(ID, wish),
        Ok(Some(document)) => Check::failed(
            ID,
            format!("NetBird's provider has the issuer {}, not {wish}", document.issuer),
        ),
        Ok(None) => Check::failed(ID, "this NetBird has no provider of its own"),
        Err(why) => Check::failed(ID, why),
    }
}

/// A login through the connector goes to Authentik, with the redirect URI that is registered there.
async fn connector(config: &Config, server: &Server) -> Check {
    const ID: CheckId = CheckId::Connector;
    let side = store::read(&config.files.state_dir).unwrap_or_default().netbird;
    let Some(known) = side.connector.filter(|connector| !connector.id.is_empty()) else {
        return Check::skipped(
            ID,
            "no connector is known yet: run init, and connect after NetBird started",
        );
    };
    let redirect = format!("{}/nb-auth", config.netbird.endpoint.origin());
    let callback = embedded::callback(config);
    let sent = match asked(server.login_through(&known.id, &redirect)).await {
        Ok(sent) => sent,
        // NetBird answers both in the same way.
        Err(why) => {
            let id = known.id;
            let detail = format!("NetBird has no connector {id}, or cannot reach Authentik: {why}");
            return Check::failed(ID, detail);
        }
    };
    let client = side.client.map(|client| client.id).unwrap_or_default();
    let authorize = config.connection.public.join(Oidc::AUTHORIZE_PATH);
    if sent.stray(&authorize, &callback, &client).is_some() {
        let detail = format!(
            "logins through {} do not come to {} as client {client} with {callback}: NetBird sends them to {}",
            known.id,
            config.connection.public.join(""),
            sent.place()
        );
        return Check::failed(ID, detail);
    }
    match known.changed_at {
        Some(at) if is_recent(at) => Check::warn(
            ID,
            format!("{} was changed over the API at {}", known.id, date(at)),
            "restart netbird-server, if it was not restarted since: until then it uses the former secret",
        ),
        _ => Check::pass(ID, format!("logins through {} come to Authentik", known.id)),
    }
}

/// A changed connector is worth a remark for a day.
fn is_recent(at: u64) -> bool {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.is_ok_and(|now| now.as_secs().saturating_sub(at) < 24 * 60 * 60)
}

fn date(at: u64) -> String {
    httpdate::fmt_http_date(std::time::UNIX_EPOCH + Duration::from_secs(at))
}

/// The proxy in front of NetBird lets people through to the provider.
async fn route(config: &Config) -> Check {
    const ID: CheckId = CheckId::NetBirdRoute;
    let server = match connect::netbird_at(config, config.netbird.endpoint.clone()) {
        Ok(server) => server,
        Err(error) => return failed(ID, &error),
    };
    let url = server.url();
    match asked(server.discovery()).await {
        Ok(Some(_)) => Check::pass(ID, format!("{url}/oauth2 comes to NetBird")),
        Ok(None) => {
            Check::failed(ID, format!("{url}/oauth2/.well-known/openid-configuration is not found"))
        }
        Err(why) if why.contains("answered") => Check::failed(ID, why),
        Err(why) => Check::skipped(ID, format!("{url} cannot be asked from here: {why}")),
    }
}

/// What `connect` would do, where there is a token to look with.
async fn account(config: &Config, story: &Arc<Story>) -> Check {
    const ID: CheckId = CheckId::NetBirdAccount;
    match connect::look(config, story).await {
        Sight::Nothing => Check::skipped(ID, "nothing is asked for"),
        Sight::NotLooked => Check::skipped(ID, "not looked at: that takes NB_PAT"),
        Sight::Failed(error) => failed(ID, &error),
        Sight::Seen(plan) => match plan.refused.first() {
            Some(error) => failed(ID, error),
            None if plan.is_empty() => Check::pass(ID, "settings and roles are as asked for"),
            None => {
                let steps: Vec<String> = plan.steps.iter().map(|step| step.headline()).collect();
                Check::failed(ID, steps.join(", "))
            }
        },
    }
}

fn failed(id: CheckId, error: &Error) -> Check {
    let fix = error.remedy.clone().unwrap_or_else(|| id.fix());
    Check::fail(id, error.to_string(), fix).exiting(error.exit)
}
