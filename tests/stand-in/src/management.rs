//! NetBird's management server, as far as its identity provider goes: it reads `management.json`, fetches discovery
//! when it is told to, and ends where the real one ends. Then it takes a token by device code, as a peer without a
//! browser does, and checks it as every request's token is checked.

use std::error::Error as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use reqwest::{Certificate, Client};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use serde_json::Value;

use crate::{Failure, web};

/// Where images of Debian and Ubuntu, and so NetBird's, keep the roots that Go trusts.
const ROOTS: &str = "/etc/ssl/certs/ca-certificates.crt";

/// For the code to be entered by whoever is to enter it.
const DEVICE_TRIES: u32 = 60;

/// Runs with the real one's flags; those that do not matter here are taken and not looked at.
pub async fn run(arguments: &[&str]) -> Result<(), Failure> {
    let flag = |name: &str| {
        arguments.iter().position(|a| *a == name).and_then(|at| arguments.get(at + 1)).copied()
    };
    let path = flag("--config").unwrap_or("/etc/netbird/management.json");
    let port = flag("--port").unwrap_or("80");
    let text = std::fs::read_to_string(path).map_err(|e| format!("reading {path}: {e}"))?;
    if text.contains("{{") {
        return Err(
            format!("{path} is a template of the real one's, and has an action in it").into()
        );
    }
    let mut config: Value = serde_json::from_str(&text).map_err(|e| format!("{path}: {e}"))?;
    let client = client()?;
    checked(&config)?;
    discover(&client, &mut config).await?;
    let token = by_device_code(&client, &config).await?;
    verify(&client, &config, &token).await?;
    if config["IdpManagerConfig"]["ManagerType"] == "authentik" {
        list_users(&client, &config).await?;
    }
    eprintln!("management: serves; a token of {} was verified", config["HttpConfig"]["AuthIssuer"]);
    web::serve(&[port]).await
}

fn client() -> Result<Client, Failure> {
    rustls::crypto::ring::default_provider().install_default().map_err(|_| "no TLS")?;
    let mut roots = Vec::new();
    if let Ok(pem) = std::fs::read(ROOTS) {
        for root in CertificateDer::pem_slice_iter(&pem) {
            roots.push(Certificate::from_der(&root?)?);
        }
    }
    Ok(Client::builder()
        .no_proxy()
        .tls_certs_only(roots)
        .timeout(Duration::from_secs(30))
        .build()?)
}

fn text<'a>(value: &'a Value, what: &str) -> Result<&'a str, Failure> {
    value.as_str().filter(|t| !t.is_empty()).ok_or_else(|| format!("{what} is missing").into())
}

/// What the real one dies of at its start, or later at the first request.
fn checked(config: &Value) -> Result<(), Failure> {
    if !config["HttpConfig"].is_object() {
        return Err("HttpConfig is not an object: the real one panics".into());
    }
    let key = text(&config["DataStoreEncryptionKey"], "DataStoreEncryptionKey")?;
    if STANDARD.decode(key).map(|k| k.len()) != Ok(32) {
        return Err("DataStoreEncryptionKey is not base64 of 32 bytes".into());
    }
    text(&config["HttpConfig"]["AuthAudience"], "AuthAudience")?;
    text(&config["Signal"]["URI"], "Signal.URI")?;
    text(&config["Relay"]["Secret"], "Relay.Secret")?;
    let flow = &config["DeviceAuthorizationFlow"];
    if flow["Provider"] != "hosted" {
        return Err("no device flow: clients without a browser could not log in".into());
    }
    for key in ["Audience", "ClientID", "Scope"] {
        text(&flow["ProviderConfig"][key], key)?;
        text(&config["PKCEAuthorizationFlow"]["ProviderConfig"][key], key)?;
    }
    let idp = &config["IdpManagerConfig"];
    if idp["ManagerType"] == "authentik" {
        for key in ["Issuer", "TokenEndpoint", "ClientID", "GrantType"] {
            text(&idp["ClientConfig"][key], key)?;
        }
        for key in ["Username", "Password"] {
            text(&idp["ExtraConfig"][key], key)?;
        }
    }
    Ok(())
}

/// With `OIDCConfigEndpoint` set, discovery is fetched once, and overrides what the file says.
async fn discover(client: &Client, config: &mut Value) -> Result<(), Failure> {
    let endpoint =
        config["HttpConfig"]["OIDCConfigEndpoint"].as_str().unwrap_or_default().to_owned();
    if endpoint.is_empty() {
        eprintln!("management: fetches no discovery");
        return Ok(());
    }
    let document = get(client, &endpoint).await?;
    for (part, key, from) in [
        ("/HttpConfig", "AuthIssuer", "issuer"),
        ("/HttpConfig", "AuthKeysLocation", "jwks_uri"),
        ("/DeviceAuthorizationFlow/ProviderConfig", "TokenEndpoint", "token_endpoint"),
        (
            "/DeviceAuthorizationFlow/ProviderConfig",
            "DeviceAuthEndpoint",
            "device_authorization_endpoint",
        ),
        ("/PKCEAuthorizationFlow/ProviderConfig", "TokenEndpoint", "token_endpoint"),
        (
            "/PKCEAuthorizationFlow/ProviderConfig",
            "AuthorizationEndpoint",
            "authorization_endpoint",
        ),
    ] {
        let value = text(&document[from], from)?;
        if let Some(part) = config.pointer_mut(part) {
            part[key] = value.into();
        }
    }
    eprintln!("management: discovery fetched from {endpoint}");
    Ok(())
}

async fn get(client: &Client, url: &str) -> Result<Value, Failure> {
    let answer = client.get(url).send().await.map_err(|e| reason(url, &e))?;
    let status = answer.status();
    let body = answer.text().await?;
    if status != 200 {
        return Err(format!("GET {url}: status {status}").into());
    }
    Ok(serde_json::from_str(&body).map_err(|e| format!("GET {url}: {e}"))?)
}

fn reason(url: &str, error: &reqwest::Error) -> String {
    let mut text = format!("{url}: {error}");
    let mut source = error.source();
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    text
}

async fn post(client: &Client, url: &str, form: &[(&str, &str)]) -> Result<(u16, Value), Failure> {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let request = client.post(url).header("Content-Type", "application/x-www-form-urlencoded");
    let answer = request.body(body).send().await.map_err(|e| reason(url, &e))?;
    let status = answer.status().as_u16();
    let text = answer.text().await?;
    Ok((status, serde_json::from_str(&text).unwrap_or(Value::Null)))
}

/// A login of a peer without a browser; somebody else enters the code.
async fn by_device_code(client: &Client, config: &Value) -> Result<String, Failure> {
    let flow = &config["DeviceAuthorizationFlow"]["ProviderConfig"];
    let id = text(&flow["ClientID"], "ClientID")?;
    let endpoint = text(&flow["DeviceAuthEndpoint"], "DeviceAuthEndpoint")?;
    let asks = [
        ("client_id", id),
        ("audience", text(&flow["Audience"], "Audience")?),
        ("scope", text(&flow["Scope"], "Scope")?),
    ];
    let (status, given) = post(client, endpoint, &asks).await?;
    let code = text(&given["device_code"], "device_code")
        .map_err(|e| format!("POST {endpoint}: status {status}, {e}"))?;
    let endpoint = text(&flow["TokenEndpoint"], "TokenEndpoint")?;
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    let asks = [("grant_type", grant), ("client_id", id), ("device_code", code)];
    let mut last = Value::Null;
    for _ in 0..DEVICE_TRIES {
        let (status, tokens) = post(client, endpoint, &asks).await?;
        if status == 200 {
            return Ok(text(&tokens["access_token"], "access_token")?.to_owned());
        }
        last = tokens;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    Err(format!("POST {endpoint}: nobody approves the device: {last}").into())
}

/// As for every request: key by `kid`, RSA only, exact issuer, audience, and no time in the future.
async fn verify(client: &Client, config: &Value, token: &str) -> Result<(), Failure> {
    let http = &config["HttpConfig"];
    let keys = get(client, text(&http["AuthKeysLocation"], "AuthKeysLocation")?).await?;
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, signature] = parts[..] else {
        return Err("not a JWS of three parts".into());
    };
    let head: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header)?)?;
    let key = keys["keys"].as_array().into_iter().flatten().find(|k| k["kid"] == head["kid"]);
    let key = key.ok_or("token invalid: unable to find appropriate key")?;
    if key["kty"] != "RSA" || head["alg"] != "RS256" {
        return Err("token invalid: the key is not RSA".into());
    }
    let n = URL_SAFE_NO_PAD.decode(text(&key["n"], "n")?)?;
    let e = URL_SAFE_NO_PAD.decode(text(&key["e"], "e")?)?;
    let signed = format!("{header}.{claims}");
    ring::signature::RsaPublicKeyComponents { n, e }
        .verify(
            &ring::signature::RSA_PKCS1_2048_8192_SHA256,
            signed.as_bytes(),
            &URL_SAFE_NO_PAD.decode(signature)?,
        )
        .map_err(|_| "token invalid: signature")?;
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims)?)?;
    if claims["iss"] != http["AuthIssuer"] {
        return Err(format!(
            "token invalid: issuer {} instead of {}",
            claims["iss"], http["AuthIssuer"]
        )
        .into());
    }
    if claims["aud"] != http["AuthAudience"] {
        return Err(format!("token invalid: audience {}", claims["aud"]).into());
    }
    text(&claims["sub"], "sub")?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    if claims["iat"].as_u64().is_none_or(|iat| iat > now) {
        return Err("token invalid: used before issued".into());
    }
    Ok(())
}

/// The user list: a token for the service account by its app password, and the API with it.
async fn list_users(client: &Client, config: &Value) -> Result<(), Failure> {
    let idp = &config["IdpManagerConfig"];
    let endpoint = text(&idp["ClientConfig"]["TokenEndpoint"], "TokenEndpoint")?;
    let asks = [
        ("grant_type", "client_credentials"),
        ("client_id", text(&idp["ClientConfig"]["ClientID"], "ClientID")?),
        ("username", text(&idp["ExtraConfig"]["Username"], "Username")?),
        ("password", text(&idp["ExtraConfig"]["Password"], "Password")?),
        ("scope", "goauthentik.io/api"),
    ];
    let (status, tokens) = post(client, endpoint, &asks).await?;
    if status != 200 {
        return Err(format!("unable to get authentik token, statusCode {status}").into());
    }
    let issuer = url::Url::parse(text(&idp["ClientConfig"]["Issuer"], "Issuer")?)?;
    let users = issuer.join("/api/v3/core/users/?page_size=1")?;
    let token = text(&tokens["access_token"], "access_token")?;
    let answer = client.get(users.as_str()).bearer_auth(token).send().await?;
    if answer.status() != 200 {
        return Err(format!("failed warming up cache due to error: {}", answer.status()).into());
    }
    eprintln!("management: lists users");
    Ok(())
}
