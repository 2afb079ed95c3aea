//! Tokens as NetBird verifies them: with a published RSA key, for this audience, of this issuer, in their time.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use serde_json::{Map, Value};

use crate::browser::{Browser, Client, Failure, failure};

const STEP: &str = "verify";

fn decoded(part: &str) -> Result<Vec<u8>, Failure> {
    URL_SAFE_NO_PAD.decode(part).or_else(|_| failure(STEP, "a part of the token is no base64"))
}

impl Browser {
    /// The keys that the document names.
    pub(crate) fn keys(&mut self, document: &Value, client: &Client) -> Result<Value, Failure> {
        let url = document["jwks_uri"].as_str().unwrap_or_default().to_owned();
        let origin: Vec<(&str, &str)> =
            client.origin.iter().map(|o| ("origin", o.as_str())).collect();
        let seen = self.ask("keys", "GET", &url, &origin, vec![])?;
        if seen.status != 200 {
            return failure("keys", seen.shown());
        }
        let keys = seen.json()["keys"].clone();
        if keys.as_array().is_none_or(Vec::is_empty) {
            return failure("keys", "no key is published");
        }
        Ok(keys)
    }
}

/// The claims of a token, or why it is not accepted.
pub(crate) fn verified(
    token: &str,
    keys: &Value,
    document: &Value,
    client: &Client,
    now: i64,
) -> Result<Map<String, Value>, Failure> {
    let parts: Vec<&str> = token.split('.').collect();
    let [head, payload, signature] = parts.as_slice() else {
        return failure(STEP, format!("the token has {} parts instead of 3", parts.len()));
    };
    let header: Value = serde_json::from_slice(&decoded(head)?).unwrap_or_default();
    let algorithm = header["alg"].as_str().unwrap_or_default();
    if algorithm != "RS256" {
        return failure(STEP, format!("the token is signed with {algorithm}, NetBird needs RS256"));
    }
    let key = keys.as_array().into_iter().flatten().find(|key| key["kid"] == header["kid"]);
    let Some(key) = key else {
        return failure(STEP, "unable to find appropriate key");
    };
    if key["kty"] != "RSA" {
        return failure(STEP, "key is not a valid RSA public key");
    }
    let number = |name: &str| decoded(key[name].as_str().unwrap_or_default());
    let public = RsaPublicKeyComponents { n: number("n")?, e: number("e")? };
    let text = format!("{head}.{payload}");
    if public.verify(&RSA_PKCS1_2048_8192_SHA256, text.as_bytes(), &decoded(signature)?).is_err() {
        return failure(STEP, "the signature is wrong");
    }
    let claims: Value = serde_json::from_slice(&decoded(payload)?).unwrap_or_default();
    let wanted = if client.issuer.is_empty() {
        document["issuer"].as_str().unwrap_or_default()
    } else {
        client.issuer.as_str()
    };
    if claims["iss"] != wanted {
        return failure(STEP, format!("the issuer is {}, not {wanted}", claims["iss"]));
    }
    if claims["aud"] != client.client_id.as_str() {
        return failure(
            STEP,
            format!("the audience is {}, not {}", claims["aud"], client.client_id),
        );
    }
    if claims["exp"].as_i64().is_none_or(|end| end <= now) {
        return failure(STEP, "the token has expired");
    }
    Ok(claims.as_object().cloned().unwrap_or_default())
}
