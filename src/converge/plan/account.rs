//! The service account that NetBird's management lists users with: user, app password, rights, and the scope
//! mapping that lets Authentik's API take its tokens.

use serde_json::{Value, json};

use super::placeholder::{app_password, key_of};
use super::{Change, Plan, Step, Target};
use crate::authentik::model::AppPassword;
use crate::authentik::writer::Operation;
use crate::converge::desired::{ADMINS, Desired, ROLE, ServiceAccount};
use crate::converge::observe::{Access, Observed};
use crate::error::{Error, Exit};
use crate::netbird::standalone::API_SCOPE;

/// What viewing users takes.
const VIEW_USERS: &str = "authentik_core.view_user";

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

/// Plans account, password and rights.
pub fn plan(plan: &mut Plan, desired: &Desired, observed: &Observed) {
    let Some(wished) = &desired.service_account else { return };
    if let Some(error) = impossible(wished, observed) {
        plan.refused.push(error);
        return;
    }
    let access = &observed.access;
    let pk = match &access.account {
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
                ],
            ));
            Value::from(key_of("service account", &wished.username))
        }
    };
    if let Err(error) = password(plan, wished, access, &pk) {
        plan.refused.push(*error);
    }
    if wished.views_only {
        viewer(plan, wished, observed, &pk);
    } else {
        administrator(plan, wished, access, &pk);
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
    if wished.views_only && !release.has_roles() {
        return refuse(
            format!(
                "AUTHENTIK_SERVICE_ACCOUNT_ROLE=viewer does not work with Authentik {release}: roles came with 2024.2"
            ),
            "upgrade Authentik, or unset AUTHENTIK_SERVICE_ACCOUNT_ROLE",
        );
    }
    None
}

/// One app password that never ends and has our key. Whether it has is told by a login: reading the key back
/// would write an event into Authentik's log at every run.
fn password(
    plan: &mut Plan,
    wished: &ServiceAccount,
    access: &Access,
    account: &Value,
) -> Result<(), Box<Error>> {
    let identifier = wished.app_password_identifier();
    match &access.app_password {
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
        None if access.account.is_some() => plan.push(Step::create(
            Target::AppPassword,
            &identifier,
            Operation::CreateAppPassword,
            vec![
                Change::set("identifier", Value::Null, identifier.clone()),
                Change::set("intent", Value::Null, "app_password"),
                Change::set("user", Value::Null, wished.username.clone()).sending(account.clone()),
                Change::set("description", Value::Null, "NetBird lists users with it"),
                Change::set("expiring", Value::Null, false),
            ],
        )),
        Some(AppPassword { expiring: true, .. }) => plan.push(Step::change(
            Target::AppPassword,
            &identifier,
            Operation::ChangeAppPassword(identifier.clone()),
            vec![Change::set("expiring", true, false)],
        )),
        _ => {}
    }
    let key = match access.token {
        Some(_) => Vec::new(),
        None => {
            vec![Change::set("key", "(secret)", "(secret)").sending(Value::from(app_password()))]
        }
    };
    plan.push(Step::change(
        Target::AppPassword,
        &identifier,
        Operation::SetKey(identifier.clone()),
        key,
    ));
    Ok(())
}

fn administrator(plan: &mut Plan, wished: &ServiceAccount, access: &Access, account: &Value) {
    if access.account.as_ref().is_some_and(|a| a.is_superuser) {
        return;
    }
    let Some(group) = &access.rights_group else {
        plan.refused.push(
            Error::new(Exit::Refused, format!("there is no group {ADMINS}"))
                .because("the service account must be an administrator to list users")
                .remedy("create the group, or set AUTHENTIK_SERVICE_ACCOUNT_ROLE=viewer"),
        );
        return;
    };
    plan.push(join_group(wished, ADMINS, &group.pk, account));
}

fn join_group(wished: &ServiceAccount, name: &str, group: &str, account: &Value) -> Step {
    Step::change(
        Target::Group,
        name,
        Operation::JoinGroup(group.to_owned()),
        vec![
            Change::add("members", vec![wished.username.clone()], Value::Null)
                .sending_as("pk", account.clone()),
        ],
    )
}

/// A role that can view users and nothing else; before 2025.12 users have roles through groups only.
fn viewer(plan: &mut Plan, wished: &ServiceAccount, observed: &Observed, account: &Value) {
    let access = &observed.access;
    let account_in = |group: &crate::authentik::model::Group| {
        access.account.as_ref().is_some_and(|a| a.groups.contains(&group.pk))
    };
    // Such a group's role was not even read.
    if access.rights_group.as_ref().is_some_and(|g| !g.roles.is_empty() && account_in(g)) {
        plan.unchanged += 1;
        return;
    }
    let role = match &access.role {
        Some(role) => role.pk.clone(),
        None => {
            let name = vec![Change::set("name", Value::Null, ROLE)];
            plan.push(Step::create(Target::Role, ROLE, Operation::CreateRole, name));
            key_of("role", ROLE)
        }
    };
    let joined = observed.release.users_have_roles()
        && access.account.as_ref().is_some_and(|a| a.roles.contains(&role));
    if joined {
        plan.unchanged += 1;
        return;
    }
    // Assigning twice is assigning once, so whoever is not in the role yet gets it whole.
    plan.push(Step::change(
        Target::Role,
        ROLE,
        Operation::AssignPermissions(role.clone()),
        vec![Change::add("permissions", vec![VIEW_USERS.into()], json!([VIEW_USERS]))],
    ));
    if observed.release.users_have_roles() {
        let member = Change::add("members", vec![wished.username.clone()], Value::Null);
        let member = vec![member.sending_as("pk", account.clone())];
        plan.push(Step::change(Target::Role, ROLE, Operation::JoinRole(role), member));
        return;
    }
    let group = match &access.rights_group {
        Some(group) => group.pk.clone(),
        None => {
            let name = Change::set("name", Value::Null, ROLE);
            let roles = Change::add("roles", vec![ROLE.into()], json!([role]));
            plan.push(Step::create(Target::Group, ROLE, Operation::CreateGroup, vec![name, roles]));
            key_of("group", ROLE)
        }
    };
    plan.push(join_group(wished, ROLE, &group, account));
}
