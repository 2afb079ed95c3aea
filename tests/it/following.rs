//! Values that this container wrote follow their source; what somebody wrote over them stays. And what one missed answer
//! of the public URL must not change.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use serde_json::{Value, json};

use crate::support::Case;

fn management(case: &Case) -> Value {
    serde_json::from_str(&case.read("management.json")).unwrap()
}

fn edit(case: &Case, change: impl FnOnce(&mut Value)) {
    let mut file = management(case);
    change(&mut file);
    std::fs::write(case.path("management.json"), file.to_string()).unwrap();
}

#[test]
fn what_was_written_follows_its_source() {
    for forgets in [false, true] {
        let mut case = Case::new("2026.2");
        case.init();
        if forgets {
            std::fs::remove_file(case.path("state.json")).unwrap();
        }
        case.env("NETBIRD_DOMAIN", "moved.example.com");
        let plan = case.run(&["plan"]).expect(2).out;
        for line in [
            "~ management.json: Signal.URI: netbird.example.com:443 -> moved.example.com:443\n",
            "~ management.json: Relay.Addresses: [\"rels://netbird.example.com:443\"] -> [\"rels://moved.example.com:443\"]\n",
            "~ relay.env: NB_EXPOSED_ADDRESS: rels://netbird.example.com:443 -> rels://moved.example.com:443\n",
            "~ setup.env: NETBIRD_DOMAIN: netbird.example.com -> moved.example.com\n",
        ] {
            assert!(plan.contains(line), "{line:?} in:\n{plan}");
        }
        case.init();
        let file = management(&case);
        assert_eq!(file["Signal"]["URI"], "moved.example.com:443");
        assert_eq!(file["Relay"]["Addresses"], json!(["rels://moved.example.com:443"]));
        assert_eq!(file["Stuns"][0]["URI"], "stun:moved.example.com:3478");
    }
}

#[test]
fn what_a_variable_wrote_follows_it_away_again() {
    let mut case = Case::new("2026.2");
    case.init();
    let before = management(&case);
    case.env("NETBIRD_SIGNAL_ENDPOINT", "https://s.example.net:10000")
        .env("NETBIRD_RELAY_ENDPOINT", "rels://r.example.net:443,rels://r2.example.net:443")
        .env("NETBIRD_TURN_DOMAIN", "t.example.net")
        .env("NETBIRD_AUTH_PKCE_REDIRECT_URL_PORTS", "41000");
    case.init();
    let file = management(&case);
    assert_eq!(file["Signal"]["URI"], "s.example.net:10000");
    assert_eq!(file["TURNConfig"]["Turns"][0]["URI"], "turn:t.example.net:3478");
    let setup = case.read("setup.env");
    assert!(setup.contains("NETBIRD_RELAY_ENDPOINT='rels://r.example.net:443'\n"), "{setup}");
    for name in ["SIGNAL_ENDPOINT", "RELAY_ENDPOINT", "TURN_DOMAIN", "AUTH_PKCE_REDIRECT_URL_PORTS"]
    {
        case.unset(&format!("NETBIRD_{name}"));
    }
    case.init();
    assert_eq!(management(&case), before);
    assert_eq!(case.run(&["plan"]).expect(0).out, "= 7 unchanged\n");
}

#[test]
fn what_somebody_wrote_over_it_stays_and_the_other_files_agree() {
    let mut case = Case::new("2026.2");
    case.init();
    edit(&case, |file| {
        file["Relay"]["Addresses"] = json!(["rels://mine.example.net:443"]);
        file["Signal"]["URI"] = "mine.example.net:10000".into();
        file["Stuns"] = json!([]);
    });
    let plan = case.run(&["plan"]).expect(2).out;
    assert!(plan.contains("~ relay.env: NB_EXPOSED_ADDRESS: rels://netbird.example.com:443 -> rels://mine.example.net:443"));
    for domain in ["netbird.example.com", "moved.example.com"] {
        case.env("NETBIRD_DOMAIN", domain);
        case.init();
        let file = management(&case);
        assert_eq!(file["Relay"]["Addresses"], json!(["rels://mine.example.net:443"]));
        assert_eq!(file["Signal"]["URI"], "mine.example.net:10000");
        assert_eq!(file["Stuns"], json!([]));
        assert!(case.read("relay.env").contains("'rels://mine.example.net:443'"));
    }
}

#[test]
fn what_concerns_the_identity_provider_is_repaired() {
    let case = Case::new("2026.2");
    case.init();
    let before = case.read("management.json");
    for (path, value) in [
        ("/HttpConfig/AuthIssuer", json!("https://elsewhere.example.org/")),
        ("/HttpConfig/AuthAudience", json!("x")),
        ("/HttpConfig/IdpSignKeyRefreshEnabled", json!(true)),
        ("/DeviceAuthorizationFlow/Provider", json!("none")),
        (
            "/PKCEAuthorizationFlow/ProviderConfig/TokenEndpoint",
            json!("https://elsewhere.example.org/t"),
        ),
        ("/PKCEAuthorizationFlow/ProviderConfig/DisablePromptLogin", json!(false)),
    ] {
        edit(&case, |file| *file.pointer_mut(path).unwrap() = value);
        let key = path[1..].replace('/', ".");
        let plan = case.run(&["plan"]).expect(2).out;
        assert!(plan.contains(&format!("~ management.json: {key}: ")), "{plan}");
        case.init();
        assert_eq!(case.read("management.json"), before);
    }
}

#[test]
fn the_lines_of_an_edited_file_are_shown_and_nothing_that_may_be_secret() {
    let case = Case::new("2026.2");
    case.init();
    let sound = case.read("setup.env");
    let edited = sound.replace("NETBIRD_USE_AUTH0='false'", "NETBIRD_USE_AUTH0='true'")
        + "NETBIRD_STORE_ENGINE_POSTGRES_DSN='host=db password=hidden-value'\nrm -rf hidden-value\n";
    std::fs::write(case.path("setup.env"), edited).unwrap();
    let ended = case.run(&["plan"]).expect(2);
    for line in [
        "~ setup.env: NETBIRD_USE_AUTH0: true -> false\n",
        "~ setup.env: NETBIRD_STORE_ENGINE_POSTGRES_DSN: (not shown) -> (none)\n",
        "~ setup.env: another line: (not shown) -> (none)\n",
    ] {
        assert!(ended.out.contains(line), "{line:?} in:\n{}", ended.out);
    }
    let json = case.run(&["plan", "--format", "json"]).expect(2).out;
    let init = case.init();
    assert!(!(ended.out + &json + &init.err).contains("hidden-value"));
    assert_eq!(case.read("setup.env"), sound);
}

/// A public URL of its own in front of the simulator: it passes on, is silent, or answers nonsense.
struct Public {
    address: String,
    mode: Arc<AtomicU8>,
}

const PASSES: u8 = 0;
const SILENT: u8 = 1;
const WRONG: u8 = 2;

impl Public {
    fn before(sim: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (mode, behind) = (Arc::new(AtomicU8::new(PASSES)), sim.replace("http://", ""));
        let shared = Arc::clone(&mode);
        // It ends with the test's process.
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                match shared.load(Ordering::SeqCst) {
                    PASSES => pass_on(client, &behind),
                    WRONG => {
                        let _ = (&client).read(&mut [0; 4096]);
                        let page = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
                        let _ = (&client).write_all(page.as_bytes());
                    }
                    _ => drop(client),
                }
            }
        });
        Self { address, mode }
    }
}

fn pass_on(client: TcpStream, behind: &str) {
    let server = TcpStream::connect(behind).unwrap();
    for (mut from, mut to) in
        [(client.try_clone().unwrap(), server.try_clone().unwrap()), (server, client)]
    {
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Write);
        });
    }
}

#[test]
fn one_missed_answer_of_the_public_url_changes_no_file() {
    for cached in [None, Some("max-age=300".to_owned())] {
        let mut case = Case::new("2026.2");
        case.sim.state().jwks_cache_control = cached;
        let public = Public::before(&case.sim.url());
        case.env("AUTHENTIK_HOST_BROWSER", public.address.clone());
        let names = ["management.json", "setup.env", "dashboard.env"];
        let files = |case: &Case| names.map(|name| case.read(name));
        let at = |mode| public.mode.store(mode, Ordering::SeqCst);
        let discovery = |case: &Case| management(case)["HttpConfig"]["OIDCConfigEndpoint"] != "";

        at(SILENT);
        case.init();
        assert!(!discovery(&case), "it never answered");
        at(PASSES);
        case.init();
        assert!(discovery(&case), "it answers, trusted");
        let before = files(&case);
        at(SILENT);
        for _ in 0..2 {
            assert_eq!(case.run(&["plan"]).code, Some(0));
            case.init();
            assert!(files(&case) == before, "no answer is no reason");
        }
        case.env("SETUP_MANAGEMENT_DISCOVERY", "true");
        case.init();
        assert!(files(&case) == before);
        case.unset("SETUP_MANAGEMENT_DISCOVERY");
        at(WRONG);
        case.run(&[]).expect(76).says(&["AUTHENTIK_HOST_BROWSER"]);
        assert!(files(&case) == before, "a wrong answer ends the run");
    }
}

#[test]
fn outputs_go_into_directories_of_their_own_or_nowhere() {
    let mut case = Case::new("2026.2");
    let dir = |name: &str| {
        let dir = case.dir.path().join(name);
        std::fs::create_dir(&dir).unwrap();
        dir
    };
    let (dashboard, relay, state) = (dir("dashboard"), dir("relay"), dir("state"));
    let outputs = format!(
        "management.json,dashboard.env={},relay.env={}",
        dashboard.display(),
        relay.display()
    );
    case.env("SETUP_OUTPUTS", outputs).env("SETUP_STATE_DIR", state.display().to_string());
    case.init();
    let names = |dir: &std::path::Path| -> Vec<_> {
        std::fs::read_dir(dir)
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect()
    };
    assert_eq!(
        (names(&dashboard), names(&relay)),
        (vec!["dashboard.env".into()], vec!["relay.env".into()])
    );
    assert_eq!(names(&case.path("")), ["management.json"]);
    assert_eq!(case.run(&["plan"]).expect(0).out, "= 6 unchanged\n");
    case.run(&["check"]).expect(0);
    // What lies there is evidence as it is in SETUP_DIR.
    for place in
        [state.join("secrets.json"), case.path("management.json"), state.join("state.json")]
    {
        std::fs::remove_file(place).unwrap();
    }
    let before = std::fs::read_to_string(relay.join("relay.env")).unwrap();
    case.init();
    assert_eq!(std::fs::read_to_string(relay.join("relay.env")).unwrap(), before);

    let mut case = Case::new("2026.2");
    case.env("SETUP_OUTPUTS", "none");
    case.init();
    let mut left = names(&case.path(""));
    left.sort();
    assert_eq!(left, ["secrets.json", "state.json"]);
    assert_eq!(case.run(&["plan"]).expect(0).out, "= 3 unchanged\n");
}
