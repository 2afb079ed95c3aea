//! The public URL is the one that NetBird and browsers use: what it answers counts, wherever this container reaches
//! Authentik by another way; and what to do names the URL that was asked.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use authentik_sim::{Fault, FaultRule, Match, Sim, TlsMode};
use serde_json::Value;

use crate::support::{Case, side_by_side};

const DISCOVERY: &str = "/.well-known/";
const KEYS: &str = "/jwks/";
const TOKEN: &str = "/application/o/token/";
const AUTHORIZE: &str = "/application/o/authorize/";
const DEVICE: &str = "/application/o/device/";

/// What a proxy makes of Authentik's answer to a request for this path.
type Change = fn(path: &str, answer: String) -> String;

/// A proxy at the public URL, that passes on everything else: one request a connection.
fn proxy(upstream: &str, change: Change) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let upstream = upstream.trim_start_matches("http://").to_owned();
    // It ends with the test's process.
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let upstream = upstream.clone();
            std::thread::spawn(move || serve(client, &upstream, change));
        }
    });
    address
}

fn serve(mut client: TcpStream, upstream: &str, change: Change) -> Option<()> {
    let mut request = Vec::new();
    let mut part = [0; 4096];
    let text = loop {
        let count = client.read(&mut part).ok().filter(|count| *count > 0)?;
        request.extend_from_slice(&part[..count]);
        let text = String::from_utf8(request.clone()).ok()?;
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
        });
        if body.len() >= length.unwrap_or(0) {
            break text;
        }
    };
    let path = text.split(' ').nth(1)?.to_owned();
    let mut server = TcpStream::connect(upstream).ok()?;
    let closing = text.replacen("\r\n", "\r\nConnection: close\r\n", 1);
    server.write_all(closing.as_bytes()).ok()?;
    let mut answer = String::new();
    server.read_to_string(&mut answer).ok()?;
    client.write_all(change(&path, answer).as_bytes()).ok()
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    )
}

fn html(status: &str) -> String {
    answer(status, "Content-Type: text/html\r\n", "<html></html>")
}

fn json(status: &str, body: &str) -> String {
    answer(status, "Content-Type: application/json\r\n", body)
}

/// A case that works, and then has this proxy at its public URL.
fn behind(change: Change) -> Case {
    let mut case = Case::new("2026.2");
    case.sim.state().jwks_cache_control = Some("max-age=300".into());
    let public = proxy(&case.sim.url(), change);
    case.env("AUTHENTIK_HOST_BROWSER", public);
    case
}

/// What failed, and its lines with their fixes.
fn failed(case: &Case) -> (Option<i32>, BTreeSet<String>, String) {
    case.sim.state().forget_device_requests();
    let ended = case.run(&["check", "--format", "json"]);
    let report: Value = serde_json::from_str(&ended.out).unwrap();
    let failed = report["checks"].as_array().unwrap().iter().filter(|c| c["outcome"] == "fail");
    let text = |check: &Value| format!("{} -> {}\n", check["detail"], check["remedy"]);
    let (names, texts): (BTreeSet<String>, Vec<String>) =
        failed.map(|c| (c["name"].as_str().unwrap().to_owned(), text(c))).unzip();
    (ended.code, names, texts.concat())
}

/// What the proxy does, the code, the checks that fail, and what their fix says.
type Row = (&'static str, Change, i32, &'static [&'static str], &'static str);

const ROWS: &[Row] = &[
    ("passes on", |_, answer| answer, 0, &[], ""),
    (
        "another web server",
        |_, _| html("404 Not Found"),
        76,
        &["public-url"],
        "AUTHENTIK_HOST_BROWSER",
    ),
    (
        "a page",
        |path, answer| on(path, DISCOVERY, answer, || html("200 OK")),
        76,
        &["public-url"],
        "AUTHENTIK_HOST_BROWSER",
    ),
    (
        "a login page",
        |path, answer| on(path, DISCOVERY, answer, || html("401 Unauthorized")),
        69,
        &["public-url"],
        "/application/o/",
    ),
    (
        "a refusal",
        |path, answer| {
            on(path, DISCOVERY, answer, || {
                json("403 Forbidden", r#"{"detail": "Token invalid/expired"}"#)
            })
        },
        69,
        &["public-url"],
        "/application/o/",
    ),
    (
        "garbage",
        |path, answer| on(path, DISCOVERY, answer, || json("200 OK", "{")),
        76,
        &["public-url"],
        "AUTHENTIK_HOST_BROWSER",
    ),
    (
        "an empty object",
        |path, answer| on(path, DISCOVERY, answer, || json("200 OK", "{}")),
        76,
        &["public-url"],
        "AUTHENTIK_HOST_BROWSER",
    ),
    (
        "a login elsewhere first",
        |path, answer| on(path, DISCOVERY, answer, || redirect("https://sso.example.org/login")),
        76,
        &["public-url"],
        "let it pass requests below /application/o/",
    ),
    (
        "no keys",
        |path, answer| on(path, KEYS, answer, || html("404 Not Found")),
        76,
        &["keys"],
        "AUTHENTIK_HOST_BROWSER",
    ),
    (
        "no tokens",
        |path, answer| on(path, TOKEN, answer, || html("403 Forbidden")),
        69,
        &["cors"],
        "/application/o/",
    ),
    (
        "no logins",
        |path, answer| on(path, AUTHORIZE, answer, || html("403 Forbidden")),
        69,
        &["authorize"],
        "/application/o/",
    ),
    (
        "logins elsewhere",
        |path, answer| on(path, AUTHORIZE, answer, || redirect("https://sso.example.org/")),
        76,
        &["authorize"],
        "let it pass requests below /application/o/",
    ),
    (
        "no device codes",
        |path, answer| on(path, DEVICE, answer, || json("503 Service Unavailable", "{}")),
        69,
        &["device-endpoint"],
        "proxy",
    ),
    (
        "tokens that no page may read",
        |path, answer| match path.contains(TOKEN) {
            true => answer
                .replace("ccess-control-allow-origin", "x")
                .replace("ccess-Control-Allow-Origin", "x"),
            false => answer,
        },
        76,
        &["cors"],
        "proxy",
    ),
];

fn on(path: &str, of: &str, answer: String, instead: fn() -> String) -> String {
    if path.contains(of) { instead() } else { answer }
}

fn redirect(to: &str) -> String {
    answer("302 Found", &format!("Location: {to}\r\n"), "")
}

#[test]
fn what_the_public_url_answers_counts_and_nothing_else_is_named() {
    let failures = std::sync::Mutex::new(Vec::new());
    side_by_side(ROWS, |(what, change, code, names, fix)| {
        let mut case = behind(|_, answer| answer);
        case.init();
        let public = proxy(&case.sim.url(), *change);
        case.env("AUTHENTIK_HOST_BROWSER", public).env("SETUP_OUTPUTS", "none");
        let (exit, found, texts) = failed(&case);
        let names: BTreeSet<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let cures = texts.contains(fix) && !texts.contains("network alias");
        let host = texts.contains("AUTHENTIK_HOST is") || texts.contains("BROWSER=");
        if exit != Some(*code) || found != names || !cures || host {
            failures.lock().unwrap().push(format!("{what}: {exit:?} {found:?}\n{texts}"));
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn init_ends_as_check_says_and_names_the_url_that_was_asked() {
    let rows: &[(Change, i32, &str, &str)] = &[
        (|_, _| html("404 Not Found"), 76, "60s", "AUTHENTIK_HOST_BROWSER"),
        (
            |path, answer| on(path, DISCOVERY, answer, || json("403 Forbidden", "{}")),
            69,
            "3s",
            "something in front of Authentik",
        ),
        (
            |path, answer| on(path, AUTHORIZE, answer, || redirect("https://sso.example.org/")),
            76,
            "60s",
            "is redirected to https://sso.example.org/",
        ),
    ];
    side_by_side(rows, |(change, code, limit, text)| {
        let mut case = behind(*change);
        case.env("SETUP_TIMEOUT", *limit);
        let ended = case.run(&[]).expect(*code).says(&[text]);
        assert!(!ended.err.contains("AUTHENTIK_TOKEN"), "{}", ended.err);
        assert!(!ended.err.contains("AUTHENTIK_HOST is"), "{}", ended.err);
        assert!(!case.path("management.json").exists());
        let logins = case.sim.requests().iter().filter(|r| r.path == AUTHORIZE).count();
        assert!(logins <= 6, "a redirect is final: {logins} questions");
    });
}

/// Without a credential nobody can be refused for it: what answers so stands in front of Authentik.
#[test]
fn a_refusal_of_what_carries_no_token_is_no_refusal_of_the_token() {
    let paths = [DISCOVERY, KEYS, AUTHORIZE, TOKEN, DEVICE];
    side_by_side(&paths, |path| {
        let mut case = Case::new("2026.2");
        let kind = ("Content-Type".to_owned(), "application/json".to_owned());
        let body = r#"{"detail": "Token invalid/expired"}"#.to_owned();
        let fault = Fault::Status(403, vec![kind], body);
        case.sim.fault(FaultRule::always(Match::regex("", path), fault));
        case.env("SETUP_TIMEOUT", "3s");
        let ended = case.run(&[]).expect(69).says(&["something in front of Authentik"]);
        assert!(!ended.err.contains("does not accept AUTHENTIK_TOKEN"), "{}", ended.err);
        case.env("SETUP_TIMEOUT", "60s");
        assert_eq!(failed(&case).0, Some(69), "{path}");
    });
}

#[test]
fn each_fault_of_the_public_certificate_has_its_own_words() {
    let rows: &[(TlsMode, i32, &str, &str)] = &[
        (TlsMode::Valid, 0, "", ""),
        (TlsMode::Expired, 76, "has expired", "renew the certificate"),
        (TlsMode::NotYetValid, 69, "not valid yet", "clock"),
        (TlsMode::WrongName, 76, "for name", "use the name that the certificate is for"),
        (TlsMode::Off, 76, "", "write http:// in AUTHENTIK_HOST_BROWSER"),
    ];
    side_by_side(rows, |(mode, code, _, fix)| {
        let mut case = Case::with(Sim::builder("2026.2").tls(*mode).start());
        let ca = case.side_file("ca.pem", case.sim.ca_pem());
        let public = match mode {
            TlsMode::Off => case.sim.url().replace("http:", "https:"),
            _ => case.sim.https_url(),
        };
        case.env("AUTHENTIK_HOST_BROWSER", public).env("AUTHENTIK_CA_FILE", ca);
        case.env("SETUP_TIMEOUT", if *code == 69 { "3s" } else { "60s" });
        let ended = case.run(&[]).expect(*code).says(&[fix]);
        assert!(!ended.err.contains("network alias"), "{}", ended.err);
        if *code != 0 {
            case.env("SETUP_TIMEOUT", "60s");
            let (exit, names, texts) = failed(&case);
            let expected: BTreeSet<String> = ["public-url", "secrets"].map(str::to_owned).into();
            assert!(names.contains("public-url"), "{mode:?}: {names:?}");
            assert!(names.is_subset(&expected), "{mode:?}: {names:?}");
            assert_eq!(exit, Some(*code), "{mode:?}");
            assert!(texts.contains(fix), "{mode:?}: {texts}");
        }
    });
}

#[test]
fn a_redirect_to_https_has_one_advice() {
    // The same page elsewhere: that is where Authentik is.
    let case = Case::new("2026.2");
    let path = "/application/o/netbird/.well-known/openid-configuration";
    let to = Fault::Redirect(format!("https://auth.example.com{path}"));
    case.sim.fault(FaultRule::always(Match::path("GET", path), to));
    let advice = "set AUTHENTIK_HOST_BROWSER=https://auth.example.com";
    case.run(&[]).expect(76).says(&[advice]);
    let (_, names, texts) = failed(&case);
    assert!(names.contains("public-url") && texts.contains(advice), "{names:?} {texts}");
    // Of the API it is the other URL.
    let case = Case::new("2026.2");
    let path = "/api/v3/core/users/me/";
    let to = Fault::Redirect(format!("https://auth.example.com{path}"));
    case.sim.fault(FaultRule::always(Match::path("GET", path), to));
    let advice = "set AUTHENTIK_HOST=https://auth.example.com";
    case.run(&[]).expect(76).says(&[advice]);
    assert!(failed(&case).2.contains(advice));
}

#[test]
fn a_sub_path_that_one_of_the_urls_lacks_is_told_of_that_one() {
    let sim = Sim::builder("2026.2").web_path("/auth/").start();
    let mut case = Case::with(sim);
    let whole = case.sim.url();
    let origin = whole.trim_end_matches('/').trim_end_matches("/auth").to_owned();
    case.env("AUTHENTIK_HOST", &whole).env("AUTHENTIK_HOST_BROWSER", origin);
    let (_, names, texts) = failed(&case);
    assert!(!names.contains("discovery"), "{names:?}");
    let ended = case.run(&[]).expect(76).says(&["AUTHENTIK_HOST_BROWSER"]);
    assert!(!(ended.err + &texts).contains("AUTHENTIK_HOST is"));
    // The issuer is no base URL.
    case.env("AUTHENTIK_HOST_BROWSER", format!("{whole}/application/o/netbird/"));
    case.run(&[]).expect(78).says(&["AUTHENTIK_HOST_BROWSER", "without /application/o "]);
}
