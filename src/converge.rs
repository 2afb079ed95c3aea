//! The pipeline as one loop: probe, observe, plan, apply, verify; a setback is waited out and the loop begins
//! anew, since looking again is always safe. One deadline bounds it all.

use std::sync::Arc;

use futures_util::future::join;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use tracing::{info, warn};

use crate::apply::{Tally, apply};
use crate::authentik::oidc::{AccessToken, Oidc};
use crate::authentik::reader::Reader;
use crate::authentik::redirect::{Purpose, Shape};
use crate::authentik::release::Release;
use crate::authentik::transport::Transport;
use crate::authentik::trouble::{Kind, Trouble};
use crate::authentik::writer::Writer;
use crate::config::{Config, Output};
use crate::desired::{Desired, REDIRECT_PATH, dashboard_path};
use crate::error::{Error, Exit, Result};
use crate::observe::Observed;
use crate::patience::{Decision, Patience, Rung, Setback};
use crate::plan::{Identity, Plan, References};
use crate::progress::{Progress, REPEAT};
use crate::render::{Facts, setup_env};
use crate::secret::Secret;
use crate::verify::{Check, Evidence, Expectation, KeySource, Outcome, gather, judge};

/// Brings Authentik to what the configuration asks for, or only looks.
#[derive(Debug)]
pub struct Converge<'a> {
    config: &'a Config,
    transport: &'a Transport,
    app_password: Option<Secret>,
    login_retried: bool,
    progress: Arc<Progress>,
    user: Option<String>,
    release: Option<Release>,
    is_superuser: bool,
    shape: Option<Shape>,
    shape_refusal: Option<Trouble>,
    tally: Tally,
    unchanged: usize,
}

/// What looking came to.
#[derive(Debug)]
pub struct Look {
    /// What would be done.
    pub plan: Plan,
    /// What is there.
    pub observed: Observed,
    /// Which release answers.
    pub release: Release,
}

impl Look {
    /// What a proof can be held against now: application and provider are there, whatever is wrong with them.
    pub fn provable(&self) -> Option<&Identity> {
        self.observed.found.linked()?;
        self.plan.identity.as_ref()
    }
}

/// What a run ends with.
#[derive(Debug)]
pub struct Converged {
    /// What was proven.
    pub facts: Facts,
    /// What was done.
    pub tally: Tally,
    /// Objects that were as they shall be.
    pub unchanged: usize,
}

impl<'a> Converge<'a> {
    /// Nothing is sent yet.
    pub fn new(config: &'a Config, transport: &'a Transport, app_password: Option<Secret>) -> Self {
        Self {
            config,
            transport,
            app_password,
            login_retried: false,
            progress: Arc::default(),
            user: None,
            release: None,
            is_superuser: false,
            shape: None,
            shape_refusal: None,
            tally: Tally::default(),
            unchanged: 0,
        }
    }

    /// Seconds since the start.
    pub fn seconds(&self) -> f64 {
        self.progress.elapsed().as_secs_f64()
    }

    /// All of it.
    ///
    /// # Errors
    /// What ended it.
    pub async fn run(&mut self) -> Result<Converged> {
        let facts = self.persist(true).await?.1;
        let facts = facts.ok_or_else(|| Error::new(Exit::Bug, "a run ended without proof"))?;
        Ok(Converged { facts, tally: self.tally, unchanged: self.unchanged })
    }

    /// Observes and plans, and writes nothing.
    ///
    /// # Errors
    /// What ended it. A plan that would be refused is no error here.
    pub async fn look(&mut self) -> Result<Look> {
        self.persist(false).await.map(|(look, _)| look)
    }

    /// All checks of the proof, for every redirect URI, and what was proven if none of them failed.
    ///
    /// # Errors
    /// Trouble of a question that only Authentik itself can answer.
    pub async fn examine(
        &self,
        look: &Look,
        identity: &Identity,
    ) -> Result<(Vec<Check>, Option<Facts>)> {
        let desired = Desired::new(self.config, look.release, None);
        let uris = desired.provider.redirect_uris.iter();
        let strict = uris.filter(|uri| !uri.pattern && uri.purpose == Purpose::Authorization);
        let expectation = self.expectation(identity, strict.map(|uri| uri.url.clone()).collect());
        let evidence = gather(self.transport, &expectation)
            .await
            .map_err(|trouble| Error::from_trouble(&trouble))?;
        let checks = judge(&evidence, &expectation);
        let sound = checks.iter().all(|check| check.outcome != Outcome::Fail);
        let facts = sound.then(|| self.facts(&evidence, identity, look.release).0);
        Ok((checks, facts))
    }

    /// Attempts until one gets through, patience ends, or the deadline comes.
    async fn persist(&mut self, write: bool) -> Result<(Look, Option<Facts>)> {
        let limit = self.config.timing.timeout;
        let left = limit.saturating_sub(self.progress.elapsed());
        let progress = Arc::clone(&self.progress);
        let work = timeout(left, self.attempts(write));
        tokio::pin!(work);
        let mut tick = interval(REPEAT);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                done = &mut work => {
                    return done.unwrap_or_else(|_| Err(progress.not_ready(limit)));
                }
                _ = tick.tick() => progress.repeat(),
            }
        }
    }

    async fn attempts(&mut self, write: bool) -> Result<(Look, Option<Facts>)> {
        let mut patience = Patience::new(self.config.timing.auth_grace);
        loop {
            let mut setback = match self.attempt(write).await {
                Ok(done) => return Ok(done),
                Err(setback) => setback,
            };
            if self.learns_shape(&mut setback) {
                continue;
            }
            let decision = patience.decide(&setback, Instant::now());
            let reason = reason(&setback);
            match decision {
                Decision::GiveUp(error) => {
                    let unseen = self.unseen(&setback).unwrap_or(error);
                    return Err(self.with_user(unseen));
                }
                Decision::Again(delay) => {
                    self.progress.waiting(Patience::rung(&setback), &reason);
                    sleep(delay).await;
                }
            }
        }
    }

    async fn attempt(&mut self, write: bool) -> Result<(Look, Option<Facts>), Setback> {
        let at = |rung| move |trouble: Trouble| Setback::Trouble(rung, trouble);
        let reader = Reader(self.transport);

        // Not the first failure of the two: the reason that is told would alternate between them.
        let (me, release) = join(reader.me(), reader.release()).await;
        let (me, release) =
            (me.map_err(at(Rung::Reachable))?, release.map_err(at(Rung::Reachable))?);
        self.progress.passed(Rung::Token);
        self.greet(&me.user.username, me.user.is_superuser, release);
        if me.user.is_outpost() {
            return Err(Setback::Final(self.with_user(outpost())));
        }

        let desired = Desired::new(self.config, release, self.app_password.as_ref());
        let observed =
            Observed::read(reader, &desired, release).await.map_err(at(Rung::Objects))?;
        let references =
            References::resolve(&desired, &observed, self.shape).map_err(Setback::Missing)?;
        self.progress.passed(Rung::Objects);

        let plan = Plan::new(&desired, &observed, &references);
        if !write {
            return Ok((Look { plan, observed, release }, None));
        }
        if let Some((first, others)) = plan.refused.split_first() {
            others.iter().for_each(crate::logging::failure);
            return Err(Setback::Final(first.clone()));
        }
        let identity = plan.identity.clone().ok_or_else(|| bug("a plan without an identity"))?;
        self.contradictions(&identity)?;

        let before = self.tally;
        let password = self.app_password.as_ref();
        apply(Writer(self.transport), release, &plan, password, &mut self.tally).await?;
        self.progress.passed(Rung::Apply);
        if before == Tally::default() {
            // On a second attempt, what the first one did counts as done, not as unchanged.
            self.unchanged = plan.unchanged;
        }

        let token = observed.access.token.clone().filter(|_| plan.steps.is_empty());
        self.prove_user_list(&desired, &identity, token).await?;
        let facts = self.prove(&identity, release).await?;
        Ok((Look { plan, observed, release }, Some(facts)))
    }

    /// NetBird's user list: the service account logs in and lists users, as NetBird's management will.
    async fn prove_user_list(
        &mut self,
        desired: &Desired,
        identity: &Identity,
        token: Option<AccessToken>,
    ) -> Result<(), Setback> {
        let Some(account) = &desired.service_account else { return Ok(()) };
        let oidc = Oidc(self.transport);
        let at = |trouble| Setback::Trouble(Rung::Verify, trouble);
        let token = match token {
            Some(token) => Some(token),
            None => oidc.login(&identity.client_id, account).await.map_err(at)?,
        };
        let listed = match &token {
            Some(token) => oidc.lists_users(token).await.map_err(at)?,
            None => false,
        };
        if listed {
            return Ok(());
        }
        if !self.login_retried {
            // Before the account existed nobody could see what keeps it out: look once more.
            self.login_retried = true;
            return Err(Setback::Missing(vec![format!("a user list for {}", account.username)]));
        }
        let (what, remedy) = match token {
            None => (
                "cannot log in with its app password",
                "see the application's bindings and the provider's grant types in Authentik, and Authentik's event log",
            ),
            Some(_) => (
                "may not list users",
                "see that it is a member of authentik Admins, or set AUTHENTIK_SERVICE_ACCOUNT_ROLE",
            ),
        };
        let what = format!("service account {} {what}", account.username);
        Err(Setback::Final(Error::new(Exit::Protocol, what).remedy(remedy)))
    }

    /// Verifies, and tells what is not as it should be.
    async fn prove(&self, identity: &Identity, release: Release) -> Result<Facts, Setback> {
        let expectation = self.expectation(identity, self.probes());
        let evidence = gather(self.transport, &expectation)
            .await
            .map_err(|trouble| Setback::Trouble(Rung::Verify, trouble))?;
        let mut failure = None;
        for check in judge(&evidence, &expectation) {
            let remedy = check.remedy.as_deref().unwrap_or_default();
            match (check.outcome, check.error()) {
                (Outcome::Warn, _) => {
                    warn!(stage = "verify", check = check.name, "{} - {remedy}", check.detail);
                }
                (_, Some(error)) if failure.is_none() => failure = Some(error),
                (_, Some(error)) => crate::logging::failure(&error),
                _ => tracing::debug!(stage = "verify", check = check.name, "{}", check.detail),
            }
        }
        if let Some(error) = failure {
            return Err(Setback::Final(error));
        }
        self.progress.passed(Rung::Verify);
        let (facts, explanation) = self.facts(&evidence, identity, release);
        if self.config.files.outputs.contains(&Output::ManagementJson) {
            info!(stage = "verify", "management.json: {explanation}");
        }
        info!(stage = "verify", issuer = %facts.issuer, "proven: issuer, RSA key, endpoints and redirect URIs");
        Ok(facts)
    }

    fn expectation(&self, identity: &Identity, redirect_uris: Vec<String>) -> Expectation {
        let public = &self.config.connection.public;
        let slug = &self.config.wishes.slug;
        let issuer = match identity.global_issuer {
            true => public.join(""),
            false => public.join(&format!("application/o/{slug}/")),
        };
        Expectation {
            issuer,
            public: public.clone(),
            slug: slug.clone(),
            client_id: identity.client_id.clone(),
            redirect_uris,
        }
    }

    /// What was proven, and how NetBird's management is to come by its keys.
    fn facts(&self, evidence: &Evidence, identity: &Identity, release: Release) -> (Facts, String) {
        let connection = &self.config.connection;
        let slug = &self.config.wishes.slug;
        let source =
            KeySource::choose(evidence, self.config.files.management_discovery, connection);
        let by_public = evidence.public.as_ref().and_then(|side| side.discovery.as_ref().ok());
        let seen = &by_public.unwrap_or(&evidence.discovery).document;
        let keys_location = match source.internal_keys {
            true => connection.internal.join(&Oidc::jwks_path(slug)),
            false => seen.jwks_uri.clone(),
        };
        let scopes = match release.has_offline_access() {
            true => "openid profile email offline_access",
            false => "openid profile email",
        };
        let facts = Facts {
            issuer: seen.issuer.clone(),
            client_id: identity.client_id.clone(),
            discovery_url: connection.public.join(&Oidc::discovery_path(slug)),
            authorization_endpoint: seen.authorization_endpoint.clone(),
            token_endpoint: seen.token_endpoint.clone(),
            device_endpoint: seen.device_authorization_endpoint.clone(),
            keys_location,
            discovery_at_start: source.discovery_at_start,
            refresh_keys: source.refresh,
            public_keys_have_max_age: source.public_max_age,
            scopes: scopes.to_owned(),
        };
        (facts, source.explanation)
    }

    /// One redirect URI of each kind: the dashboard's, and a waiting client's with and without slash.
    fn probes(&self) -> Vec<String> {
        let netbird = &self.config.netbird;
        let path = dashboard_path(self.config, "NETBIRD_AUTH_REDIRECT_URI", REDIRECT_PATH);
        let mut uris = vec![format!("{}{path}", netbird.endpoint.origin())];
        if let Some(port) = netbird.pkce_ports.first() {
            uris.push(format!("http://localhost:{port}"));
            uris.push(format!("http://localhost:{port}/"));
        }
        uris
    }

    /// Values that were passed in and contradict what will be proven are refused before anything is changed.
    fn contradictions(&self, identity: &Identity) -> Result<(), Error> {
        let discovery_url =
            self.config.connection.public.join(&Oidc::discovery_path(&self.config.wishes.slug));
        let problems = setup_env::contradictions(self.config, &discovery_url, &identity.client_id);
        let Some((first, others)) = problems.split_first() else {
            return Ok(());
        };
        let error = |p: &crate::config::Problem| {
            Error::new(Exit::Config, p.to_string())
                .because("NetBird would answer \"token invalid\" with it")
        };
        others.iter().map(error).for_each(|e| crate::logging::failure(&e));
        Err(error(first))
    }

    /// A 400 about nothing but `redirect_uris` says that this release wants the other shape, whatever its
    /// number says: tried once. If that is refused too, it was about a value, and the first refusal says which.
    fn learns_shape(&mut self, setback: &mut Setback) -> bool {
        let Setback::Trouble(Rung::Apply, trouble) = setback else {
            return false;
        };
        let Kind::Invalid(fields) = &trouble.kind else {
            return false;
        };
        if fields.len() != 1 || !fields.contains_key("redirect_uris") {
            return false;
        }
        if let Some(first) = self.shape_refusal.take() {
            *trouble = first;
            return false;
        }
        let by_number = self.release.is_some_and(Release::lists_redirect_uris);
        self.shape = Some(if by_number { Shape::Text } else { Shape::List });
        self.shape_refusal = Some(trouble.clone());
        true
    }

    fn greet(&mut self, username: &str, is_superuser: bool, release: Release) {
        if self.user.is_some() {
            return;
        }
        self.user = Some(username.to_owned());
        self.is_superuser = is_superuser;
        self.release = Some(release);
        let username = self.transport.excerpt(username);
        info!(stage = "wait", %release, user = %username, "Authentik {release} accepts the token");
        if !is_superuser {
            info!(stage = "wait", user = %username, "the token's user is no administrator: its permissions decide");
        }
        if self.config.wishes.access_groups.is_empty() {
            info!(
                stage = "wait",
                "no AUTHENTIK_ACCESS_GROUPS: unless bound by hand, NetBird is open to every user"
            );
        }
        if release.is_newer_than_known() {
            info!(stage = "wait", "this release is newer than those this program was tested with");
        }
        if release.is_older_than_known() {
            warn!(stage = "wait", "this release is older than those this program was tested with");
        }
    }

    /// A token that may see single objects gets an empty list where another one is: what "does not exist" and
    /// yet cannot be created was not seen.
    fn unseen(&self, setback: &Setback) -> Option<Error> {
        let Setback::Conflict(trouble) = setback else {
            return None;
        };
        let permission = trouble.view_permission().filter(|_| !self.is_superuser)?;
        let what = format!("the token lacks the permission {permission} for all objects");
        Some(
            Error::new(Exit::Rejected, what)
                .because(format!("what it does not see exists already: {trouble}"))
                .remedy("grant it globally, not for single objects (docs/permissions.md)"),
        )
    }

    /// A token that lacks a permission is told apart from one that is not accepted: whose it is, is known.
    fn with_user(&self, mut error: Error) -> Error {
        if let (Exit::Rejected, Some(user)) = (error.exit, &self.user) {
            let user = self.transport.excerpt(user);
            error.what = format!("{} (the token's user is {user})", error.what);
        }
        error
    }
}

fn reason(setback: &Setback) -> String {
    match setback {
        Setback::Missing(objects) => format!("not there yet: {}", objects.join(", ")),
        Setback::Trouble(_, trouble) => trouble.to_string(),
        Setback::Conflict(trouble) => format!("somebody else was faster: {trouble}"),
        Setback::Final(error) => error.to_string(),
    }
}

/// Outposts get empty lists instead of refusals: everything would look as if it did not exist yet.
fn outpost() -> Error {
    Error::new(
        Exit::Rejected,
        "AUTHENTIK_TOKEN is that of an outpost, which may not configure Authentik",
    )
    .because("AUTHENTIK_SECRET_KEY, given as a token, is taken for the embedded outpost's")
    .remedy("give the value of AUTHENTIK_BOOTSTRAP_TOKEN, or another API token of an administrator")
}

fn bug(what: &str) -> Error {
    Error::new(Exit::Bug, what).remedy("please report this bug of netbird-authentik-init")
}
