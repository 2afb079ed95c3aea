//! What becomes of a person who comes with a signed token: owner of a new account, or a user of the one there is, who may
//! have to wait for approval; and which groups the token puts them into.

use serde_json::Value;

use crate::config::texts;
use crate::ids;
use crate::rest::Ctx;
use crate::rest::guard::Caller;
use crate::state::{Group, State, User};
use crate::world::lock;

/// Makes the account and the user if they are not there yet.
pub(crate) fn enter(ctx: &Ctx<'_>, id: &str, claims: &Value) -> Result<Caller, String> {
    let mut state = lock(&ctx.world.state);
    let known = state.user(id).map(|user| user.account.clone());
    let account = match known {
        Some(account) => account,
        None => join(ctx, &mut state, id, claims),
    };
    let local = ids::subject_and_connector(id).is_some_and(|(_, connector)| connector == "local");
    let settings = state.account(&account).map(|account| account.settings.clone());
    let settings = settings.unwrap_or_default();
    if settings["jwt_groups_enabled"] == true && !local {
        let claim = settings["jwt_groups_claim_name"].as_str().unwrap_or_default();
        let groups = told_groups(&claims[claim]);
        let wanted = texts(&settings["jwt_allow_groups"]);
        if !wanted.is_empty() && !groups.iter().any(|group| wanted.contains(group)) {
            return Err("user does not belong to any of the allowed JWT groups".to_owned());
        }
        if !claim.is_empty() {
            sync_groups(&mut state, &account, id, &groups);
        }
    }
    Ok(Caller { user: id.to_owned(), account })
}

/// A list, or one as a text.
fn told_groups(claim: &Value) -> Vec<String> {
    claim.as_str().map_or_else(|| texts(claim), |one| vec![one.to_owned()])
}

/// A new user, in an account that may be new too. Returns the account.
fn join(ctx: &Ctx<'_>, state: &mut State, id: &str, claims: &Value) -> String {
    let claim = |name: &str| claims[name].as_str().unwrap_or_default();
    let mut user = User::new(id, claim("email"), claim("name"));
    let now = ctx.world.now();
    let Some(first) = state.accounts.first().filter(|_| ctx.process.single) else {
        let domain =
            if ctx.process.single { ctx.world.options.domain.clone() } else { String::new() };
        let category = if ctx.process.single { "private" } else { "" };
        return state.add_account(user, &domain, category, now);
    };
    // The domain of the account that is there is copied onto everybody; without one nobody can join it.
    if first.domain.is_empty() || first.domain_category != "private" || !first.primary {
        return state.add_account(user, "", "", now);
    }
    let account = first.id.clone();
    let waits = first.settings["extra"]["user_approval_required"] == true;
    (user.is_blocked, user.pending_approval) = (waits, waits);
    user.account.clone_from(&account);
    state.users.push(user);
    account
}

/// Groups of the token are made, joined and left; groups that were made otherwise stay as they are.
fn sync_groups(state: &mut State, account: &str, user: &str, told: &[String]) {
    let Some(account) = state.accounts.iter_mut().find(|known| known.id == account) else {
        return;
    };
    for name in told {
        if !account.groups.iter().any(|group| group.name == *name) {
            let issued = "jwt".to_owned();
            account.groups.push(Group { id: ids::object(), name: name.clone(), issued });
        }
    }
    let of_tokens = |id: &String| account.groups.iter().find(|g| g.id == *id && g.issued == "jwt");
    let Some(user) = state.users.iter_mut().find(|known| known.id == user) else { return };
    user.auto_groups.retain(|id| of_tokens(id).is_none_or(|group| told.contains(&group.name)));
    for group in account.groups.iter().filter(|g| g.issued == "jwt" && told.contains(&g.name)) {
        if !user.auto_groups.contains(&group.id) {
            user.auto_groups.push(group.id.clone());
        }
    }
}
