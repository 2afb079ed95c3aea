//! What may be asked without credentials: whether the instance waits to be set up, and the setting up.

use authentik_sim::plumbing::Reply;
use serde_json::{Value, json};

use crate::rest::Ctx;
use crate::rest::failure::{Answered, Failure, json_reply};
use crate::rest::tokens;
use crate::state::User;
use crate::world::lock;

/// What a password that NetBird hashes itself costs.
const COST: u32 = 10;

pub(crate) fn show(ctx: &Ctx<'_>) -> Reply {
    json_reply(200, &json!({"setup_required": ctx.process.setup_required()}))
}

pub(crate) fn version() -> Answered {
    Ok(json!({"management_current_version": "0.77.1", "management_update_available": false}))
}

pub(crate) fn set_up(ctx: &Ctx<'_>) -> Reply {
    match owner(ctx) {
        Ok(body) => json_reply(200, &body).with("Cache-Control", "no-store"),
        Err(failure) => failure.reply(),
    }
}

struct Asked {
    email: String,
    password: String,
    name: String,
    /// For how many days a token is wanted.
    token_days: Option<i64>,
}

fn read(ctx: &Ctx<'_>) -> Answered<Asked> {
    let unreadable = || Failure::unreadable("invalid request body");
    let body: Value = serde_json::from_slice(&ctx.call.body).map_err(|_| unreadable())?;
    let text = |key: &str| match &body[key] {
        Value::Null => Ok(String::new()),
        Value::String(text) => Ok(text.clone()),
        _ => Err(unreadable()),
    };
    if !body.is_object() {
        return Err(unreadable());
    }
    let wanted = body["create_pat"] == true && ctx.world.env("NB_SETUP_PAT_ENABLED") == "true";
    let days =
        if body["pat_expire_in"].is_null() { Some(1) } else { body["pat_expire_in"].as_i64() };
    let days = days.ok_or_else(unreadable)?;
    if wanted && !(1..=365).contains(&days) {
        return Err(Failure::invalid("pat_expire_in must be between 1 and 365"));
    }
    Ok(Asked {
        email: text("email")?,
        password: text("password")?,
        name: text("name")?,
        token_days: wanted.then_some(days),
    })
}

fn valid(asked: &Asked) -> Answered<()> {
    let invalid = |text: &str| Err(Failure::invalid(text));
    if asked.email.is_empty() {
        return invalid("email is required");
    }
    let parts = asked.email.split_once('@');
    if parts.is_none_or(|(local, domain)| local.is_empty() || domain.is_empty()) {
        return invalid("invalid email format");
    }
    match asked.password.len() {
        0 => invalid("password is required"),
        1..8 => invalid("password must be at least 8 characters"),
        73.. => invalid("password must be at most 72 characters"),
        _ if asked.name.is_empty() => invalid("name is required"),
        _ => Ok(()),
    }
}

fn owner(ctx: &Ctx<'_>) -> Answered {
    let asked = read(ctx)?;
    let embedded = ctx.process.embedded().ok_or_else(Failure::hidden)?;
    valid(&asked)?;
    let mut state = lock(&ctx.world.state);
    let done = || Failure::too_early("setup already completed");
    if !ctx.process.setup_required() {
        return Err(done());
    }
    if !state.accounts.is_empty() || !state.idp.passwords.is_empty() {
        ctx.process.is_set_up();
        return Err(done());
    }
    if embedded.local_auth_disabled {
        return Err(Failure::hidden());
    }
    let hash = bcrypt::hash(&asked.password, COST).map_err(|_| Failure::hidden())?;
    let id = state.idp.set_password(&asked.email, &hash, &asked.name);
    ctx.process.is_set_up();
    let mut body = json!({"email": asked.email, "user_id": id});
    if let Some(days) = asked.token_days {
        // Here the real server forgets the domain, and nobody can join the account afterwards.
        let now = ctx.world.now();
        state.add_account(User::new(&id, &asked.email, &asked.name), "", "", now);
        let (token, plain) = tokens::make((&id, &id), "setup-token", now, days);
        body["personal_access_token"] = json!(plain);
        state.tokens.push(token);
    }
    Ok(body)
}
