//! A start of the server: what it reads, fetches and writes before it listens, and what it ends of.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::config::{Config, Connector, Embedded, combined, management};
use crate::dex::connector;
use crate::process::Process;
use crate::upstream::Upstream;
use crate::world::{Image, Source, World, lock};
use crate::{demands, ids, manager, validator};

/// Why the server ended before it listened, in its own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal(pub String);

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refusal {}

/// Starts a run.
pub(crate) async fn start(world: &World) -> Result<Process, Refusal> {
    let result = begin(world).await;
    if let Err(why) = &result {
        world.log("FATL", why);
    }
    result.map_err(Refusal)
}

async fn begin(world: &World) -> Result<Process, String> {
    let roots = std::fs::read_to_string(world.env("SSL_CERT_FILE")).unwrap_or_default();
    let options = &world.options;
    let upstream = Upstream::new(&options.resolve, options.looks_up, options.patience, roots);
    let mut config = match options.image {
        Image::Management => read_management(world, &upstream).await?,
        Image::Combined => read_combined(world)?,
    };
    if STANDARD.decode(&config.store_key).map(|key| key.len()) != Ok(32) {
        return Err("failed to create field encryptor: key is not base64 of 32 bytes".to_owned());
    }
    if options.offline && world.env("NB_DISABLE_GEOLOCATION") != "true" {
        return Err("could not initialize geolocation service: pkgs.netbird.io cannot be reached"
            .to_owned());
    }
    match &mut config.embedded {
        Some(embedded) => {
            demands::prepare(embedded, world.env("NB_IDP_SESSION_COOKIE_ENCRYPTION_KEY"))?;
            seed(world, embedded)?;
        }
        None => {
            if let Some(manager) = &config.manager {
                demands::complete(manager)?;
            }
        }
    }
    let process = Process::new(world, config, upstream);
    match process.embedded() {
        Some(_) => connector::open_all(world, &process).await,
        None => {
            validator::first_fetch(world, &process).await;
            manager::warm_up(world, &process).await;
        }
    }
    Ok(process)
}

fn read(source: &Source) -> Result<String, String> {
    match source {
        Source::Text(text) => Ok(text.clone()),
        Source::File(path) => std::fs::read_to_string(path)
            .map_err(|error| format!("open {}: {error}", path.display())),
    }
}

async fn read_management(world: &World, upstream: &Upstream) -> Result<Config, String> {
    let failed = |error: String| {
        world.log("ERRO", &error);
        format!("failed reading provided config file: {error}")
    };
    let source = lock(&world.source).clone();
    let text = read(&source).map_err(failed)?;
    let mut document = management::document(&text, &world.options.env).map_err(failed)?;
    let mut config = management::config(&document).map_err(failed)?;
    if config.embedded.is_some() && config.has_http {
        world.log(
            "WARN",
            "overriding HttpConfig with EmbeddedIdP config. HttpConfig is ignored when EmbeddedIdP is enabled.",
        );
    }
    if config.embedded.is_none() && !config.http.discovery.is_empty() {
        discover(world, upstream, &mut document).await.map_err(failed)?;
        config = management::config(&document).map_err(failed)?;
    }
    if config.store_key.is_empty() {
        config.store_key = ids::store_key();
        document["DataStoreEncryptionKey"] = config.store_key.clone().into();
        rewrite(world, &document).map_err(failed)?;
    }
    if world.options.debug {
        let embedded = &document["EmbeddedIdP"];
        world.log("DEBG", format!("initializing embedded Dex IDP with config: {embedded}"));
    }
    Ok(config)
}

/// Discovery is fetched once, and overrides what the file says.
async fn discover(world: &World, upstream: &Upstream, document: &mut Value) -> Result<(), String> {
    let endpoint =
        document["HttpConfig"]["OIDCConfigEndpoint"].as_str().unwrap_or_default().to_owned();
    let answer = upstream.get(&endpoint, upstream.trust()).await.map_err(|error| {
        format!("failed fetching OIDC configuration from endpoint {endpoint} {error}")
    })?;
    if answer.status != 200 {
        return Err(format!(
            "OIDC configuration request returned status {} with response: {}",
            answer.status, answer.body
        ));
    }
    let found: Value = serde_json::from_str(&answer.body)
        .map_err(|error| format!("failed unmarshaling OIDC configuration response: {error}"))?;
    let told = |key: &str| Value::from(found[key].as_str().unwrap_or_default());
    world.log(
        "INFO",
        format!(
            "loaded OIDC configuration from the provided IDP configuration endpoint: {endpoint}"
        ),
    );
    document["HttpConfig"]["AuthIssuer"] = told("issuer");
    document["HttpConfig"]["AuthKeysLocation"] = told("jwks_uri");
    let device = &mut document["DeviceAuthorizationFlow"];
    if device.is_object()
        && !device["Provider"].as_str().unwrap_or_default().eq_ignore_ascii_case("none")
    {
        let flow = &mut device["ProviderConfig"];
        flow["TokenEndpoint"] = told("token_endpoint");
        flow["DeviceAuthEndpoint"] = told("device_authorization_endpoint");
        let host = url::Url::parse(&endpoint)
            .map(|url| url[url::Position::BeforeHost..url::Position::AfterPort].to_owned());
        flow["Domain"] = host.unwrap_or_default().into();
        if flow["Scope"] == "" {
            flow["Scope"] = "openid".into();
        }
    }
    let pkce = &mut document["PKCEAuthorizationFlow"];
    if pkce.is_object() {
        pkce["ProviderConfig"]["TokenEndpoint"] = told("token_endpoint");
        pkce["ProviderConfig"]["AuthorizationEndpoint"] = told("authorization_endpoint");
    }
    Ok(())
}

/// Writes the whole file anew, as it does when it makes the key of the data store itself.
fn rewrite(world: &World, document: &Value) -> Result<(), String> {
    let text = format!("{document:#}\n");
    let failed =
        |error: std::io::Error| format!("failed to save config with new encryption key: {error}");
    let mut source = lock(&world.source);
    match &mut *source {
        Source::Text(old) => *old = text,
        Source::File(path) => std::fs::write(Path::new(path), text).map_err(failed)?,
    }
    world.log("INFO", "DataStoreEncryptionKey generated and saved to config");
    Ok(())
}

fn read_combined(world: &World) -> Result<Config, String> {
    let text = read(&lock(&world.source))?;
    let mut config = combined::config(&text)?;
    if config.store_key.is_empty() {
        world.log("WARN", "no store encryption key: a random one is used until the next restart");
        config.store_key = ids::store_key();
    }
    Ok(config)
}

/// Brings the provider's database up to the configuration.
fn seed(world: &World, embedded: &Embedded) -> Result<(), String> {
    let mut state = lock(&world.state);
    let idp = &mut state.idp;
    if idp.connector("local").is_none() {
        let config = serde_json::json!({});
        idp.connectors.insert(
            0,
            Connector { id: "local".into(), kind: "local".into(), name: "Email".into(), config },
        );
    }
    if let Some(owner) =
        embedded.owner.as_ref().filter(|o| !o.email.is_empty() && !o.hash.is_empty())
    {
        let name = if owner.name.is_empty() { &owner.email } else { &owner.name };
        idp.set_password(&owner.email, &owner.hash, name);
    }
    for connector in &embedded.connectors {
        idp.seed(connector);
    }
    if embedded.local_auth_disabled {
        if idp.others().next().is_none() {
            return Err("failed to create embedded IDP service: cannot disable local authentication: no other identity providers configured".to_owned());
        }
        idp.connectors.retain(|connector| connector.kind != "local");
        world.log(
            "INFO",
            "local authentication disabled - only external identity providers can be used",
        );
    }
    Ok(())
}
