//! The stages of a check, each as far as the one before lets it get: the volumes, who answers, what Authentik holds, what
//! a login meets, the files.

use std::sync::Arc;
use std::time::Duration;

use super::board::Board;
use super::{drift, files, netbird};
use crate::authentik::Release;
use crate::authentik::oidc::Oidc;
use crate::commands::server;
use crate::commands::volumes::{self, Volumes};
use crate::config::Config;
use crate::converge::advice::{check_of, waiting_for, wrong_names};
use crate::converge::desired::Desired;
use crate::converge::observe::Observed;
use crate::converge::{Converge, outpost};
use crate::deadline::Deadline;
use crate::error::{Error, Exit};
use crate::http::setback::Missing;
use crate::http::{Kind, Trouble};
use crate::log::progress::Progress;
use crate::log::story::Story;
use crate::netbird::Registration;
use crate::proof::{Check, CheckId, Proof};

/// Each request is sent up to so many times: one answer that was lost is no finding.
const TRIES: u32 = 3;

/// For one of them at most, so that three fit into the time of all.
const REQUEST: Duration = Duration::from_secs(10);

/// All of them.
pub async fn all(config: Arc<Config>, board: Arc<Board>) {
    let (volumes, refused) = match volumes::examine(&config).await {
        Ok(examined) => examined,
        Err(error) => (Volumes::default(), vec![error]),
    };
    // What is wrong with the files keeps nobody from looking at Authentik.
    refused.iter().for_each(|error| board.refuse(error.exit));
    board.begin(CheckId::Reachable);
    let mut quick = Config::clone(&config);
    let timeout = &mut quick.connection.tls.request_timeout;
    *timeout = REQUEST.min(*timeout);
    let server = match server(&quick) {
        Ok(server) => server.with_tries(TRIES),
        Err(error) => return board.add(Check::about(CheckId::Configuration, &error)),
    };
    let story: Arc<Story> = Arc::default();
    let progress = Progress::new(Deadline::from_now(super::LIMIT), Arc::clone(&story));
    let memory = volumes.memory(&config);
    let converge = Converge {
        config: &config,
        server: &server,
        app_password: volumes.app_password(),
        memory: &memory,
        thorough: true,
        checks: true,
        progress: &progress,
        story: &story,
    };
    let proof = authentik(&config, &converge, &board, is_of_another_kind(&refused)).await;
    board.begin(CheckId::Secrets);
    board.extend(files::checks(&config, &volumes, &refused, proof.as_ref()));
    board.begin(CheckId::NetBird);
    board.extend(netbird::checks(&config, &story).await);
}

/// Whether the app password is in files that cannot be used: then nothing can be said about it.
fn is_unread(converge: &Converge<'_>, board: &Board) -> bool {
    board.is_refused() && converge.app_password.is_none()
}

/// Whether a file was made for another kind of NetBird than is configured.
fn is_of_another_kind(refused: &[Error]) -> bool {
    let kinds = [CheckId::Refused, CheckId::EmbeddedIdp].map(|id| Some(id.name()));
    refused.iter().any(|error| kinds.contains(&error.about))
}

/// What Authentik answers; what NetBird may be told, if nothing is wrong.
async fn authentik(
    config: &Config,
    converge: &Converge<'_>,
    board: &Board,
    is_of_another_kind: bool,
) -> Option<Proof> {
    let (user, release) = match converge.who().await {
        Ok(who) => who,
        Err(trouble) => {
            board.extend(unreached(&trouble));
            return None;
        }
    };
    board.add(Check::pass(CheckId::Reachable, format!("Authentik {release} answers")));
    if user.is_outpost() {
        board.add(Check::about(CheckId::Token, &outpost()));
        return None;
    }
    board.add(Check::pass(CheckId::Token, format!("accepted, as that of {}", user.username)));
    board.begin(CheckId::Permissions);
    let mut seen = converge.observe(user.clone(), release, false).await;
    if let Ok((_, observed)) = &seen
        && observed.account.is_shut_out()
    {
        // What keeps the service account out is looked for then, as init does.
        seen = converge.observe(user, release, true).await;
    }
    let (desired, observed) = match seen {
        Ok(seen) => seen,
        Err(trouble) => {
            board.extend(unreached(&trouble));
            return None;
        }
    };
    board.add(Check::pass(CheckId::Permissions, "the token reads what init reads"));
    if is_of_another_kind {
        // Held against what the other kind needs, a client that works would seem to be wrong.
        return None;
    }
    board.begin(CheckId::Objects);
    let registration = planned(config, converge, board, release, &desired, &observed);
    board.begin(CheckId::Discovery);
    // Without a provider there is nothing to log in with.
    let registration = registration.filter(|_| observed.found.linked().is_some())?;
    let answers = observed.account.trouble.is_none();
    let (judged, proof) = converge.examine(&desired, &registration, answers).await;
    // What is wrong with an object explains what is served of it.
    board.extend_untold(judged);
    board.begin(CheckId::UserList);
    if answers {
        board.add(user_list(config, converge, &observed, is_unread(converge, board)).await);
    }
    proof
}

/// A question that was not answered, or not as it should be.
fn unreached(trouble: &Trouble) -> Vec<Check> {
    // The service account logs in while objects are read.
    let id = check_of(trouble);
    let mut failed = Check::unanswered(id, trouble);
    if let Kind::Permission(permission) = trouble.kind {
        failed.detail = format!("the token lacks the permission {permission}: {trouble}");
    }
    if let Kind::Redirect(to) = &trouble.kind {
        failed.detail = format!("{trouble} (to {to}): the token is never sent after a redirect");
    }
    let answered = matches!(trouble.status, Some(status) if !(500..600).contains(&status));
    let reached = Check::pass(CheckId::Reachable, "something answers at AUTHENTIK_HOST");
    match id != CheckId::Reachable && answered {
        true => vec![reached, failed],
        false => vec![failed],
    }
}

/// What `init` would change, and how Authentik knows the client now.
fn planned(
    config: &Config,
    converge: &Converge<'_>,
    board: &Board,
    release: Release,
    desired: &Desired,
    observed: &Observed,
) -> Option<Registration> {
    match converge.plan(desired, observed, None) {
        Ok(plan) => {
            board.add(Check::pass(CheckId::Objects, "all there"));
            board.extend(drift::checks(config, release, &plan, is_unread(converge, board)));
            if plan.refused.is_empty() {
                if !board.is_refused() {
                    board.add(Check::pass(CheckId::Refused, "nothing"));
                }
                board.add(Check::pass(CheckId::Installation, "OK"));
                // Else what is refused may be why the service account got no answer.
                board.extend(observed.account.trouble.iter().flat_map(unreached));
            }
            plan.registration
        }
        Err(lacking) => {
            board.add(absent(&lacking.missing));
            let provider = observed.found.linked()?;
            Some(Registration {
                client_id: provider.client_id.clone(),
                secret: None,
                issuer: desired.issuer(Some(provider)),
            })
        }
    }
}

/// Now, nothing is waited for: what the user named is taken for wrong.
fn absent(missing: &Missing) -> Check {
    match missing.only_chosen() {
        true => Check::about(CheckId::Objects, &wrong_names(missing)),
        false => {
            let what = format!("not there: {}", missing.names());
            Check::fail(CheckId::Objects, what, waiting_for(missing)).exiting(Exit::NotReady)
        }
    }
}

async fn user_list(
    config: &Config,
    converge: &Converge<'_>,
    observed: &Observed,
    is_unread: bool,
) -> Check {
    const ID: CheckId = CheckId::UserList;
    if !config.netbird.lists_users() {
        let sub_mode = observed.found.linked().map(|provider| provider.sub_mode.as_str());
        let kept = converge.kept_manager(sub_mode).await;
        return kept.unwrap_or_else(|| Check::skipped(ID, "NETBIRD_MGMT_IDP does not ask for it"));
    }
    let Some(token) = &observed.account.token else {
        return match is_unread {
            true => Check::skipped(ID, drift::UNREAD),
            false => Check::failed(ID, "the service account cannot log in"),
        };
    };
    match Oidc(converge.server).lists_users(token).await {
        Ok(true) => Check::pass(ID, "the service account logs in and lists users"),
        Ok(false) => {
            Check::failed(ID, "the service account may not list users").exiting(Exit::Rejected)
        }
        Err(trouble) => Check::unanswered(ID, &trouble),
    }
}
