//! NetBird with Authentik as its issuer: the sections that say so, and the defaults of a file that is made.

use serde_json::{Value, json};

use super::manager::is_own_manager;
use super::places::{Follower, Places};
use super::secrets_in::is_own_turn;
use super::{AUTHENTIK, File};
use crate::config::Config;
use crate::netbird::dashboard::PROXY_CALLBACK;
use crate::outputs::json::Node;
use crate::proof::Proof;
use crate::state::secrets::Secrets;
use crate::text::Secret;

/// The file's text, made from the one that is there, if any.
pub fn render(
    config: &Config,
    proof: &Proof,
    secrets: &Secrets,
    places: &Places,
    before: Option<&File>,
) -> String {
    let mut root = before.map_or_else(|| of_issuer(config), |file| file.root.clone());
    follow(&mut root, places);
    shared(&mut root, config, secrets);
    identity(&mut root, config, proof, places);
    users(&mut root, config, proof, secrets, before);
    wishes(&mut root, config);
    root.pretty()
}

/// Wishes of the environment for what is otherwise only a default.
pub(super) fn wishes(root: &mut Node, config: &Config) {
    let passed = |name: &str| config.netbird.passed.get(name);
    if let Some(engine) = passed("NETBIRD_STORE_CONFIG_ENGINE") {
        put(root, "StoreConfig.Engine", Node::text(engine));
    }
    if let Some(policy) = passed("NETBIRD_MGMT_DISABLE_DEFAULT_POLICY") {
        put(root, "DisableDefaultPolicy", json!(policy == "true").into());
    }
}

/// The defaults where Authentik is the issuer.
fn of_issuer(config: &Config) -> Node {
    let mut root = Node::from(defaults(config));
    root.set("HttpConfig", json!({"CertFile": "", "CertKey": "", "AuthUserIDClaim": ""}).into());
    root.set("IdpManagerConfig", json!({"ManagerType": "none"}).into());
    root
}

/// Set when the file is made, left alone afterwards; the same in every kind.
pub(super) fn defaults(config: &Config) -> Value {
    let passed = &config.netbird.passed;
    let engine = passed.get("NETBIRD_STORE_CONFIG_ENGINE").map_or("sqlite", String::as_str);
    let policy = passed.get("NETBIRD_MGMT_DISABLE_DEFAULT_POLICY").is_some_and(|v| v == "true");
    json!({
        "Stuns": [],
        "TURNConfig": {"Turns": [], "CredentialsTTL": "12h", "Secret": "", "TimeBasedCredentials": false},
        "Relay": {},
        "Signal": {},
        "ReverseProxy": {
            "TrustedHTTPProxies": [],
            "TrustedHTTPProxiesCount": 0,
            "TrustedPeers": ["0.0.0.0/0"],
        },
        "DisableDefaultPolicy": policy,
        "DataStoreEncryptionKey": "",
        "StoreConfig": {"Engine": engine},
    })
}

/// Values that are the same to NetBird keep the form that they have.
pub(super) fn put(root: &mut Node, path: &str, value: Node) {
    if root.at(path).is_none_or(|there| there.meaning() != value.meaning()) {
        root.set(path, value);
    }
}

/// Where the services are, unless somebody said so in the file.
pub(super) fn follow(root: &mut Node, places: &Places) {
    let wished = |follower| places.wished(follower).filter(|_| !places.is_theirs(follower));
    if let Some(stuns) = wished(Follower::Stuns) {
        put(root, Follower::Stuns.path(), stuns);
    }
    if let Some(relays) = wished(Follower::Relays) {
        put(root, Follower::Relays.path(), relays);
    }
    // Without it the tokens for the relay would expire at once.
    if root.at("Relay.CredentialsTTL").is_none() {
        root.set("Relay.CredentialsTTL", Node::text("24h"));
    }
    if !places.is_theirs(Follower::Signal) {
        let (scheme, address) = &places.services.signal;
        put(root, "Signal.Proto", Node::text(scheme));
        put(root, "Signal.URI", Node::text(address));
    }
    match wished(Follower::Turns) {
        Some(turns) => {
            let uri = |node: &Node| node.items().iter().map(Node::meaning).collect::<Vec<_>>();
            let there = root.at(Follower::Turns.path()).map(without_passwords);
            if there.is_none_or(|there| uri(&there) != uri(&turns)) {
                root.set(Follower::Turns.path(), turns);
            }
            put(root, "TURNConfig.TimeBasedCredentials", json!(false).into());
        }
        // The server that a variable named is named no more.
        None if !places.is_theirs(Follower::Turns) && root.at(Follower::Turns.path()).is_some() => {
            put(root, Follower::Turns.path(), json!([]).into());
        }
        None => {}
    }
}

fn without_passwords(turns: &Node) -> Node {
    let part = |turn: &Node| {
        let kept =
            turn.members().iter().filter(|(name, _)| !name.eq_ignore_ascii_case("\"password\""));
        Node::Object(kept.cloned().collect())
    };
    Node::Array(turns.items().iter().map(part).collect())
}

/// The secrets that other services share with management. One that NetBird's environment fills in stays a template.
pub(super) fn shared(root: &mut Node, config: &Config, secrets: &Secrets) {
    let mut keep = |path: &str, secret: &Option<Secret>| {
        let there = root.at(path);
        if let Some(secret) = secret.as_ref().filter(|_| !there.is_some_and(Node::is_template)) {
            put(root, path, Node::text(secret.expose()));
        }
    };
    keep("Relay.Secret", &secrets.relay);
    keep("DataStoreEncryptionKey", &secrets.datastore_key);
    let named = config.netbird.services.turn_domain.is_some();
    let wished = named || config.netbird.turn_password.is_some();
    let Some(password) = secrets.turn.as_ref().filter(|_| wished) else { return };
    let Some(Node::Array(turns)) = root.at_mut(Follower::Turns.path()) else { return };
    for turn in turns.iter_mut().filter(|turn| is_own_turn(turn)) {
        if !turn.at("Password").is_some_and(Node::is_template) {
            put(turn, "Password", Node::text(password.expose()));
        }
    }
}

/// What tokens NetBird accepts, and how its clients get them.
fn identity(root: &mut Node, config: &Config, proof: &Proof, places: &Places) {
    const PKCE: &str = "PKCEAuthorizationFlow.ProviderConfig";
    let passed = |name: &str| config.netbird.passed.get(name);
    let flag = |name: &str, default: bool| passed(name).map_or(default, |v| v == "true");
    let scope = |name: &str| passed(name).unwrap_or(&proof.scope);
    let client_id = &proof.registration.client_id;
    let endpoint = &config.netbird.endpoint;
    let discovery = if proof.keys.discovery_at_start { proof.discovery_url.as_str() } else { "" };
    let login_flag = passed("NETBIRD_AUTH_PKCE_LOGIN_FLAG").and_then(|v| v.parse::<u8>().ok());
    let mut section = |section: &str, values: Value| {
        let Value::Object(values) = values else { return };
        for (key, value) in values {
            put(root, &format!("{section}.{key}"), value.into());
        }
    };
    section(
        "HttpConfig",
        json!({
            "AuthIssuer": proof.registration.issuer,
            "AuthAudience": client_id,
            "AuthClientID": client_id,
            "AuthCallbackURL": format!("{}{PROXY_CALLBACK}", endpoint.origin()),
            "AuthKeysLocation": proof.keys.location,
            "OIDCConfigEndpoint": discovery,
            "IdpSignKeyRefreshEnabled": proof.keys.refresh,
        }),
    );
    if let Some(claim) = passed("NETBIRD_AUTH_USER_ID_CLAIM") {
        section("HttpConfig", json!({"AuthUserIDClaim": claim}));
    }
    section("DeviceAuthorizationFlow", json!({"Provider": "hosted"}));
    section(
        "DeviceAuthorizationFlow.ProviderConfig",
        json!({
            "Audience": client_id,
            "ClientID": client_id,
            "TokenEndpoint": proof.endpoints.token,
            "DeviceAuthEndpoint": proof.endpoints.device,
            "Scope": scope("NETBIRD_AUTH_DEVICE_AUTH_SCOPE"),
            "UseIDToken": flag("NETBIRD_AUTH_DEVICE_AUTH_USE_ID_TOKEN", false),
        }),
    );
    section(
        PKCE,
        json!({
            "Audience": client_id,
            "ClientID": client_id,
            "AuthorizationEndpoint": proof.endpoints.authorization,
            "TokenEndpoint": proof.endpoints.token,
            "Scope": scope("NETBIRD_AUTH_SUPPORTED_SCOPES"),
        }),
    );
    if !places.is_theirs(Follower::RedirectUrls) {
        section(PKCE, json!({"RedirectURLs": places.redirect_urls}));
    }
    section(
        PKCE,
        json!({
            "UseIDToken": flag("NETBIRD_AUTH_PKCE_USE_ID_TOKEN", false),
            "DisablePromptLogin": flag("NETBIRD_AUTH_PKCE_DISABLE_PROMPT_LOGIN", true),
            "LoginFlag": login_flag.unwrap_or(0),
        }),
    );
}

/// The account that lists users.
fn users(
    root: &mut Node,
    config: &Config,
    proof: &Proof,
    secrets: &Secrets,
    before: Option<&File>,
) {
    const MANAGER: &str = "IdpManagerConfig";
    let Some(password) = &secrets.service_account else {
        let own = before.is_some_and(|file| is_own_manager(file, config));
        if own && config.netbird.user_list == Some(false) {
            root.set(MANAGER, json!({"ManagerType": "none"}).into());
        }
        return;
    };
    for (path, value) in [
        ("ManagerType", AUTHENTIK),
        ("ClientConfig.Issuer", proof.registration.issuer.as_str()),
        ("ClientConfig.TokenEndpoint", proof.endpoints.token.as_str()),
        ("ClientConfig.ClientID", proof.registration.client_id.as_str()),
        ("ClientConfig.ClientSecret", ""),
        ("ClientConfig.GrantType", "client_credentials"),
    ] {
        put(root, &format!("{MANAGER}.{path}"), Node::text(value));
    }
    // A map of Go: its keys are what they are, in this spelling.
    let path = format!("{MANAGER}.ExtraConfig");
    let mut extra = root.at(&path).cloned().unwrap_or_else(Node::empty);
    for (key, value) in
        [("Username", config.netbird.service_account.as_str()), ("Password", password.expose())]
    {
        let there = extra.exact(key);
        let wanted = Node::text(value);
        let same = there.is_some_and(|there| {
            there.meaning() == wanted.meaning() || (key == "Password" && there.is_template())
        });
        if !same {
            extra.set_exact(key, wanted);
        }
    }
    root.set(&path, extra);
}
