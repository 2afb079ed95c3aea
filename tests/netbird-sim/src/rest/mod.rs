//! The REST API, the same in both images.

mod accounts;
mod failure;
mod groups;
mod guard;
mod instance;
mod login;
mod others;
mod permissions;
mod providers;
mod roles;
mod tokens;
mod users;

use authentik_sim::plumbing::{Call, Handled, Reply};
use serde_json::Value;

use crate::process::Process;
use crate::rest::failure::{Answered, Failure, json_reply};
use crate::rest::guard::Caller;
use crate::world::World;

/// What handlers work with.
pub(crate) struct Ctx<'a> {
    pub(crate) world: &'a World,
    pub(crate) process: &'a Process,
    pub(crate) call: &'a Call,
}

impl Ctx<'_> {
    /// The body as an object.
    fn body(&self) -> Answered {
        serde_json::from_slice::<Value>(&self.call.body)
            .ok()
            .filter(Value::is_object)
            .ok_or_else(Failure::no_json)
    }
}

/// A field of a body that is a text if it is there. Any other kind of value is unreadable.
fn text<'a>(body: &'a Value, key: &str) -> Answered<&'a str> {
    match &body[key] {
        Value::Null => Ok(""),
        Value::String(text) => Ok(text),
        _ => Err(Failure::no_json()),
    }
}

/// The same for a flag.
fn flag(body: &Value, key: &str) -> Answered<bool> {
    match &body[key] {
        Value::Null => Ok(false),
        Value::Bool(flag) => Ok(*flag),
        _ => Err(Failure::no_json()),
    }
}

/// The same for a list of texts.
fn list(body: &Value, key: &str) -> Answered<Option<Vec<String>>> {
    match &body[key] {
        Value::Null => Ok(None),
        Value::Array(items) => {
            let texts = items.iter().map(|item| item.as_str().map(str::to_owned));
            texts.collect::<Option<Vec<String>>>().map(Some).ok_or_else(Failure::no_json)
        }
        _ => Err(Failure::no_json()),
    }
}

/// Answers a request to anything but the embedded provider.
pub(crate) async fn answer(world: &World, process: &Process, call: &Call) -> Handled {
    let ctx = Ctx { world, process, call };
    let Some(path) = call.path.strip_prefix("/api/") else {
        return Handled::made_up(not_found());
    };
    if call.method == "OPTIONS" && call.header("access-control-request-method").is_some() {
        return Handled::made_up(preflight(call));
    }
    let parts: Vec<String> = path.trim_end_matches('/').split('/').map(percent_decoded).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let open = match (call.method.as_str(), parts.as_slice()) {
        ("GET", ["instance"]) => Some(instance::show(&ctx)),
        ("POST", ["setup"]) => Some(instance::set_up(&ctx)),
        (_, ["instance" | "setup"]) => Some(not_found()),
        _ => None,
    };
    let (reply, authenticated) = match open {
        Some(reply) => (reply, false),
        None => match guard::caller(&ctx).await {
            Err(failure) => (failure.reply(), false),
            Ok(caller) => {
                let answered = route(&ctx, &caller, &parts).await;
                let reply = answered.map_or_else(not_found, |body| {
                    body.map_or_else(|f| f.reply(), |body| json_reply(200, &body))
                });
                (reply, true)
            }
        },
    };
    Handled { reply: allowed(reply, call), authenticated, dear: false }
}

async fn route(ctx: &Ctx<'_>, caller: &Caller, parts: &[&str]) -> Option<Answered> {
    Some(match (ctx.call.method.as_str(), parts) {
        ("GET", ["instance", "version"]) => instance::version(),
        ("GET", ["accounts"]) => accounts::list(ctx, caller),
        ("PUT", ["accounts", id]) => accounts::update(ctx, caller, id),
        ("GET", ["users"]) => users::list(ctx, caller),
        ("POST", ["users"]) => users::create(ctx, caller),
        ("GET", ["users", "current"]) => users::current(ctx, caller),
        ("PUT", ["users", id]) => users::update(ctx, caller, id),
        ("DELETE", ["users", id]) => users::delete(ctx, caller, id),
        ("POST", ["users", id, "approve"]) => users::approve(ctx, caller, id),
        ("DELETE", ["users", id, "reject"]) => users::reject(ctx, caller, id),
        ("GET", ["users", id, "tokens"]) => tokens::list(ctx, caller, id),
        ("POST", ["users", id, "tokens"]) => tokens::create(ctx, caller, id),
        ("GET", ["users", id, "tokens", token]) => tokens::show(ctx, caller, id, token),
        ("DELETE", ["users", id, "tokens", token]) => tokens::delete(ctx, caller, id, token),
        ("GET", ["groups"]) => groups::list(ctx, caller),
        ("POST", ["groups"]) => groups::create(ctx, caller),
        ("GET", ["groups", id]) => groups::show(ctx, caller, id),
        ("PUT", ["groups", id]) => groups::rename(ctx, caller, id),
        ("DELETE", ["groups", id]) => groups::delete(ctx, caller, id),
        ("GET", ["identity-providers"]) => providers::list(ctx, caller),
        ("POST", ["identity-providers"]) => providers::create(ctx, caller).await,
        ("GET", ["identity-providers", id]) => providers::show(ctx, caller, id),
        ("PUT", ["identity-providers", id]) => providers::update(ctx, caller, id).await,
        ("DELETE", ["identity-providers", id]) => providers::delete(ctx, caller, id),
        ("GET", ["peers"]) => others::peers(ctx, caller),
        ("GET", ["setup-keys"]) => others::setup_keys(ctx, caller),
        ("POST", ["setup-keys"]) => others::add_setup_key(ctx, caller),
        _ => return None,
    })
}

fn percent_decoded(part: &str) -> String {
    let plain = part.replace('+', "%2B");
    let pairs = authentik_sim::plumbing::pairs(&format!("={plain}"));
    pairs.into_iter().next().map_or_else(String::new, |(_, value)| value)
}

/// What the router says to a path it does not know.
pub(crate) fn not_found() -> Reply {
    Reply::text(404, "404 page not found\n")
}

/// Any page may call.
pub(crate) fn allowed(reply: Reply, call: &Call) -> Reply {
    if call.header("origin").is_some() {
        reply.with("Access-Control-Allow-Origin", "*")
    } else {
        reply
    }
}

/// The answer before a call from a page.
pub(crate) fn preflight(call: &Call) -> Reply {
    let mut reply = Reply::empty(204);
    if let Some(headers) = call.header("access-control-request-headers") {
        let canonical: Vec<String> = headers.split(',').map(canonical).collect();
        reply = reply.with("Access-Control-Allow-Headers", &canonical.join(", "));
    }
    let method = call.header("access-control-request-method").unwrap_or_default();
    reply.with("Access-Control-Allow-Methods", method).with("Access-Control-Allow-Origin", "*")
}

/// `content-type` as `Content-Type`.
fn canonical(name: &str) -> String {
    let words = name.trim().split('-').map(|word| {
        let (first, rest) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
        format!("{}{}", first.to_uppercase(), rest.to_lowercase())
    });
    words.collect::<Vec<String>>().join("-")
}
