//! What the service account may do: see users through a role, or everything as an administrator. Rights are given to an
//! account that Authentik calls a service account, through a role and a group that give nothing else, and to nobody
//! beside it.

use serde_json::{Value, json};

use super::access::several;
use super::placeholder::key_of;
use super::remark::{Level, Remark};
use super::{Change, Plan, Step, Target};
use crate::authentik::model::Group;
use crate::authentik::writer::Operation;
use crate::config::AccountRole;
use crate::converge::desired::{ADMINS, Desired, ROLE, ServiceAccount};
use crate::converge::observe::Observed;
use crate::error::{Error, Exit};
use crate::proof::CheckId;
use crate::state::store::Remembered;

/// What viewing users takes.
const VIEW_USERS: &str = "authentik_core.view_user";

/// Plans them, in both directions where a role was chosen.
pub fn plan(plan: &mut Plan, desired: &Desired, observed: &Observed, remembered: &Remembered) {
    let Some(wished) = &desired.service_account else { return };
    if !plan.refused.is_empty() {
        return;
    }
    let account = observed.account.account.as_ref();
    let pk = match account {
        Some(account) => Value::from(account.pk),
        None => Value::from(key_of("service account", &wished.username)),
    };
    let is_superuser = account.is_some_and(|account| account.is_superuser);
    let planned = match wished.role.value {
        AccountRole::Admin if is_superuser => Ok(()),
        AccountRole::Admin => administrator(plan, wished, observed, remembered, &pk),
        AccountRole::Viewer if is_superuser && !wished.role.chosen => {
            plan.remarks.push(still_administrator(wished));
            Ok(())
        }
        AccountRole::Viewer => viewer(plan, wished, observed, remembered, &pk).map(|()| {
            if is_superuser {
                reduce(plan, wished, observed, &pk);
            }
        }),
    };
    if let Err(error) = planned {
        plan.refused.push(*error);
    }
}

fn still_administrator(wished: &ServiceAccount) -> Remark {
    Remark::new(
        CheckId::ServiceAccount,
        Level::Warning,
        format!(
            "service account {} is an administrator of Authentik; seeing users is all that it needs",
            wished.username
        ),
        "set AUTHENTIK_SERVICE_ACCOUNT_ROLE=viewer to reduce it",
    )
}

fn administrator(
    plan: &mut Plan,
    wished: &ServiceAccount,
    observed: &Observed,
    remembered: &Remembered,
    account: &Value,
) -> Result<(), Box<Error>> {
    let refuse = |what: String| Error::new(Exit::Refused, what);
    if let Some(found) = &observed.account.account
        && !made_here(found.pk, wished, remembered)
    {
        return Err(Box::new(
            refuse(format!("service account {} was not made by this container", wished.username))
                .because("whoever made it may know its passwords, and would become an administrator")
                .remedy(format!(
                    "set AUTHENTIK_SERVICE_ACCOUNT_ROLE=viewer, or put it into the group {ADMINS} in Authentik \
                     yourself"
                )),
        ));
    }
    let without = "set AUTHENTIK_SERVICE_ACCOUNT_ROLE=viewer";
    match &observed.account.admins[..] {
        [] => Err(Box::new(
            refuse(format!("there is no group {ADMINS}"))
                .because("the service account must be an administrator to list users")
                .remedy(format!("create the group, or {without}")),
        )),
        [only] if !only.is_superuser => Err(Box::new(
            refuse(format!("group {ADMINS} does not make its members administrators"))
                .because("what it gives them instead is not known")
                .remedy(without),
        )),
        [only] => {
            plan.push(join_group(wished, ADMINS, &only.pk, account));
            Ok(())
        }
        many => Err(Box::new(several(ADMINS, many.iter().map(|group| group.pk.as_str())))),
    }
}

/// Whether the state knows that this container made the account.
fn made_here(pk: i64, wished: &ServiceAccount, remembered: &Remembered) -> bool {
    let known = remembered.service_account.as_ref();
    known.is_some_and(|own| own.username == wished.username && own.pk.is_none_or(|own| own == pk))
}

fn join_group(wished: &ServiceAccount, name: &str, group: &str, account: &Value) -> Step {
    let member = Change::add("members", vec![wished.username.clone()], Value::Null)
        .sending_as("pk", account.clone());
    Step::change(Target::Group, name, Operation::JoinGroup(group.to_owned()), vec![member])
        .for_user(account)
}

/// What `admin` gave goes; other ways to be an administrator are somebody's choice, and named.
fn reduce(plan: &mut Plan, wished: &ServiceAccount, observed: &Observed, account: &Value) {
    let groups = observed.account.account.iter().flat_map(|account| &account.groups_obj);
    let (given, others): (Vec<_>, Vec<_>) =
        groups.filter(|group| group.is_superuser).partition(|group| group.name == ADMINS);
    for group in &given {
        let member = Change::add("members", Vec::new(), Value::Null)
            .taking(vec![wished.username.clone()])
            .sending_as("pk", account.clone());
        let operation = Operation::LeaveGroup(group.pk.clone());
        plan.push(Step::change(Target::Group, ADMINS, operation, vec![member]));
    }
    if given.is_empty() || !others.is_empty() {
        let names: Vec<&str> = others.iter().map(|group| group.name.as_str()).collect();
        let through = match names.is_empty() {
            true => "a group above its own".to_owned(),
            false => names.join(", "),
        };
        plan.remarks.push(Remark::new(
            CheckId::ServiceAccount,
            Level::Warning,
            format!("service account {} is an administrator through {through}", wished.username),
            "take it out of there in Authentik if it is only to view users",
        ));
    }
}

/// A role that can view users and nothing else; before 2025.12 users have roles through groups only.
fn viewer(
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
            let made_here = remembered.role.as_ref().is_some_and(|r| r.is_empty() || *r == role.pk);
            if held.is_empty() && made_here {
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

/// A role that is there already gives the account what it holds, so it must hold this and nothing else. One that holds
/// nothing may be another run's that is about to fill it: looked at again before it ends the run. It is not filled here,
/// since whoever else has it would gain by that.
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
