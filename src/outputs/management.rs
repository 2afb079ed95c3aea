//! `management.json`: complete, for NetBird's management server. A file that is there is the base, so that
//! unknown keys and hand edits survive; only our keys are set. Field names are those of NetBird's Go structs,
//! which are compared without case.

use serde_json::{Map, Value, json};

use super::endpoints::{self, Turn};
use crate::config::Config;
use crate::netbird::dashboard::PROXY_CALLBACK;
use crate::proof::Proof;
use crate::state::secrets::{InUse, Secrets};

/// Management runs the file through Go's text/template before it parses it, and `{{` in a value would be
/// run. Braces in our values therefore become JSON escapes: first this text, which nobody else has (a fuzzer does find a
/// single noncharacter), then the escape when the document is written. Foreign values stay as they are: a
/// template in them is somebody's wish.
const BRACE: &str = "\u{10ffff}netbird-authentik-init's brace\u{10ffff}";

/// The secrets that a `management.json` holds already.
pub fn secrets_in(file: &Map<String, Value>) -> InUse {
    let text = |value: Option<&Value>| {
        value.and_then(Value::as_str).filter(|s| !s.is_empty()).map(str::to_owned)
    };
    let turns = lookup(file, "TURNConfig").and_then(|t| lookup(t.as_object()?, "Turns"));
    let turn = turns.and_then(Value::as_array).into_iter().flatten().find_map(|turn| {
        let turn = turn.as_object()?;
        (lookup(turn, "Username")?.as_str()? == endpoints::TURN_USER)
            .then(|| text(lookup(turn, "Password")))?
    });
    let idp = lookup(file, "IdpManagerConfig").and_then(Value::as_object);
    let extra = idp.and_then(|idp| lookup(idp, "ExtraConfig")?.as_object());
    let authentiks =
        idp.and_then(|idp| lookup(idp, "ManagerType")).is_some_and(|t| t == "authentik");
    InUse {
        service_account: text(extra.filter(|_| authentiks).and_then(|e| lookup(e, "Password"))),
        datastore_key: text(lookup(file, "DataStoreEncryptionKey")),
        relay: text(lookup(file, "Relay").and_then(|r| lookup(r.as_object()?, "Secret"))),
        turn,
    }
}

/// The issuer that a `management.json` names.
pub fn issuer_in(file: &Map<String, Value>) -> Option<String> {
    let issuer = lookup(lookup(file, "HttpConfig")?.as_object()?, "AuthIssuer")?.as_str()?;
    (!issuer.is_empty()).then(|| issuer.to_owned())
}

/// The file's text, made from the one that is there, if any.
pub fn render(
    config: &Config,
    proof: &Proof,
    secrets: &Secrets,
    base: Option<Map<String, Value>>,
) -> String {
    let fresh = base.is_none();
    let mut file = base.unwrap_or_default();
    if fresh {
        merge(&mut file, defaults(config));
    }
    merge(&mut file, ours(config, proof, secrets));
    let text = format!("{:#}\n", Value::Object(file));
    text.replace(BRACE, r"\u007b")
}

/// Set when the file is made, left alone afterwards.
fn defaults(config: &Config) -> Value {
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
        "StoreConfig": {"Engine": braced(engine)},
        "HttpConfig": {"CertFile": "", "CertKey": "", "AuthUserIDClaim": ""},
        "IdpManagerConfig": {"ManagerType": "none"},
    })
}

/// Set at every run.
fn ours(config: &Config, proof: &Proof, secrets: &Secrets) -> Value {
    let passed = |name: &str| config.netbird.passed.get(name).map(|v| braced(v));
    let endpoint = &config.netbird.endpoint;
    let turn = Turn::of(config);
    let ports = config.netbird.pkce_ports.iter();
    let redirects: Vec<String> = ports.map(|p| format!("http://localhost:{p}")).collect();
    let discovery = if proof.keys.discovery_at_start { proof.discovery_url.as_str() } else { "" };
    let flag = |name: &str, default: bool| passed(name).map_or(default, |v| v == "true");
    let login_flag = passed("NETBIRD_AUTH_PKCE_LOGIN_FLAG").and_then(|v| v.parse::<u8>().ok());
    let scope = |name: &str| passed(name).unwrap_or_else(|| braced(&proof.scope));
    let mut ours = json!({
        "Stuns": [{"Proto": "udp", "URI": braced(&turn.stun_uri)}],
        "Relay": {
            "Addresses": [braced(&endpoints::relay(config))],
            "CredentialsTTL": "24h",
            "Secret": secrets.relay.expose(),
        },
        "Signal": {
            "Proto": endpoint.scheme(),
            "URI": braced(&format!("{}:{}", endpoint.host(), endpoint.port())),
        },
        "DataStoreEncryptionKey": secrets.datastore_key.expose(),
        "HttpConfig": {
            "AuthIssuer": braced(&proof.registration.issuer),
            "AuthAudience": braced(&proof.registration.client_id),
            "AuthClientID": braced(&proof.registration.client_id),
            "AuthCallbackURL": braced(&format!("{}{PROXY_CALLBACK}", endpoint.origin())),
            "AuthKeysLocation": braced(&proof.keys.location),
            "OIDCConfigEndpoint": braced(discovery),
            "IdpSignKeyRefreshEnabled": proof.keys.refresh,
        },
        "DeviceAuthorizationFlow": {
            "Provider": "hosted",
            "ProviderConfig": {
                "Audience": braced(&proof.registration.client_id),
                "ClientID": braced(&proof.registration.client_id),
                "TokenEndpoint": braced(&proof.endpoints.token),
                "DeviceAuthEndpoint": braced(&proof.endpoints.device),
                "Scope": scope("NETBIRD_AUTH_DEVICE_AUTH_SCOPE"),
                "UseIDToken": flag("NETBIRD_AUTH_DEVICE_AUTH_USE_ID_TOKEN", false),
            },
        },
        "PKCEAuthorizationFlow": {
            "ProviderConfig": {
                "Audience": braced(&proof.registration.client_id),
                "ClientID": braced(&proof.registration.client_id),
                "AuthorizationEndpoint": braced(&proof.endpoints.authorization),
                "TokenEndpoint": braced(&proof.endpoints.token),
                "Scope": scope("NETBIRD_AUTH_SUPPORTED_SCOPES"),
                "RedirectURLs": redirects,
                "UseIDToken": flag("NETBIRD_AUTH_PKCE_USE_ID_TOKEN", false),
                "DisablePromptLogin": flag("NETBIRD_AUTH_PKCE_DISABLE_PROMPT_LOGIN", true),
                "LoginFlag": login_flag.unwrap_or(0),
            },
        },
    });
    if let Some(password) = &secrets.service_account {
        ours["IdpManagerConfig"] = json!({
            "ManagerType": "authentik",
            "ClientConfig": {
                "Issuer": braced(&proof.registration.issuer),
                "TokenEndpoint": braced(&proof.endpoints.token),
                "ClientID": braced(&proof.registration.client_id),
                "ClientSecret": "",
                "GrantType": "client_credentials",
            },
            "ExtraConfig": {
                "Username": braced(&config.netbird.service_account),
                "Password": password.expose(),
            },
        });
    }
    // Wishes of the environment for what is otherwise only a default.
    if let Some(claim) = passed("NETBIRD_AUTH_USER_ID_CLAIM") {
        ours["HttpConfig"]["AuthUserIDClaim"] = claim.into();
    }
    if let Some(engine) = passed("NETBIRD_STORE_CONFIG_ENGINE") {
        ours["StoreConfig"] = json!({"Engine": engine});
    }
    if let Some(policy) = passed("NETBIRD_MGMT_DISABLE_DEFAULT_POLICY") {
        ours["DisableDefaultPolicy"] = (policy == "true").into();
    }
    if let Some(uri) = &turn.turn_uri {
        ours["TURNConfig"] = json!({
            "Turns": [{
                "Proto": "udp",
                "URI": braced(uri),
                "Username": endpoints::TURN_USER,
                "Password": secrets.turn.expose(),
            }],
            "TimeBasedCredentials": false,
        });
    }
    ours
}

fn braced(text: &str) -> String {
    text.replace('{', BRACE)
}

/// A key of an object as Go finds it: without case, the exact one first.
fn lookup<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    object.get(key).or_else(|| {
        object.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value)
    })
}

/// Sets every leaf of `new`, keeping what else is there; arrays are leaves.
fn merge(into: &mut Map<String, Value>, new: Value) {
    let Value::Object(new) = new else { return };
    for (key, value) in new {
        let spelt = match into.contains_key(&key) {
            true => key,
            false => into.keys().find(|k| k.eq_ignore_ascii_case(&key)).cloned().unwrap_or(key),
        };
        match (into.get_mut(&spelt), value) {
            (Some(Value::Object(inner)), value @ Value::Object(_)) => merge(inner, value),
            (_, value) => {
                into.insert(spelt, value);
            }
        }
    }
}
