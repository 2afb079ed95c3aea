//! management.json: its fields, and what the file of the split image comes to.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::config::json::Json;
use crate::config::schema::{Fields, Shape, decode, zero};
use crate::config::template::expand;
use crate::config::{Config, Connector, Embedded, Http, Manager, Owner, texts};

use Shape::{Duration, Flag, Free, List, Map, Maybe, MaybeWhole, Object, Prefix, Text, Whole};

const HOST: Fields = &[("Proto", Text), ("URI", Text), ("Username", Text), ("Password", Text)];

const HTTP: Fields = &[
    ("LetsEncryptDomain", Text),
    ("CertFile", Text),
    ("CertKey", Text),
    ("AuthClientID", Text),
    ("AuthAudience", Text),
    ("CLIAuthAudience", Text),
    ("AuthIssuer", Text),
    ("AuthUserIDClaim", Text),
    ("AuthKeysLocation", Text),
    ("OIDCConfigEndpoint", Text),
    ("IdpSignKeyRefreshEnabled", Flag),
    ("ExtraAuthAudience", Text),
    ("AuthCallbackURL", Text),
];

const CLIENT: Fields = &[
    ("Issuer", Text),
    ("TokenEndpoint", Text),
    ("ClientID", Text),
    ("ClientSecret", Text),
    ("GrantType", Text),
];

const MANAGER: Fields = &[
    ("ManagerType", Text),
    ("ClientConfig", Maybe(CLIENT)),
    ("ExtraConfig", Map(&Text)),
    ("Auth0ClientCredentials", Free),
    ("AzureClientCredentials", Free),
    ("KeycloakClientCredentials", Free),
    ("ZitadelClientCredentials", Free),
];

const FLOW: Fields = &[
    ("ClientID", Text),
    ("ClientSecret", Text),
    ("Domain", Text),
    ("Audience", Text),
    ("TokenEndpoint", Text),
    ("DeviceAuthEndpoint", Text),
    ("AuthorizationEndpoint", Text),
    ("Scope", Text),
    ("UseIDToken", Flag),
    ("RedirectURLs", List(&Text)),
    ("DisablePromptLogin", Flag),
    ("LoginFlag", Whole),
];

const CONNECTOR: Fields = &[("type", Text), ("name", Text), ("id", Text), ("config", Map(&Free))];

const EMBEDDED: Fields = &[
    ("Enabled", Flag),
    ("Issuer", Text),
    ("LocalAddress", Text),
    ("Storage", Object(&[("Type", Text), ("Config", Object(&[("File", Text), ("DSN", Text)]))])),
    ("DashboardRedirectURIs", List(&Text)),
    ("CLIRedirectURIs", List(&Text)),
    ("Owner", Maybe(&[("Email", Text), ("Hash", Text), ("Username", Text)])),
    ("SignKeyRefreshEnabled", Flag),
    ("LocalAuthDisabled", Flag),
    ("MfaSessionMaxLifetime", Text),
    ("MfaSessionIdleTimeout", Text),
    ("MfaSessionRememberMe", Flag),
    ("SessionCookieEncryptionKey", Text),
    ("DashboardPostLogoutRedirectURIs", List(&Text)),
    ("StaticConnectors", List(&Object(CONNECTOR))),
    ("GrantTypes", List(&Text)),
];

const CONFIG: Fields = &[
    ("Stuns", List(&Maybe(HOST))),
    (
        "TURNConfig",
        Maybe(&[
            ("TimeBasedCredentials", Flag),
            ("CredentialsTTL", Duration),
            ("Secret", Text),
            ("Turns", List(&Maybe(HOST))),
        ]),
    ),
    ("Relay", Maybe(&[("Addresses", List(&Text)), ("CredentialsTTL", Duration), ("Secret", Text)])),
    ("Signal", Maybe(HOST)),
    ("Datadir", Text),
    ("DataStoreEncryptionKey", Text),
    ("HttpConfig", Maybe(HTTP)),
    ("IdpManagerConfig", Maybe(MANAGER)),
    ("DeviceAuthorizationFlow", Maybe(&[("Provider", Text), ("ProviderConfig", Object(FLOW))])),
    ("PKCEAuthorizationFlow", Maybe(&[("ProviderConfig", Object(FLOW))])),
    ("StoreConfig", Object(&[("Engine", Text)])),
    (
        "ReverseProxy",
        Object(&[
            ("TrustedHTTPProxies", List(&Prefix)),
            ("TrustedHTTPProxiesCount", Whole),
            ("TrustedPeers", List(&Prefix)),
            ("AccessLogRetentionDays", Whole),
            ("AccessLogCleanupIntervalHours", Whole),
        ]),
    ),
    ("AgentNetwork", Object(&[("PricingDefaultsFile", Text)])),
    ("DisableDefaultPolicy", Flag),
    ("EmbeddedIdP", Maybe(EMBEDDED)),
    ("HighestSupportedSyncMessageVersion", MaybeWhole),
    ("PerAccountHighestSupportedSyncMessageVersion", Map(&Whole)),
];

/// The file with every field in its own spelling.
pub(crate) fn document(text: &str, env: &BTreeMap<String, String>) -> Result<Value, String> {
    let expanded = expand(text, env)?;
    let parsing =
        |error| format!("failed parsing Json file after template was executed, err: {error}");
    let json = Json::parse(&expanded).map_err(parsing)?;
    let mut document = zero(Object(CONFIG));
    decode(Object(CONFIG), &mut document, &json, "Config").map_err(parsing)?;
    Ok(document)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// What the document comes to.
pub(crate) fn config(document: &Value) -> Result<Config, String> {
    let embedded = &document["EmbeddedIdP"];
    let embedded = (embedded["Enabled"] == true).then(|| read_embedded(embedded));
    let http = &document["HttpConfig"];
    if embedded.is_none() && http.is_null() {
        return Err(
            "panic: runtime error: invalid memory address or nil pointer dereference (HttpConfig is missing)"
                .to_owned(),
        );
    }
    let device = &document["DeviceAuthorizationFlow"];
    let mut audiences = vec![text(&http["AuthAudience"])];
    audiences.extend([&http["ExtraAuthAudience"], &device["ProviderConfig"]["Audience"]].map(text));
    audiences.retain(|audience| !audience.is_empty());
    Ok(Config {
        http: Http {
            issuer: text(&http["AuthIssuer"]),
            audiences,
            user_id_claim: text(&http["AuthUserIDClaim"]),
            keys_location: text(&http["AuthKeysLocation"]),
            discovery: text(&http["OIDCConfigEndpoint"]),
            refreshes_keys: http["IdpSignKeyRefreshEnabled"] == true,
        },
        manager: read_manager(&document["IdpManagerConfig"]),
        device: device.is_object().then(|| device.clone()),
        pkce: Some(&document["PKCEAuthorizationFlow"]).filter(|flow| flow.is_object()).cloned(),
        store_key: text(&document["DataStoreEncryptionKey"]),
        has_http: http.is_object(),
        embedded,
    })
}

fn read_embedded(embedded: &Value) -> Embedded {
    let owner = &embedded["Owner"];
    let connectors = embedded["StaticConnectors"].as_array().into_iter().flatten();
    Embedded {
        issuer: text(&embedded["Issuer"]),
        storage: text(&embedded["Storage"]["Type"]),
        dsn: text(&embedded["Storage"]["Config"]["DSN"]),
        dashboard_redirects: texts(&embedded["DashboardRedirectURIs"]),
        cli_redirects: texts(&embedded["CLIRedirectURIs"]),
        post_logout_redirects: texts(&embedded["DashboardPostLogoutRedirectURIs"]),
        owner: owner.is_object().then(|| Owner {
            email: text(&owner["Email"]),
            hash: text(&owner["Hash"]),
            name: text(&owner["Username"]),
        }),
        local_auth_disabled: embedded["LocalAuthDisabled"] == true,
        cookie_key: text(&embedded["SessionCookieEncryptionKey"]),
        connectors: connectors
            .map(|connector| Connector {
                id: text(&connector["id"]),
                kind: text(&connector["type"]),
                name: text(&connector["name"]),
                config: connector["config"].clone(),
            })
            .collect(),
        grant_types: texts(&embedded["GrantTypes"]),
    }
}

fn read_manager(manager: &Value) -> Option<Manager> {
    let kind = text(&manager["ManagerType"]).to_lowercase();
    let client = &manager["ClientConfig"];
    let extra = &manager["ExtraConfig"];
    (!matches!(kind.as_str(), "" | "none")).then(|| Manager {
        kind,
        client_id: text(&client["ClientID"]),
        username: text(&extra["Username"]),
        password: text(&extra["Password"]),
        token_endpoint: text(&client["TokenEndpoint"]),
        issuer: text(&client["Issuer"]),
        grant_type: text(&client["GrantType"]),
    })
}
