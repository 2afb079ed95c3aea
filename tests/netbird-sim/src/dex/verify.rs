//! Whether an identity token comes from the connector's server and is meant for its client.

use serde_json::Value;

use crate::dex::Ctx;
use crate::dex::connector::Opened;
use crate::jwt;

/// The claims of a good token.
pub(crate) async fn verified(ctx: &Ctx<'_>, opened: &Opened, token: &str) -> Result<Value, String> {
    let failed = |why: String| format!("oidc: failed to verify ID Token: {why}");
    let token = jwt::parse(token).map_err(failed)?;
    let algorithm = token.header["alg"].as_str().unwrap_or_default();
    if !opened.algorithms.iter().any(|known| known == algorithm) {
        let expected: Vec<String> = opened.algorithms.iter().map(|a| format!("{a:?}")).collect();
        return Err(failed(format!(
            "oidc: malformed jwt: unexpected signature algorithm {algorithm:?}; expected [{}]",
            expected.join(" ")
        )));
    }
    let answer = ctx.process.upstream.get(&opened.keys, &opened.trust).await;
    let answer = answer.map_err(|why| failed(format!("fetching keys {why}")))?;
    let keys: Value = serde_json::from_str(&answer.body)
        .map_err(|error| failed(format!("fetching keys oidc: failed to decode keys: {error}")))?;
    let kid = &token.header["kid"];
    let mut candidates = keys["keys"].as_array().into_iter().flatten();
    let signed = candidates
        .any(|key| (kid.is_null() || key["kid"] == *kid) && jwt::verify(&token, key).is_ok());
    if !signed {
        return Err(failed(
            "failed to verify signature: failed to verify id token signature".into(),
        ));
    }
    let claims = token.claims;
    if claims["iss"] != opened.issuer.as_str() {
        return Err(failed(format!(
            "oidc: id token issued by a different provider, expected {:?} got {}",
            opened.issuer, claims["iss"]
        )));
    }
    let client = opened.text("clientID");
    let meant = claims["aud"] == client
        || claims["aud"].as_array().is_some_and(|all| all.iter().any(|one| one == client));
    if !meant {
        return Err(failed(format!("oidc: expected audience {client:?} got {}", claims["aud"])));
    }
    if claims["exp"].as_i64().is_none_or(|exp| exp <= ctx.world.now()) {
        return Err(failed("oidc: token is expired".into()));
    }
    Ok(claims)
}
