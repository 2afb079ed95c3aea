//! Connectors to an OpenID Connect server: opened once, by its discovery document, and then kept as they were.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::config::{Connector, texts};
use crate::process::Process;
use crate::upstream::Trust;
use crate::world::{World, lock};

/// A connector as it was when it was opened.
#[derive(Debug)]
pub(crate) struct Opened {
    options: Value,
    pub(crate) trust: Trust,
    /// Whom tokens must come from.
    pub(crate) issuer: String,
    pub(crate) authorization: String,
    pub(crate) token: String,
    pub(crate) keys: String,
    pub(crate) userinfo: String,
    pub(crate) end_session: Option<String>,
    /// The method of PKCE, if the server says that it knows one or the options demand it.
    pub(crate) pkce: Option<String>,
    /// The algorithms that identity tokens may be signed with.
    pub(crate) algorithms: Vec<String>,
}

impl Opened {
    /// An option that is a text.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.options[name].as_str().unwrap_or_default()
    }

    /// An option that is a flag.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.options[name] == true
    }

    /// The same where NetBird sets what is left out.
    pub(crate) fn flag_by_default(&self, name: &str) -> bool {
        self.options[name] != false
    }

    /// An option that is a list.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        texts(&self.options[name])
    }

    pub(crate) fn scopes(&self) -> Vec<String> {
        let own = self.list("scopes");
        if own.is_empty() {
            return ["openid", "profile", "email"].map(str::to_owned).to_vec();
        }
        own
    }

    /// What is asked for when a refresh token is wanted.
    pub(crate) fn prompt(&self) -> &str {
        self.options["promptType"].as_str().unwrap_or("consent")
    }
}

/// Opens all at the start. Those that fail are tried again when somebody logs in.
pub(crate) async fn open_all(world: &World, process: &Process) {
    let connectors: Vec<Connector> = lock(&world.state).idp.others().cloned().collect();
    for connector in connectors {
        if let Err(why) = opened(world, process, &connector).await {
            world.log("ERRO", format!("server: Failed to open connector {}: {why}", connector.id));
        }
    }
}

/// The connector, opened now if it never was.
pub(crate) async fn opened(
    world: &World,
    process: &Process,
    connector: &Connector,
) -> Result<Arc<Opened>, String> {
    let known = lock(&process.opened).get(&connector.id).cloned();
    if let Some(opened) = known {
        return Ok(opened);
    }
    let opened = Arc::new(open(world, process, connector).await?);
    lock(&process.opened).insert(connector.id.clone(), Arc::clone(&opened));
    Ok(opened)
}

async fn open(world: &World, process: &Process, connector: &Connector) -> Result<Opened, String> {
    let failed = |why: String| {
        format!("failed to open connector: failed to create connector {}: {why}", connector.id)
    };
    let options = connector.options().map_err(failed)?;
    let text = |name: &str| options[name].as_str().unwrap_or_default();
    let mut trust = process.upstream.trust().clone();
    trust.anything = options["insecureSkipVerify"] == true;
    let own_roots = texts(&options["rootCAs"]);
    if !own_roots.is_empty() {
        // Nothing but these, then.
        trust.roots = own_roots
            .iter()
            .map(|root| pem(root))
            .collect::<Result<String, _>>()
            .map_err(failed)?;
    }
    let base = text("issuer").trim_end_matches('/');
    let url = format!("{base}/.well-known/openid-configuration");
    let answer = process
        .upstream
        .get(&url, &trust)
        .await
        .map_err(|why| failed(format!("failed to get provider: {why}")))?;
    if answer.status != 200 {
        return Err(failed(format!("failed to get provider: {}: {}", answer.status, answer.body)));
    }
    let found: Value = serde_json::from_str(&answer.body).map_err(|error| {
        failed(format!(
            "failed to get provider: oidc: failed to decode provider discovery object: {error}"
        ))
    })?;
    let told = |name: &str| found[name].as_str().unwrap_or_default();
    let issuer = if text("issuerAlias").is_empty() { text("issuer") } else { text("issuerAlias") };
    if told("issuer") != issuer {
        return Err(failed(format!(
            "failed to get provider: oidc: issuer URL provided to client ({issuer}) did not match the issuer URL returned by provider ({})",
            told("issuer")
        )));
    }
    let overrides = &options["providerDiscoveryOverrides"];
    let over = |name: &str| overrides[name].as_str().unwrap_or_default();
    let any = ["tokenURL", "authURL", "jwksURL", "endSessionURL"]
        .iter()
        .any(|name| !over(name).is_empty());
    if any {
        world.log("WARN", "overrides for discovery are set, this can be a vulnerability when not set intentionally");
    }
    let either = |name: &str, key: &str| {
        if over(name).is_empty() { told(key).to_owned() } else { over(name).to_owned() }
    };
    // With any override what discovery told besides its endpoints is lost.
    let end_session = match (over("endSessionURL"), told("end_session_endpoint")) {
        ("", "") => None,
        ("", _) if any => None,
        ("", told) => Some(told.to_owned()),
        (own, _) => Some(own.to_owned()),
    };
    let methods = texts(&found["code_challenge_methods_supported"]);
    let pkce = match text("pkceChallenge") {
        "" if any => None,
        "" => ["S256", "plain"]
            .iter()
            .find(|m| methods.iter().any(|told| told == *m))
            .map(|m| (*m).to_owned()),
        own => Some(own.to_owned()),
    };
    let usable = ["RS256", "ES256"];
    let mut algorithms = texts(&found["id_token_signing_alg_values_supported"]);
    algorithms.retain(|algorithm| usable.contains(&algorithm.as_str()));
    if algorithms.is_empty() {
        algorithms.push("RS256".to_owned());
    }
    Ok(Opened {
        trust,
        issuer: issuer.to_owned(),
        authorization: either("authURL", "authorization_endpoint"),
        token: either("tokenURL", "token_endpoint"),
        keys: either("jwksURL", "jwks_uri"),
        userinfo: told("userinfo_endpoint").to_owned(),
        end_session,
        pkce,
        algorithms,
        options,
    })
}

/// PEM text, the same in base64, or a file with it.
fn pem(root: &str) -> Result<String, String> {
    if root.contains("-----BEGIN") {
        return Ok(format!("{root}\n"));
    }
    let decoded = STANDARD.decode(root).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    match decoded {
        Some(text) if text.contains("-----BEGIN") => Ok(format!("{text}\n")),
        _ => std::fs::read_to_string(root)
            .map(|text| format!("{text}\n"))
            .map_err(|error| format!("failed to read root CA {root:?}: {error}")),
    }
}
