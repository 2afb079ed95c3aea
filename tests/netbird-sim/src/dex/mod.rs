//! The embedded provider: everything under `/oauth2/`. NetBird puts it there whatever the issuer says, and the provider
//! makes its paths of the issuer, so that both agree only if the issuer ends so.

pub(crate) mod asked;
mod authorize;
mod callback;
pub(crate) mod connector;
mod device;
mod discovery;
mod local;
mod logout;
mod pages;
mod session;
mod token;
mod verify;

use authentik_sim::plumbing::{Call, Reply};

use crate::config::Embedded;
use crate::process::Process;
use crate::rest::{allowed, not_found, preflight};
use crate::world::World;

/// The clients that NetBird makes.
pub(crate) const CLIENTS: [&str; 2] = ["netbird-dashboard", "netbird-cli"];

/// What the endpoints work with.
pub(crate) struct Ctx<'a> {
    pub(crate) world: &'a World,
    pub(crate) process: &'a Process,
    pub(crate) embedded: &'a Embedded,
    pub(crate) call: &'a Call,
}

impl Ctx<'_> {
    /// A path of the provider's, as its redirects have it: without a host.
    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/oauth2{rest}")
    }

    /// The same as a whole URL.
    pub(crate) fn url(&self, rest: &str) -> String {
        format!("{}{rest}", self.embedded.issuer.trim_end_matches('/'))
    }

    /// The connector's redirect URI, and the only one that works.
    pub(crate) fn callback(&self) -> String {
        self.url("/callback")
    }
}

/// Answers a request. The health endpoint closes the connection: it panics on a real server.
pub(crate) async fn answer(world: &World, process: &Process, call: &Call) -> Option<Reply> {
    let embedded = process.embedded()?;
    let own = url::Url::parse(&embedded.issuer).is_ok_and(|url| url.path() == "/oauth2");
    if !own {
        return Some(not_found());
    }
    if call.method == "OPTIONS" && call.header("access-control-request-method").is_some() {
        return Some(preflight(call));
    }
    let ctx = Ctx { world, process, embedded, call };
    let path = call.path.strip_prefix("/oauth2")?;
    let reply = match (call.method.as_str(), path) {
        (_, "/healthz") => return None,
        ("GET", "/.well-known/openid-configuration") => discovery::document(&ctx),
        ("GET", "/keys") => discovery::keys(&ctx),
        ("GET", "/userinfo") => token::userinfo(&ctx).await,
        ("GET" | "POST", "/auth") => authorize::choose(&ctx),
        ("POST", "/token") => token::answer(&ctx),
        ("GET" | "POST", "/callback") => callback::answer(&ctx).await,
        ("GET", "/device") => device::page(&ctx),
        ("POST", "/device/code") => device::begin(&ctx),
        ("POST", "/device/auth/verify_code") => device::verify(&ctx),
        ("GET", "/device/callback") => device::callback(&ctx),
        ("GET" | "POST", "/logout") => logout::begin(&ctx),
        ("GET" | "POST", "/logout/callback") => logout::finish(&ctx),
        (method, path) => match (method, path.strip_prefix("/auth/")) {
            ("GET", Some("local/login")) => local::form(&ctx),
            ("POST", Some("local/login")) => local::submit(&ctx),
            ("GET" | "POST", Some(id)) if !id.contains('/') => authorize::enter(&ctx, id).await,
            _ => not_found(),
        },
    };
    Some(allowed(reply, call))
}
