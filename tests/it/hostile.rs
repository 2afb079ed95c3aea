//! What a server says is data: whatever it sends, a terminal is not obeyed, no secret comes back, no path is left, and
//! memory and time stay within bounds.

use std::process::{Child, Stdio};
use std::time::Duration;

use authentik_sim::{Fault, FaultRule, Match};
use serde_json::{Value, json};

use crate::support::{Case, Ended, all_at_once, side_by_side};

const MEGABYTE: usize = 1024 * 1024;

fn json_answer(status: u16, body: String) -> Fault {
    let media_type = ("Content-Type".to_owned(), "application/json".to_owned());
    Fault::Status(status, vec![media_type], body)
}

fn page(results: &str) -> String {
    format!(r#"{{"pagination":{{"next":0}},"results":[{results}]}}"#)
}

/// Every line can be shown: no control or bidirectional characters, and an end.
#[track_caller]
fn is_fit_to_show(ended: &Ended) {
    for text in [&ended.err, &ended.out] {
        for line in text.lines() {
            assert!(line.chars().count() < 1_500, "a line of {} characters", line.chars().count());
            let bad = |c: char| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c);
            assert!(!line.contains(bad), "{line:?}");
        }
    }
}

#[test]
fn what_a_server_says_passes_one_filter_in_every_output() {
    let token = authentik_sim::DEFAULT_TOKEN;
    let evil = format!("x\u{1b}[31m\n2026-01-01T00:00:00Z ERROR \u{202e}faked {token} \u{9b}2J");
    let long = "y".repeat(3_900_000);
    for text in [evil, long] {
        for format in ["text", "json"] {
            for args in [&["init"][..], &["plan"], &["plan", "--format", "json"], &["check"]] {
                let mut case = Case::new("2026.2");
                case.env("SETUP_LOG", "trace").env("SETUP_LOG_FORMAT", format);
                case.env("SETUP_TIMEOUT", "5s").env("SETUP_AUTH_GRACE", "0s");
                let me =
                    json!({"user": {"pk": 5, "username": text, "is_superuser": true, "uid": "u"}});
                let me_is_long = text.len() > 4096;
                if !me_is_long {
                    let fault = json_answer(200, me.to_string());
                    case.sim.fault(FaultRule::always(
                        Match::path("GET", "/api/v3/core/users/me/"),
                        fault,
                    ));
                }
                let body = json!({"detail": text}).to_string();
                case.sim.fault(FaultRule::once(
                    Match::path("GET", "/api/v3/flows/"),
                    json_answer(503, body),
                ));
                let body = json!({"name": [text], "redirect_uris": {"1": [text]}}).to_string();
                case.sim.fault(FaultRule::always(
                    Match::path("POST", "/api/v3/"),
                    json_answer(400, body),
                ));
                let ended = case.run(args);
                is_fit_to_show(&ended);
                assert!(!ended.err.contains(token) && !ended.out.contains(token), "{}", ended.err);
                assert!(!ended.err.contains("\n2026-01-01"), "a faked line: {}", ended.err);
            }
        }
    }
}

#[test]
fn a_primary_key_that_is_none_leaves_no_path() {
    all_at_once(&["../../users", "\u{0}1", "1?x=1", "1/../2", "%2e%2e"], |key| {
        let case = Case::new("2026.2");
        let flow = json!({"pk": key, "slug": "default-provider-invalidation-flow", "designation": "invalidation"});
        let fault = json_answer(200, page(&flow.to_string()));
        case.sim.fault(FaultRule::always(Match::path("GET", "/api/v3/flows/instances/"), fault));
        case.run(&[]).expect(76).says(&["GET /api/v3/flows/instances/"]);
        assert!(case.sim.writes().is_empty());
    });
}

/// The most resident memory that a process ever had, in bytes: read again and again until it is gone.
fn peak(mut child: Child) -> (Option<i32>, usize) {
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        if let Some(kilobytes) =
            line.and_then(|l| l.split_whitespace().next()?.parse::<usize>().ok())
        {
            peak = peak.max(kilobytes * 1024);
        }
        if let Some(status) = child.try_wait().unwrap() {
            return (status.code(), peak);
        }
        // Between two samples: whoever looks all the time keeps the process from its work.
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Nearly four megabytes of this.
fn filled(piece: &str, between: &str) -> String {
    vec![piece; (4 * MEGABYTE - 1024) / (piece.len() + between.len())].join(between)
}

const KEY: &str = "11111111-2222-3333-4444-555555555555";

/// Answers of four megabytes, by what is endless in them.
fn endless() -> Vec<(&'static str, Fault)> {
    let good = |body: String| json_answer(200, body);
    let one = |fields: &str| good(page(&format!("{{{fields}}}")));
    let provider = r#""pk":7,"name":"NetBird","client_id":"netbird""#;
    let long = filled("x", "");
    let keys = filled(&format!("\"{KEY}\""), ",");
    let uris = filled(r#"{"matching_mode":"strict","url":"https://a"}"#, ",");
    let object = format!(r#"{{"pk":"{KEY}","name":"a","slug":"a","identifier":"a"}}"#);
    let html = vec![("Content-Type".to_owned(), "text/html".to_owned())];
    vec![
        ("one text", one(&format!(r#""pk":"{KEY}","slug":"a","name":"{long}""#))),
        ("a key", one(&format!(r#""pk":"{long}""#))),
        ("objects", good(page(&filled(&object, ",")))),
        ("keys", one(&format!(r#"{provider},"property_mappings":[{keys}]"#))),
        ("URIs", one(&format!(r#"{provider},"redirect_uris":[{uris}]"#))),
        (
            "attributes",
            one(&format!(
                r#""pk":7,"username":"Netbird","attributes":{{"a":[{}]}}"#,
                filled("1", ",")
            )),
        ),
        ("numbers", good(format!("[{}]", filled("0", ",")))),
        ("errors", json_answer(400, format!("[{}]", filled("[]", ",")))),
        ("words", json_answer(403, json!({"detail": long}).to_string())),
        ("a page for people", Fault::Status(200, html, filled("<p>", "\n"))),
        ("more than is read", Fault::HugeBody(32 * MEGABYTE)),
    ]
}

#[test]
fn memory_is_bounded_whatever_a_server_sends() {
    let measured = |fault: Option<(&Fault, &str)>| {
        let mut case = Case::new("2026.2");
        case.env("SETUP_TIMEOUT", "3s").env("SETUP_AUTH_GRACE", "0s");
        case.env("NETBIRD_MGMT_IDP", "authentik");
        if let Some((fault, at)) = fault {
            case.sim.fault(FaultRule::always(Match::path("GET", at), fault.clone()));
        }
        let mut command = case.command(&[]);
        // As the allocator of the image does: large pieces are given back at once, and not kept for the next one.
        command.env("MALLOC_MMAP_THRESHOLD_", "131072");
        command.stdout(Stdio::null()).stderr(Stdio::null());
        peak(command.spawn().unwrap())
    };
    let (code, usual) = measured(None);
    assert_eq!(code, Some(0));
    let cases: Vec<_> = endless()
        .into_iter()
        .flat_map(|(name, fault)| {
            let places = ["/", "/api/v3/providers/", "/api/v3/core/"];
            places.map(|at| (name, fault.clone(), at))
        })
        .collect();
    side_by_side(&cases, |(name, fault, at)| {
        let (code, peak) = measured(Some((fault, at)));
        assert!(matches!(code, Some(0 | 65 | 69 | 76 | 77)), "{name} at {at}: {code:?}");
        // A usual run of what is shipped takes less than 8 MiB; this one has what is needed to debug it too.
        let more = peak.saturating_sub(usual);
        assert!(more <= 8 * MEGABYTE, "{name} at {at}: {} KiB more", more / 1024);
    });
}

#[test]
fn lists_without_an_end_end() {
    let case = Case::new("2026.2");
    let endless = json!({"pagination": {"next": 2}, "results": []}).to_string();
    case.sim
        .fault(FaultRule::always(Match::path("GET", "/api/v3/flows/"), json_answer(200, endless)));
    case.run(&[]).expect(76).says(&["/api/v3/flows/instances/"]);
    let fields: serde_json::Map<String, Value> =
        (0..500).map(|n| (format!("field{n}"), json!(["wrong"]))).collect();
    let case = Case::new("2026.2");
    let body = Value::Object(fields).to_string();
    case.sim.fault(FaultRule::always(Match::path("POST", "/api/v3/"), json_answer(400, body)));
    let ended = case.run(&[]).expect(76);
    is_fit_to_show(&ended);
    assert!(
        ended.err.contains("field9: wrong") && !ended.err.contains("field10:"),
        "{}",
        ended.err
    );
}
