//! Reads who may open the application. Where groups are asked for, all of it is needed; else it only informs, and a
//! token that may not see it is no reason to stop.

use std::collections::BTreeSet;
use std::time::SystemTime;

use futures_util::future::{join_all, try_join_all, try_join4};

use super::installation::same_user;
use super::{Found, Observed, between_answers, permitted};
use crate::authentik::model::{Application, User};
use crate::authentik::people::{Binding, Group};
use crate::authentik::{Reader, Release, time};
use crate::config;
use crate::converge::desired::Desired;
use crate::http::{Kind, Trouble};
use crate::state::own::BoundGroup;
use crate::state::store::Remembered;

/// What there is.
#[derive(Debug, Default)]
pub struct Access {
    /// The application, if there is one and it could be read.
    pub application: Option<Bound>,
    /// Its bindings; nothing where they could not be read.
    pub bindings: Option<Vec<Binding>>,
    /// The wished groups that exist; before 2025.12 several may have one name.
    pub groups: Vec<Group>,
    /// Whether an application without bindings is open to everyone; nothing where that is not known.
    pub open_by_default: Option<bool>,
    /// Whether that was not asked now, but when it was asked last.
    pub is_open_by_memory: bool,
    /// Groups that were bound while the variable was set, where nothing keeps anybody out any more since it is unset.
    pub bound_before: Vec<BoundGroup>,
    /// What was asked before the provider was known.
    early: Early,
}

/// Answers to what the state made worth asking.
#[derive(Debug, Default)]
pub struct Early {
    /// The application of the slug, or that there is none; nothing where it was not asked, or may not be seen.
    pub application: Option<Option<Application>>,
    /// Whether the token may not see it.
    denied: bool,
    /// Bindings of the application that is remembered, with its primary key.
    bindings: Option<(String, Vec<Binding>)>,
    /// What the system settings say, where they were asked; nothing in it where the token may not see them.
    open: Option<Option<bool>>,
}

/// What bindings are bound to.
#[derive(Clone, Debug)]
pub struct Bound {
    /// Primary key of the application.
    pub pk: String,
    /// `any` or `all` of the bindings must let a user in; nothing where only the key is known.
    pub mode: Option<String>,
}

impl Bound {
    fn of(application: Application) -> Self {
        Self { pk: application.pk, mode: Some(application.policy_engine_mode) }
    }
}

/// Whether what several bindings come to matters.
fn asks_for_groups(desired: &Desired) -> bool {
    matches!(desired.access, config::Access::Groups(_))
}

/// Under this key the state remembers the release whose settings open applications without bindings to everyone.
pub const OPEN_BY_DEFAULT: &str = "core_default_app_access";

impl Access {
    /// What can be asked before the provider is known: groups, and the bindings of the application that is remembered.
    /// The application itself is a dear question: asked where nothing is remembered, and where several bindings may come
    /// to another thing if all of them must agree, which nothing else tells.
    ///
    /// # Errors
    /// The first [`Trouble`].
    pub(super) async fn first(
        reader: Reader<'_>,
        desired: &Desired,
        release: Release,
        remembered: &Remembered,
        me: &User,
    ) -> Result<Self, Trouble> {
        let groups = try_join_all(desired.access.groups().iter().map(|name| reader.groups(name)));
        let known = remembered.installation.as_ref().filter(|known| same_user(known, me));
        let hint = known.and_then(|known| known.application.clone());
        let reads = hint.is_none() || asks_for_groups(desired);
        let application = async {
            match reads {
                true => permitted(reader.application(&desired.slug).await),
                false => Ok(None),
            }
        };
        let bindings = async {
            let Some(pk) = hint else { return Ok(None) };
            match reader.bindings(&pk).await {
                Ok(bindings) => Ok(Some((pk, bindings))),
                // It is gone (real servers answer 400), or may not be seen.
                Err(Trouble { kind: Kind::Permission(_) | Kind::Invalid(_), .. }) => Ok(None),
                Err(trouble) => Err(trouble),
            }
        };
        let settings = known.is_none() && release.has_default_access();
        let open = async {
            match settings && desired.access.groups().is_empty() {
                true => permitted(reader.default_access().await).map(Some),
                false => Ok(None),
            }
        };
        let (groups, application, bindings, open) =
            try_join4(groups, application, bindings, open).await?;
        let denied = reads && application.is_none();
        let early = Early { application, denied, bindings, open };
        let groups = groups.into_iter().flatten().collect();
        Ok(Self { groups, early, ..Self::default() })
    }

    /// Whether there is an application, as far as that was asked early.
    pub(super) fn early_application(&self) -> Option<&Option<Application>> {
        self.early.application.as_ref()
    }

    /// The same without what was seen of the application: it is looked at anew.
    pub(super) fn anew(self) -> Self {
        Self { groups: self.groups, ..Self::default() }
    }

    /// The rest, now that the provider is known; `shut_out` if the service account could not log in.
    ///
    /// # Errors
    /// The first [`Trouble`].
    pub(super) async fn settle(
        &mut self,
        reader: Reader<'_>,
        desired: &Desired,
        observed: &Observed,
        remembered: &Remembered,
        shut_out: bool,
    ) -> Result<(), Trouble> {
        // What was bound before must be bound before the application is linked: nobody may overlook it then.
        let was_bound = remembered.bindings.iter().any(|known| known.user.is_none());
        let links = was_bound && observed.found.linked().is_none();
        let needed = desired.access != config::Access::Unset || shut_out || links;
        match &observed.found {
            Found::NoApplication(_) => self.bindings = Some(Vec::new()),
            Found::NoProvider(application, _) | Found::OtherType(application, _) => {
                self.application = Some(Bound::of(application.clone()));
            }
            Found::Linked(provider) => {
                let Early { application, denied, bindings, open } = std::mem::take(&mut self.early);
                self.early.open = open;
                let mode = asks_for_groups(desired) || shut_out;
                let same = remembered.provider == Some(provider.pk) && !mode;
                match (application.flatten(), &bindings) {
                    (Some(told), _) => self.application = Some(Bound::of(told)),
                    // The provider tells an application that was made anew under the same slug.
                    (None, Some((pk, _))) if same => {
                        self.application = Some(Bound { pk: pk.clone(), mode: None });
                    }
                    (None, _) if denied && !needed => {}
                    (None, _) => self.read_application(reader, desired, needed).await?,
                }
                let application = self.application.as_ref().map(|application| &application.pk);
                let hinted = bindings.filter(|(pk, _)| application == Some(pk));
                self.bindings = hinted.map(|(_, bindings)| bindings);
            }
        }
        if let (Some(application), None) = (&self.application, &self.bindings) {
            let bindings = reader.bindings(&application.pk).await;
            self.bindings = if needed { Some(bindings?) } else { permitted(bindings)? };
        }
        let bound = self.bindings.iter().flatten().any(|binding| in_force(binding, observed.at));
        let may_open = !bound || observed.found.linked().is_none();
        if desired.access == config::Access::Unset && self.bindings.is_some() && may_open {
            let groups = remembered.bindings.iter().filter(|known| known.user.is_none());
            self.bound_before = groups.cloned().collect();
            let names = self.bound_before.iter().map(|known| reader.groups(&known.name));
            self.groups.extend(try_join_all(names).await?.into_iter().flatten());
        }
        let may_be_unbound = !bound || desired.access == config::Access::Everyone;
        if may_be_unbound && desired.access.groups().is_empty() {
            let early = self.early.open;
            (self.open_by_default, self.is_open_by_memory) =
                default_access(reader, observed, remembered, early).await?;
        }
        Ok(())
    }

    /// Groups that others bound: whether they have members decides nothing but what is told.
    ///
    /// # Errors
    /// The first [`Trouble`].
    pub(super) async fn read_bound(&mut self, reader: Reader<'_>) -> Result<(), Trouble> {
        let bound = self.bindings.iter().flatten().filter_map(|binding| binding.group_obj.as_ref());
        let names: BTreeSet<&str> = bound.map(|group| group.name.as_str()).collect();
        let unread = names.into_iter().filter(|name| self.groups_named(name).next().is_none());
        for groups in join_all(unread.map(|name| reader.groups(name))).await {
            self.groups.extend(permitted(groups)?.into_iter().flatten());
        }
        Ok(())
    }

    /// Whether a binding lets in a group that is known to have no members.
    pub fn is_for_nobody(&self, binding: &Binding) -> bool {
        let group = self.groups.iter().find(|group| Some(&group.pk) == binding.group.as_ref());
        !binding.negate && group.is_some_and(Group::is_empty)
    }

    async fn read_application(
        &mut self,
        reader: Reader<'_>,
        desired: &Desired,
        needed: bool,
    ) -> Result<(), Trouble> {
        let answer = reader.application(&desired.slug).await;
        let answer = if needed { answer? } else { permitted(answer)?.flatten() };
        if answer.is_none() && needed {
            return Err(between_answers(&format!("application {}", desired.slug)));
        }
        self.application = answer.map(Bound::of);
        Ok(())
    }

    /// The groups of this name.
    pub fn groups_named<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a Group> {
        let name = name.to_owned();
        self.groups.iter().filter(move |group| group.name == name)
    }
}

async fn default_access(
    reader: Reader<'_>,
    observed: &Observed,
    remembered: &Remembered,
    early: Option<Option<bool>>,
) -> Result<(Option<bool>, bool), Trouble> {
    let release = observed.release;
    if !release.has_default_access() {
        return Ok((Some(true), false));
    }
    let told = observed.brand.as_ref().and_then(|brand| brand.flags.core_default_app_access);
    if told.is_some() {
        return Ok((told, false));
    }
    // A setting of the whole installation, which hardly anybody changes: asked anew with each release, and by `check`.
    if remembered.verified.get(OPEN_BY_DEFAULT) == Some(&release.to_string()) {
        return Ok((Some(true), true));
    }
    let told = match early {
        Some(told) => told,
        None => permitted(reader.default_access().await)?,
    };
    Ok((told, false))
}

/// Whether a binding counts: it is enabled, and has not ended.
pub fn in_force(binding: &Binding, now: SystemTime) -> bool {
    let end = binding.expires.as_deref().filter(|_| binding.expiring).and_then(time::parse);
    binding.enabled && end.is_none_or(|end| end > now)
}
