//! Connectors over REST: made with every POST anew, and changed by PUT in the database only.

use serde_json::{Map, Value, json};

use crate::config::Connector;
use crate::ids;
use crate::rest::failure::{Answered, Failure};
use crate::rest::guard::Caller;
use crate::rest::permissions::demanded;
use crate::rest::roles::Operation;
use crate::rest::{Ctx, text};
use crate::world::lock;

const TYPES: &[&str] = &[
    "oidc",
    "zitadel",
    "entra",
    "google",
    "okta",
    "pocketid",
    "microsoft",
    "authentik",
    "keycloak",
    "adfs",
];

fn shown(connector: &Connector) -> Value {
    let told = |key: &str| connector.config[key].as_str().unwrap_or_default();
    json!({
        "client_id": told("clientID"), "id": connector.id, "issuer": told("issuer"),
        "name": connector.name, "type": connector.told_kind(),
    })
}

/// What a body asks for.
struct Asked {
    kind: String,
    name: String,
    issuer: String,
    client_id: String,
    secret: String,
}

fn read(ctx: &Ctx<'_>) -> Answered<Asked> {
    let body = ctx.body()?;
    let text = |key: &str| text(&body, key).map(str::to_owned);
    Ok(Asked {
        kind: text("type")?,
        name: text("name")?,
        issuer: text("issuer")?,
        client_id: text("client_id")?,
        secret: text("client_secret")?,
    })
}

/// The fields first, then the issuer itself is asked.
async fn validated(ctx: &Ctx<'_>, asked: &Asked) -> Answered<()> {
    let invalid = |text: &str| Err(Failure::invalid(text));
    if asked.name.is_empty() {
        return invalid("identity provider name is required");
    }
    if asked.kind.is_empty() {
        return invalid("identity provider type is required");
    }
    if !TYPES.contains(&asked.kind.as_str()) {
        return invalid("unsupported identity provider type");
    }
    // These two have an issuer of their own.
    let fixed = matches!(asked.kind.as_str(), "google" | "microsoft");
    if asked.issuer.is_empty() && !fixed {
        return invalid("identity provider issuer is required");
    }
    let host = |url: url::Url| url.has_host();
    if !asked.issuer.is_empty() && !url::Url::parse(&asked.issuer).is_ok_and(host) {
        return invalid("identity provider issuer must be a valid URL");
    }
    if asked.client_id.is_empty() {
        return invalid("identity provider client ID is required");
    }
    if asked.issuer.is_empty() {
        return Ok(());
    }
    let unreachable =
        |why: String| Failure::invalid(format!("identity provider issuer is unreachable: {why}"));
    let base = asked.issuer.strip_suffix('/').unwrap_or(&asked.issuer);
    let url = format!("{base}/.well-known/openid-configuration");
    let upstream = &ctx.process.upstream;
    let answer = upstream.get(&url, upstream.trust()).await.map_err(unreachable)?;
    if answer.status != 200 {
        let name = reqwest::StatusCode::from_u16(answer.status).ok();
        let name = name.and_then(|status| status.canonical_reason()).unwrap_or_default();
        return Err(unreachable(format!("{} {name}: {}", answer.status, answer.body)));
    }
    let found: Value = serde_json::from_str(&answer.body).map_err(|error| {
        unreachable(format!("failed to decode provider discovery object: {error}"))
    })?;
    let issuer = found["issuer"].as_str().unwrap_or_default();
    if issuer != asked.issuer {
        return Err(Failure::invalid(format!(
            "identity provider issuer does not match the issuer returned by the provider: expected {:?} got {issuer:?}",
            asked.issuer
        )));
    }
    Ok(())
}

/// The issuer of this server's own provider, which every connector's redirect URI is made of.
fn own_issuer<'a>(ctx: &'a Ctx<'_>) -> Answered<&'a str> {
    let embedded = ctx.process.embedded();
    embedded.map(|embedded| embedded.issuer.as_str()).ok_or_else(no_embedded)
}

fn no_embedded() -> Failure {
    Failure::internal("identity provider management requires embedded IdP")
}

pub(crate) fn list(ctx: &Ctx<'_>, caller: &Caller) -> Answered {
    let state = lock(&ctx.world.state);
    demanded(&state, caller, "identity_providers", Operation::Read)?;
    if ctx.process.embedded().is_none() {
        return Ok(json!([]));
    }
    Ok(state.idp.others().map(shown).collect())
}

pub(crate) fn show(ctx: &Ctx<'_>, caller: &Caller, id: &str) -> Answered {
    let state = lock(&ctx.world.state);
    demanded(&state, caller, "identity_providers", Operation::Read)?;
    own_issuer(ctx)?;
    let absent = || Failure::not_found("identity provider not found");
    state.idp.connector(id).map(shown).ok_or_else(absent)
}

pub(crate) async fn create(ctx: &Ctx<'_>, caller: &Caller) -> Answered {
    let asked = read(ctx)?;
    demanded(&lock(&ctx.world.state), caller, "identity_providers", Operation::Create)?;
    validated(ctx, &asked).await?;
    let redirect = format!("{}/callback", own_issuer(ctx)?.trim_end_matches('/'));
    let unique = ids::object();
    let id = match asked.kind.as_str() {
        "oidc" => unique,
        kind => format!("{kind}-{unique}"),
    };
    let config = json!({
        "issuer": asked.issuer, "clientID": asked.client_id, "clientSecret": asked.secret,
        "redirectURI": redirect, "scopes": ["openid", "profile", "email"],
        "insecureEnableGroups": true, "insecureSkipEmailVerified": true,
    });
    let connector = Connector { id, kind: asked.kind, name: asked.name, config };
    let answer = shown(&connector);
    lock(&ctx.world.state).idp.connectors.push(connector);
    Ok(answer)
}

pub(crate) async fn update(ctx: &Ctx<'_>, caller: &Caller, id: &str) -> Answered {
    let asked = read(ctx)?;
    demanded(&lock(&ctx.world.state), caller, "identity_providers", Operation::Update)?;
    validated(ctx, &asked).await?;
    own_issuer(ctx)?;
    let failed = |why: &str| {
        Failure::internal(format!(
            "failed to update identity provider: failed to update connector: {why}"
        ))
    };
    let mut state = lock(&ctx.world.state);
    let known = state.idp.connectors.iter_mut().find(|connector| connector.id == id);
    let connector = known.ok_or_else(|| failed("not found"))?;
    if connector.told_kind() != asked.kind {
        return Err(failed("connector type change not allowed"));
    }
    let mut config: Map<String, Value> = connector.config.as_object().cloned().unwrap_or_default();
    config.insert("issuer".to_owned(), json!(asked.issuer));
    config.insert("clientID".to_owned(), json!(asked.client_id));
    if !asked.secret.is_empty() {
        config.insert("clientSecret".to_owned(), json!(asked.secret));
    }
    connector.config = Value::Object(config);
    connector.name = asked.name;
    // What was opened with the old options goes on to be used until a restart.
    Ok(shown(connector))
}

pub(crate) fn delete(ctx: &Ctx<'_>, caller: &Caller, id: &str) -> Answered {
    let mut state = lock(&ctx.world.state);
    demanded(&state, caller, "identity_providers", Operation::Delete)?;
    own_issuer(ctx)?;
    if id == "local" {
        return Err(Failure::internal(
            "failed to delete identity provider: cannot delete the local password connector",
        ));
    }
    let connectors = &mut state.idp.connectors;
    let at = connectors.iter().position(|connector| connector.id == id);
    connectors.remove(at.ok_or_else(|| Failure::not_found("identity provider not found"))?);
    Ok(json!({}))
}
