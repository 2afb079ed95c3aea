//! config.yaml of the combined image.

use saphyr::{LoadableYamlNode as _, Scalar, Yaml};
use serde_json::{Value, json};

use crate::config::{Config, Embedded, Http, Owner};

fn value(yaml: &Yaml<'_>) -> Value {
    match yaml {
        Yaml::Value(Scalar::Boolean(flag)) => json!(flag),
        Yaml::Value(Scalar::Integer(number)) => json!(number),
        Yaml::Value(Scalar::FloatingPoint(number)) => json!(number.into_inner()),
        Yaml::Value(Scalar::String(text)) => json!(text),
        Yaml::Sequence(items) => items.iter().map(value).collect(),
        Yaml::Mapping(pairs) => {
            let pairs = pairs.iter().map(|(key, one)| (plain(&value(key)), value(one)));
            Value::Object(pairs.collect())
        }
        Yaml::Tagged(_, inner) => value(inner),
        _ => Value::Null,
    }
}

/// A scalar as a text, which a text field takes whatever it looks like.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn text(of: &Value, key: &str, default: &str) -> Result<String, String> {
    match &of[key] {
        Value::Null => Ok(default.to_owned()),
        Value::Array(_) => Err(format!("yaml: cannot unmarshal !!seq into string ({key})")),
        Value::Object(_) => Err(format!("yaml: cannot unmarshal !!map into string ({key})")),
        other => Ok(plain(other)),
    }
}

fn flag(of: &Value, key: &str) -> Result<bool, String> {
    match &of[key] {
        Value::Null => Ok(false),
        Value::Bool(flag) => Ok(*flag),
        // YAML 1.1's words are taken for a field that must be one or the other.
        Value::String(word) if matches!(word.as_str(), "yes" | "on" | "y" | "Yes" | "On") => {
            Ok(true)
        }
        Value::String(word) if matches!(word.as_str(), "no" | "off" | "n" | "No" | "Off") => {
            Ok(false)
        }
        _ => Err(format!("yaml: cannot unmarshal !!str into bool ({key})")),
    }
}

fn list(of: &Value, key: &str) -> Result<Vec<String>, String> {
    match &of[key] {
        Value::Null => Ok(vec![]),
        Value::Array(items) => Ok(items.iter().map(plain).collect()),
        _ => Err(format!("yaml: cannot unmarshal !!str into []string ({key})")),
    }
}

/// Checks that have nothing to do with logins but end the start.
fn validate(server: &Value) -> Result<(), String> {
    if text(server, "exposedAddress", "")?.is_empty() {
        return Err("server.exposedAddress is required".to_owned());
    }
    if text(server, "dataDir", "/var/lib/netbird/")?.is_empty() {
        return Err("server.dataDir is required".to_owned());
    }
    let external = server["relays"]["addresses"].as_array().is_some_and(|list| !list.is_empty());
    if !external && text(server, "authSecret", "")?.is_empty() {
        return Err("server.authSecret is required when running local relay".to_owned());
    }
    let mut seen = vec![];
    for port in server["stunPorts"].as_array().into_iter().flatten() {
        let number = port.as_i64().ok_or("yaml: cannot unmarshal into int (stunPorts)")?;
        if !(1..=65535).contains(&number) {
            return Err(format!("invalid stunPort {number}: must be between 1 and 65535"));
        }
        if seen.contains(&number) {
            return Err(format!("duplicate STUN port {number} in server.stunPorts"));
        }
        seen.push(number);
    }
    Ok(())
}

/// What the file comes to.
pub(crate) fn config(file: &str) -> Result<Config, String> {
    let documents = Yaml::load_from_str(file).map_err(|error| format!("yaml: {error}"))?;
    let document = documents.first().map_or(Value::Null, value);
    let server = &document["server"];
    if !matches!(server, Value::Object(_) | Value::Null) {
        return Err("yaml: cannot unmarshal into cmd.ServerConfig (server)".to_owned());
    }
    validate(server)?;
    let auth = &server["auth"];
    let mut embedded = Embedded { storage: "sqlite3".to_owned(), ..Embedded::default() };
    // The whole section counts for nothing without an issuer.
    if !text(auth, "issuer", "")?.is_empty() {
        let owner = &auth["owner"];
        embedded.issuer = text(auth, "issuer", "")?;
        embedded.dashboard_redirects = list(auth, "dashboardRedirectURIs")?;
        embedded.cli_redirects = list(auth, "cliRedirectURIs")?;
        embedded.post_logout_redirects = list(auth, "dashboardPostLogoutRedirectURIs")?;
        embedded.local_auth_disabled = flag(auth, "localAuthDisabled")?;
        embedded.cookie_key = text(auth, "sessionCookieEncryptionKey", "")?;
        embedded.grant_types = list(auth, "grantTypes")?;
        if !text(owner, "email", "")?.is_empty() {
            // What the file calls a password is taken for a hash, and there is no name.
            let (email, hash) = (text(owner, "email", "")?, text(owner, "password", "")?);
            embedded.owner = Some(Owner { email, hash, name: String::new() });
        }
    }
    let store = &server["store"];
    let engine = text(store, "engine", "sqlite")?;
    let store_key =
        if engine.is_empty() { String::new() } else { text(store, "encryptionKey", "")? };
    Ok(Config {
        http: Http { refreshes_keys: true, ..Http::default() },
        has_http: false,
        manager: None,
        device: None,
        pkce: None,
        store_key,
        embedded: Some(embedded),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "server:\n  exposedAddress: https://nb.example:443\n  authSecret: s\n  auth:\n    issuer: https://nb.example/oauth2\n";

    #[test]
    fn what_the_quickstart_writes_is_read() {
        let more = "    owner:\n      email: o@nb.example\n      password: \"$2b$10$x\"\n  store:\n    encryptionKey: key\n";
        let config = config(&format!("{FILE}{more}")).expect("a configuration");
        let embedded = config.embedded.expect("a provider");
        assert_eq!(embedded.issuer, "https://nb.example/oauth2");
        assert_eq!(embedded.owner.map(|owner| owner.hash).as_deref(), Some("$2b$10$x"));
        assert_eq!(config.store_key, "key");
    }

    #[test]
    fn what_it_must_have_is_demanded() {
        assert!(config("server: {}").is_err_and(|e| e.contains("exposedAddress")));
        assert!(
            config(&FILE.replace("authSecret: s", "x: y")).is_err_and(|e| e.contains("authSecret"))
        );
        let ports = FILE.replace("authSecret: s", "authSecret: s\n  stunPorts: [1, 1]");
        assert!(config(&ports).is_err_and(|e| e.contains("duplicate")));
        assert!(config("server: [").is_err());
    }
}
