//! Signing: RS256 and ES256 with the throw-away keys, HS256 with the client secret.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use serde_json::{Value, json};

use crate::records::pem_bytes;

/// The name of a key.
pub(crate) fn kid(pair: &Value) -> String {
    let der = pem_bytes(pair["certificate_data"].as_str().unwrap_or_default());
    URL_SAFE_NO_PAD.encode(digest(&SHA256, &der))
}

fn key_bytes(pair: &Value) -> Vec<u8> {
    pem_bytes(pair["key_data"].as_str().unwrap_or_default())
}

fn elliptic(pair: &Value) -> Option<EcdsaKeyPair> {
    EcdsaKeyPair::from_pkcs8(
        &ECDSA_P256_SHA256_FIXED_SIGNING,
        &key_bytes(pair),
        &SystemRandom::new(),
    )
    .ok()
}

/// The RSA key of a pair; nothing if it is none. Each is examined once: ring takes longer for that than for a signature.
fn rsa(pair: &Value) -> Option<Arc<RsaKeyPair>> {
    static KNOWN: Mutex<BTreeMap<Vec<u8>, Option<Arc<RsaKeyPair>>>> = Mutex::new(BTreeMap::new());
    let bytes = key_bytes(pair);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let examine = |bytes: &[u8]| RsaKeyPair::from_pkcs8(bytes).ok().map(Arc::new);
    known.entry(bytes).or_insert_with_key(|bytes| examine(bytes)).clone()
}

/// A key as a JWKS shows it; nothing if there is no usable key.
pub(crate) fn jwk(pair: &Value) -> Option<Value> {
    let der = pem_bytes(pair["certificate_data"].as_str().unwrap_or_default());
    let certificate = json!({
        "kid": kid(pair), "use": "sig", "x5c": [STANDARD.encode(&der)],
        "x5t": URL_SAFE_NO_PAD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &der)),
        "x5t#S256": URL_SAFE_NO_PAD.encode(digest(&SHA256, &der)),
    });
    let key = if pair["key_type"] == "ec" {
        let key = elliptic(pair)?;
        let point = key.public_key().as_ref();
        json!({
            "alg": "ES256", "kty": "EC", "crv": "P-256", "x": URL_SAFE_NO_PAD.encode(point.get(1..33)?),
            "y": URL_SAFE_NO_PAD.encode(point.get(33..65)?),
        })
    } else {
        let key = rsa(pair)?;
        let parts = PublicKeyComponents::<Vec<u8>>::from(key.public());
        json!({
            "alg": "RS256", "kty": "RSA", "n": URL_SAFE_NO_PAD.encode(parts.n),
            "e": URL_SAFE_NO_PAD.encode(parts.e),
        })
    };
    Some(crate::records::overlaid(key, certificate))
}

/// A signed token.
pub(crate) fn sign(claims: &Value, pair: Option<&Value>, client_secret: &str) -> String {
    let (alg, kid) = match pair {
        Some(pair) if pair["key_type"] == "ec" => ("ES256", Some(kid(pair))),
        Some(pair) => ("RS256", Some(kid(pair))),
        None => ("HS256", None),
    };
    let mut header = json!({"alg": alg, "typ": "JWT"});
    if let Some(kid) = kid {
        header["kid"] = json!(kid);
    }
    let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let text = format!("{}.{}", encoded(&header), encoded(claims));
    let signature = signature(text.as_bytes(), pair, client_secret).unwrap_or_default();
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// The claims of a token, unverified.
pub(crate) fn claims(token: &str) -> Option<Value> {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&payload).ok()
}

fn signature(text: &[u8], pair: Option<&Value>, client_secret: &str) -> Option<Vec<u8>> {
    let random = SystemRandom::new();
    let Some(pair) = pair else {
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, client_secret.as_bytes());
        return Some(ring::hmac::sign(&key, text).as_ref().to_vec());
    };
    if pair["key_type"] == "ec" {
        return Some(elliptic(pair)?.sign(&random, text).ok()?.as_ref().to_vec());
    }
    let key = rsa(pair)?;
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &random, text, &mut signature).ok()?;
    Some(signature)
}

#[cfg(test)]
mod tests {
    use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};

    use super::*;
    use crate::defaults::{EC_CERT, EC_KEY, RSA_CERT, RSA_KEY};
    use crate::records::key_pair_record;

    #[test]
    fn a_token_verifies_with_the_published_key() {
        let pair = key_pair_record("1", "k", "rsa", RSA_CERT, RSA_KEY);
        let token = sign(&json!({"sub": "x"}), Some(&pair), "");
        let (text, signature) = token.rsplit_once('.').expect("three parts");
        let jwk = jwk(&pair).expect("a key");
        let part = |name: &str| {
            URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap_or_default()).expect("base64")
        };
        let key = RsaPublicKeyComponents { n: part("n"), e: part("e") };
        let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64");
        assert!(key.verify(&RSA_PKCS1_2048_8192_SHA256, text.as_bytes(), &signature).is_ok());
    }

    #[test]
    fn the_other_algorithms_sign_too() {
        let pair = key_pair_record("1", "k", "ec", EC_CERT, EC_KEY);
        assert_eq!(jwk(&pair).expect("a key")["kty"], "EC");
        let long = |token: String| token.rsplit('.').next().map_or(0, str::len);
        assert_eq!(long(sign(&json!({}), Some(&pair), "")), 86);
        assert_eq!(long(sign(&json!({}), None, "secret")), 43);
    }
}
