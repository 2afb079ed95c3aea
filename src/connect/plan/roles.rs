//! Roles from Authentik's groups. Who is meant is settled by ids alone: NetBird's user id holds the subject of Authentik's
//! token, and Authentik says which subjects are direct, active members. Names and e-mails, which people can change, decide
//! nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::{Plan, Step};
use crate::netbird::api::model::User;
use crate::netbird::api::user_id;

/// Everyone's role, where nobody gave another one.
pub const USER: &str = "user";

/// An entry of `SETUP_ROLE_GROUPS` with the subjects of its members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// `admin`, `network_admin`, `auditor` or `user`.
    pub role: String,
    /// Direct and active members, as `sub` has them.
    pub subjects: BTreeSet<String>,
}

/// What is known.
#[derive(Clone, Copy, Debug)]
pub struct People<'a> {
    /// NetBird's users.
    pub users: &'a [User],
    /// Through which connector people come from Authentik; nothing where their id is the subject itself.
    pub connector: Option<&'a str>,
    /// First match wins.
    pub entries: &'a [Entry],
    /// Roles that this container gave, by user; nothing if it does not remember.
    pub given: Option<&'a BTreeMap<String, String>>,
}

/// A role that this container gave.
struct Given<'a> {
    /// Under which id it is remembered.
    id: &'a str,
    role: &'a str,
}

impl People<'_> {
    /// The subject of a user who came from Authentik this way; of one who has a role that this container gave, also through
    /// a connector that was there before: their tokens go on to work.
    fn subject(&self, user: &User) -> Option<String> {
        let Some(ours) = self.connector else { return Some(user.id.clone()) };
        let (subject, connector) = user_id::parts(&user.id)?;
        let remembered = self.given.is_some_and(|given| given.contains_key(&user.id));
        (connector == ours || remembered).then_some(subject)
    }

    /// What was given to somebody; before NetBird had a provider of its own, the id was the subject.
    fn given(&self, user: &User, subject: &str) -> Option<Given<'_>> {
        let given = self.given?;
        let found = given.get_key_value(&user.id).or_else(|| given.get_key_value(subject));
        found.map(|(id, role)| Given { id, role })
    }

    /// The role that somebody is to have; nothing if no entry names them.
    fn wish(&self, subject: &str) -> Option<&str> {
        let entry = self.entries.iter().find(|entry| entry.subjects.contains(subject))?;
        Some(&entry.role)
    }
}

/// Plans them.
pub fn plan(plan: &mut Plan, people: &People<'_>) {
    let mut others = Vec::new();
    let mut unremembered = Vec::new();
    let mut blocked = Vec::new();
    let candidates = people.users.iter().filter(|u| !u.is_service_user && !u.is_current);
    for (user, subject) in candidates.filter_map(|u| Some((u, people.subject(u)?))) {
        let given = people.given(user, &subject);
        let is_ours = given.as_ref().is_some_and(|given| given.role == user.role);
        let may_change = user.role == USER || is_ours;
        let wish = people.wish(&subject);
        let target = match wish {
            Some(role) if role == user.role => None,
            Some(role) if may_change => Some(role),
            Some(role) => {
                others.push(format!("{} is {}, not {role}", user.shown(), user.role));
                None
            }
            None if is_ours && user.role != USER => Some(USER),
            None => {
                if people.given.is_none() && !matches!(user.role.as_str(), USER | "owner") {
                    unremembered.push(format!("{} ({})", user.shown(), user.role));
                }
                None
            }
        };
        let remains = match target {
            Some(role) => role != USER,
            None => is_ours && wish.is_some() && user.role != USER,
        };
        if let Some(given) = given.filter(|given| !remains || given.id != user.id) {
            plan.forget.push(given.id.to_owned());
            if remains && target.is_none() {
                plan.keep.push((user.id.clone(), user.role.clone()));
            }
        }
        let approve = wish.is_some() && user.pending_approval;
        if wish.is_some() && user.is_blocked && !user.pending_approval {
            blocked.push(user.shown().to_owned());
            continue;
        }
        if approve || target.is_some() {
            plan.steps.push(Step::ChangeUser {
                user: user.clone(),
                approve,
                role: target.map(str::to_owned),
            });
        } else if wish.is_some() {
            plan.unchanged += 1;
        }
    }
    let me = people.users.iter().find(|user| user.is_current);
    if people.entries.is_empty() {
        // Who is not in NetBird any more has no role to take away.
        let given = people.given.into_iter().flat_map(BTreeMap::keys);
        plan.forget.extend(given.filter(|id| me.is_none_or(|me| me.id != **id)).cloned());
    }
    if let Some((me, subject)) = me.and_then(|me| Some((me, people.subject(me)?)))
        && people.given.is_some_and(|given| given.get(&me.id) == Some(&me.role))
        && people.wish(&subject).is_none()
    {
        plan.warnings.push(format!(
            "{} keeps the role {}: NetBird lets nobody change their own, and NB_PAT is theirs",
            me.shown(),
            me.role
        ));
    }
    plan.warnings
        .extend(list(&others, "SETUP_ROLE_GROUPS does not change roles that somebody else gave: "));
    plan.warnings.extend(list(
        &unremembered,
        "this container does not remember which roles it gave, so it takes none away: ",
    ));
    plan.warnings.extend(list(&blocked, "blocked in NetBird, and left so: "));
}

fn list(items: &[String], before: &str) -> Option<String> {
    (!items.is_empty()).then(|| format!("{before}{}", items.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    fn id(subject: &str, connector: &str) -> String {
        let mut bytes = vec![10, subject.len() as u8];
        bytes.extend(subject.bytes());
        bytes.extend([18, connector.len() as u8]);
        bytes.extend(connector.bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn user(subject: &str, role: &str) -> User {
        User { id: id(subject, "c"), email: subject.into(), role: role.into(), ..User::default() }
    }

    fn entries() -> Vec<Entry> {
        let entry = |role: &str, subjects: &[&str]| Entry {
            role: role.into(),
            subjects: subjects.iter().map(|s| (*s).to_owned()).collect(),
        };
        vec![entry("admin", &["1", "2"]), entry("auditor", &["2", "3"]), entry("user", &["4"])]
    }

    fn given(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(s, role)| (id(s, "c"), (*role).to_owned())).collect()
    }

    fn planned(users: &[User], given: Option<&BTreeMap<String, String>>) -> Plan {
        let mut p = Plan::default();
        let entries = entries();
        plan(&mut p, &People { users, connector: Some("c"), entries: &entries, given });
        p
    }

    fn roles(plan: &Plan) -> Vec<(String, bool, Option<String>)> {
        let told = |step: &Step| match step {
            Step::ChangeUser { user, approve, role } => {
                (user.email.clone(), *approve, role.clone())
            }
            other => panic!("{other:?}"),
        };
        plan.steps.iter().map(told).collect()
    }

    #[test]
    fn the_first_entry_wins_and_pending_people_are_approved() {
        let mut pending = user("4", "user");
        pending.is_blocked = true;
        pending.pending_approval = true;
        let users = [
            user("1", "user"),
            user("2", "user"),
            user("3", "auditor"),
            pending,
            user("9", "user"),
        ];
        let done = planned(&users, Some(&given(&[])));
        let admin = Some("admin".to_owned());
        assert_eq!(
            roles(&done),
            [
                ("1".into(), false, admin.clone()),
                ("2".into(), false, admin),
                ("4".into(), true, None)
            ]
        );
        assert_eq!(done.unchanged, 1);
    }

    #[test]
    fn roles_that_somebody_gave_stay() {
        let users = [user("1", "network_admin"), user("2", "owner"), user("9", "admin")];
        let done = planned(&users, Some(&given(&[])));
        assert!(done.steps.is_empty(), "{done:?}");
        assert!(done.warnings[0].contains("1 is network_admin, not admin"), "{:?}", done.warnings);
    }

    #[test]
    fn who_leaves_becomes_a_user_if_the_role_is_ours() {
        let users = [user("8", "admin"), user("9", "admin"), user("1", "auditor")];
        let given = given(&[("8", "admin"), ("1", "auditor"), ("3", "auditor")]);
        let done = planned(&users, Some(&given));
        assert_eq!(
            roles(&done),
            [("8".into(), false, Some("user".into())), ("1".into(), false, Some("admin".into()))]
        );
        assert_eq!(done.forget, [id("8", "c")]);
    }

    #[test]
    fn without_memory_nothing_is_taken_away() {
        let users = [user("9", "admin"), user("1", "user")];
        let done = planned(&users, None);
        assert_eq!(roles(&done), [("1".into(), false, Some("admin".into()))]);
        assert!(done.warnings[0].contains("9 (admin)"), "{:?}", done.warnings);
    }

    #[test]
    fn a_role_that_somebody_changed_is_no_longer_ours() {
        let given = given(&[("1", "admin")]);
        let done = planned(&[user("1", "network_admin")], Some(&given));
        assert!(done.steps.is_empty());
        assert_eq!(done.forget, [id("1", "c")]);
    }

    /// `SETUP_ROLE_GROUPS` is not set any more.
    #[test]
    fn without_entries_every_role_goes_but_ones_own() {
        let given = given(&[("1", "admin"), ("2", "auditor"), ("3", "admin"), ("5", "admin")]);
        let me = User { is_current: true, ..user("5", "admin") };
        let users = [user("1", "admin"), user("2", "network_admin"), me, user("9", "admin")];
        let mut done = Plan::default();
        let people =
            People { users: &users, connector: Some(""), entries: &[], given: Some(&given) };
        plan(&mut done, &people);
        assert_eq!(roles(&done), [("1".into(), false, Some("user".into()))]);
        let forgotten: BTreeSet<_> = done.forget.into_iter().collect();
        assert_eq!(forgotten, ["1", "2", "3"].map(|s| id(s, "c")).into());
        assert!(done.warnings[0].starts_with("5 keeps the role admin"), "{:?}", done.warnings);
    }

    #[test]
    fn a_role_that_is_given_again_is_remembered() {
        let given = given(&[("1", "admin")]);
        let done = planned(&[user("1", "user")], Some(&given));
        assert_eq!(roles(&done), [("1".into(), false, Some("admin".into()))]);
        assert!(done.forget.is_empty(), "{:?}", done.forget);
    }

    /// Whoever came through a connector that is gone keeps their id, and their tokens work.
    #[test]
    fn who_leaves_loses_the_role_also_at_a_former_connector() {
        let at = |subject: &str| User {
            id: id(subject, "former"),
            email: subject.into(),
            role: "admin".into(),
            ..User::default()
        };
        let given = BTreeMap::from([
            (id("8", "former"), "admin".to_owned()),
            (id("1", "former"), "admin".to_owned()),
        ]);
        let done = planned(&[at("8"), at("1"), at("9")], Some(&given));
        assert_eq!(roles(&done), [("8".into(), false, Some("user".into()))]);
        assert_eq!(done.forget, [id("8", "former")]);
    }

    /// NetBird's idp-migrate makes `1` the id of subject 1 at the connector.
    #[test]
    fn roles_outlive_the_migration_to_a_provider_of_netbirds_own() {
        let given = BTreeMap::from(["8", "1", "3"].map(|s| (s.to_owned(), "admin".to_owned())));
        let users = [user("8", "admin"), user("1", "admin"), user("3", "admin")];
        let done = planned(&users, Some(&given));
        assert_eq!(
            roles(&done),
            [("8".into(), false, Some("user".into())), ("3".into(), false, Some("auditor".into()))]
        );
        assert_eq!(done.forget, ["8", "1", "3"]);
        assert_eq!(done.keep, [(id("1", "c"), "admin".to_owned())]);
    }

    #[test]
    fn blocked_people_others_and_machines_are_left() {
        let mut blocked = user("1", "user");
        blocked.is_blocked = true;
        let mut machine = user("1", "user");
        machine.is_service_user = true;
        let mut me = user("1", "user");
        me.is_current = true;
        let other = User { id: id("1", "other"), role: "user".into(), ..User::default() };
        let plain = User { id: "1".into(), role: "user".into(), ..User::default() };
        let done = planned(&[blocked, machine, me, other, plain], Some(&given(&[])));
        assert!(done.steps.is_empty(), "{done:?}");
        assert!(done.warnings[0].starts_with("blocked"), "{:?}", done.warnings);
    }

    #[test]
    fn without_a_connector_the_id_is_the_subject() {
        let users = [User { id: "1".into(), role: "user".into(), ..User::default() }];
        let mut p = Plan::default();
        let entries = entries();
        plan(&mut p, &People { users: &users, connector: None, entries: &entries, given: None });
        assert_eq!(p.steps.len(), 1);
    }
}
