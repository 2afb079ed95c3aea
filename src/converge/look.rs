//! One look at everything: whose token it is, what Authentik holds, and what is to be done about it.

use futures_util::future::join;

use super::awaited::Awaited;
use super::desired::Desired;
use super::greet::outpost;
use super::observe::Observed;
use super::plan::{Lacking, Plan, References};
use super::{Converge, Learnt};
use crate::authentik::model::User;
use crate::authentik::redirect::Shape;
use crate::authentik::{Reader, Release};
use crate::http::Trouble;
use crate::http::patience::Patience;
use crate::http::setback::{Phase, Setback};
use crate::netbird::Registration;
use crate::text::redact;

/// What may be another run in the middle of its work is looked at so often, which takes some seconds.
const DOUBTS: u32 = 8;

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
    /// Whose token it is, and which release answers.
    ///
    /// # Errors
    /// Any [`Trouble`] of the two questions.
    pub async fn who(&self) -> Result<(User, Release), Trouble> {
        let reader = Reader(self.server);
        // Not the first failure of the two: the reason that is told would alternate between them.
        let (me, release) = join(reader.me(), reader.release()).await;
        Ok((me?.user, release?))
    }

    /// The same where nobody answered the time before: one question tells whether somebody does now.
    async fn who_at_all(&self) -> Result<(User, Release), Trouble> {
        let reader = Reader(self.server);
        let me = reader.me().await?;
        Ok((me.user, reader.release().await?))
    }

    /// What Authentik is asked to hold, and what it holds.
    ///
    /// # Errors
    /// The first [`Trouble`].
    pub async fn observe(
        &self,
        user: User,
        release: Release,
        login_refused: bool,
    ) -> Result<(Desired, Observed), Trouble> {
        let desired =
            Desired::new(self.config, release, self.app_password, &self.memory.client_ports);
        let (reader, mut remembered) = (Reader(self.server), self.memory.remembered());
        if self.thorough {
            // What was seen once is asked again: somebody may have changed it since.
            remembered.verified.clear();
        }
        let asked = (login_refused, self.checks);
        let observed = Observed::read(reader, &desired, release, user, &remembered, asked).await?;
        if let Some(provider) = observed.found.linked() {
            redact::learn(&provider.client_secret);
        }
        Ok((desired, observed))
    }

    /// What is to be done, or what is missing for it.
    ///
    /// # Errors
    /// Objects that are referred to and are not there.
    pub fn plan(
        &self,
        desired: &Desired,
        observed: &Observed,
        shape: Option<Shape>,
    ) -> Result<Plan, Lacking> {
        let references = References::resolve(desired, observed, shape)?;
        let mut plan = Plan::new(desired, observed, &references, self.memory);
        self.add_reach(&mut plan);
        Ok(plan)
    }

    pub(super) async fn look_once(
        &self,
        learnt: &mut Learnt,
        patience: &mut Patience,
    ) -> Result<Look, Setback> {
        let at = |phase| move |trouble: Trouble| Setback::Trouble(phase, trouble);
        self.server.requests().next_attempt();
        let shape = learnt.shape.as_ref().map(|(shape, _)| *shape);
        if let Some(mut awaited) = learnt.awaited.take() {
            let asked = awaited.ask(Reader(self.server), shape).await;
            if let Some(lacking) = asked.map_err(at(Phase::Objects))? {
                learnt.awaited = Some(awaited);
                return Err(Setback::Missing(lacking.missing));
            }
        }
        let asked = if learnt.away { self.who_at_all().await } else { self.who().await };
        let (user, release) = asked.map_err(at(Phase::Reachable))?;
        learnt.away = false;
        patience.accepted();
        self.progress.passed(Phase::Token);
        self.greet(learnt, &user.username, user.is_superuser, release);
        if user.is_outpost() {
            return Err(Setback::Final(learnt.with_user(outpost())));
        }
        let observed = self.observe(user, release, learnt.login_refused).await;
        let (desired, observed) = observed.map_err(at(Phase::Objects))?;
        let plan = match self.plan(&desired, &observed, shape) {
            Ok(plan) => plan,
            Err(lacking) => {
                learnt.awaited = Some(Awaited { desired, observed });
                return Err(Setback::Missing(lacking.missing));
            }
        };
        // What is refused may be why the service account got no answer.
        let unanswered = observed.account.trouble.as_ref().filter(|_| plan.refused.is_empty());
        if let Some(trouble) = unanswered {
            return Err(at(Phase::Objects)(trouble.clone()));
        }
        patience.ready();
        self.progress.passed(Phase::Objects);
        let passing = !plan.refused.is_empty() && plan.refused.iter().all(|error| error.retryable);
        learnt.doubts = if passing { learnt.doubts + 1 } else { 0 };
        if let Some(first) = plan.refused.first().filter(|_| passing && learnt.doubts < DOUBTS) {
            return Err(Setback::Doubtful(first.clone()));
        }
        Ok(Look { desired, plan, observed })
    }
}
