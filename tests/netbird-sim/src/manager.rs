//! The user list of `IdpManagerConfig` with type `authentik`: a token for the service account by its app password, and
//! Authentik's API with it. Whoever logs in while it cannot be read is refused.

use std::sync::atomic::Ordering;

use authentik_sim::plumbing::encode;
use serde_json::Value;

use crate::process::Process;
use crate::upstream::Form;
use crate::world::{World, lock};

/// At the start a failure is only a warning.
pub(crate) async fn warm_up(world: &World, process: &Process) {
    if let Err(error) = ensure(world, process).await {
        world.log("WARN", format!("failed warming up cache due to error: {error}"));
    }
}

/// Reads the user list unless it was read.
pub(crate) async fn ensure(world: &World, process: &Process) -> Result<(), String> {
    let Some(manager) = process.config.manager.as_ref().filter(|m| m.kind == "authentik") else {
        return Ok(());
    };
    if process.users_listed.load(Ordering::SeqCst) {
        return Ok(());
    }
    let fields = [
        ("client_id", manager.client_id.as_str()),
        ("username", &manager.username),
        ("password", &manager.password),
        ("grant_type", &manager.grant_type),
        ("scope", "goauthentik.io/api"),
    ];
    let body: Vec<String> =
        fields.iter().map(|(key, value)| format!("{key}={}", encode(value))).collect();
    let upstream = &process.upstream;
    let form = Form { body: body.join("&"), authorization: None };
    let answer = upstream.post(&manager.token_endpoint, upstream.trust(), form).await?;
    if answer.status != 200 {
        return Err(format!("unable to get authentik token, statusCode {}", answer.status));
    }
    let given: Value = serde_json::from_str(&answer.body).map_err(|error| error.to_string())?;
    let token = given["access_token"].as_str().unwrap_or_default();
    let api = url::Url::parse(&manager.issuer)
        .and_then(|issuer| issuer.join("/api/v3/core/users/?page=1"))
        .map_err(|error| error.to_string())?;
    let bearer = format!("Bearer {token}");
    let answer = upstream.get_with(api.as_str(), upstream.trust(), Some(&bearer)).await?;
    if answer.status != 200 {
        return Err(format!("unable to get users from authentik, statusCode {}", answer.status));
    }
    let listed: Value = serde_json::from_str(&answer.body).map_err(|error| error.to_string())?;
    let entries = listed["results"].as_array().map_or(0, Vec::len);
    let accounts = lock(&world.state).accounts.len();
    world
        .log("INFO", format!("warmed up IDP cache with {entries} entries for {accounts} accounts"));
    process.users_listed.store(true, Ordering::SeqCst);
    Ok(())
}
