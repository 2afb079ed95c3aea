//! Groups.

use serde_json::{Value, json};

use crate::ids;
use crate::rest::failure::{Answered, Failure};
use crate::rest::guard::Caller;
use crate::rest::permissions::demanded;
use crate::rest::roles::Operation;
use crate::rest::{Ctx, text};
use crate::state::{Account, Group, State};
use crate::world::lock;

fn shown(group: &Group) -> Value {
    json!({
        "id": group.id, "issued": group.issued, "name": group.name, "peers": null,
        "peers_count": 0, "resources": null, "resources_count": 0,
    })
}

fn account<'a>(state: &'a mut State, caller: &Caller) -> Answered<&'a mut Account> {
    state.account_mut(&caller.account).ok_or_else(Failure::hidden)
}

fn absent(id: &str) -> Failure {
    Failure::not_found(format!("group: {id} not found"))
}

fn name(ctx: &Ctx<'_>) -> Answered<String> {
    let body = ctx.body()?;
    let name = text(&body, "name")?;
    if name.is_empty() {
        return Err(Failure::invalid("group name shouldn't be empty"));
    }
    Ok(name.to_owned())
}

pub(crate) fn list(ctx: &Ctx<'_>, caller: &Caller) -> Answered {
    let mut state = lock(&ctx.world.state);
    demanded(&state, caller, "groups", Operation::Read)?;
    Ok(account(&mut state, caller)?.groups.iter().map(shown).collect())
}

pub(crate) fn show(ctx: &Ctx<'_>, caller: &Caller, id: &str) -> Answered {
    let mut state = lock(&ctx.world.state);
    demanded(&state, caller, "groups", Operation::Read)?;
    let groups = &account(&mut state, caller)?.groups;
    groups.iter().find(|group| group.id == id).map(shown).ok_or_else(|| absent(id))
}

pub(crate) fn create(ctx: &Ctx<'_>, caller: &Caller) -> Answered {
    let name = name(ctx)?;
    let mut state = lock(&ctx.world.state);
    demanded(&state, caller, "groups", Operation::Create)?;
    let groups = &mut account(&mut state, caller)?.groups;
    if groups.iter().any(|group| group.name == name) {
        return Err(Failure::exists(format!("group with name {name} already exists")));
    }
    let group = Group { id: ids::object(), name, issued: "api".to_owned() };
    let answer = shown(&group);
    groups.push(group);
    Ok(answer)
}

pub(crate) fn rename(ctx: &Ctx<'_>, caller: &Caller, id: &str) -> Answered {
    let mut state = lock(&ctx.world.state);
    demanded(&state, caller, "groups", Operation::Update)?;
    let groups = &mut account(&mut state, caller)?.groups;
    let group = groups.iter_mut().find(|group| group.id == id).ok_or_else(|| absent(id))?;
    if group.name == "All" {
        return Err(Failure::invalid("updating group ALL is not allowed"));
    }
    group.name = name(ctx)?;
    Ok(shown(group))
}

pub(crate) fn delete(ctx: &Ctx<'_>, caller: &Caller, id: &str) -> Answered {
    let mut state = lock(&ctx.world.state);
    demanded(&state, caller, "groups", Operation::Delete)?;
    let linked = state.users.iter().any(|user| user.auto_groups.iter().any(|group| group == id));
    let groups = &mut account(&mut state, caller)?.groups;
    let at = groups.iter().position(|group| group.id == id).ok_or_else(|| absent(id))?;
    if groups[at].name == "All" {
        return Err(Failure::invalid("deleting group ALL is not allowed"));
    }
    if linked {
        return Err(Failure::unreadable("group has been linked to a user"));
    }
    groups.remove(at);
    Ok(json!({}))
}
