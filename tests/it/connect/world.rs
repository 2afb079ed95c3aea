//! A simulated Authentik with people, the binary's files, and a simulated NetBird that starts from them.

use authentik_sim::Sim;
use netbird_sim::browser::{Browser, Dashboard, Login, Person};
use netbird_sim::{Image, NetBird};
use serde_json::{Value, json};

use crate::support::Case;

pub const AUTHENTIK: &str = "https://auth.example.com";
pub const NETBIRD: &str = "https://netbird.example.com";

/// An Authentik with alice (6), bob (7) and carol (8): alice and bob are in vpn, alice is in staff.
pub fn authentik(profile: &str) -> Sim {
    let sim = Sim::start(profile);
    let mut state = sim.state();
    for (pk, name, full) in [(6, "alice", "Alice"), (7, "bob", "Bob"), (8, "carol", "Carol")] {
        state.add_user(json!({
            "pk": pk, "username": name, "name": format!("{full} Example"),
            "email": format!("{name}@example.com"),
        }));
    }
    for (group, members) in [("vpn", &["alice", "bob"][..]), ("staff", &["alice"])] {
        state.add_group(json!({"name": group}));
        for member in members {
            state.add_to_group(member, group);
        }
    }
    drop(state);
    sim
}

/// The binary, an Authentik at a public name, and a state directory of its own.
pub fn case(profile: &str, kind: &str) -> Case {
    let mut case = Case::with(authentik(profile));
    let state = case.dir.path().join("state");
    std::fs::create_dir_all(&state).unwrap();
    case.env("SETUP_NETBIRD", kind)
        .env("AUTHENTIK_HOST_BROWSER", AUTHENTIK)
        .env("SETUP_STATE_DIR", state.display().to_string());
    if kind == "standalone" {
        case.env("SETUP_MANAGEMENT_DISCOVERY", "false");
    }
    case
}

/// NetBird with the file that was written.
pub fn netbird(case: &mut Case, image: Image) -> NetBird {
    let file = match image {
        Image::Management => "management.json",
        Image::Combined => "config.yaml",
    };
    let builder = NetBird::with_file(image, &case.path(file));
    let netbird = builder.resolve(AUTHENTIK, &case.sim.url()).start().unwrap();
    case.env("NB_MANAGEMENT_URL", netbird.url());
    netbird
}

/// A browser of somebody's own.
pub fn browser<'a>(netbird: &'a NetBird, case: &'a Case) -> Browser<'a> {
    Browser::new(netbird).with_authentik(AUTHENTIK, &case.sim)
}

/// The dashboard with the file that was written.
pub fn dashboard(case: &Case) -> Dashboard {
    Dashboard::from_env(&case.read("dashboard.env"), NETBIRD)
}

/// Somebody logs in through Authentik.
#[track_caller]
pub fn log_in(netbird: &NetBird, case: &Case, name: &str) -> Login {
    let mut browser = browser(netbird, case);
    browser.log_in(&dashboard(case), Person::Authentik(name)).unwrap()
}

/// A token of whoever owns that login, as made in the dashboard.
pub fn token(netbird: &NetBird, login: &Login) -> String {
    let api = netbird.api(&login.token);
    let me = api.me().body["id"].as_str().unwrap().to_owned();
    let body = json!({"name": "connect", "expires_in": 30});
    let told = api.call("POST", &format!("/api/users/{me}/tokens"), &body);
    assert_eq!(told.status, 200, "{told:?}");
    told.body["plain_token"].as_str().unwrap().to_owned()
}

/// The role of each user, by e-mail.
pub fn roles(netbird: &NetBird) -> Vec<(String, String)> {
    let state = netbird.state();
    let mut roles: Vec<_> =
        state.users.iter().map(|user| (user.email.clone(), user.role.clone())).collect();
    roles.sort();
    roles
}

#[track_caller]
pub fn role(netbird: &NetBird, email: &str) -> String {
    roles(netbird).into_iter().find(|(who, _)| who == email).unwrap().1
}

/// What is remembered of NetBird.
pub fn remembered(case: &Case) -> Value {
    let path = case.dir.path().join("state/state.json");
    let text = std::fs::read_to_string(path).unwrap_or_else(|_| "{}".to_owned());
    serde_json::from_str::<Value>(&text).unwrap()["netbird"].clone()
}

/// A config.yaml as NetBird's quickstart writes it, with an owner whose password is known.
pub const QUICKSTART: &str = r#"server:
  listenAddress: ":80"
  exposedAddress: "https://netbird.example.com:443"
  stunPorts:
    - 3478
  metricsPort: 9090
  healthcheckAddress: ":9000"
  logLevel: "info"
  logFile: "console"
  authSecret: "throwaway-auth-secret"
  dataDir: "/var/lib/netbird"
  auth:
    issuer: "https://netbird.example.com/oauth2"
    signKeyRefreshEnabled: true
    dashboardRedirectURIs:
      - "https://netbird.example.com/nb-auth"
      - "https://netbird.example.com/nb-silent-auth"
    cliRedirectURIs:
      - "http://localhost:53000/"
    owner:
      email: "owner@example.com"
      password: "$2b$10$1E4fNMWl15VbIreSlGbRwuXDlvju3h929.scaZdb.xmWS6kRCFuPG"
  store:
    engine: "sqlite"
    encryptionKey: "q83vASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4k="
"#;

pub const OWNER: &str = "owner@example.com";
pub const PASSWORD: &str = "owner-password-1";

/// A NetBird that somebody else set up, and this container that is to add Authentik to it.
pub fn quickstart(profile: &str) -> (Case, NetBird) {
    quickstart_with(profile, QUICKSTART)
}

pub fn quickstart_with(profile: &str, yaml: &str) -> (Case, NetBird) {
    let mut case = case(profile, "combined");
    let netbird = NetBird::combined(yaml).resolve(AUTHENTIK, &case.sim.url()).start().unwrap();
    case.env("NB_MANAGEMENT_URL", netbird.url())
        .env("SETUP_OUTPUTS", "none")
        .env("SETUP_OWNER_EMAIL", OWNER)
        .env("SETUP_OWNER_PASSWORD", PASSWORD);
    (case, netbird)
}

/// The owner logs in as in a browser.
pub fn owner(netbird: &NetBird, case: &Case) -> Login {
    let person = Person::Local { email: OWNER, password: PASSWORD };
    browser(netbird, case).log_in(&Dashboard::of(netbird), person).unwrap()
}

/// Somebody logs in through Authentik, at the dashboard of a NetBird that has a provider of its own.
#[track_caller]
pub fn enter(netbird: &NetBird, case: &Case, name: &str) -> Login {
    let mut browser = browser(netbird, case);
    browser.log_in(&Dashboard::of(netbird), Person::Authentik(name)).unwrap()
}
