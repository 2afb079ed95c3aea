//! The service account that NetBird's management lists users with: the user, its app password, and the scope
//! mapping that lets Authentik's API take its tokens.

use serde_json::Value;

use super::placeholder::{account_mark, app_password, key_of};
use super::{Change, Plan, Step, Target};
use crate::authentik::account::{OUTPOST_PREFIX, Unfit};
use crate::authentik::people::AppPassword;
use crate::authentik::writer::Operation;
use crate::config::AccountRole;
use crate::converge::desired::{Desired, ServiceAccount};
use crate::converge::observe::{Observed, ServiceAccountView};
use crate::error::{Error, Exit};
use crate::netbird::standalone::API_SCOPE;

/// Plans the scope mapping, on releases that have none of their own; before the provider, which refers to it.
pub fn scope_mapping(plan: &mut Plan, desired: &Desired, observed: &Observed) {
    let exists = observed.scope_mappings.iter().any(|m| m.scope_name == API_SCOPE);
    if desired.service_account.is_none() || observed.release.has_api_scope_mapping() || exists {
        return;
    }
    let new = |field, value: &str| Change::set(field, Value::Null, value);
    plan.push(Step::create(
        Target::ScopeMapping,
        API_SCOPE,
        Operation::CreateScopeMapping,
        vec![
            new("name", "NetBird: authentik API access"),
            new("scope_name", API_SCOPE),
            new("expression", "return {}"),
        ],
    ));
}

/// Plans account and password. Rights come last, in `rights`.
pub fn plan(plan: &mut Plan, desired: &Desired, observed: &Observed) {
    let Some(wished) = &desired.service_account else { return };
    if let Some(error) = impossible(wished, observed).or_else(|| not_ours(wished, observed)) {
        plan.refused.push(error);
        return;
    }
    let view = &observed.account;
    let pk = match &view.account {
        Some(account) => {
            plan.unchanged += 1;
            Value::from(account.pk)
        }
        None => {
            plan.push(Step::create(
                Target::ServiceAccount,
                &wished.username,
                Operation::CreateServiceAccount,
                vec![
                    Change::set("name", Value::Null, wished.username.clone()),
                    Change::set("create_group", Value::Null, false),
                    Change::set("expiring", Value::Null, false),
                    // It does not end. The point in time is random, and remembered.
                    Change::set("expires", Value::Null, "(random, without effect)")
                        .sending(account_mark().into()),
                ],
            ));
            Value::from(key_of("service account", &wished.username))
        }
    };
    if let Err(error) = password(plan, wished, view, &pk) {
        plan.refused.push(*error);
    }
}

fn impossible(wished: &ServiceAccount, observed: &Observed) -> Option<Error> {
    let release = observed.release;
    let refuse = |what: String, remedy: &str| {
        Some(Error::new(Exit::Refused, what).remedy(remedy.to_owned()))
    };
    if !release.can_list_users() {
        return refuse(
            format!(
                "NETBIRD_MGMT_IDP=authentik does not work with Authentik {release}: it needs 2023.2 or later"
            ),
            "upgrade Authentik, or unset NETBIRD_MGMT_IDP",
        );
    }
    if wished.role.value == AccountRole::Viewer && !release.has_roles() {
        return refuse(
            format!(
                "AUTHENTIK_SERVICE_ACCOUNT_ROLE=viewer does not work with Authentik {release}: roles came with 2024.2"
            ),
            "upgrade Authentik, or unset AUTHENTIK_SERVICE_ACCOUNT_ROLE",
        );
    }
    None
}

/// A name proves nothing: who has it must be a service account by Authentik's own word, in use, and not the one whose
/// token this is.
fn not_ours(wished: &ServiceAccount, observed: &Observed) -> Option<Error> {
    let name = &wished.username;
    let unfit = match &observed.account.account {
        Some(account) => account.unfit(observed.me.pk)?,
        None => name.starts_with(OUTPOST_PREFIX).then_some(Unfit::Outpost)?,
    };
    let mut remedy = "set NETBIRD_IDP_MGMT_EXTRA_USERNAME to a name that nobody has".to_owned();
    if unfit == Unfit::Deactivated {
        remedy.push_str(", or activate the account in Authentik");
    }
    if unfit == Unfit::Person {
        remedy.push_str(&format!(
            "; version 0.1.0 may have made this person an administrator: if they are not meant to be one, take them \
             out of the group authentik Admins, and delete the app password {}",
            wished.app_password_identifier()
        ));
    }
    Some(
        Error::new(Exit::Refused, format!("user {name} is {unfit}"))
            .because("NetBird's service account gets an app password and the right to see users")
            .remedy(remedy),
    )
}

/// One app password that never ends and has the wanted key. Whether it has is told by a login: reading the key back
/// would write an event into Authentik's log at every run.
fn password(
    plan: &mut Plan,
    wished: &ServiceAccount,
    view: &ServiceAccountView,
    account: &Value,
) -> Result<(), Box<Error>> {
    let identifier = wished.app_password_identifier();
    match &view.app_password {
        Some(theirs)
            if theirs.intent != "app_password" || account.as_i64() != Some(theirs.user) =>
        {
            return Err(Box::new(
                Error::new(
                    Exit::Refused,
                    format!("the token {identifier} is not an app password of {}", wished.username),
                )
                .remedy(
                    "set NETBIRD_IDP_MGMT_EXTRA_USERNAME to another name, or remove that token",
                ),
            ));
        }
        // Authentik makes one of this name together with the account.
        None if view.account.is_some() => {
            let step = Step::create(
                Target::AppPassword,
                &identifier,
                Operation::CreateAppPassword,
                vec![
                    Change::set("identifier", Value::Null, identifier.clone()),
                    Change::set("intent", Value::Null, "app_password"),
                    Change::set("user", Value::Null, wished.username.clone())
                        .sending(account.clone()),
                    Change::set("description", Value::Null, "NetBird lists users with it"),
                    Change::set("expiring", Value::Null, false),
                ],
            );
            plan.push(step.for_user(account));
        }
        Some(AppPassword { expiring: true, .. }) => plan.push(Step::change(
            Target::AppPassword,
            &identifier,
            Operation::ChangeAppPassword(identifier.clone()),
            vec![Change::set("expiring", true, false)],
        )),
        _ => {}
    }
    let key = match view.works() {
        true => Vec::new(),
        false => {
            vec![Change::set("key", "(secret)", "(secret)").sending(Value::from(app_password()))]
        }
    };
    let step =
        Step::change(Target::AppPassword, &identifier, Operation::SetKey(identifier.clone()), key);
    plan.push(step.for_user(account));
    Ok(())
}
