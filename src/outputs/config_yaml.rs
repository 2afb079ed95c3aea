//! `config.yaml`, for NetBird's `netbird-server`: complete, and this container's alone. NetBird expands nothing in it. A file
//! without this container's header is never written, and looked at for its first line only.

use serde_json::Value;

use super::yaml::{At, Document};
use crate::config::{Config, Output};
use crate::error::{Error, Exit};
use crate::netbird::dashboard::EMBEDDED_PATHS;
use crate::netbird::embedded::issuer;
use crate::state::evidence::{Evidence, Found, InUse, Kind};
use crate::state::owner::{InFile, Owner};
use crate::state::secrets::Secrets;
use crate::text::Secret;

/// Keys of secrets.
const RELAY: &str = "server.authSecret";
const DATASTORE_KEY: &str = "server.store.encryptionKey";
const COOKIE_KEY: &str = "server.auth.sessionCookieEncryptionKey";
const EMAIL: &str = "server.auth.owner.email";
const HASH: &str = "server.auth.owner.password";
const RELAYS: &str = "server.relays.secret";

const LOCAL_AUTH_OFF: &str = "server.auth.localAuthDisabled";

const HEADER: &str = "# Written by netbird-authentik-init; edit the environment of that container instead, and restart\n\
                      # netbird-server after a change.\n";

/// Where the image has its data.
const DATA: &str = "/var/lib/netbird";

/// STUN's port, and what the image's own example has for the others.
const STUN_PORT: u16 = 3478;

/// The file's text; nothing while a secret is known to NetBird's environment only. Of the text that is there whether people
/// log in without Authentik stays, unless a variable says it.
pub fn render(config: &Config, secrets: &Secrets, there: Option<&str>) -> Option<String> {
    let (relay, datastore_key) = (secrets.relay.as_ref()?, secrets.datastore_key.as_ref()?);
    let endpoint = &config.netbird.endpoint;
    let services = &config.netbird.services;
    let mut y = Yaml::default();
    y.section(0, "server");
    // One port for everything; TLS is the proxy's.
    y.text(1, "listenAddress", ":80");
    let exposed = format!("{}://{}:{}", endpoint.scheme(), endpoint.host(), endpoint.port());
    y.text(1, "exposedAddress", &exposed);
    y.numbers(1, "stunPorts", &[STUN_PORT]);
    y.number(1, "metricsPort", 9090);
    y.text(1, "healthcheckAddress", ":9000");
    y.text(1, "logLevel", "info");
    y.text(1, "logFile", "console");
    y.text(1, "authSecret", relay.expose());
    y.text(1, "dataDir", DATA);
    // Services elsewhere switch the image's own off.
    let is_here = |host: &str, port: u16| host == endpoint.host() && port == endpoint.port();
    let stun = format!("stun:{}:{STUN_PORT}", endpoint.host());
    if services.stuns.chosen && services.stuns.value != [stun] {
        y.section(1, "stuns");
        for uri in &services.stuns.value {
            y.item(2, "uri", uri);
            y.text(3, "proto", "udp");
        }
    }
    let relays = &services.relays.value;
    if services.relays.chosen && !relays.iter().all(|relay| is_here(&relay.host, relay.port)) {
        y.section(1, "relays");
        let addresses = relays.iter().map(|relay| relay.address.clone());
        y.texts(2, "addresses", &addresses.collect::<Vec<_>>());
        y.text(2, "credentialsTTL", "24h");
        y.text(2, "secret", relay.expose());
    }
    let signal = &services.signal.value;
    if services.signal.chosen && !is_here(signal.host(), signal.port()) {
        let uri = format!("{}://{}:{}", signal.scheme(), signal.host(), signal.port());
        y.text(1, "signalUri", &uri);
    }
    y.section(1, "auth");
    y.text(2, "issuer", &issuer(config));
    let is_off = |there| Document::parse(there).at(LOCAL_AUTH_OFF) == At::Text("true".to_owned());
    let is_off = there.is_some_and(is_off);
    y.flag(2, "localAuthDisabled", config.owner.local_auth.wish().map_or(is_off, |wish| !wish));
    y.flag(2, "signKeyRefreshEnabled", true);
    let dashboard = EMBEDDED_PATHS.map(|path| format!("{}{path}", endpoint.origin()));
    y.texts(2, "dashboardRedirectURIs", &dashboard);
    let ports = config.netbird.pkce_ports.iter();
    let clients: Vec<String> = ports.map(|port| format!("http://localhost:{port}/")).collect();
    y.texts(2, "cliRedirectURIs", &clients);
    if let Some(key) = &secrets.cookie_key {
        y.text(2, "sessionCookieEncryptionKey", key.expose());
    }
    if let Some(Owner { email, hash, .. }) = &secrets.owner {
        y.section(2, "owner");
        y.text(3, "email", email);
        // NetBird takes what its example calls a password for a bcrypt hash.
        y.text(3, "password", hash.expose());
    }
    y.section(1, "store");
    let engine = config.netbird.passed.get("NETBIRD_STORE_CONFIG_ENGINE");
    y.text(2, "engine", engine.map_or("sqlite", String::as_str));
    y.text(2, "encryptionKey", datastore_key.expose());
    let proxies = &config.netbird.trusted_proxies;
    if !proxies.is_empty() {
        y.section(1, "reverseProxy");
        y.texts(2, "trustedHTTPProxies", proxies);
    }
    Some(y.0)
}

/// Lines of YAML; texts are quoted as in JSON, which YAML reads the same.
struct Yaml(String);

impl Default for Yaml {
    fn default() -> Self {
        Self(HEADER.to_owned())
    }
}

impl Yaml {
    fn line(&mut self, level: usize, text: &str) {
        self.0.push_str(&"  ".repeat(level));
        self.0.push_str(text);
        self.0.push('\n');
    }

    fn section(&mut self, level: usize, key: &str) {
        self.line(level, &format!("{key}:"));
    }

    fn text(&mut self, level: usize, key: &str, value: &str) {
        self.line(level, &format!("{key}: {}", Value::from(value)));
    }

    fn flag(&mut self, level: usize, key: &str, value: bool) {
        self.line(level, &format!("{key}: {value}"));
    }

    fn number(&mut self, level: usize, key: &str, value: u16) {
        self.line(level, &format!("{key}: {value}"));
    }

    fn numbers(&mut self, level: usize, key: &str, values: &[u16]) {
        self.line(level, &format!("{key}: {}", Value::from(values)));
    }

    fn texts(&mut self, level: usize, key: &str, values: &[String]) {
        self.section(level, key);
        for value in values {
            self.line(level + 1, &format!("- {}", Value::from(value.as_str())));
        }
    }

    /// The first key of an object in a list.
    fn item(&mut self, level: usize, key: &str, value: &str) {
        self.line(level, &format!("- {key}: {}", Value::from(value)));
    }
}

/// The secrets that the file holds.
pub fn secrets_in(text: &str, place: &str) -> InUse {
    let mut in_use = InUse::default();
    let document = Document::parse(text);
    for (kind, key) in [(Kind::DatastoreKey, DATASTORE_KEY), (Kind::Relay, RELAY)] {
        match found(&document, key) {
            Some(found) => in_use.add(kind, format!("{place}, {key},"), found),
            None if kind == Kind::DatastoreKey && !text.trim().is_empty() => {
                in_use.without_key.push(place.to_owned());
            }
            None => {}
        }
    }
    in_use
}

fn found(document: &Document, key: &str) -> Option<Found> {
    match document.at(key) {
        At::Nothing => None,
        At::Text(text) => Some(Found::Text(Secret::new(text))),
        At::Unread => Some(Found::Other("in a form of YAML that this container does not read")),
    }
}

/// What the file says about the provider, its owner and the key of its sessions.
pub fn provider_in(text: &str, place: &str) -> InFile {
    let document = Document::parse(text);
    let at = |key| {
        found(&document, key).map(|found| Evidence { place: format!("{place}, {key},"), found })
    };
    InFile {
        has_provider: !document.written().is_empty(),
        email: at(EMAIL),
        hash: at(HASH),
        cookie_key: at(COOKIE_KEY),
    }
}

/// Whether what stands at this key is secret, wherever a damaged file has it.
pub fn is_secret(key: &str) -> bool {
    let last = |path: &str| path.rsplit('.').next().map(str::to_owned);
    [RELAY, DATASTORE_KEY, COOKIE_KEY, HASH, RELAYS].iter().any(|path| last(path) == last(key))
}

/// A file of somebody else's in its place.
pub fn foreign(config: &Config) -> Error {
    let path = config.files.path(Output::ConfigYaml);
    Error::new(Exit::Refused, format!("{} was not written by this container", path.display()))
        .because("it is NetBird's own, as its quickstart writes it, with keys that must not change")
        .remedy(
            "set SETUP_OUTPUTS=none: then this container adds Authentik to that NetBird over its API, and writes no file \
             of it; or name another directory with SETUP_DIR",
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut y = Yaml::default();
        y.section(0, "server");
        y.text(1, "authSecret", "a \"b\": $c");
        y.section(1, "auth");
        y.texts(2, "dashboardRedirectURIs", &["https://x/y: z".to_owned()]);
        y.section(2, "owner");
        y.text(3, "email", "o@example.com");
        y.section(1, "store");
        y.text(2, "encryptionKey", "k");
        y.section(1, "relays");
        y.texts(2, "addresses", &["rels://a".to_owned(), "rels://b".to_owned()]);
        y.text(2, "secret", "s");
        let document = Document::parse(&y.0);
        let text = |key| match document.at(key) {
            At::Text(text) => text,
            other => panic!("{key}: {other:?}"),
        };
        assert_eq!(text(RELAY), "a \"b\": $c");
        assert_eq!(text(EMAIL), "o@example.com");
        assert_eq!(text(DATASTORE_KEY), "k");
        assert_eq!(text(RELAYS), "s");
        let written = document.written();
        assert_eq!(written["server.auth.dashboardRedirectURIs"], r#""https://x/y: z""#);
        assert_eq!(written["server.relays.addresses"], r#""rels://a", "rels://b""#);
        assert_eq!(written.len(), 6);
    }
}
