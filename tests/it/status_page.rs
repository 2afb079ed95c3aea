//! `GET /` as a browser shows it, and what it must not say.

use authentik_sim::Stage;
use serde_json::Value;

use crate::http::exchange;
use crate::reported::{DISCOVERY, answered};
use crate::support::{Case, side_by_side};
use crate::tools;
use crate::watch::Watch;

#[test]
fn the_page_says_nothing_of_authentik_and_may_load_nothing() {
    let mut case = Case::new("2026.2");
    case.env("NETBIRD_MGMT_IDP", "authentik").env("AUTHENTIK_ACCESS_GROUPS", "Engineers");
    let mut watch = Watch::start(&mut case);
    let (status, head, good) = exchange(&watch.url, "GET", "/", "", "");
    assert_eq!(status, 200);
    for line in [
        "content-type: text/html; charset=utf-8",
        "content-security-policy: default-src 'none';",
        "cache-control: no-store",
        "x-content-type-options: nosniff",
        "referrer-policy: no-referrer",
    ] {
        assert!(head.contains(line), "{line} in {head}");
    }
    assert!(
        good.contains("state pass\">OK") && good.contains("class=\"pass\">good</span>"),
        "{good}"
    );
    let refresh = "<a href=\"#key-refresh\">key-refresh</a></td><td class=\"warn\">a warning</td>";
    assert!(good.contains(refresh), "keys come without a max-age: {good}");
    for name in ["issuer", "application", "user-list", "management.json"] {
        let row = format!("<a href=\"#{name}\">{name}</a></td><td class=\"pass\">OK</td>");
        assert!(good.contains(&row), "{name} in {good}");
    }
    assert!(good.contains(">turnserver.conf</a></td><td class=\"none\">not set up"));

    case.sim.state().provider_mut("NetBird").unwrap()["sub_mode"] = "hashed_user_id".into();
    case.env("AUTHENTIK_SUB_MODE", "user_id");
    std::fs::write(case.path("management.json"), "not JSON").unwrap();
    watch.cycle();
    let (_, bad) = watch.page("/");
    assert!(bad.contains("Not OK: the last cycle failed: an object or a file that"), "{bad}");
    case.sim.set_stage(Stage::Refused);
    std::fs::remove_file(case.path("management.json")).unwrap();
    watch.signal(rustix::process::Signal::HUP);
    watch.until("waiting for Authentik to answer");
    let (_, waiting) = watch.page("/");
    assert!(waiting.contains("waiting for Authentik to answer now"), "{waiting}");

    let url = case.sim.url();
    let host = url.trim_start_matches("http://");
    for page in [&good, &bad, &waiting] {
        for secret in [host, "netbird.example.com", "akadmin", "2026.2", "Engineers", "NetBird</"] {
            assert!(!page.contains(secret), "{secret} in {page}");
        }
        for active in ["<script", " on", "style=", "src=", "http-equiv", "<form", "<iframe"] {
            let tags = page.split('<').skip(1).map(|rest| rest.split('>').next().unwrap());
            let markup: String = tags.map(|tag| format!("<{tag}>")).collect();
            assert!(!markup.contains(active), "{active} in {markup}");
        }
    }
}

/// A cycle that ended before anything was verified: what it got through, and where it ended.
#[test]
fn a_cycle_that_ended_early_says_at_which_check() {
    type Put = fn(&mut Case, &str);
    // What it got through, and where it ended.
    const REACH: &[&str] = &["configuration", "reachable", "token", "permissions", "objects"];
    let cases: [(&[&str], &str, Put); 7] = [
        (&[], "configuration", |_, token| std::fs::remove_file(token).unwrap()),
        (&["configuration"], "reachable", |case, _| case.sim.set_stage(Stage::Refused)),
        (&["configuration", "reachable"], "token", |_, token| {
            std::fs::write(token, "another").unwrap();
        }),
        (&["configuration", "reachable", "token"], "objects", |case, _| {
            let mut state = case.sim.state();
            state.scope_mappings.retain(|mapping| mapping["scope_name"] != "openid");
        }),
        (&["configuration"], "setup.env", |case, _| {
            std::fs::write(case.path("setup.env"), "A=1").unwrap();
        }),
        (&["configuration"], "management.json", |case, _| {
            std::fs::write(case.path("management.json"), "{").unwrap();
        }),
        (REACH, "discovery", |case, _| {
            answered(case, "GET", DISCOVERY, 404, "", &Value::Null);
        }),
    ];
    side_by_side(&cases, |(passed, failed, put)| {
        let mut case = Case::new("2026.2");
        case.env("SETUP_TIMEOUT", "3s").env("SETUP_AUTH_GRACE", "1s");
        let token = case.token_by_file();
        let mut watch = Watch::start(&mut case);
        put(&mut case, &token);
        // A cycle reads the variables when the one before has ended: the second one has them as they are.
        watch.cycle();
        watch.cycle();
        let (_, page) = watch.page("/");
        let told = |name: &str, class: &str| {
            page.contains(&format!("<a href=\"#{name}\">{name}</a></td><td class=\"{class}\">"))
        };
        assert!(told(failed, "fail"), "{failed}: {page}");
        for name in *passed {
            assert!(told(name, "pass"), "{failed}, {name}: {page}");
        }
    });
}

/// A cycle that is good says what it warned of.
#[test]
fn what_a_good_cycle_warned_of_is_on_the_page() {
    type Put = fn(&mut Case);
    let cases: [(&str, &str, Put); 2] = [
        ("provider", "fail", |case| {
            let slug = "default-provider-authorization-explicit-consent";
            let mut state = case.sim.state();
            let flow = state.flows.iter_mut().find(|flow| flow["slug"] == slug).unwrap();
            flow["designation"] = "enrollment".into();
        }),
        ("access", "warn", |case| {
            case.env("AUTHENTIK_ACCESS_GROUPS", "empty");
        }),
    ];
    side_by_side(&cases, |(name, class, put)| {
        let mut case = Case::new("2026.2");
        case.init();
        put(&mut case);
        let watch = Watch::start(&mut case);
        let (_, page) = watch.page("/");
        let row = format!("<a href=\"#{name}\">{name}</a></td><td class=\"{class}\">");
        assert!(page.contains(&row), "{page}");
    });
}

#[test]
fn a_browser_shows_the_page_as_it_is_meant() {
    let mut case = Case::new("2026.2");
    let mut watch = Watch::start(&mut case);
    case.sim.state().provider_mut("NetBird").unwrap()["client_id"] = "another".into();
    watch.cycle();
    let profile = tempfile::tempdir().unwrap();
    let picture = match std::env::var("STATUS_PAGE_PICTURE") {
        Ok(path) => path.into(),
        Err(_) => profile.path().join("page.png"),
    };
    let (profile_dir, shot) = (
        format!("--user-data-dir={}", profile.path().display()),
        format!("--screenshot={}", picture.display()),
    );
    let url = format!("http://{}/", watch.url);
    let args = [
        "--headless",
        // It shows one page of this test; containers have neither what its sandbox needs nor a large /dev/shm.
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--hide-scrollbars",
        "--window-size=800,1300",
        "--enable-logging=stderr",
        &profile_dir,
        &shot,
        &url,
    ];
    // The last two are its names elsewhere.
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let Some(output) = tools::run("chromium", &names, &args, "") else { return };
    let said = tools::words(&output);
    assert!(output.status.success(), "{said}");
    // The browser says on its console what the policy made it refuse.
    assert!(!said.contains("CONSOLE"), "{said}");
    let png = std::fs::read(&picture).unwrap();
    assert!(
        png.starts_with(b"\x89PNG") && png.len() > 20_000,
        "{} bytes: an empty page",
        png.len()
    );
}
