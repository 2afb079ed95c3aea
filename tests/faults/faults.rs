//! The faults by name, and how a run may end when it meets one for good.

use std::time::{Duration, SystemTime};

use authentik_sim::Fault;
use netbird_authentik_init::error::Exit::{self, NotReady, Ok, Protocol, Rejected};

/// A fault with a name.
pub struct Named {
    pub name: String,
    pub fault: Fault,
    /// Met once: endings besides convergence.
    pub once: &'static [Exit],
    /// Met by the same request every time: the endings.
    pub always: &'static [Exit],
}

fn named(
    name: impl Into<String>,
    fault: Fault,
    once: &'static [Exit],
    always: &'static [Exit],
) -> Named {
    Named { name: name.into(), fault, once, always }
}

fn json() -> Vec<(String, String)> {
    vec![("Content-Type".to_owned(), "application/json".to_owned())]
}

/// Bodies of a 400 that do not say which field is wrong, or not in the form that Authentik says it in.
const ODD_400: [(&str, &str); 10] = [
    ("empty", ""),
    ("null", "null"),
    ("list", r#"["no"]"#),
    ("text", r#""no""#),
    ("empty object", "{}"),
    ("numbers", r#"{"name":7,"slug":[1,2]}"#),
    ("null field", r#"{"name":null}"#),
    ("nested", r#"{"redirect_uris":[{},{"url":["bad",{"deeper":["worse"]}]}]}"#),
    ("control characters", "{\"\\u001b[2J\":[\"\\u0000\\r\\n\\u202e\"]}"),
    ("already exists", r#"{"name":["this already exists."]}"#),
];

/// JSON that is not what any question asks for.
const SHAPES: [(&str, &str); 6] = [
    ("null", "null"),
    ("an empty object", "{}"),
    ("a number", "1e400"),
    ("lists in lists", r#"{"pagination":{"next":0},"results":[[[]]]}"#),
    ("a page without end", r#"{"pagination":{"next":1},"results":[]}"#),
    ("other types", r#"{"pk":{},"user":[],"version_current":4,"issuer":{},"keys":7,"results":{}}"#),
];

/// Every fault that the matrix knows.
pub fn all() -> Vec<Named> {
    let slow: &[Exit] = &[NotReady];
    let misfit: &[Exit] = &[Protocol, NotReady];
    let mut all = vec![
        named("reset before", Fault::Reset, &[], slow),
        // A write that was carried out is found when the run looks again.
        named("reset after", Fault::ResetAfter, &[], &[Ok, NotReady]),
        named("timeout", Fault::Hang(Duration::MAX), &[], slow),
        named("closed late", Fault::Hang(Duration::from_secs(3)), &[], slow),
        named("truncated body", Fault::TruncatedBody, &[], slow),
        named("100 MB", Fault::HugeBody(100_000_000), &[], misfit),
        named("slow trickle", Fault::Trickle(Duration::from_secs(5)), &[], &[Ok, NotReady]),
        // To a write the simulator answers with a success that is made up: what was believed is then not provable.
        named(
            "wrong content type",
            Fault::WrongContentType,
            &[Protocol],
            &[Ok, Protocol, NotReady],
        ),
        named("invalid JSON", Fault::InvalidJson, &[], misfit),
        named("wrong shape", Fault::WrongShape, &[Protocol], misfit),
        named("redirect to self", Fault::Redirect("?again".into()), &[Protocol], &[Ok, Protocol]),
        named(
            "redirect to another origin",
            Fault::Redirect("http://127.0.0.1:1/elsewhere".into()),
            &[Protocol],
            &[Ok, Protocol],
        ),
        named("redirect in a loop", Fault::Redirect("/loop/".into()), &[Protocol], &[Ok, Protocol]),
        named(
            "403 permission",
            Fault::Status(403, json(), r#"{"detail":"You do not have permission"}"#.into()),
            &[Rejected, Protocol],
            // Where no token is sent, something in front of Authentik refuses.
            &[Rejected, Protocol, NotReady],
        ),
        named(
            "403 token",
            Fault::Status(403, json(), r#"{"detail":"Token invalid/expired"}"#.into()),
            &[Protocol],
            &[Rejected, Protocol, NotReady],
        ),
        named(
            "404 JSON",
            Fault::Status(404, json(), r#"{"detail":"Not found."}"#.into()),
            &[Protocol],
            &[Ok, Protocol, NotReady, Exit::Refused],
        ),
    ];
    for status in [200, 403, 404, 500, 502, 503] {
        let endings: &[Exit] = if status == 403 { &[Rejected, NotReady, Protocol] } else { misfit };
        all.push(named(format!("HTML {status}"), Fault::Html(status), &[Protocol], endings));
    }
    for (name, body) in SHAPES {
        let fault = Fault::Status(200, json(), body.into());
        all.push(named(format!("shape: {name}"), fault, &[Protocol], &[Ok, Protocol, NotReady]));
    }
    for (name, body) in ODD_400 {
        let fault = Fault::Status(400, json(), body.into());
        all.push(named(
            format!("400 {name}"),
            fault,
            &[Protocol],
            &[Ok, Protocol, NotReady, Exit::Refused],
        ));
    }
    for status in [405, 408, 409, 425, 429, 500, 502, 503, 504] {
        let fault = Fault::Status(status, json(), r#"{"detail":"no"}"#.into());
        let (once, always): (&'static [Exit], _) = match status {
            405 | 409 => (&[Protocol], misfit),
            _ => (&[], misfit),
        };
        all.push(named(status.to_string(), fault, once, always));
    }
    let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(5));
    for value in ["2", &date, "99999999999999999999999", "-1", "Fri, 31 Dec 9999 23:59:59 GMT"] {
        for status in [429, 503] {
            let headers = vec![("Retry-After".to_owned(), value.to_owned())];
            let fault = Fault::Status(status, headers, String::new());
            all.push(named(format!("{status} Retry-After {value}"), fault, &[], misfit));
        }
    }
    all
}
