//! What requests cost a real server, as data: medians measured on idle 2026.2.2 and 2024.2.4 servers with a nearly empty
//! database, so that a test can sum what a run asks of a server without measuring time itself.

use std::time::Duration;

use crate::http::log::Request;
use crate::profile::Profile;
use crate::release::since;

/// A class of requests: method, beginning of the path, and milliseconds on the newer and the older server. The first
/// that fits counts. `absent` is for answers of 404.
struct Class {
    method: &'static str,
    path: &'static str,
    absent: bool,
    newer: u64,
    older: u64,
}

const fn class(method: &'static str, path: &'static str, newer: u64, older: u64) -> Class {
    Class { method, path, absent: false, newer, older }
}

const fn absent(path: &'static str, newer: u64, older: u64) -> Class {
    Class { method: "GET", path, absent: true, newer, older }
}

static CLASSES: &[Class] = &[
    absent("/api/v3/core/applications/", 93, 44),
    absent("/api/v3/flows/instances/", 32, 42),
    class("GET", "/api/v3/core/applications/?", 940, 65),
    class("GET", "/api/v3/core/applications/", 640, 78),
    class("GET", "/api/v3/flows/instances/", 535, 390),
    class("GET", "/api/v3/providers/all/", 71, 75),
    class("GET", "/api/v3/providers/oauth2/", 42, 55),
    class("GET", "/api/v3/propertymappings/", 41, 45),
    class("GET", "/api/v3/crypto/certificatekeypairs/", 40, 400),
    class("GET", "/api/v3/schema/", 2_800, 1_800),
    class("GET", "/api/v3/", 48, 45),
    class("POST", "/api/v3/providers/oauth2/", 430, 310),
    class("POST", "/api/v3/core/applications/", 840, 310),
    class("POST", "/api/v3/policies/bindings/", 300, 300),
    class("", "/api/v3/", 150, 150),
    class("GET", "/application/o/authorize/", 32, 32),
    class("", "/application/o/token/", 450, 450),
    class("GET", "/-/health/", 33, 28),
];

/// Discovery and key set, which are told by the end of the path.
const DISCOVERY: (u64, u64) = (350, 355);
const KEY_SET: (u64, u64) = (300, 310);
/// What was not measured by itself: "the rest, 0.1 to 0.2 s".
const OTHER: (u64, u64) = (150, 150);

/// Ten reads side by side took a real server half of what they took one after another, over two connections as over ten:
/// that many requests at a time are worked on.
pub(crate) const WORKERS: usize = 2;

/// What is asked, as far as the cost depends on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) status: u16,
}

impl<'a> From<&'a Request> for Asked<'a> {
    fn from(request: &'a Request) -> Self {
        let Request { method, path, query, status, .. } = request;
        Self { method, path, query, status: *status }
    }
}

/// What one request cost; nothing if it was not answered, or by the router in front of a server that is starting.
pub(crate) fn of(profile: &Profile, prefix: &str, request: Asked<'_>) -> Duration {
    let path = request.path.strip_prefix(prefix.trim_end_matches('/')).unwrap_or(request.path);
    let (newer, older) = match path {
        _ if matches!(request.status, 0 | 502 | 503) => (0, 0),
        path if path.ends_with("/.well-known/openid-configuration") => DISCOVERY,
        path if path.ends_with("/jwks/") => KEY_SET,
        path => classified(request, path),
    };
    Duration::from_millis(if profile.within(since(2025, 12)) { newer } else { older })
}

fn classified(request: Asked<'_>, path: &str) -> (u64, u64) {
    let whole = format!("{path}?{}", request.query);
    // Key pairs without their details are cheap on the older server.
    if path == "/api/v3/crypto/certificatekeypairs/"
        && request.query.contains("include_details=false")
    {
        return (40, 45);
    }
    let method = if request.method == "HEAD" { "GET" } else { request.method };
    let found = CLASSES.iter().find(|class| {
        (class.method.is_empty() || class.method == method)
            && whole.starts_with(class.path)
            && (!class.absent || request.status == 404)
    });
    found.map_or(OTHER, |class| (class.newer, class.older))
}
