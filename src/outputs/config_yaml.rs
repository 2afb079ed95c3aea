//! `config.yaml`, for NetBird's `netbird-server`: complete, and this container's alone. NetBird expands nothing in it. A file
//! without this container's header is never written, and looked at for its first line only.

use serde_json::{Map, Value};

use crate::config::{Config, Output};
use crate::error::{Error, Exit, Result};
use crate::files::read::{Found, look};
use crate::netbird::dashboard::EMBEDDED_PATHS;
use crate::netbird::embedded::issuer;
use crate::state::owner::{InFile, Owner};
use crate::state::secrets::{InUse, Secrets};

/// How the first line begins.
const MARK: &str = "# Written by netbird-authentik-init";

const HEADER: &str = "# Written by netbird-authentik-init; edit the environment of that container instead, and restart\n\
                      # netbird-server after a change.\n";

/// Where the image has its data.
const DATA: &str = "/var/lib/netbird";

/// STUN's port, and what the image's own example has for the others.
const STUN_PORT: u16 = 3478;

/// The file's text.
pub fn render(config: &Config, secrets: &Secrets) -> String {
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
    y.text(1, "authSecret", secrets.relay.expose());
    y.text(1, "dataDir", DATA);
    // Services elsewhere switch the image's own off.
    if services.stuns.chosen {
        y.section(1, "stuns");
        for uri in &services.stuns.value {
            y.item(2, "uri", uri);
            y.text(3, "proto", "udp");
        }
    }
    if services.relays.chosen {
        y.section(1, "relays");
        let addresses = services.relays.value.iter().map(|relay| relay.address.clone());
        y.texts(2, "addresses", &addresses.collect::<Vec<_>>());
        y.text(2, "credentialsTTL", "24h");
        y.text(2, "secret", secrets.relay.expose());
    }
    if services.signal.chosen {
        let signal = &services.signal.value;
        let uri = format!("{}://{}:{}", signal.scheme(), signal.host(), signal.port());
        y.text(1, "signalUri", &uri);
    }
    y.section(1, "auth");
    y.text(2, "issuer", &issuer(config));
    y.flag(2, "localAuthDisabled", !config.owner.local_auth.value);
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
    y.text(2, "encryptionKey", secrets.datastore_key.expose());
    let proxies = &config.netbird.trusted_proxies;
    if !proxies.is_empty() {
        y.section(1, "reverseProxy");
        y.texts(2, "trustedHTTPProxies", proxies);
    }
    y.0
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

/// The secrets that this container's own file holds.
///
/// # Errors
/// [`Exit::Refused`] where the file is somebody else's.
pub fn secrets_in(config: &Config) -> Result<InUse> {
    let path = config.files.path(Output::ConfigYaml);
    let content = match look(&path) {
        Ok(Found::Nothing | Found::Link) => return Ok(InUse::default()),
        Ok(Found::File(content)) => content,
        // What cannot be read was not written here.
        Err(_) => return Err(foreign(config)),
    };
    let text = String::from_utf8_lossy(&content.bytes);
    if text.is_empty() {
        return Ok(InUse::default());
    }
    if !text.starts_with(MARK) {
        return Err(foreign(config));
    }
    let values = values(&text);
    let get = |path: &str| values.get(path)?.as_str().filter(|v| !v.is_empty()).map(str::to_owned);
    let owner = get("server.auth.owner.email").zip(get("server.auth.owner.password"));
    Ok(InUse {
        datastore_key: get("server.store.encryptionKey"),
        relay: get("server.authSecret"),
        cookie_key: get("server.auth.sessionCookieEncryptionKey"),
        provider: InFile { has_provider: true, owner },
        ..InUse::default()
    })
}

/// Keys by path with what they have, of a file in this container's own form.
fn values(text: &str) -> Map<String, Value> {
    let mut values = Map::new();
    let mut path: Vec<&str> = Vec::new();
    for line in text.lines() {
        let inside = line.trim_start();
        let level = (line.len() - inside.len()) / 2;
        let Some((key, value)) = inside.split_once(':') else { continue };
        if inside.starts_with(['#', '-']) || level > path.len() {
            continue;
        }
        path.truncate(level);
        path.push(key);
        if let Ok(value) = serde_json::from_str(value.trim()) {
            values.insert(path.join("."), value);
        }
    }
    values
}

fn foreign(config: &Config) -> Error {
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
        let values = values(&y.0);
        assert_eq!(values["server.authSecret"], "a \"b\": $c");
        assert_eq!(values["server.auth.owner.email"], "o@example.com");
        assert_eq!(values["server.store.encryptionKey"], "k");
        assert_eq!(values.len(), 3);
    }
}
