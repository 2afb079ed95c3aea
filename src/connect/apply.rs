//! Carries the plan out, step by step. What must not be forgotten is remembered before the request that makes it true: a
//! role that this container gives, and after the answer, at once: the id of a connector.

use tracing::info;

use super::memory::Memory;
use super::plan::roles::USER;
use super::plan::{Plan, Step};
use super::told::restart_note;
use super::{Connect, Tally, advice, now, setback};
use crate::authentik::Writer as AuthentikWriter;
use crate::authentik::writer::Operation;
use crate::authentik::{Reader as AuthentikReader, conflict};
use crate::error::{Error, Exit};
use crate::http::setback::{Phase, Setback};
use crate::http::{Kind, Trouble};
use crate::netbird::api::Writer;
use crate::netbird::api::model::{Connector, User};
use crate::state::store::KnownConnector;
use crate::text::digest;

impl Connect<'_> {
    /// Does every step in order.
    pub(super) async fn apply(
        &self,
        writer: Writer<'_>,
        plan: &Plan,
        memory: &mut Memory,
        tally: &mut Tally,
    ) -> Result<(), Setback> {
        for step in &plan.steps {
            match step {
                Step::CreateGroup(name) => self.create_group(name).await?,
                Step::CreateConnector(wish) => self.create_connector(writer, wish, memory).await?,
                Step::ChangeConnector(wish, _) => {
                    self.change_connector(writer, wish, memory).await?;
                }
                Step::ChangeSettings { id, whole, .. } => {
                    let written = writer.replace_settings(id, whole).await;
                    written.map_err(|trouble| setback(trouble, writer.credential))?;
                }
                Step::ChangeUser { user, approve, role } => {
                    change_user(writer, user, *approve, role.as_deref(), memory).await?;
                }
            }
            tally.steps.push((step.object(), step.creates()));
            info!(stage = "connect", object = step.object(), "{}", step.headline());
            for change in step.changes() {
                info!(stage = "connect", object = step.object(), "    {change}");
            }
        }
        let keeps_roles = !self.asked.role_groups.is_empty();
        memory
            .change(|side| {
                // From now on what is not remembered was not given.
                if keeps_roles {
                    side.roles.get_or_insert_default();
                }
                if let Some(roles) = &mut side.roles {
                    plan.forget.iter().for_each(|id| {
                        roles.remove(id);
                    });
                    roles.extend(plan.keep.iter().cloned());
                }
            })
            .await?;
        Ok(())
    }

    /// A group that `SETUP_ROLE_GROUPS` names, empty.
    async fn create_group(&self, name: &str) -> Result<(), Setback> {
        let at = |trouble| Setback::Trouble(Phase::Apply, trouble);
        let release = AuthentikReader(self.authentik).release().await.map_err(at)?;
        let body = serde_json::json!({"name": name});
        let made =
            AuthentikWriter(self.authentik).write(release, &Operation::CreateGroup, &body).await;
        made.map(|_| ()).map_err(|trouble| match conflict::is_conflict(&trouble) {
            true => Setback::Conflict(trouble),
            false => at(trouble),
        })
    }

    async fn create_connector(
        &self,
        writer: Writer<'_>,
        wish: &Connector,
        memory: &mut Memory,
    ) -> Result<(), Setback> {
        let Some(secret) = memory.held().client.clone() else {
            return Err(Error::new(Exit::Bug, "a connector without a client secret").into());
        };
        let before = memory.side().connector.clone();
        let mut known = KnownConnector {
            secret: Some(digest::of(secret.expose())),
            ..KnownConnector::default()
        };
        // A run that dies before the answer must know with which secret it was made.
        let intent = known.clone();
        memory.change(|side| side.connector = Some(intent)).await?;
        match writer.create_connector(wish, &secret).await {
            Ok(made) => known.id = made.id,
            Err(trouble) => {
                if trouble.status.is_some() {
                    memory.change(|side| side.connector = before).await?;
                }
                return Err(refused(trouble, writer));
            }
        }
        Ok(memory.change(|side| side.connector = Some(known)).await?)
    }

    async fn change_connector(
        &self,
        writer: Writer<'_>,
        wish: &Connector,
        memory: &mut Memory,
    ) -> Result<(), Setback> {
        let Some(secret) = memory.held().client.clone() else {
            return Err(Error::new(Exit::Bug, "a connector without a client secret").into());
        };
        writer.change_connector(wish, &secret).await.map_err(|t| refused(t, writer))?;
        let known = KnownConnector {
            id: wish.id.clone(),
            secret: Some(digest::of(secret.expose())),
            changed_at: Some(now()),
        };
        memory.change(|side| side.connector = Some(known)).await?;
        restart_note(&wish.id);
        Ok(())
    }
}

/// What a refused connector means: NetBird asks Authentik before it takes one.
fn refused(mut trouble: Trouble, writer: Writer<'_>) -> Setback {
    match (trouble.status, advice::issuer_check(&trouble)) {
        (Some(422), advice::IssuerCheck::Never(error)) => error.into(),
        (Some(422), advice::IssuerCheck::Later) => {
            trouble.kind = Kind::Busy(None);
            // It asked, and may hear another answer soon: that is no failure of this request.
            trouble.in_a_row = 0;
            Setback::Trouble(Phase::Connect, trouble)
        }
        _ => setback(trouble, writer.credential),
    }
}

async fn change_user(
    writer: Writer<'_>,
    user: &User,
    approve: bool,
    role: Option<&str>,
    memory: &mut Memory,
) -> Result<(), Setback> {
    let mut user = user.clone();
    if approve {
        let approved = writer.approve(&user.id).await;
        match approved {
            Ok(approved) => user = approved,
            // Somebody was faster: look again.
            Err(trouble) if trouble.status == Some(422) => return Err(Setback::Conflict(trouble)),
            Err(trouble) => return Err(setback(trouble, writer.credential)),
        }
    }
    let Some(role) = role else { return Ok(()) };
    if role != USER {
        // Before it is true: a run that dies in between must be able to take it away again.
        let id = user.id.clone();
        memory
            .change(|side| {
                side.roles.get_or_insert_default().insert(id, role.to_owned());
            })
            .await?;
    }
    let changed = writer.set_role(&user, role).await;
    let changed = changed.map_err(|trouble| setback(trouble, writer.credential))?;
    if changed.role != role {
        return Err(Error::new(
            Exit::Protocol,
            format!("NetBird did not give {} the role {role}", user.shown()),
        )
        .because("its answer shows another one")
        .remedy("give it in NetBird's dashboard, or report this release of NetBird")
        .into());
    }
    Ok(())
}
