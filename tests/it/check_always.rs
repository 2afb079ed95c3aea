//! `check` whatever is wrong: it waits for nothing, tells a line for every check there is, and its JSON can be read.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::time::Duration;

use authentik_sim::{Fault, FaultRule, Match};
use netbird_authentik_init::proof::CheckId;
use serde_json::Value;

use crate::support::{Case, Ended};

/// What is wrong, the code, and the checks that fail for it and no others.
pub type State = (&'static str, i32, &'static [&'static str], fn(&mut Case));

const DISCOVERY: &str = "/application/o/netbird/.well-known/";
const KEYS: &str = "/application/o/netbird/jwks/";

fn always(case: &Case, method: &str, path: &str, fault: Fault) {
    case.sim.fault(FaultRule::always(Match::path(method, path), fault));
}

fn json(status: u16, body: &str) -> Fault {
    let kind = ("Content-Type".to_owned(), "application/json".to_owned());
    Fault::Status(status, vec![kind], body.to_owned())
}

pub const STATES: &[State] = &[
    ("nothing is wrong", 0, &[], |_| {}),
    ("nothing listens", 69, &["reachable"], |case| {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        case.env("AUTHENTIK_HOST", format!("http://{free}"));
    }),
    ("no such host", 69, &["reachable"], |case| {
        case.env("AUTHENTIK_HOST", "http://nowhere.invalid");
    }),
    ("a server that does not answer", 69, &["reachable"], |case| {
        always(case, "GET", "/api/", Fault::Hang(Duration::MAX));
        case.env("SETUP_TIMEOUT", "2s");
    }),
    ("a server that resets", 69, &["reachable"], |case| {
        always(case, "GET", "/api/", Fault::Reset);
    }),
    ("a server that is starting", 69, &["reachable"], |case| {
        always(case, "GET", "/api/", Fault::Html(503));
    }),
    ("a server that fails", 69, &["reachable"], |case| {
        always(case, "GET", "/api/", json(500, "{}"));
    }),
    ("a login page in front", 69, &["reachable"], |case| {
        always(case, "GET", "/api/", Fault::Html(401));
    }),
    ("a page instead of the API", 76, &["reachable"], |case| {
        always(case, "GET", "/api/", Fault::Html(200));
    }),
    ("a redirect of the API", 76, &["reachable"], |case| {
        always(case, "GET", "/api/", Fault::Redirect("https://elsewhere.example.com/".into()));
    }),
    ("garbage instead of the API", 76, &["reachable"], |case| {
        always(case, "GET", "/api/", Fault::InvalidJson);
    }),
    ("a wrong token", 77, &["token"], |case| {
        case.env("AUTHENTIK_TOKEN", "another-token");
    }),
    ("a proxy that strips the token", 77, &["token"], |case| {
        let text = r#"{"detail": "Authentication credentials were not provided."}"#;
        always(case, "GET", "/api/", json(403, text));
    }),
    ("a token without a permission", 77, &["permissions"], |case| {
        let text = r#"{"detail": "You do not have permission to perform this action."}"#;
        always(case, "GET", "/api/v3/propertymappings/", json(403, text));
    }),
    ("discovery is not there", 76, &["discovery"], |case| {
        always(case, "GET", DISCOVERY, Fault::Html(404));
    }),
    ("discovery is a page", 76, &["discovery"], |case| {
        always(case, "GET", DISCOVERY, Fault::Html(200));
    }),
    ("discovery redirects", 76, &["public-url"], |case| {
        always(case, "GET", DISCOVERY, Fault::Redirect("https://elsewhere.example.com/".into()));
    }),
    ("discovery is garbage", 76, &["discovery"], |case| {
        always(case, "GET", DISCOVERY, Fault::InvalidJson);
    }),
    ("discovery is cut off", 69, &["discovery"], |case| {
        always(case, "GET", DISCOVERY, Fault::TruncatedBody);
    }),
    ("discovery is an empty object", 76, &["discovery"], |case| {
        always(case, "GET", DISCOVERY, json(200, "{}"));
    }),
    ("discovery is an empty list", 76, &["discovery"], |case| {
        always(case, "GET", DISCOVERY, json(200, "[]"));
    }),
    ("discovery is refused", 69, &["discovery"], |case| {
        always(case, "GET", DISCOVERY, json(403, r#"{"detail": "Token invalid/expired"}"#));
    }),
    ("discovery is behind a login page", 69, &["discovery"], |case| {
        always(case, "GET", DISCOVERY, Fault::Html(403));
    }),
    ("discovery fails", 69, &["discovery"], |case| {
        always(case, "GET", DISCOVERY, Fault::Html(503));
    }),
    ("the key set fails", 69, &["keys"], |case| {
        always(case, "GET", KEYS, json(500, "{}"));
    }),
    ("the key set is a page", 76, &["keys"], |case| {
        always(case, "GET", KEYS, Fault::Html(200));
    }),
    ("the authorize endpoint fails", 69, &["authorize"], |case| {
        always(case, "GET", "/application/o/authorize/", Fault::Html(500));
    }),
    ("the token endpoint fails", 69, &["cors"], |case| {
        always(case, "POST", "/application/o/token/", Fault::Html(503));
    }),
    ("the device endpoint fails", 69, &["device-endpoint"], |case| {
        always(case, "POST", "/application/o/device/", Fault::Html(503));
    }),
    ("a variable is wrong", 78, &["configuration"], |case| {
        case.env("AUTHENTIK_SUB_MODE", "uid");
    }),
    ("a file is cut off", 65, &["management.json"], |case| {
        std::fs::write(case.path("management.json"), "{\"HttpConfig\": {").unwrap();
    }),
    ("there are no secrets", 65, &["secrets"], |case| {
        std::fs::write(case.path("secrets.json"), "{}").unwrap();
    }),
];

/// The document, whose checks are all that there are.
fn document(what: &str, ended: &Ended) -> Vec<(String, String)> {
    let report: Value =
        serde_json::from_str(&ended.out).unwrap_or_else(|e| panic!("{what}: {e}: {}", ended.out));
    assert_eq!(report["exit"].as_i64(), ended.code.map(i64::from), "{what}");
    let text = |check: &Value, key: &str| check[key].as_str().unwrap_or_default().to_owned();
    let checks = report["checks"].as_array().unwrap();
    for check in checks {
        let (outcome, detail) = (text(check, "outcome"), text(check, "detail"));
        assert!(!detail.is_empty(), "{what}: {check}");
        let has_fix = !text(check, "remedy").is_empty();
        assert_eq!(has_fix, matches!(outcome.as_str(), "fail" | "warn"), "{what}: {check}");
    }
    checks.iter().map(|check| (text(check, "name"), text(check, "outcome"))).collect()
}

fn names<'a>(checks: impl IntoIterator<Item = &'a (String, String)>) -> BTreeSet<&'a str> {
    checks.into_iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn whatever_is_wrong_there_is_a_line_for_every_check_and_json_that_can_be_read() {
    let all: BTreeSet<&str> = CheckId::ALL.iter().map(|id| id.name()).collect();
    let failures: Vec<String> = std::thread::scope(|scope| {
        let story = |(what, code, expected, spoil): &'static State| {
            let all = &all;
            move || {
                let mut case = Case::new("2026.2");
                case.init();
                spoil(&mut case);
                let ended = case.run(&["check", "--format", "json"]);
                let checks = document(what, &ended);
                assert_eq!(names(&checks), *all, "{what}");
                let failed = names(checks.iter().filter(|(_, outcome)| outcome == "fail"));
                let expected: BTreeSet<&str> = expected.iter().copied().collect();
                if failed != expected || ended.code != Some(*code) {
                    return Some(format!("{what}: {:?} {failed:?}\n{}", ended.code, ended.out));
                }
                // The same for people, a line each.
                let lines = case.run(&["check"]).expect(*code).out;
                for (name, outcome) in &checks {
                    let line = format!("{}  {name} ", outcome.to_uppercase());
                    assert!(lines.lines().any(|l| l.starts_with(&line)), "{what}: {line}\n{lines}");
                }
                None
            }
        };
        let running: Vec<_> = STATES.iter().map(|state| scope.spawn(story(state))).collect();
        running.into_iter().filter_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn what_is_wrong_with_variables_is_in_the_document() {
    let mut case = Case::new("2026.2");
    case.env("AUTHENTIK_SUB_MODE", "uid").env("AUTHENTIK_HOST", "auth.example.com");
    let ended = case.run(&["check", "--format", "json"]).expect(78);
    let report: Value = serde_json::from_str(&ended.out).unwrap();
    let checks = report["checks"].as_array().unwrap().iter();
    let details: Vec<&str> = checks
        .filter(|check| check["name"] == "configuration")
        .map(|check| check["detail"].as_str().unwrap())
        .collect();
    for name in ["AUTHENTIK_SUB_MODE: found 'uid'", "AUTHENTIK_HOST: found 'auth.example.com'"] {
        assert!(details.iter().any(|detail| detail.starts_with(name)), "{details:?}");
    }
    assert!(!ended.out.contains("listed above"), "{}", ended.out);
}

#[test]
fn an_empty_access_group_is_told_once() {
    let mut case = Case::new("2026.2");
    case.env("AUTHENTIK_ACCESS_GROUPS", "vpn");
    case.init();
    let out = case.run(&["check"]).expect(0).out;
    assert_eq!(out.matches("WARN  access").count(), 1, "{out}");
}

#[test]
fn a_request_that_fails_once_or_twice_is_asked_again_and_changes_nothing() {
    let case = Case::new("2026.2");
    case.init();
    case.sim.clear_requests();
    for fault in [Fault::Reset, Fault::Html(503), json(429, "{}")] {
        for path in ["/api/v3/core/users/me/", DISCOVERY, KEYS, "/application/o/token/"] {
            case.sim.fault(FaultRule {
                when: Match::path("", path),
                fault: fault.clone(),
                times: 2,
            });
            case.sim.state().forget_device_requests();
            case.run(&["check"]).expect(0);
        }
    }
    assert!(case.sim.writes().is_empty());
}
