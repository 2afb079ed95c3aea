//! The pipeline as one loop: probe, observe, plan, apply, verify; a setback is waited out and the loop begins
//! anew, since looking again is always safe. The caller's deadline bounds it all.

mod advice;
pub mod apply;
pub mod desired;
mod greet;
pub mod observe;
pub mod plan;
mod prove;
mod waiting;

use futures_util::future::join;
use tokio::time::{Instant, sleep};

use crate::authentik::redirect::Shape;
use crate::authentik::{Reader, Release, Server, Writer};
use crate::config::Config;
use crate::error::{Error, Exit, Result};
use crate::http::patience::Patience;
use crate::http::setback::{Decision, Phase, Setback};
use crate::http::{Kind, Trouble};
use crate::log::progress::Progress;
use crate::log::story::Story;
use crate::netbird::Registration;
use crate::proof::Proof;
use crate::text::Secret;

use apply::{Tally, apply};
use desired::Desired;
use observe::Observed;
use plan::{Plan, References};

/// Brings Authentik to what the configuration asks for, or only looks: what it is given.
#[derive(Clone, Copy, Debug)]
pub struct Converge<'a> {
    /// What is asked for.
    pub config: &'a Config,
    /// Who is asked.
    pub server: &'a Server,
    /// The service account's app password, if there is one already.
    pub app_password: Option<&'a Secret>,
    /// What is told while it waits.
    pub progress: &'a Progress,
    /// What was told before.
    pub story: &'a Story,
}

/// What attempts learn and later ones need, whether they get through or not.
#[derive(Debug, Default)]
pub struct Learnt {
    /// Whose token it is.
    token_user: Option<TokenUser>,
    /// How this server wants redirect URIs, if its number told otherwise; and the refusal that said so.
    shape: Option<(Shape, Trouble)>,
    /// What was done.
    pub tally: Tally,
    /// How many objects needed nothing.
    pub unchanged: usize,
}

/// The token's user, and the server's release: the first two answers.
#[derive(Clone, Debug)]
struct TokenUser {
    username: String,
    is_superuser: bool,
    release: Release,
}

/// What looking came to.
#[derive(Debug)]
pub struct Look {
    /// What this release is asked to hold.
    pub desired: Desired,
    /// What would be done.
    pub plan: Plan,
    /// What is there.
    pub observed: Observed,
}

impl Look {
    /// What a proof can be held against now: application and provider are there, whatever is wrong with them.
    pub fn provable(&self) -> Option<&Registration> {
        self.observed.found.linked()?;
        self.plan.registration.as_ref()
    }
}

impl Converge<'_> {
    /// All of it.
    ///
    /// # Errors
    /// What ended it.
    pub async fn run(&self, learnt: &mut Learnt) -> Result<Proof> {
        let mut patience = Patience::new(self.config.timing.auth_grace);
        loop {
            match self.attempt(learnt, &mut patience).await {
                Ok(proof) => return Ok(proof),
                Err(setback) => self.wait_out(setback, &mut patience, learnt).await?,
            }
        }
    }

    /// Observes and plans, and writes nothing.
    ///
    /// # Errors
    /// What ended it. A plan that would be refused is no error here.
    pub async fn look(&self, learnt: &mut Learnt) -> Result<Look> {
        let mut patience = Patience::new(self.config.timing.auth_grace);
        loop {
            match self.look_once(learnt, &mut patience).await {
                Ok(look) => return Ok(look),
                Err(setback) => self.wait_out(setback, &mut patience, learnt).await?,
            }
        }
    }

    /// Waits for as long as a setback deserves.
    async fn wait_out(
        &self,
        mut setback: Setback,
        patience: &mut Patience,
        learnt: &mut Learnt,
    ) -> Result<()> {
        if learnt.learns_shape(&mut setback) {
            return Ok(());
        }
        match patience.decide(&setback, Instant::now()) {
            Decision::GiveUp(ending) => {
                let error = learnt.unseen(&setback).unwrap_or_else(|| advice::error(ending));
                Err(learnt.with_user(error))
            }
            Decision::Again(delay) => {
                let reason = waiting::reason(&setback, self.config.timing.auth_grace);
                self.progress.waiting(setback.phase(), &reason, waiting::remedy(&setback));
                sleep(delay).await;
                Ok(())
            }
        }
    }

    async fn look_once(
        &self,
        learnt: &mut Learnt,
        patience: &mut Patience,
    ) -> Result<Look, Setback> {
        let at = |phase| move |trouble: Trouble| Setback::Trouble(phase, trouble);
        let reader = Reader(self.server);
        self.server.requests().next_attempt();

        // Not the first failure of the two: the reason that is told would alternate between them.
        let (me, release) = join(reader.me(), reader.release()).await;
        let (me, release) =
            (me.map_err(at(Phase::Reachable))?, release.map_err(at(Phase::Reachable))?);
        patience.accepted();
        self.progress.passed(Phase::Token);
        self.greet(learnt, &me.user.username, me.user.is_superuser, release);
        if me.user.is_outpost() {
            return Err(Setback::Final(learnt.with_user(greet::outpost())));
        }

        let desired = Desired::new(self.config, release, self.app_password);
        let observed =
            Observed::read(reader, &desired, release).await.map_err(at(Phase::Objects))?;
        let shape = learnt.shape.as_ref().map(|(shape, _)| *shape);
        let references =
            References::resolve(&desired, &observed, shape).map_err(Setback::Missing)?;
        patience.ready();
        self.progress.passed(Phase::Objects);

        let plan = Plan::new(&desired, &observed, &references);
        Ok(Look { desired, plan, observed })
    }

    async fn attempt(
        &self,
        learnt: &mut Learnt,
        patience: &mut Patience,
    ) -> Result<Proof, Setback> {
        let Look { desired, plan, observed } = self.look_once(learnt, patience).await?;
        if let Some((first, others)) = plan.refused.split_first() {
            others.iter().for_each(crate::log::failure);
            return Err(Setback::Final(first.clone()));
        }
        let bug = || Error::new(Exit::Bug, "a plan without a registration");
        let registration = plan.registration.as_ref().ok_or_else(bug)?;
        self.contradictions(registration)?;

        let first = learnt.tally.is_empty();
        let writer = Writer(self.server);
        apply(writer, observed.release, &plan, self.app_password, &mut learnt.tally).await?;
        self.progress.passed(Phase::Apply);
        if first {
            // On a second attempt, what the first one did counts as done, not as unchanged.
            learnt.unchanged = plan.unchanged;
        }

        let token = observed.access.token.clone().filter(|_| plan.steps.is_empty());
        self.prove_user_list(&desired, registration, token).await?;
        self.prove(&desired, registration).await
    }
}

impl Learnt {
    /// A 400 about nothing but `redirect_uris` says that this release wants the other shape, whatever its
    /// number says: tried once. If that is refused too, it was about a value, and the first refusal says which.
    fn learns_shape(&mut self, setback: &mut Setback) -> bool {
        let (Setback::Trouble(Phase::Apply, trouble) | Setback::Conflict(trouble)) = setback else {
            return false;
        };
        let Kind::Invalid(fields) = &trouble.kind else {
            return false;
        };
        if fields.len() != 1 || !fields.contains_key("redirect_uris") {
            return false;
        }
        if let Some((_, first)) = &self.shape {
            *trouble = Trouble { in_a_row: trouble.in_a_row, ..first.clone() };
            return false;
        }
        let by_number = self.token_user.as_ref().is_some_and(|u| u.release.lists_redirect_uris());
        let other = if by_number { Shape::Text } else { Shape::List };
        self.shape = Some((other, trouble.clone()));
        true
    }
}
