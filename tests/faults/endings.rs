//! How a run must end that meets a fault: the one code for where it is met, what it is, and whether it is met once or for
//! good.

use netbird_authentik_init::error::Exit::{self, NotReady, Ok, Protocol, Rejected};

/// Where it is met.
pub struct Place<'a> {
    pub method: &'a str,
    /// From the root on, without its query.
    pub path: &'a str,
}

impl Place<'_> {
    fn is(&self, method: &str, path: &str) -> bool {
        self.method == method && self.path.contains(path)
    }

    fn reads(&self) -> bool {
        self.method == "GET"
    }

    /// Whether it is a question or a change of Authentik's API: else a page asks it, or NetBird.
    fn is_api(&self) -> bool {
        self.path.contains("/api/v3/")
    }

    /// Whether the token is sent with it: else something in front of Authentik refuses.
    fn has_token(&self) -> bool {
        self.is_api() && !self.path.contains("/brands/current/")
    }

    /// Questions that a token need not be allowed to ask: then it is said that the answer is not known.
    fn informs(&self) -> bool {
        ["providers/all/", "policies/bindings/"].iter().any(|path| self.is("GET", path))
    }
}

/// Met once: a run gets over nearly everything.
pub fn once(place: &Place<'_>, fault: &str) -> Exit {
    let creates = place.is("POST", "/api/v3/");
    let changes = place.is_api() && !place.reads();
    // The authorize endpoint answers 400 to a login that it refuses, and bindings of an application that is gone are one.
    let asks = place.reads() && !place.is("GET", "/authorize/") && !place.is("GET", "/bindings/");
    match fault {
        "redirect elsewhere" => Protocol,
        // A value is named that is refused. What exists already is looked for when it is to be made.
        "400 nested" | "400 control characters" if changes || asks => Protocol,
        "400 already exists" | "400 null field" | "400 numbers" if asks || changes && !creates => {
            Protocol
        }
        "400 empty" | "400 null" | "400 list" | "400 text" | "400 empty object" if creates => {
            Protocol
        }
        // What it made has no key then, by which it could be referred to.
        "shape: other types" | "wrong content type"
            if creates && !place.path.contains("/applications/") =>
        {
            Protocol
        }
        _ => Ok,
    }
}

/// Met by the same request every time.
pub fn for_good(place: &Place<'_>, fault: &str) -> Exit {
    let changes = place.is_api() && !place.reads();
    match fault {
        "reset before" | "timeout" | "closed late" | "truncated body" | "HTML 403" | "HTML 500"
        | "HTML 502" | "HTML 503" | "408" | "425" | "500" | "502" | "503" | "504"
        | "503 Retry-After 2" => NotReady,
        // Codes are given to an address twenty times an hour: that it is throttled says that it is there.
        "429" | "429 Retry-After 2" if place.is("POST", "/device/") => Ok,
        "429" | "429 Retry-After 2" => NotReady,
        // A write that was carried out is found when the run looks again.
        "reset after" if changes => Ok,
        "reset after" => NotReady,
        // It was carried out, or its answer has no body.
        "slow trickle" if changes || place.is("GET", "/authorize/") => Ok,
        "slow trickle" => NotReady,
        // Only whether an object is absent hangs on it.
        "wrong content type" if place.is("GET", "/core/applications/") => NotReady,
        "wrong content type" if place.method == "POST" => Protocol,
        "wrong content type" => Ok,
        "403 permission" if place.informs() => Ok,
        "403 permission" | "403 token" if place.has_token() => Rejected,
        "403 permission" | "403 token" => NotReady,
        "404 JSON" if place.is("GET", "/core/applications/") => Ok,
        // A path that is not there may be a proxy that does not know its backend yet.
        "404 JSON" | "HTML 404" if place.is_api() && place.reads() => NotReady,
        // It was changed, whatever was answered.
        "shape: other types" if place.method == "PATCH" => Ok,
        _ => Protocol,
    }
}
