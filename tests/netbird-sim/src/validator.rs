//! Tokens of REST requests: whose keys they are checked with, when those keys are fetched, and what is wrong with a token
//! in the words of the server's log.

use serde_json::Value;

use crate::jwt::{self, Token};
use crate::process::Process;
use crate::world::{World, lock};

/// How long after a fetch that an unknown key forced no other one is forced.
const COOLDOWN: i64 = 30;

/// The issuer's keys as they were fetched last.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    keys: Vec<Value>,
    /// Until when they need not be fetched again.
    fresh_until: i64,
    /// When an unknown key last forced a fetch.
    forced: Option<i64>,
}

async fn fetch(world: &World, process: &Process) -> Result<(Vec<Value>, i64), String> {
    let location = &process.config.http.keys_location;
    if url::Url::parse(location).is_err() {
        return Err(format!("parse {location:?}: invalid URI for request"));
    }
    let answer = process.upstream.get(location, process.upstream.trust()).await?;
    let body: Value = serde_json::from_str(&answer.body)
        .map_err(|_| "invalid character looking for beginning of value".to_owned())?;
    let keys = body["keys"].as_array().cloned().unwrap_or_default();
    let directives = answer.cache_control.split(',').map(str::trim);
    let age =
        directives.filter_map(|one| one.strip_prefix("max-age=")).find_map(|n| n.parse().ok());
    Ok((keys, world.now() + age.unwrap_or(0)))
}

/// The fetch at the start, whose failure is only a warning.
pub(crate) async fn first_fetch(world: &World, process: &Process) {
    let location = &process.config.http.keys_location;
    match fetch(world, process).await {
        Ok((keys, fresh_until)) => {
            *process.keys.lock().await = Keys { keys, fresh_until, forced: None };
        }
        Err(error) => world.log(
            "WARN",
            format!("could not get keys from location {location}: {error}, it will try again on the next http request"),
        ),
    }
}

/// The claims of a token that is good.
pub(crate) async fn claims(world: &World, process: &Process, token: &str) -> Result<Value, String> {
    let token = jwt::parse(token)?;
    let key = key(world, process, &token).await?;
    jwt::verify(&token, &key)?;
    let (issuer, audiences) = match process.embedded() {
        Some(embedded) => {
            let own = ["netbird-dashboard", "netbird-cli"].map(str::to_owned).to_vec();
            (&embedded.issuer, own)
        }
        None => (&process.config.http.issuer, process.config.http.audiences.clone()),
    };
    in_time(&token.claims, world.now())?;
    let aud = &token.claims["aud"];
    let meant = |audience: &String| {
        aud == audience.as_str()
            || aud.as_array().is_some_and(|all| all.contains(&audience.as_str().into()))
    };
    if !audiences.iter().any(meant) {
        return Err(invalid("token has invalid audience"));
    }
    if token.claims["iss"] != issuer.as_str() {
        return Err(invalid("token has invalid issuer"));
    }
    Ok(token.claims)
}

fn invalid(what: &str) -> String {
    format!("token has invalid claims: {what}")
}

/// No leeway on either side.
fn in_time(claims: &Value, now: i64) -> Result<(), String> {
    // Fractions of a second are not worth a test here.
    let time = |name: &str| claims[name].as_f64().map(|time| time as i64);
    if time("exp").is_some_and(|exp| now >= exp) {
        return Err(invalid("token is expired"));
    }
    if time("iat").is_some_and(|iat| iat > now) {
        return Err(invalid("token used before issued"));
    }
    if time("nbf").is_some_and(|nbf| nbf > now) {
        return Err(invalid("token is not valid yet"));
    }
    Ok(())
}

const UNKNOWN: &str = "unable to find appropriate key";

async fn key(world: &World, process: &Process, token: &Token) -> Result<Value, String> {
    if process.embedded().is_some() {
        let kid = lock(&world.state).idp.kid.clone();
        return pick(&process.own_keys(&kid), token);
    }
    let refreshes = process.config.http.refreshes_keys;
    // One after the other, as on a real server.
    let mut known = process.keys.lock().await;
    let now = world.now();
    if refreshes && now + 5 >= known.fresh_until {
        match fetch(world, process).await {
            Ok((keys, fresh_until)) => (known.keys, known.fresh_until) = (keys, fresh_until),
            Err(error) => world
                .log("DEBG", format!("cannot get JSONWebKey: {error}, falling back to old keys")),
        }
    }
    let found = pick(&known.keys, token);
    let cool = known.forced.is_none_or(|forced| now - forced > COOLDOWN);
    let found = match found {
        Err(error) if error == UNKNOWN && refreshes && cool => match fetch(world, process).await {
            Ok((keys, fresh_until)) => {
                *known = Keys { keys, fresh_until, forced: Some(now) };
                pick(&known.keys, token)
            }
            Err(_) => Err(error),
        },
        other => other,
    };
    if let Err(error) = &found {
        let advice = if refreshes || error != UNKNOWN {
            ""
        } else {
            ". You can enable key refresh by setting HttpServerConfig.IdpSignKeyRefreshEnabled to true in your management.json file and restart the service"
        };
        world.log("ERRO", format!("getPublicKey error: {error}{advice}"));
    }
    found
}

/// The key that the token names. One with a certificate is taken for RSA, whatever it is.
fn pick(keys: &[Value], token: &Token) -> Result<Value, String> {
    let kid = token.header["kid"].as_str();
    let same = |key: &&Value| key["kid"].as_str().unwrap_or_default() == kid.unwrap_or("\0");
    let key = keys.iter().find(same).ok_or(UNKNOWN)?;
    let certified = key["x5c"].as_array().is_some_and(|chain| !chain.is_empty());
    if certified && key["kty"] != "RSA" {
        return Err("key is not a valid RSA public key".to_owned());
    }
    Ok(key.clone())
}
