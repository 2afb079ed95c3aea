//! What a run made, changed and took away, by Authentik's answers: what its look before that cannot know.

use std::collections::BTreeSet;

use serde_json::Value;

use super::plan::{Plan, Step, Target};
use crate::authentik::account::Account;
use crate::authentik::conflict::{is_conflict, refers_to_nothing};
use crate::authentik::model::Provider;
use crate::authentik::people::Binding;
use crate::authentik::writer::Operation;
use crate::http::Trouble;
use crate::state::own::OwnAccount;

/// Objects that a run made, by their answers.
#[derive(Clone, Debug, Default)]
pub struct Made {
    pub(super) application: Option<String>,
    pub(super) provider: Option<i64>,
    /// The provider as the last change left it.
    changed: Option<Provider>,
    pub(super) account: Option<OwnAccount>,
    pub(super) role: Option<String>,
    pub(super) bindings: Vec<Binding>,
    removed: Vec<String>,
    /// Groups and roles that the service account got, and groups that it left.
    joined: (BTreeSet<String>, BTreeSet<String>),
    left: BTreeSet<String>,
    /// The create that was refused, and how often in a row.
    refused: Option<(String, Trouble, u32)>,
}

/// So often a create is refused with words that another look does not bear out: for a unique value that is taken although
/// nothing of that name is seen, or for a reference to nothing. Between two looks somebody else may have made it and taken
/// it back, or put another in its place, which the next create refers to.
const DOUBTED_TRIES: u32 = 3;

impl Made {
    /// A step was done: what was made, by Authentik's answer, or what is gone.
    pub fn note(&mut self, target: Target, name: &str, answer: &Value) {
        let text = || answer["pk"].as_str().map(str::to_owned);
        match target {
            Target::Application => {
                self.application = text();
                // An unlinked provider was adopted: no answer of its own tells that.
                self.provider = answer["provider"].as_i64().or(self.provider);
            }
            Target::Provider => self.provider = answer["pk"].as_i64(),
            Target::ServiceAccount => {
                let pk = answer["user_pk"].as_i64();
                self.account = Some(OwnAccount { pk, username: name.to_owned(), mark: None });
            }
            Target::Role => self.role = text(),
            Target::Binding => self.bindings.extend(serde_json::from_value(answer.clone()).ok()),
            _ => {}
        }
    }

    /// The provider was made or changed: what Authentik says of it now.
    pub fn changed(&mut self, provider: Provider) {
        self.changed = Some(provider);
    }

    /// The service account.
    pub fn account(&self) -> Option<&OwnAccount> {
        self.account.as_ref()
    }

    /// The role's key.
    pub fn role(&self) -> Option<String> {
        self.role.clone()
    }

    /// The binding that was made last.
    pub fn last_binding(&self) -> Option<&Binding> {
        self.bindings.last()
    }

    /// The provider that was made or changed.
    pub fn provider(&self) -> Option<&Provider> {
        self.changed.as_ref()
    }

    /// Primary key of the provider that the application got.
    pub fn linked(&self) -> Option<i64> {
        self.provider
    }

    /// A create was refused: the server is looked at again.
    pub fn refused(&mut self, step: &Step, trouble: &Trouble) {
        let headline = step.headline();
        let before = self.refused.take().filter(|(last, ..)| *last == headline);
        let times = before.map_or(1, |(.., times)| times + 1);
        self.refused = Some((headline, trouble.clone(), times));
    }

    /// The refusal of a create that is still to be done after another look: its field errors are the answer.
    pub fn refused_for_good(&self, plan: &Plan) -> Option<&Trouble> {
        let (headline, trouble, times) = self.refused.as_ref()?;
        let again = plan.steps.iter().any(|step| step.creates() && step.headline() == *headline);
        let doubted = is_conflict(trouble) || refers_to_nothing(trouble);
        let tries = if doubted { DOUBTED_TRIES } else { 1 };
        (again && *times >= tries).then_some(trouble)
    }

    /// What was learnt makes the next try another one.
    pub fn forgive(&mut self) {
        self.refused = None;
    }

    /// A step was done that takes something away, or makes the service account a member.
    pub fn done(&mut self, operation: &Operation) {
        match operation {
            Operation::DeleteBinding(pk) => self.removed.push(pk.clone()),
            Operation::JoinGroup(pk) => drop(self.joined.0.insert(pk.clone())),
            Operation::JoinRole(pk) => drop(self.joined.1.insert(pk.clone())),
            Operation::LeaveGroup(pk) => drop(self.left.insert(pk.clone())),
            _ => {}
        }
    }

    /// The application's bindings, now that this was done.
    pub fn bindings_after<'a>(
        &'a self,
        present: &'a [Binding],
    ) -> impl Iterator<Item = &'a Binding> {
        let made = self.bindings.iter().filter(|made| present.iter().all(|b| b.pk != made.pk));
        present.iter().chain(made).filter(|b| !self.removed.contains(&b.pk))
    }

    /// The service account's primary key, groups and roles, now that this was done.
    pub fn holdings(
        &self,
        seen: Option<&Account>,
    ) -> Option<(i64, BTreeSet<String>, BTreeSet<String>)> {
        let pk = seen.map(|account| account.pk);
        let pk = pk.or(self.account.as_ref().and_then(|account| account.pk))?;
        let (groups, roles) = &self.joined;
        let has = |of: fn(&Account) -> &Vec<String>| seen.into_iter().flat_map(of).cloned();
        let groups = groups.iter().cloned().chain(has(|account| &account.groups));
        let groups = groups.filter(|group| !self.left.contains(group)).collect();
        Some((pk, groups, roles.iter().cloned().chain(has(|account| &account.roles)).collect()))
    }
}
