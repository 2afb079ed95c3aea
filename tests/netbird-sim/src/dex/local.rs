//! The form for local users.

use std::collections::BTreeMap;
use std::sync::Mutex;

use authentik_sim::plumbing::Reply;

use crate::dex::pages::{error, login};
use crate::dex::{Ctx, session};
use crate::provider::Identity;
use crate::world::lock;

/// Hashes that cost less or more are refused, with an error rather than as a wrong password.
const COSTS: std::ops::RangeInclusive<u32> = 10..=16;

fn action(ctx: &Ctx<'_>) -> String {
    ctx.path(&format!("/auth/local/login?{}", ctx.call.query))
}

fn is_known(ctx: &Ctx<'_>) -> bool {
    let state = ctx.call.query("state").unwrap_or_default();
    lock(&ctx.world.state).idp.requests.contains_key(&state)
}

pub(crate) fn form(ctx: &Ctx<'_>) -> Reply {
    if !is_known(ctx) {
        return error(400, "Requested resource does not exist.");
    }
    login(&action(ctx), None)
}

/// Whether the hash is one that the provider checks passwords with.
fn cost(hash: &str) -> Result<(), String> {
    if hash.len() < 59 {
        return Err("crypto/bcrypt: hashedSecret too short to be a bcrypted password".to_owned());
    }
    let cost = hash.split('$').nth(2).and_then(|cost| cost.parse().ok());
    match cost {
        Some(cost) if !hash.starts_with("$2") || !COSTS.contains(&cost) => {
            Err(format!("given hash cost = {cost} is not between 10 and 16"))
        }
        Some(_) => Ok(()),
        None => Err("crypto/bcrypt: bcrypt hashes must start with '$'".to_owned()),
    }
}

/// Whether that is the password of that hash. It is worked out once for each two: bcrypt is made to be slow, and tests
/// log in to thousands of NetBirds with the same password.
fn fits(given: &str, hash: &str) -> bool {
    static KNOWN: Mutex<BTreeMap<(String, String), bool>> = Mutex::new(BTreeMap::new());
    let both = (given.to_owned(), hash.to_owned());
    if let Some(fits) = lock(&KNOWN).get(&both) {
        return *fits;
    }
    let fits = bcrypt::verify(given, hash).unwrap_or(false);
    lock(&KNOWN).insert(both, fits);
    fits
}

pub(crate) fn submit(ctx: &Ctx<'_>) -> Reply {
    if !is_known(ctx) {
        return error(400, "Requested resource does not exist.");
    }
    let field = |name: &str| ctx.call.form(name).unwrap_or_default();
    let (email, given) = (field("login"), field("password"));
    let known = lock(&ctx.world.state).idp.password(&email).cloned();
    let Some(password) = known else {
        return login(&action(ctx), Some(&email));
    };
    if let Err(why) = cost(&password.hash) {
        ctx.world.log("ERRO", format!("server: Failed to login user: {why}"));
        return error(500, "Login error.");
    }
    if !fits(&given, &password.hash) {
        return login(&action(ctx), Some(&email));
    }
    let state = ctx.call.query("state").unwrap_or_default();
    // A request is answered once.
    let request = lock(&ctx.world.state).idp.requests.remove(&state);
    let Some(request) = request else {
        return error(400, "Requested resource does not exist.");
    };
    let identity = Identity {
        subject: password.user_id,
        name: password.name,
        email: password.email,
        email_verified: true,
        ..Identity::default()
    };
    session::log_in(ctx, request, identity)
}
