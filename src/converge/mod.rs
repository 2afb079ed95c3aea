//! The pipeline as one loop: probe, observe, plan, apply, verify; a setback is waited out and the loop begins
//! anew, since looking again is always safe. One deadline bounds it all.

mod prove;
mod token;

use std::sync::Arc;

use futures_util::future::join;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

use crate::apply::{Tally, apply};
use crate::authentik::reader::Reader;
use crate::authentik::redirect::Shape;
use crate::authentik::release::Release;
use crate::authentik::transport::Transport;
use crate::authentik::trouble::{Kind, Trouble};
use crate::authentik::writer::Writer;
use crate::config::Config;
use crate::desired::Desired;
use crate::error::{Error, Exit, Result};
use crate::observe::Observed;
use crate::patience::{Decision, Patience, Rung, Setback};
use crate::plan::{Identity, Plan, References};
use crate::progress::{Progress, REPEAT};
use crate::render::Facts;
use crate::secret::Secret;
use crate::story::Story;

/// Brings Authentik to what the configuration asks for, or only looks.
#[derive(Debug)]
pub struct Converge<'a> {
    config: &'a Config,
    transport: &'a Transport,
    app_password: Option<Secret>,
    login_retried: bool,
    progress: Arc<Progress>,
    story: Arc<Story>,
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
    /// Objects that were as they shall be.
    pub unchanged: usize,
}

impl<'a> Converge<'a> {
    /// Nothing is sent yet.
    pub fn new(
        config: &'a Config,
        transport: &'a Transport,
        app_password: Option<Secret>,
        story: Arc<Story>,
    ) -> Self {
        Self {
            config,
            transport,
            app_password,
            login_retried: false,
            progress: Arc::new(Progress::new(Arc::clone(&story))),
            story,
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
        Ok(Converged { facts, unchanged: self.unchanged })
    }

    /// What was done so far, also by a run that failed in the end.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Observes and plans, and writes nothing.
    ///
    /// # Errors
    /// What ended it. A plan that would be refused is no error here.
    pub async fn look(&mut self) -> Result<Look> {
        self.persist(false).await.map(|(look, _)| look)
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
            self.transport.requests().next_attempt();
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
            return Err(Setback::Final(self.with_user(token::outpost())));
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

        let first = self.tally.is_empty();
        let password = self.app_password.as_ref();
        apply(Writer(self.transport), release, &plan, password, &mut self.tally).await?;
        self.progress.passed(Rung::Apply);
        if first {
            // On a second attempt, what the first one did counts as done, not as unchanged.
            self.unchanged = plan.unchanged;
        }

        let token = observed.access.token.clone().filter(|_| plan.steps.is_empty());
        self.prove_user_list(&desired, &identity, token).await?;
        let facts = self.prove(&identity, release).await?;
        Ok((Look { plan, observed, release }, Some(facts)))
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
}

fn reason(setback: &Setback) -> String {
    match setback {
        Setback::Missing(objects) => format!("not there yet: {}", objects.join(", ")),
        Setback::Trouble(_, trouble) => trouble.to_string(),
        Setback::Conflict(trouble) => format!("somebody else was faster: {trouble}"),
        Setback::Final(error) => error.to_string(),
    }
}

fn bug(what: &str) -> Error {
    Error::new(Exit::Bug, what).remedy("please report this bug of netbird-authentik-init")
}
