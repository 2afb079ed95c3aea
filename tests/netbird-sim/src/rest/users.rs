//! Users: people who came, people who wait, service users, and who may be what.

use serde_json::json;

use crate::config::Kind;
use crate::ids;
use crate::rest::failure::{Answered, Failure};
use crate::rest::guard::Caller;
use crate::rest::permissions::{asked, demanded};
use crate::rest::roles::{self, Operation};
use crate::rest::{Ctx, flag, list as texts, text};
use crate::state::{State, User};
use crate::world::lock;

/// What a generated password costs to hash.
const COST: u32 = 10;

pub(crate) fn list(ctx: &Ctx<'_>, caller: &Caller) -> Answered {
    let state = lock(&ctx.world.state);
    let all = asked(&state, caller, "users", Operation::Read)?.is_some();
    let wanted = ctx.call.query("service_user").map(|value| value == "true");
    let users = state.users.iter().filter(|user| user.account == caller.account);
    let users = users.filter(|user| all || user.id == caller.user);
    let users = users.filter(|user| wanted.is_none_or(|wanted| user.is_service_user == wanted));
    Ok(users.map(|user| user.shown(&caller.user)).collect())
}

pub(crate) fn current(ctx: &Ctx<'_>, caller: &Caller) -> Answered {
    let state = lock(&ctx.world.state);
    let user = state.user(&caller.user).ok_or_else(|| Failure::no_user(&caller.user))?;
    if user.is_blocked {
        return Err(Failure::forbidden("user is blocked"));
    }
    if user.is_service_user {
        return Err(Failure::denied());
    }
    let settings = state.account(&user.account).map(|account| &account.settings);
    let restricted = user.role == "user"
        && settings.is_some_and(|settings| settings["regular_users_view_blocked"] == true);
    let mut shown = user.shown(&caller.user);
    shown["permissions"] = roles::told(&user.role, restricted);
    Ok(shown)
}

pub(crate) fn create(ctx: &Ctx<'_>, caller: &Caller) -> Answered {
    let body = ctx.body()?;
    let role = text(&body, "role")?;
    let user = User {
        account: caller.account.clone(),
        role: role.to_owned(),
        auto_groups: texts(&body, "auto_groups")?.unwrap_or_default(),
        ..User::new("", text(&body, "email")?, text(&body, "name")?)
    };
    if !roles::exists(role) {
        return Err(Failure::invalid("invalid user role"));
    }
    let mut state = lock(&ctx.world.state);
    let (user, password) = if flag(&body, "is_service_user")? {
        (service_user(&state, caller, user)?, None)
    } else {
        local_user(ctx, &mut state, caller, user)?
    };
    let mut shown = user.shown(&caller.user);
    // Told by later answers only.
    if let Some(shown) = shown.as_object_mut() {
        shown.shift_remove("idp_id");
    }
    if let Some(password) = password {
        shown["password"] = json!(password);
    }
    state.users.push(user);
    Ok(shown)
}

fn service_user(state: &State, caller: &Caller, user: User) -> Answered<User> {
    demanded(state, caller, "users", Operation::Create)?;
    if user.role == "owner" {
        return Err(Failure::invalid("can't create a service user with owner role"));
    }
    let id = authentik_sim::plumbing::uuid();
    Ok(User { id, email: String::new(), is_service_user: true, ..user })
}

fn local_user(
    ctx: &Ctx<'_>,
    state: &mut State,
    caller: &Caller,
    user: User,
) -> Answered<(User, Option<String>)> {
    let Some(embedded) = ctx.process.embedded() else {
        return Err(Failure::too_early("IdP manager must be enabled to send user invites"));
    };
    for (value, what) in [(&user.name, "name"), (&user.email, "email")] {
        if value.is_empty() {
            return Err(Failure::invalid(format!("{what} can't be empty")));
        }
    }
    if user.role == "owner" {
        return Err(Failure::invalid("can't invite a user with owner role"));
    }
    demanded(state, caller, "users", Operation::Create)?;
    if embedded.local_auth_disabled {
        return Err(Failure::too_early(
            "local user creation is disabled - use an external identity provider",
        ));
    }
    let same = |known: &User| {
        known.account == caller.account && known.email.eq_ignore_ascii_case(&user.email)
    };
    if state.users.iter().any(same) {
        return Err(Failure::exists("can't invite a user with an existing NetBird account"));
    }
    let password = ids::secret(16);
    let hash = bcrypt::hash(&password, COST).map_err(|_| Failure::hidden())?;
    let id = state.idp.set_password(&user.email, &hash, &user.name);
    Ok((User { id, ..user }, Some(password)))
}

pub(crate) fn update(ctx: &Ctx<'_>, caller: &Caller, id: &str) -> Answered {
    let mut state = lock(&ctx.world.state);
    let old = state.user(id).cloned().ok_or_else(|| Failure::no_user(id))?;
    let body = ctx.body()?;
    let role = text(&body, "role")?.to_owned();
    let is_blocked = flag(&body, "is_blocked")?;
    let Some(auto_groups) = texts(&body, "auto_groups")? else {
        return Err(Failure::unreadable("auto_groups field can't be absent"));
    };
    if !roles::exists(&role) {
        return Err(Failure::invalid("invalid user role"));
    }
    let by = demanded(&state, caller, "users", Operation::Update)?.clone();
    let new = User { role, is_blocked, auto_groups, ..old.clone() };
    let failed = |failure: (u16, String)| {
        let text = format!("failed to process update for user {id}: {}", failure.1);
        if failure.0 == 403 { Failure::forbidden(text) } else { Failure::invalid(text) }
    };
    allowed(&by, &old, &new).map_err(|why| failed((403, why.to_owned())))?;
    groups_exist(&state, &new).map_err(|why| failed((422, why)))?;
    if new.role == "owner" && by.role == "owner" && by.id != new.id {
        // There is one owner, so the old one steps down.
        if let Some(by) = state.user_mut(&caller.user) {
            "admin".clone_into(&mut by.role);
        }
    }
    let shown = new.shown(&caller.user);
    if let Some(user) = state.user_mut(id) {
        *user = new;
    }
    Ok(shown)
}

/// Who may make whom what.
fn allowed(by: &User, old: &User, new: &User) -> Result<(), &'static str> {
    let own = by.id == old.id;
    let becomes_owner = new.role == "owner" && old.role != "owner";
    if !by.has_admin_power() {
        return Err("only admins and owners can update users");
    }
    if own && old.is_blocked != new.is_blocked {
        return Err("admins can't block or unblock themselves");
    }
    if own && new.role != by.role {
        return Err("admins can't change their role");
    }
    if by.role != "owner" && old.role == "owner" && new.role != "owner" {
        return Err("only owners can remove owner role from their user");
    }
    if old.role == "owner" && new.is_blocked && !old.is_blocked {
        return Err("unable to block owner user");
    }
    if by.role != "owner" && becomes_owner {
        return Err("only owners can add owner role to other users");
    }
    if old.is_service_user && new.role == "owner" {
        return Err("can't update a service user with owner role");
    }
    Ok(())
}

fn groups_exist(state: &State, user: &User) -> Result<(), String> {
    let groups = state.account(&user.account).map(|account| account.groups.as_slice());
    for id in &user.auto_groups {
        match groups.unwrap_or_default().iter().find(|group| group.id == *id) {
            None => {
                let user = &user.id;
                return Err(format!(
                    "provided group ID {id} in the user {user} update doesn't exist"
                ));
            }
            Some(group) if group.name == "All" => {
                return Err("can't add All group to the user".to_owned());
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// A user of the caller's account who waits.
fn waiting(state: &State, caller: &Caller, id: &str, operation: Operation) -> Answered<()> {
    demanded(state, caller, "users", operation)?;
    let user = state.user(id).filter(|user| user.account == caller.account);
    let user = user.ok_or_else(|| Failure::no_user(id))?;
    if user.pending_approval {
        return Ok(());
    }
    Err(Failure::invalid(format!("user {id} is not pending approval")))
}

pub(crate) fn approve(ctx: &Ctx<'_>, caller: &Caller, id: &str) -> Answered {
    let mut state = lock(&ctx.world.state);
    waiting(&state, caller, id, Operation::Update)?;
    let user = state.user_mut(id).ok_or_else(|| Failure::no_user(id))?;
    (user.is_blocked, user.pending_approval) = (false, false);
    Ok(user.shown(&caller.user))
}

pub(crate) fn reject(ctx: &Ctx<'_>, caller: &Caller, id: &str) -> Answered {
    waiting(&lock(&ctx.world.state), caller, id, Operation::Delete)?;
    delete(ctx, caller, id)
}

pub(crate) fn delete(ctx: &Ctx<'_>, caller: &Caller, id: &str) -> Answered {
    if caller.user == id {
        return Err(Failure::invalid("self deletion is not allowed"));
    }
    let mut state = lock(&ctx.world.state);
    demanded(&state, caller, "users", Operation::Delete)?;
    let user = state.user(id).cloned().ok_or_else(|| Failure::no_user(id))?;
    if user.role == "owner" {
        return Err(Failure::forbidden("can't delete a user with the owner role"));
    }
    state.users.retain(|known| known.id != id);
    state.tokens.retain(|token| token.user != id);
    // Deleting a local user takes the password away too.
    if let (Kind::Embedded, Some((subject, connector))) =
        (ctx.process.config.kind(), ids::subject_and_connector(id))
        && connector == "local"
    {
        state.idp.passwords.retain(|password| password.user_id != subject);
    }
    Ok(json!({}))
}
