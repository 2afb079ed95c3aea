//! Reads what the plan is made from: the account first, since it says whether this is the right NetBird, then the rest
//! side by side.

use futures_util::future::try_join3;

use super::asked::Provider;
use super::memory::Memory;
use super::people::{self, Groups};
use super::plan::connector::{Known, Wish};
use super::plan::roles::People;
use super::plan::{Plan, Step, account, connector, roles, settings};
use super::{Connect, Purpose, setback};
use crate::error::{Error, Exit};
use crate::http::Kind;
use crate::http::setback::{Phase, Setback};
use crate::netbird::api::{Reader, Stray};
use crate::state::store::NetBirdSide;
use crate::text::digest;

impl Connect<'_> {
    /// What is to be done.
    pub(super) async fn planned(
        &self,
        reader: Reader<'_>,
        memory: &Memory,
        purpose: Purpose,
    ) -> Result<Plan, Setback> {
        let of = |trouble| setback(trouble, reader.credential);
        // The first request of a new owner: it makes the account, and no other one may race with it.
        let account = reader.account().await.map_err(of)?;
        account::check(&account, self.asked.provider.is_own()).map_err(|error| *error)?;
        let side = memory.side();
        let by_api = self.asked.provider == Provider::OwnByApi;
        let takes_roles = self.asked.takes_roles(side);
        let with_roles = takes_roles || !self.asked.role_groups.is_empty();
        let connectors = async {
            match by_api {
                true => reader.connectors().await.map_err(of),
                false => Ok(Vec::new()),
            }
        };
        let users = async {
            match with_roles {
                true => reader.users().await.map_err(of),
                false => Ok(Vec::new()),
            }
        };
        let groups = async {
            match with_roles && !takes_roles {
                true => {
                    people::read(
                        self.authentik,
                        self.asked,
                        self.client_id(side),
                        memory.installation(),
                    )
                    .await
                }
                // Without entries there is nobody to look for.
                false => Ok(Groups { has_provider: takes_roles, ..Groups::default() }),
            }
        };
        let (connectors, users, groups) = try_join3(connectors, users, groups).await?;

        let mut plan = Plan::default();
        plan.steps.extend(groups.missing.into_iter().map(Step::CreateGroup));
        let mut ours = side.connector_id().map(str::to_owned);
        if by_api {
            let wish = match (self.wish(memory), purpose) {
                (None, Purpose::Look) => self.coming(),
                (wish, _) => wish.ok_or_else(no_client)?,
            };
            connector::plan(&mut plan, &connectors, &wish, &known(side));
            let found = connector::find(&connectors, &wish, &known(side));
            ours = found.ok().flatten().map(|connector| connector.id.clone());
        }
        settings::plan(&mut plan, &account, &self.asked.settings);
        if !with_roles {
            return Ok(plan);
        }
        // Through a connector that is made now nobody has come yet, but through one that was there before, maybe; one of the
        // file is known as soon as init has run.
        let is_known = takes_roles || by_api || ours.is_some() || !self.asked.provider.is_own();
        match (is_known && groups.has_provider, purpose) {
            (true, _) => {
                let is_own = self.asked.provider.is_own();
                let connector = is_own.then(|| ours.as_deref().unwrap_or_default());
                let (entries, given) = (&groups.entries[..], side.roles.as_ref());
                roles::plan(&mut plan, &People { users: &users, connector, entries, given });
            }
            (false, Purpose::Apply) => return Err(no_client()),
            (false, Purpose::Look) => plan.warnings.push(
                "roles are not in this plan: whom they concern is known after init has run"
                    .to_owned(),
            ),
        }
        Ok(plan)
    }

    /// How the provider in Authentik is found: by the client id that it has, as far as it is known.
    fn client_id<'a>(&'a self, side: &'a NetBirdSide) -> &'a str {
        side.client.as_ref().map_or(&self.asked.client_id, |client| &client.id)
    }

    /// The connector that is wished; nothing before `init` has made its client.
    fn wish(&self, memory: &Memory) -> Option<Wish> {
        let (client, secret) = (memory.side().client.as_ref()?, memory.held().client.as_ref()?);
        Some(Wish {
            issuer: client.issuer.clone(),
            client_id: client.id.clone(),
            secret_digest: digest::of(secret.expose()),
        })
    }

    /// The connector that will be wished when `init` has made its client.
    fn coming(&self) -> Wish {
        Wish {
            issuer: self.asked.connector_issuer.clone(),
            client_id: self.asked.client_id.clone(),
            secret_digest: String::new(),
        }
    }

    /// Whether NetBird holds what was written, and sends people to Authentik with it.
    pub(super) async fn verify(
        &self,
        reader: Reader<'_>,
        plan: &Plan,
        memory: &mut Memory,
    ) -> Result<(), Setback> {
        let of = |trouble| setback(trouble, reader.credential);
        if plan.steps.iter().any(|step| matches!(step, Step::ChangeSettings { .. })) {
            let account = reader.account().await.map_err(of)?;
            let (left, _) = settings::differences(&account.settings, &self.asked.settings);
            if let Some(change) = left.first() {
                return Err(not_kept(change.field).into());
            }
        }
        if self.asked.provider != Provider::OwnByApi {
            return Ok(());
        }
        let wish = self.wish(memory).ok_or_else(no_client)?;
        let connectors = reader.connectors().await.map_err(of)?;
        let found =
            connector::find(&connectors, &wish, &known(memory.side())).map_err(|error| *error)?;
        let Some(found) =
            found.filter(|c| c.issuer == wish.issuer && c.client_id == wish.client_id)
        else {
            return Err(not_kept("the connector").into());
        };
        let id = found.id.clone();
        memory.change(|side| side.connector.get_or_insert_default().id = id).await?;
        self.leads_to_authentik(&found.id, &wish).await
    }

    /// A login through the connector is sent to Authentik with this client and redirect URI.
    async fn leads_to_authentik(&self, connector: &str, wish: &Wish) -> Result<(), Setback> {
        let redirect = self.asked.dashboard_redirect();
        let sent =
            self.netbird.login_through(connector, &redirect).await.map_err(|mut trouble| {
                if trouble.status == Some(400) {
                    // Its page says "Connector failed to initialize" while Authentik cannot be reached from there.
                    trouble.kind = Kind::Busy(None);
                    trouble.detail = "NetBird cannot reach Authentik from its container".to_owned();
                }
                setback_of_login(trouble)
            })?;
        let (wanted, callback) = (&self.asked.authorize, self.asked.callback());
        let protocol = |what| Error::new(Exit::Protocol, what);
        match sent.stray(wanted, &callback, &wish.client_id) {
            Some(Stray::Elsewhere) => {
                let what = format!("NetBird sends logins to another place than {wanted}");
                let error = protocol(what).because(sent.place()).remedy(
                    "see that AUTHENTIK_HOST_BROWSER is Authentik's URL as browsers reach it, and that this connector of \
                     NetBird has no overrides of its own",
                );
                Err(error.into())
            }
            Some(Stray::Callback) => {
                let what = format!(
                    "NetBird sends logins to Authentik with another redirect URI than {callback}"
                );
                let remedy = "set NETBIRD_DOMAIN to the name in server.auth.issuer of config.yaml";
                Err(protocol(what).because(sent.url()).remedy(remedy).into())
            }
            Some(Stray::Client) => {
                super::told::restart_note(connector);
                Ok(())
            }
            None => Ok(()),
        }
    }
}

fn setback_of_login(trouble: crate::http::Trouble) -> Setback {
    Setback::Trouble(Phase::Connect, trouble)
}

fn known(side: &NetBirdSide) -> Known<'_> {
    let secret_digest = side.connector.as_ref().and_then(|connector| connector.secret.as_deref());
    Known { id: side.connector_id(), secret_digest }
}

/// `init` runs before, or at the same time: the client in Authentik, and the connector of NetBird's file.
fn no_client() -> Setback {
    Setback::missing(["what init leaves in SETUP_STATE_DIR"])
}

fn not_kept(what: &str) -> Error {
    Error::new(Exit::Protocol, format!("NetBird did not keep {what}"))
        .because("it took the change, and a look afterwards shows something else")
        .remedy("see whether somebody else changes it at the same time, or report this release of NetBird")
}
