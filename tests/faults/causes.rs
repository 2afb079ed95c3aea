//! What `init` must say, request by request and answer by answer, when a request is answered wrongly for good.

use netbird_authentik_init::error::Error;
use netbird_authentik_init::error::Exit::{self, NotReady, Ok, Protocol, Rejected};

use crate::checked::Wrong::{self, *};

/// A kind of request: its path with `*` for keys, and the names in its query.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Request {
    pub method: String,
    pub path: String,
    query: String,
}

impl Request {
    pub fn of(request: &authentik_sim::Request) -> Self {
        let part = |part: &str| match part.len() == 36 && part.split('-').count() == 5 {
            true => "*".to_owned(),
            false => part.to_owned(),
        };
        let path: Vec<String> = request.path.split('/').map(part).collect();
        let names = request.query.split('&').filter_map(|pair| pair.split('=').next());
        let query = names.collect::<Vec<_>>().join("&");
        Self { method: request.method.clone(), path: path.join("/"), query }
    }

    fn is(&self, method: &str, end: &str) -> bool {
        self.method == method && self.path.ends_with(end)
    }

    fn is_api(&self) -> bool {
        self.path.starts_with("/api/")
    }

    fn reads(&self) -> bool {
        self.method == "GET"
    }

    /// NetBird's question: sent with the service account's token.
    fn lists_users(&self) -> bool {
        self.is("GET", "/core/users/") && self.query == "page_size"
    }

    /// The phase of the run that it belongs to.
    fn phase(&self) -> &'static str {
        match self.reads() {
            _ if !self.is_api() || self.lists_users() => "verify",
            true if self.is("GET", "/users/me/") || self.is("GET", "/version/") => "reachable",
            true => "objects",
            false => "apply",
        }
    }

    /// Questions that a token need not be allowed to ask; who may enter must be known where that is asked for.
    fn informs(&self, groups: bool) -> bool {
        self.is("GET", "/providers/all/")
            || self.is("GET", "/rbac/permissions/")
            || !groups && self.is("GET", "/policies/bindings/")
    }
}

/// With which code it ended, what it said was the cause, and of which request.
pub fn of(error: &Error) -> (Exit, String) {
    let what = error.what.as_str();
    let phase = what.rsplit_once("(phase: ").map_or("", |(_, phase)| phase.trim_end_matches(')'));
    let cause = match what {
        _ if what.contains(" is redirected to ") => "redirected".to_owned(),
        _ if what.starts_with("not ready within ") => format!("waits, {phase}"),
        _ if what.starts_with("Authentik keeps failing") => "keeps failing".to_owned(),
        _ if what.starts_with("an answer that does not fit") => "misfit".to_owned(),
        _ if what.starts_with("Authentik refuses a value") => "value".to_owned(),
        _ if what.starts_with("the token lacks the permission") => "permission".to_owned(),
        _ if what.starts_with("Authentik does not accept AUTHENTIK_TOKEN") => "token".to_owned(),
        _ => return (error.exit, what.to_owned()),
    };
    match request_in(&error.to_string()) {
        Some(request) => (error.exit, format!("{cause}: {request}")),
        None => (error.exit, cause),
    }
}

/// The first request that is named, with `*` for its keys.
fn request_in(said: &str) -> Option<String> {
    let words: Vec<&str> = said.split([' ', ',', ';']).collect();
    let at = words.iter().position(|word| ["GET", "POST", "PATCH", "DELETE"].contains(word))?;
    let path = words.get(at + 1)?.trim_end_matches(':');
    let part = |part: &str| if part.len() == 36 { "*".to_owned() } else { part.to_owned() };
    let path: Vec<String> = path.split('/').map(part).collect();
    Some(format!("{} {}", words[at], path.join("/")))
}

/// What a run is asked for, as far as it matters here.
#[derive(Clone, Copy)]
pub struct Asked {
    pub lists: bool,
    pub groups: bool,
}

/// What must come of it.
pub fn expected(request: &Request, wrong: Wrong, asked: Asked) -> (Exit, String) {
    let (exit, cause) = match special(request, wrong, asked) {
        Some(special) => special,
        None => usual(request, wrong, asked),
    };
    (exit, cause.replace("REQUEST", &format!("{} {}", request.method, request.path)))
}

fn usual(request: &Request, wrong: Wrong, asked: Asked) -> (Exit, &'static str) {
    let waits = || match request.phase() {
        "reachable" => (NotReady, "waits, reachable: REQUEST"),
        "objects" => (NotReady, "waits, objects: REQUEST"),
        "apply" => (NotReady, "waits, apply: REQUEST"),
        _ => (NotReady, "waits, verify: REQUEST"),
    };
    let begins = matches!(request.phase(), "reachable" | "objects");
    match wrong {
        Nothing | Never | Half | LoginPage | Starting => waits(),
        // Before everything is there a server is taken for one that is starting.
        Broken | TooMany | NotFound if begins => waits(),
        Broken | TooMany => (NotReady, "keeps failing: REQUEST"),
        Page | Garbage | OtherShape | NotFound => (Protocol, "misfit: REQUEST"),
        Elsewhere => (Protocol, "redirected: REQUEST"),
        NoPermission if request.informs(asked.groups) => (Ok, ""),
        // No token is sent: something in front of Authentik refuses.
        NoPermission | NoToken if !request.is_api() || request.is("GET", "/brands/current/") => {
            waits()
        }
        NoPermission if request.phase() != "reachable" => (Rejected, "permission: REQUEST"),
        NoPermission | NoToken => (Rejected, "token: REQUEST"),
        Invalid => (Protocol, "value: REQUEST"),
    }
}

const SHUT_OUT: &str = "service account Netbird cannot log in with its app password";
const NOT_LISTED: &str = "service account Netbird may not list users";

/// Where an answer says something else there than elsewhere.
fn special(request: &Request, wrong: Wrong, asked: Asked) -> Option<(Exit, &'static str)> {
    let is = |method: &str, end: &str| request.is(method, end);
    Some(match wrong {
        // Codes are given twenty times an hour.
        TooMany if is("POST", "/device/") => (Ok, ""),
        Invalid if is("POST", "/device/") => (Protocol, "check device-endpoint failed"),
        Invalid if is("GET", "/authorize/") => (Protocol, "check authorize failed"),
        Invalid if is("POST", "/token/") => (Protocol, "check cors failed"),
        NoPermission | NoToken if request.lists_users() => (Protocol, NOT_LISTED),
        NotFound => return gone(request, asked),
        OtherShape if request.is_api() && !request.reads() => return made_up(request, asked),
        _ => return None,
    })
}

/// A 404 where something is: what is looked for where older releases have it, or was just seen.
fn gone(request: &Request, asked: Asked) -> Option<(Exit, &'static str)> {
    let is = |method: &str, end: &str| request.is(method, end);
    Some(match () {
        () if is("GET", "/core/brands/") => (NotReady, "waits, objects: GET /api/v3/core/tenants/"),
        () if is("GET", "/core/brands/current/") => {
            (NotReady, "waits, objects: GET /api/v3/core/tenants/current/")
        }
        () if is("GET", "/propertymappings/provider/scope/") => {
            (NotReady, "waits, objects: GET /api/v3/propertymappings/scope/")
        }
        () if is("PATCH", "/core/brands/*/") => (Protocol, "misfit: PATCH /api/v3/core/tenants/*/"),
        // Where the provider is linked to it, the answers do not fit together.
        () if is("GET", "/core/applications/netbird/") && asked.groups => {
            (NotReady, "waits, objects")
        }
        () if is("GET", "/core/applications/netbird/") => (Ok, ""),
        () if is("GET", "/core/tokens/service-account-netbird-password/") => {
            (Protocol, "value: POST /api/v3/core/tokens/")
        }
        () if is("PATCH", "/core/applications/netbird/")
            || ["/set_key/", "/assign/", "/add_user/"].iter().any(|end| is("POST", end)) =>
        {
            (Protocol, "value: REQUEST")
        }
        () => return None,
    })
}

/// A success that is made up: what was to be done is missed where it is used next.
fn made_up(request: &Request, asked: Asked) -> Option<(Exit, &'static str)> {
    let is = |method: &str, end: &str| request.is(method, end);
    let bindings = "value: POST /api/v3/policies/bindings/";
    Some(match () {
        () if is("PATCH", "/core/brands/*/") || is("POST", "/policies/bindings/") => (Ok, ""),
        () if is("POST", "/core/groups/") => (Protocol, bindings),
        () if is("POST", "/core/applications/") && asked.groups => (Protocol, bindings),
        () if is("POST", "/core/applications/") || is("POST", "/set_key/") => (Protocol, SHUT_OUT),
        () if is("PATCH", "/core/applications/netbird/") && asked.lists => (Protocol, SHUT_OUT),
        () if is("PATCH", "/core/applications/netbird/") => {
            (Protocol, "misfit: GET /application/o/netbird/.well-known/openid-configuration")
        }
        () if is("POST", "/users/service_account/") => {
            (Protocol, "value: POST /api/v3/core/tokens/service-account-netbird-password/set_key/")
        }
        () if is("POST", "/flows/instances/") => (Protocol, "value: PATCH /api/v3/core/brands/*/"),
        () if is("POST", "/providers/oauth2/") => {
            (Protocol, "provider NetBird: Authentik's answer cannot be read")
        }
        () if is("POST", "/assign/") || is("POST", "/add_user/") => (Protocol, NOT_LISTED),
        () if is("POST", "/rbac/roles/") => {
            (Protocol, "value: POST /api/v3/rbac/permissions/assigned_by_roles/{}/assign/")
        }
        () => return None,
    })
}
