//! The pipeline as one loop: probe, observe, plan, apply, verify; a setback is waited out and the loop begins
//! anew, since looking again is always safe. The caller's deadline bounds it all.

pub mod advice;
mod alone;
pub mod apply;
mod awaited;
pub mod desired;
mod greet;
mod intent;
mod kept;
mod learnt;
mod look;
mod made;
pub mod observe;
pub mod plan;
mod prove;
mod reach;
mod remember;
mod user_list;
mod verified;
mod waiting;

use futures_util::future::join;
use tokio::time::{Instant, sleep};

use crate::authentik::{Reader, Server, Writer};
use crate::config::Config;
use crate::error::{Error, Exit, Result};
use crate::http::patience::Patience;
use crate::http::setback::{Decision, Ending, Phase, Setback};
use crate::log::progress::Progress;
use crate::log::story::Story;
use crate::proof::Proof;
use crate::state::Memory;
use crate::state::store::Remembered;
use crate::text::{Secret, redact};

use apply::Applying;
use made::Made;
use observe::{Continuity, USER_LIST};
use plan::{Plan, Target};
use verified::note_login;

pub use greet::outpost;
pub use learnt::Learnt;
pub use look::Look;

/// Brings Authentik to what the configuration asks for, or only looks: what it is given.
#[derive(Clone, Copy, Debug)]
pub struct Converge<'a> {
    /// What is asked for.
    pub config: &'a Config,
    /// Who is asked.
    pub server: &'a Server,
    /// The service account's app password, if there is one already.
    pub app_password: Option<&'a Secret>,
    /// What is known from before.
    pub memory: &'a Memory,
    /// Whether to ask what was verified before, too.
    pub thorough: bool,
    /// Whether to look for what is left of earlier versions, too: `init` has no use for it.
    pub checks: bool,
    /// What is told while it waits.
    pub progress: &'a Progress,
    /// What was told before.
    pub story: &'a Story,
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

    /// What is remembered if nothing is done, and everything is found to work.
    pub fn conclude(&self, look: &Look) -> Remembered {
        let mut concluded = self.memory.remembered();
        remember::conclude(&look.desired, &look.observed, &Made::default(), &mut concluded);
        note_login(self.digest_of(look), &mut concluded);
        concluded
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
                learnt.away = setback.phase() <= Phase::Token;
                let reason = waiting::reason(&setback, self.config.timing.auth_grace);
                self.progress.waiting(setback.phase(), &reason, waiting::remedy(&setback));
                sleep(delay).await;
                Ok(())
            }
        }
    }

    async fn attempt(
        &self,
        learnt: &mut Learnt,
        patience: &mut Patience,
    ) -> Result<Proof, Setback> {
        let look = self.look_once(learnt, patience).await?;
        let Look { desired, plan, observed } = &look;
        if let Some((first, others)) = plan.refused.split_first() {
            others.iter().for_each(crate::log::failure);
            return Err(Setback::Final(first.clone()));
        }
        let bug = || Error::new(Exit::Bug, "a plan without a registration");
        let mut registration = plan.registration.clone().ok_or_else(bug)?;
        if let Some(trouble) = learnt.made.refused_for_good(plan) {
            let unseen = learnt.unseen(&Setback::Conflict(trouble.clone()));
            let invalid = || advice::error(Ending::Invalid(trouble.clone()));
            return Err(Setback::Final(unseen.unwrap_or_else(invalid)));
        }
        self.tell(plan);
        if observed.continuity == Continuity::Other {
            self.memory.note(Remembered::forget_authentik).await?;
        }
        let known = self.memory.remembered().verified.contains_key(USER_LIST);
        if known && plan.steps.iter().any(|step| step.target == Target::AppPassword) {
            // A run that ends in between leaves one with another key, which no answer tells.
            self.memory.note(|remembered| drop(remembered.verified.remove(USER_LIST))).await?;
        }
        let first = learnt.tally.is_empty();
        let applying = Applying {
            writer: Writer(self.server),
            release: observed.release,
            me: observed.me.pk,
            app_password: self.app_password,
            memory: self.memory,
        };
        applying.apply(plan, &mut learnt.tally, &mut learnt.made).await?;
        self.progress.passed(Phase::Apply);
        if desired.provider.needs_secret && registration.secret.is_none() {
            registration.secret = Some(self.secret_of(&registration.client_id).await?);
        }
        if first {
            // On a second attempt, what the first one did counts as done, not as unchanged.
            learnt.unchanged = plan.unchanged;
        }

        let token = self.log_in(&look, &registration).await?;
        let listing = self.lists_users(&look, token.as_ref());
        let verifying = self.prove(learnt, &look, &registration, token.as_ref());
        let (listed, proof) = join(listing, verifying).await;
        // Before the account existed nobody could see what keeps it out: another look may.
        learnt.login_refused |= matches!(listed, Err(Setback::Unproven(_)));
        let proof = listed.and(proof)?;
        learnt.told = Plan { steps: Vec::new(), ..look.plan };
        learnt.last = Some((look.desired, look.observed));
        Ok(proof)
    }

    /// The secret of a confidential client that was just made: Authentik makes it, and alone knows it.
    async fn secret_of(&self, client_id: &str) -> Result<Secret, Setback> {
        let reader = Reader(self.server);
        let at = |trouble| Setback::Trouble(Phase::Apply, trouble);
        let found = reader.providers("client_id", client_id).await.map_err(at)?;
        let secret = found.into_iter().next().map(|provider| provider.client_secret);
        let secret = secret.filter(|secret| !secret.expose().is_empty());
        let secret = secret.ok_or_else(|| Setback::missing(["the client's secret"]))?;
        redact::learn(&secret);
        Ok(secret)
    }
}
