//! What the service account may do: see users through a role, or everything as an administrator. Rights are given to an
//! account that Authentik calls a service account, through a role and a group that give nothing else, and to nobody
//! beside it.

use serde_json::Value;

use super::access::several;
use super::placeholder::key_of;
use super::remark::{Level, Remark};
use super::viewer::{join_group, viewer};
use super::{Change, Plan, Step, Target};
use crate::authentik::writer::Operation;
use crate::config::AccountRole;
use crate::converge::desired::{ADMINS, Desired, ServiceAccount};
use crate::converge::observe::Observed;
use crate::error::{Error, Exit};
use crate::proof::CheckId;
use crate::state::store::Remembered;

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
    let has_viewers = observed.release.has_roles();
    let or_viewer = if has_viewers { "or AUTHENTIK_SERVICE_ACCOUNT_ROLE=viewer, " } else { "" };
    if observed.account.account.is_some() && !observed.account.is_made_here(remembered) {
        return Err(Box::new(
            refuse(format!("service account {} was not made by this container", wished.username))
                .because("whoever made it may know its passwords, and would become an administrator")
                .remedy(format!(
                    "set NETBIRD_IDP_MGMT_EXTRA_USERNAME to a name that nobody has, {or_viewer}or put it into the \
                     group {ADMINS} in Authentik yourself"
                )),
        ));
    }
    let without = match has_viewers {
        true => "set AUTHENTIK_SERVICE_ACCOUNT_ROLE=viewer",
        false => "unset NETBIRD_MGMT_IDP",
    };
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
        many => {
            let error = several(ADMINS, many.iter().map(|group| group.pk.as_str()));
            // No run makes one: looking again would not help.
            Err(Box::new(Error { retryable: false, ..error }))
        }
    }
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
