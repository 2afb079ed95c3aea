//! The faults by name.

use std::time::{Duration, SystemTime};

use authentik_sim::Fault;

/// A fault with a name.
pub struct Named {
    pub name: String,
    pub fault: Fault,
    /// Whether another one ends a run in the same way when it is met for good: then it is met once alone.
    pub is_like_another: bool,
}

fn named(name: impl Into<String>, fault: Fault) -> Named {
    Named { name: name.into(), fault, is_like_another: false }
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
    let denied = |detail: &str| Fault::Status(403, json(), format!(r#"{{"detail":"{detail}"}}"#));
    let mut all = vec![
        named("reset before", Fault::Reset),
        named("reset after", Fault::ResetAfter),
        named("timeout", Fault::Hang(Duration::MAX)),
        named("closed late", Fault::Hang(Duration::from_secs(3))),
        named("truncated body", Fault::TruncatedBody),
        named("100 MB", Fault::HugeBody(100_000_000)),
        named("slow trickle", Fault::Trickle(Duration::from_secs(5))),
        // To a write the simulator answers with a success that is made up.
        named("wrong content type", Fault::WrongContentType),
        named("invalid JSON", Fault::InvalidJson),
        named("wrong shape", Fault::WrongShape),
        named("redirect to self", Fault::Redirect("?again".into())),
        named("redirect in a loop", Fault::Redirect("/loop/".into())),
        named("redirect elsewhere", Fault::Redirect("http://127.0.0.1:1/elsewhere".into())),
        named("403 permission", denied("You do not have permission")),
        named("403 token", denied("Token invalid/expired")),
        named("404 JSON", Fault::Status(404, json(), r#"{"detail":"Not found."}"#.into())),
    ];
    for status in [200, 403, 404, 500, 502, 503] {
        all.push(named(format!("HTML {status}"), Fault::Html(status)));
    }
    for (name, body) in SHAPES {
        let fault = Fault::Status(200, json(), body.into());
        all.push(named(format!("shape: {name}"), fault));
    }
    for (name, body) in ODD_400 {
        let fault = Fault::Status(400, json(), body.into());
        let is_like_another = !["empty", "already exists"].contains(&name);
        all.push(Named { is_like_another, ..named(format!("400 {name}"), fault) });
    }
    for status in [405, 408, 409, 425, 429, 500, 502, 503, 504] {
        let fault = Fault::Status(status, json(), r#"{"detail":"no"}"#.into());
        all.push(named(status.to_string(), fault));
    }
    let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(5));
    for value in ["2", &date, "99999999999999999999999", "-1", "Fri, 31 Dec 9999 23:59:59 GMT"] {
        for status in [429, 503] {
            let headers = vec![("Retry-After".to_owned(), value.to_owned())];
            let fault = Fault::Status(status, headers, String::new());
            let name = format!("{status} Retry-After {value}");
            all.push(Named { is_like_another: value != "2", ..named(name, fault) });
        }
    }
    all
}
