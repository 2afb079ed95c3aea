//! Who may open NetBird, in words: what bindings come to, and what people should know about those that stay.

use std::fmt;

use super::Plan;
use super::guest::{Guest, is_ours};
use super::remark::{Level, Remark};
use crate::authentik::people::Binding;
use crate::config;
use crate::converge::desired::Desired;
use crate::converge::observe::{Observed, in_force};
use crate::proof::CheckId;
use crate::state::store::Remembered;

/// Who may open NetBird. Administrators of Authentik are no exception: bindings count for them too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Admission {
    /// Every user of Authentik.
    Everyone,
    /// The same, as far as the setting is known that was not asked now.
    Unbound,
    /// Those whom bindings let in.
    Bound {
        /// Members of these groups.
        groups: Vec<String>,
        /// These users.
        users: Vec<String>,
        /// How many policies decide too.
        policies: usize,
        /// Whether a binding is not enough, and all of them must let somebody in.
        all: bool,
    },
    /// No person at all, and why.
    Nobody(String),
    /// The token may not see it.
    #[default]
    Unknown,
}

impl Admission {
    /// What these guests and the other bindings in force come to.
    pub fn of(observed: &Observed, guests: &[Guest], others: &[&Binding]) -> Self {
        if guests.is_empty() && others.is_empty() {
            return match observed.access.open_by_default {
                Some(true) if observed.access.is_open_by_memory => Self::Unbound,
                Some(true) => Self::Everyone,
                Some(false) => Self::Nobody(
                    "core_default_app_access is off in Authentik's system settings, and the application has no \
                     binding"
                        .to_owned(),
                ),
                None => Self::Unknown,
            };
        }
        let is_person = |b: &&&Binding| guests.iter().all(|guest| !guest.is_bound_by(b));
        let others: Vec<&&Binding> = others.iter().filter(is_person).collect();
        let for_nobody = |b: &&&Binding| observed.access.is_for_nobody(b);
        if others.iter().all(for_nobody) && guests.iter().all(|guest| guest.is_empty) {
            let groups = guests.iter().filter(|g| g.field == "group").map(|g| g.name.clone());
            let groups: Vec<String> = groups.chain(others.iter().map(|b| name_of(b))).collect();
            return Self::Nobody(match groups.is_empty() {
                true => "only the service account is bound".to_owned(),
                false => lets_nobody_in(&groups),
            });
        }
        let of = |field: &str| -> Vec<String> {
            guests.iter().filter(|g| g.field == field).map(|g| g.name.clone()).collect()
        };
        let plain = |b: &&&&Binding| !b.negate && b.policy.is_none();
        let (mut groups, mut users) = (of("group"), of("user"));
        groups
            .extend(others.iter().filter(plain).filter(|b| b.group.is_some()).map(|b| name_of(b)));
        users.extend(others.iter().filter(plain).filter(|b| b.user.is_some()).map(|b| name_of(b)));
        groups.dedup();
        Self::Bound {
            groups,
            users,
            policies: others.iter().filter(|b| b.negate || b.policy.is_some()).count(),
            all: observed.access.application.as_ref().and_then(|a| a.mode.as_deref())
                == Some("all"),
        }
    }

    /// What is worth a warning.
    pub fn remark(&self) -> Option<Remark> {
        let remedy = match self {
            Self::Everyone | Self::Unbound | Self::Bound { .. } => return None,
            Self::Nobody(_) => {
                "add people to a group that is bound (in Authentik: Directory, Groups), or name one that has members in \
                 AUTHENTIK_ACCESS_GROUPS"
            }
            Self::Unknown => {
                "to have it told, give the token authentik_core.view_application, \
                 authentik_policies.view_policybinding and, from 2026.5 on, authentik_rbac.view_system_settings"
            }
        };
        Some(Remark::new(CheckId::Access, Level::Warning, self.to_string(), remedy))
    }
}

impl fmt::Display for Admission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everyone => f.write_str("every user of Authentik may open NetBird"),
            Self::Unbound => f.write_str(
                "no binding restricts NetBird: every user of Authentik may open it, unless core_default_app_access was \
                 switched off since it was last looked at",
            ),
            Self::Nobody(why) => write!(f, "nobody may open NetBird: {why}"),
            Self::Unknown => f.write_str("the token does not see who may open NetBird"),
            Self::Bound { groups, users, policies, all } => {
                let mut who = Vec::new();
                if !groups.is_empty() {
                    let plural = if groups.len() == 1 { "group" } else { "groups" };
                    who.push(format!("members of {plural} {}", groups.join(", ")));
                }
                who.extend(users.iter().map(|user| format!("user {user}")));
                if *policies > 0 {
                    who.push(format!("whom {policies} further bindings let in"));
                }
                let between = if *all { ", if they are also " } else { ", " };
                write!(f, "only these may open NetBird: {}", who.join(between))
            }
        }
    }
}

/// Groups without members.
pub fn lets_nobody_in(groups: &[String]) -> String {
    match groups {
        [only] => format!("group {only} has no members, so it lets nobody in, akadmin included"),
        all => {
            let all = all.join(", ");
            format!("none of the groups {all} has members, so they let nobody in, akadmin included")
        }
    }
}

/// What people should know about bindings that stay.
pub fn tell(
    plan: &mut Plan,
    desired: &Desired,
    observed: &Observed,
    remembered: &Remembered,
    others: &[&Binding],
) {
    let warn = |what, remedy: &str| Remark::new(CheckId::Access, Level::Warning, what, remedy);
    let names =
        |of: Vec<&&Binding>| of.into_iter().map(|b| name_of(b)).collect::<Vec<String>>().join(", ");
    let (ours, theirs): (Vec<&&Binding>, Vec<&&Binding>) =
        others.iter().partition(|b| is_ours(b, remembered));
    if desired.access == config::Access::Unset && ours.iter().any(|b| b.group.is_some()) {
        let what = format!(
            "AUTHENTIK_ACCESS_GROUPS is not set: what it bound before stays ({})",
            names(ours)
        );
        plan.remarks.push(warn(what, "set it to * to open NetBird to everyone"));
    }
    if desired.access != config::Access::Unset && !theirs.is_empty() {
        let what = format!(
            "bindings that are not known to be made by this container stay ({})",
            names(theirs)
        );
        plan.remarks
            .push(warn(what, "remove them in Authentik if AUTHENTIK_ACCESS_GROUPS is to be all"));
    }
    let bindings = observed.access.bindings.iter().flatten();
    for binding in bindings.filter(|b| b.expiring && in_force(b, observed.at)) {
        let end = binding.expires.as_deref().unwrap_or_default();
        let what = format!("the binding of {} ends at {end}", name_of(binding));
        plan.remarks.push(warn(what, "it lets nobody in after that"));
    }
}

/// For people: the group or user that it lets in.
pub fn name_of(binding: &Binding) -> String {
    let group = binding.group_obj.as_ref().map(|group| group.name.as_str());
    let user = binding.user_obj.as_ref().map(|user| user.username.as_str());
    match (&binding.group, binding.user) {
        (Some(pk), _) => group.filter(|name| !name.is_empty()).unwrap_or(pk).to_owned(),
        (None, Some(pk)) => {
            user.filter(|name| !name.is_empty()).map_or(pk.to_string(), str::to_owned)
        }
        (None, None) => "a policy".to_owned(),
    }
}
