//! What is done in NetBird after it started, over its API: the owner's login claims the account, Authentik becomes a
//! connector, settings and roles are kept. A loop as in `converge`: look, plan, apply, look again; a setback is waited out
//! and the loop begins anew. The caller's deadline bounds it.

mod advice;
mod apply;
pub mod asked;
mod credential;
pub mod memory;
mod observe;
mod people;
pub mod plan;
mod told;

use std::path::Path;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tracing::info;

use crate::authentik;
use crate::authentik::advice as by_cause;
use crate::converge::advice as about_authentik;
use crate::error::{Error, Exit, Result};
use crate::http::patience::Patience;
use crate::http::setback::{Decision, Phase, Setback};
use crate::http::{Kind, Trouble};
use crate::log::progress::Progress;
use crate::log::story::Story;
use crate::netbird::api::{Credential, Reader, Server, Writer};

use asked::{Asked, Provider};
use memory::Memory;
use plan::Plan;
use plan::account::{self, Standing};

/// What it works with.
#[derive(Clone, Copy, Debug)]
pub struct Connect<'a> {
    /// What is asked for.
    pub asked: &'a Asked,
    /// Who is asked.
    pub netbird: &'a Server,
    /// Who says who is in which group.
    pub authentik: &'a authentik::Server,
    /// `SETUP_STATE_DIR`.
    pub state_dir: &'a Path,
    /// What is told while it waits.
    pub progress: &'a Progress,
    /// What was told before.
    pub story: &'a Story,
}

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Each write's object, and whether it is new.
    pub steps: Vec<(&'static str, bool)>,
    /// How many objects needed nothing.
    pub unchanged: usize,
    /// When the connector was changed last, in Unix time.
    pub connector_changed_at: Option<u64>,
}

/// What a plan is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    /// To be done: what it needs to know has to be there.
    Apply,
    /// To be shown, maybe before `init` ran: what is not known yet is said.
    Look,
}

/// While nobody owns the account, whoever comes first gets it: so soon is NetBird asked again.
const CLAIM_DELAY: Duration = Duration::from_millis(250);

/// What keeps trying when a credential is refused is no use: NetBird knows its tokens as soon as it answers.
const GRACE: Duration = Duration::ZERO;

impl Connect<'_> {
    /// All of it; what was done is in the tally also if it fails.
    ///
    /// # Errors
    /// What ended it.
    pub async fn run(&self, tally: &mut Tally) -> Result<()> {
        let mut patience = Patience::new(GRACE);
        loop {
            match self.attempt(tally, &mut patience).await {
                Ok(()) => return Ok(()),
                Err(setback) => self.wait_out(&setback, &mut patience).await?,
            }
        }
    }

    /// Looks with the token that was given, and changes nothing; nothing without a token, since a login as the owner would
    /// itself make the account.
    ///
    /// # Errors
    /// What kept it from looking.
    pub async fn look(&self) -> Result<Option<Plan>> {
        if self.asked.access_token.is_none() {
            return Ok(None);
        }
        let mut patience = Patience::new(GRACE);
        loop {
            match self.look_once(&mut patience).await {
                Ok(plan) => return Ok(Some(plan)),
                Err(setback) => self.wait_out(&setback, &mut patience).await?,
            }
        }
    }

    async fn look_once(&self, patience: &mut Patience) -> Result<Plan, Setback> {
        self.answers().await?;
        let memory = Memory::look(self.state_dir).await?;
        let credential = credential::get(self.netbird, self.asked, None).await?;
        let reader = Reader { server: self.netbird, credential: &credential };
        let plan = self.planned(reader, &memory, Purpose::Look).await?;
        patience.ready();
        Ok(plan)
    }

    async fn attempt(&self, tally: &mut Tally, patience: &mut Patience) -> Result<(), Setback> {
        self.netbird.requests().next_attempt();
        let before = Memory::look(self.state_dir).await?;
        let claimed = before.side().owner.is_some();
        let owner = self.asked.owner(before.held());
        let takes_roles = self.asked.takes_roles(before.side());
        let could_take = self.asked.access_token.is_some() || owner.is_some();
        let needed = self.asked.needs_credential(claimed, owner.is_some());
        if !(needed || takes_roles && could_take) {
            if takes_roles {
                self.roles_stay();
            }
            self.nothing_to_do(claimed, owner.is_some());
            return Ok(());
        }
        self.answers().await?;
        // Not while it waits: others need the lock as well.
        let mut memory = Memory::open(self.state_dir).await?;
        let owner = self.asked.owner(memory.held());
        let credential = credential::get(self.netbird, self.asked, owner.as_ref()).await?;
        let reader = Reader { server: self.netbird, credential: &credential };
        let plan = self.planned(reader, &memory, Purpose::Apply).await;
        let plan = plan.map_err(|setback| match (setback, &owner) {
            // NetBird does not know who asks well enough to answer who owns it; the state knows.
            (Setback::Final(error), Some(owner)) if claimed && account::is_about_owner(&error) => {
                account::another_login(&owner.email).into()
            }
            (setback, _) => setback,
        })?;
        patience.ready();
        self.claim(reader, &mut memory).await?;
        self.tell(&plan);
        if let Some((first, others)) = plan.refused.split_first() {
            others.iter().for_each(crate::log::failure);
            return Err(Setback::Final(first.clone()));
        }
        let writer = Writer { server: self.netbird, credential: &credential };
        self.apply(writer, &plan, &mut memory, tally).await?;
        self.verify(reader, &plan, &mut memory).await?;
        tally.unchanged = plan.unchanged;
        tally.connector_changed_at =
            memory.side().connector.as_ref().and_then(|connector| connector.changed_at);
        self.done(tally);
        Ok(())
    }

    /// NetBird answers, has a user, and is the one that is meant.
    async fn answers(&self) -> Result<(), Setback> {
        let at = |trouble| Setback::Trouble(Phase::NetBird, trouble);
        let instance = self.netbird.instance().await.map_err(at)?;
        if instance.setup_required && self.asked.access_token.is_none() {
            return Err(credential::not_set_up(self.asked).into());
        }
        if self.asked.provider == Provider::OwnByApi {
            let wish = self.asked.issuer();
            let said = self.netbird.discovery().await.map_err(at)?.map(|document| document.issuer);
            if said.as_ref() != Some(&wish) {
                return Err(other_issuer(said.as_deref(), &wish).into());
            }
        }
        Ok(())
    }

    /// The first request of the owner's login made the account, if nobody was there before; whose it is, is verified and
    /// remembered.
    async fn claim(&self, reader: Reader<'_>, memory: &mut Memory) -> Result<(), Setback> {
        if reader.credential.is_access_token() {
            return Ok(());
        }
        let users = reader.users().await.map_err(|t| setback(t, reader.credential))?;
        let claimed = memory.side().owner.as_deref();
        match account::standing(&users, claimed).map_err(|error| *error)? {
            Standing::Owner => {
                let me = users.iter().find(|user| user.is_current).map(|user| user.id.clone());
                if memory.side().owner != me {
                    memory.change(|side| side.owner = me).await?;
                    info!(stage = "connect", "the account of NetBird belongs to its owner's login");
                }
            }
            Standing::FormerOwner => {}
        }
        Ok(())
    }

    /// Waits for as long as a setback deserves.
    async fn wait_out(&self, setback: &Setback, patience: &mut Patience) -> Result<()> {
        // What init leaves for this run is missing because init has not run, and not because Authentik is starting.
        let phase = match setback {
            Setback::Missing(_) => Phase::Files,
            _ => setback.phase(),
        };
        match patience.decide(setback, Instant::now()) {
            Decision::GiveUp(ending) if of_authentik(phase) => Err(about_authentik::error(ending)),
            Decision::GiveUp(ending) => Err(advice::error(ending)),
            Decision::Again(delay) => {
                let remedy = match setback {
                    Setback::Trouble(_, trouble) if of_authentik(phase) => {
                        by_cause::remedy(trouble)
                    }
                    _ => advice::waiting(setback),
                };
                self.progress.waiting(phase, &reason(setback), remedy);
                let soon = phase == Phase::NetBird && self.asked.login.is_some();
                sleep(if soon { delay.min(CLAIM_DELAY) } else { delay }).await;
                Ok(())
            }
        }
    }
}

/// Phases in which Authentik is asked, of a run on NetBird.
fn of_authentik(phase: Phase) -> bool {
    !matches!(phase, Phase::NetBird | Phase::Connect)
}

/// What trouble with NetBird's API means to this credential.
fn setback(trouble: Trouble, credential: &Credential) -> Setback {
    match &trouble.kind {
        Kind::Token => credential::rejected(credential, &trouble.detail).into(),
        Kind::Permission(_) => credential::forbidden(credential, &trouble.detail).into(),
        _ => Setback::Trouble(Phase::Connect, trouble),
    }
}

fn reason(setback: &Setback) -> String {
    match setback {
        Setback::Trouble(_, trouble) | Setback::Conflict(trouble) => trouble.to_string(),
        Setback::Missing(missing) => format!("not there yet: {}", missing.names()),
        Setback::Doubtful(error) | Setback::Unproven(error) | Setback::Final(error) => {
            error.to_string()
        }
    }
}

fn other_issuer(said: Option<&str>, wish: &str) -> Error {
    let Some(said) = said else { return account::without_provider() };
    let what = format!("NetBird's own provider has the issuer {said}, not {wish}");
    Error::new(Exit::Refused, what)
        .because("Authentik would send people back to another NetBird than this one")
        .remedy(
            "set NETBIRD_DOMAIN (or NETBIRD_MGMT_API_ENDPOINT) to what server.exposedAddress and server.auth.issuer of \
             config.yaml have, or NB_MANAGEMENT_URL to the right NetBird",
        )
}

/// The time, as the state has it.
fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}
