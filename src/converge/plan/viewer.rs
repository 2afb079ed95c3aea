//! The right to view users, through a role that holds nothing else; before 2025.12 users have roles through groups only.

use serde_json::{Value, json};

use super::access::several;
use super::placeholder::key_of;
use super::{Change, Plan, Step, Target};
use crate::authentik::people::Group;
use crate::authentik::writer::Operation;
use crate::converge::desired::{ROLE, ServiceAccount, VIEW_USERS};
use crate::converge::observe::Observed;
use crate::error::{Error, Exit};
use crate::state::store::Remembered;

/// Plans role, group and membership.
///
/// # Errors
/// What has the name and gives more, or gives it to others.
pub fn viewer(
    plan: &mut Plan,
    wished: &ServiceAccount,
    observed: &Observed,
    remembered: &Remembered,
    account: &Value,
) -> Result<(), Box<Error>> {
    let view = &observed.account;
    if view.is_viewer {
        plan.unchanged += 1;
        return Ok(());
    }
    let role = match &view.role {
        Some(role) => {
            let held = &view.role_permissions;
            let made_here = remembered.role.as_ref() == Some(&role.pk);
            if held.is_empty() && (made_here || view.is_role_free) {
                plan.push(fill(role.pk.clone()));
            } else {
                only_views(held)?;
            }
            role.pk.clone()
        }
        None => {
            let name = vec![Change::set("name", Value::Null, ROLE)];
            plan.push(Step::create(Target::Role, ROLE, Operation::CreateRole, name));
            plan.push(fill(key_of("role", ROLE)));
            key_of("role", ROLE)
        }
    };
    if observed.release.users_have_roles() {
        if view.has_role(&role) {
            return Ok(());
        }
        let member = Change::add("members", vec![wished.username.clone()], Value::Null)
            .sending_as("pk", account.clone());
        let step = Step::change(Target::Role, ROLE, Operation::JoinRole(role), vec![member]);
        plan.push(step.for_user(account));
        return Ok(());
    }
    let group = match &view.carriers[..] {
        many @ [_, _, ..] => {
            return Err(Box::new(several(ROLE, many.iter().map(|group| group.pk.as_str()))));
        }
        [group] => {
            carries_nothing_else(group, &role, account)?;
            if group.roles.is_empty() {
                let roles = Change::add("roles", vec![ROLE.into()], json!([role]));
                let operation = Operation::ChangeGroup(group.pk.clone());
                plan.push(Step::change(Target::Group, ROLE, operation, vec![roles]));
            }
            group.pk.clone()
        }
        [] => {
            let name = Change::set("name", Value::Null, ROLE);
            let roles = Change::add("roles", vec![ROLE.into()], json!([role]));
            plan.push(Step::create(Target::Group, ROLE, Operation::CreateGroup, vec![name, roles]));
            key_of("group", ROLE)
        }
    };
    if !view.is_in(&group) {
        plan.push(join_group(wished, ROLE, &group, account));
    }
    Ok(())
}

fn fill(role: String) -> Step {
    let permissions = Change::add("permissions", vec![VIEW_USERS.into()], json!([VIEW_USERS]));
    Step::change(Target::Role, ROLE, Operation::AssignPermissions(role), vec![permissions])
}

/// The step that puts the account into a group.
pub fn join_group(wished: &ServiceAccount, name: &str, group: &str, account: &Value) -> Step {
    let member = Change::add("members", vec![wished.username.clone()], Value::Null)
        .sending_as("pk", account.clone());
    Step::change(Target::Group, name, Operation::JoinGroup(group.to_owned()), vec![member])
        .for_user(account)
}

/// A role that is there already gives the account what it holds, so it must hold this and nothing else. One that holds
/// nothing may be another run's that is about to fill it: looked at again before it ends the run. It is not filled here,
/// since whoever else has it would gain by that: only if this container made it, or was about to and nobody has it.
fn only_views(permissions: &[String]) -> Result<(), Box<Error>> {
    let further: Vec<&str> =
        permissions.iter().map(String::as_str).filter(|p| *p != VIEW_USERS).collect();
    let error = |what: String, remedy: String| Error::new(Exit::Refused, what).remedy(remedy);
    if !further.is_empty() {
        return Err(Box::new(error(
            format!("role {ROLE} holds more than {VIEW_USERS}: {}", further.join(", ")),
            "take these permissions away in Authentik, or rename the role".to_owned(),
        )));
    }
    if permissions.is_empty() {
        return Err(Box::new(
            error(
                format!("role {ROLE} does not hold {VIEW_USERS}"),
                format!("give it {VIEW_USERS} in Authentik, or delete it"),
            )
            .because("whoever has the role would gain by it")
            .retryable(),
        ));
    }
    Ok(())
}

/// The same for the group that carries the role.
fn carries_nothing_else(group: &Group, role: &str, account: &Value) -> Result<(), Box<Error>> {
    let refuse = |why: &str| {
        Err(Box::new(
            Error::new(Exit::Refused, format!("group {ROLE} {why}"))
                .because(
                    "the service account is to view users and nothing else, and nobody beside it",
                )
                .remedy("rename the group in Authentik"),
        ))
    };
    let alone = group.users.iter().all(|user| Some(*user) == account.as_i64());
    if group.is_superuser {
        refuse("makes its members administrators")
    } else if group.parent.is_some() || !group.parents.is_empty() {
        refuse("is below another group, whose rights its members have")
    } else if group.roles.iter().any(|carried| carried != role) {
        refuse("carries other roles")
    } else if group.roles.is_empty() && !(alone && group.children.is_empty()) {
        refuse("has other members, who would gain the right to view users")
    } else {
        Ok(())
    }
}
