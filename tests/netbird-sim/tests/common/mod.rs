//! A simulated Authentik with people and applications, and the files of NetBirds that stand behind it.

// Each test binary uses a part of this.
#![allow(dead_code)]

use authentik_sim::Sim;
use netbird_sim::browser::{Browser, Dashboard, Login, Person, Stuck};
use netbird_sim::{Builder, Connector, NetBird};
use serde_json::{Value, json};

/// The names that the files have; nobody serves them.
pub const AUTHENTIK: &str = "https://auth.example.com";
pub const NETBIRD: &str = "https://netbird.example.com";

pub const SECRET: &str = "throwaway-client-secret";
pub const OWNER: &str = "owner@example.com";
pub const PASSWORD: &str = "owner-password-1";
/// bcrypt of that password, cost 10.
pub const HASH: &str = include_str!("owner.hash");

/// An Authentik with alice (6), bob (7) and carol (8), who are in groups, and an application of each of these slugs.
pub fn authentik(profile: &str) -> Sim {
    let sim = Sim::start(profile);
    furnish(&sim);
    sim
}

pub fn furnish(sim: &Sim) {
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
    let callback =
        json!([{"matching_mode": "strict", "url": format!("{NETBIRD}/oauth2/callback")}]);
    for slug in ["netbird-embedded", "netbird"] {
        add_application(
            &mut state,
            slug,
            json!({
                "client_id": "netbird-embedded", "client_secret": SECRET, "redirect_uris": callback,
            }),
        );
    }
    let own = ["/auth", "/silent-auth", "/"].map(|path| format!("{NETBIRD}{path}"));
    let uris = own.iter().map(String::as_str).chain(["http://localhost:53000"]);
    let uris: Vec<Value> = uris.map(|url| json!({"matching_mode": "strict", "url": url})).collect();
    add_application(
        &mut state,
        "netbird-public",
        json!({
            "client_id": "netbird-public", "client_type": "public", "redirect_uris": uris,
        }),
    );
}

/// The key of one of Authentik's own scope mappings.
pub fn scope(state: &authentik_sim::State, name: &str) -> Value {
    let managed = format!("{}{name}", authentik_sim::SCOPE);
    let found = state.scope_mappings.iter().find(|mapping| mapping["managed"] == managed.as_str());
    found.map_or(Value::Null, |mapping| mapping["pk"].clone())
}

/// The claims of a token.
pub fn claims(token: &str) -> Value {
    part_of(token, 1)
}

/// The header or the claims of a token.
pub fn part_of(token: &str, part: usize) -> Value {
    use base64::Engine as _;
    let part = token.split('.').nth(part).unwrap_or_default();
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

fn add_application(state: &mut authentik_sim::State, slug: &str, fields: Value) {
    let scope = |name: &str| scope(state, name);
    let mut provider = json!({
        "name": slug, "sub_mode": "user_id",
        "property_mappings": [scope("openid"), scope("profile"), scope("email")],
        "signing_key": state.key_pair(authentik_sim::SELF_SIGNED).map(|pair| &pair["pk"]),
        "authorization_flow": state.flow("default-provider-authorization-implicit-consent").map(|flow| &flow["pk"]),
        "invalidation_flow": state.flow("default-provider-invalidation-flow").map(|flow| &flow["pk"]),
        "grant_types": authentik_sim::ALL_GRANTS,
    });
    for (key, value) in fields.as_object().expect("fields") {
        provider[key] = value.clone();
    }
    let pk = state.add_provider(provider);
    state.add_application(json!({"name": slug, "slug": slug, "provider": pk}));
}

/// A connector as management.json has it.
pub fn connector() -> Value {
    json!({
        "type": "authentik", "name": "Authentik", "id": "authentik",
        "config": {
            "issuer": format!("{AUTHENTIK}/application/o/netbird-embedded/"),
            "clientID": "netbird-embedded", "clientSecret": SECRET,
            "redirectURI": format!("{NETBIRD}/oauth2/callback"),
        },
    })
}

/// A management.json of the embedded kind, with an owner.
pub fn embedded() -> Value {
    json!({
        "Signal": {"Proto": "https", "URI": "netbird.example.com:443"},
        "Relay": {"Addresses": ["rels://netbird.example.com:443"], "CredentialsTTL": "24h", "Secret": "s"},
        "DataStoreEncryptionKey": "q83vASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4k=",
        "StoreConfig": {"Engine": "sqlite"},
        "EmbeddedIdP": {
            "Enabled": true, "Issuer": format!("{NETBIRD}/oauth2"),
            "DashboardRedirectURIs": [format!("{NETBIRD}/nb-auth"), format!("{NETBIRD}/nb-silent-auth")],
            "Owner": {"Email": OWNER, "Hash": HASH.trim(), "Username": "owner"},
            "StaticConnectors": [connector()],
        },
    })
}

/// A management.json of the standalone kind.
pub fn standalone() -> Value {
    let app = format!("{AUTHENTIK}/application/o");
    let flow = json!({
        "ClientID": "netbird-public", "Audience": "netbird-public",
        "TokenEndpoint": format!("{app}/token/"), "DeviceAuthEndpoint": format!("{app}/device/"),
        "AuthorizationEndpoint": format!("{app}/authorize/"),
        "Scope": "openid profile email offline_access", "DisablePromptLogin": true,
        "RedirectURLs": ["http://localhost:53000"],
    });
    json!({
        "Signal": {"Proto": "https", "URI": "netbird.example.com:443"},
        "DataStoreEncryptionKey": "q83vASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4k=",
        "HttpConfig": {
            "AuthIssuer": format!("{app}/netbird-public/"), "AuthAudience": "netbird-public",
            "AuthKeysLocation": format!("{app}/netbird-public/jwks/"),
            "IdpSignKeyRefreshEnabled": true,
        },
        "DeviceAuthorizationFlow": {"Provider": "hosted", "ProviderConfig": flow},
        "PKCEAuthorizationFlow": {"ProviderConfig": flow},
    })
}

/// The dashboard.env that goes with it.
pub fn dashboard_env() -> String {
    format!(
        "AUTH_AUTHORITY='{AUTHENTIK}/application/o/netbird-public/'\nAUTH_CLIENT_ID=netbird-public\n\
         AUTH_SUPPORTED_SCOPES='openid profile email'\nAUTH_REDIRECT_URI=/auth\n"
    )
}

/// A config.yaml as NetBird's quickstart writes it.
pub const COMBINED: &str = r#"
server:
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
  store:
    engine: "sqlite"
    encryptionKey: "q83vASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4k="
"#;

/// A server that finds this Authentik behind the names of the files.
pub fn knows(builder: Builder, authentik: &Sim) -> Builder {
    builder.resolve(AUTHENTIK, &authentik.url())
}

pub fn management(document: &Value, authentik: &Sim) -> NetBird {
    knows(NetBird::management(&document.to_string()), authentik).start().expect("it starts")
}

pub fn combined(authentik: &Sim) -> NetBird {
    knows(NetBird::combined(COMBINED), authentik).start().expect("it starts")
}

pub fn browser<'a>(netbird: &'a NetBird, authentik: &'a Sim) -> Browser<'a> {
    Browser::new(netbird).with_authentik(AUTHENTIK, authentik)
}

/// The key of the scope mapping that opens Authentik's API.
pub fn api_scope(state: &authentik_sim::State) -> Value {
    let found = state.scope_mappings.iter().find(|m| m["scope_name"] == "goauthentik.io/api");
    found.map_or(Value::Null, |mapping| mapping["pk"].clone())
}

/// The file with a value put in, or taken out by null.
pub fn put(mut file: Value, pointer: &str, value: Value) -> String {
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    file.pointer_mut(parent).expect("the parent")[key] = value;
    file.to_string()
}

/// A combined server with an owner who has logged in, and Authentik as a connector.
pub fn claimed(sim: &Sim) -> (NetBird, Login) {
    let netbird = combined(sim);
    let local = Person::Local { email: OWNER, password: PASSWORD };
    {
        let mut state = netbird.state();
        state.idp.set_password(OWNER, HASH.trim(), "Owner");
        let from = connector();
        let text = |key: &str| from[key].as_str().expect("a text").to_owned();
        let (id, kind, name) = (text("id"), text("type"), text("name"));
        state.idp.connectors.push(Connector { id, kind, name, config: from["config"].clone() });
    }
    let login = browser(&netbird, sim).log_in(&Dashboard::of(&netbird), local).expect("a login");
    assert_eq!(login.role(), Some("owner"));
    (netbird, login)
}

pub fn come(netbird: &NetBird, sim: &Sim, name: &str) -> Login {
    let login = browser(netbird, sim).log_in(&Dashboard::of(netbird), Person::Authentik(name));
    login.unwrap_or_else(|stuck| panic!("{name}: {stuck}"))
}

/// Where this person gets stuck.
pub fn stuck(netbird: &NetBird, sim: &Sim, person: Person<'_>) -> Stuck {
    browser(netbird, sim).log_in(&Dashboard::of(netbird), person).expect_err("the login fails")
}

/// Whether this person gets through to tokens.
pub fn works(netbird: &NetBird, sim: &Sim, person: Person<'_>) -> bool {
    browser(netbird, sim).log_in(&Dashboard::of(netbird), person).is_ok()
}
