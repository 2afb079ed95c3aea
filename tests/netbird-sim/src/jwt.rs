//! Signed tokens: taking them apart, checking their signatures as Go's library does, and signing with the throw-away key.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256,
    RsaKeyPair, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde_json::{Value, json};

const KEY: &str = include_str!("../keys/dex.key.pem");

/// A token in parts, not yet checked.
#[derive(Debug)]
pub(crate) struct Token {
    pub(crate) header: Value,
    pub(crate) claims: Value,
    signed: String,
    signature: Vec<u8>,
}

/// Takes a token apart.
pub(crate) fn parse(token: &str) -> Result<Token, String> {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, signature] = parts[..] else {
        return Err("token is malformed: token contains an invalid number of segments".to_owned());
    };
    let read = |part: &str, what: &str| {
        let bytes = URL_SAFE_NO_PAD.decode(part).ok();
        let value = bytes.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
        value
            .filter(Value::is_object)
            .ok_or_else(|| format!("token is malformed: could not JSON decode {what}"))
    };
    Ok(Token {
        header: read(header, "header")?,
        claims: read(claims, "claim")?,
        signed: format!("{header}.{claims}"),
        signature: URL_SAFE_NO_PAD
            .decode(signature)
            .map_err(|_| "token is malformed: could not base64 decode signature")?,
    })
}

/// Whether the key signed the token with the algorithm that its header names.
pub(crate) fn verify(token: &Token, jwk: &Value) -> Result<(), String> {
    let part = |name: &str| {
        URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap_or_default()).unwrap_or_default()
    };
    let bad = |what: &str| Err(format!("token signature is invalid: {what}"));
    let signed = token.signed.as_bytes();
    let verified = match (token.header["alg"].as_str(), jwk["kty"].as_str()) {
        (Some("RS256"), Some("RSA")) => RsaPublicKeyComponents { n: part("n"), e: part("e") }
            .verify(&RSA_PKCS1_2048_8192_SHA256, signed, &token.signature),
        (Some("ES256"), Some("EC")) => {
            let point = [vec![4], part("x"), part("y")].concat();
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(signed, &token.signature)
        }
        (Some("HS256"), _) => return bad("key is of invalid type: HMAC verify expects []byte"),
        (Some("RS256"), _) => {
            return bad("key is of invalid type: RSA verify expects *rsa.PublicKey");
        }
        (Some("ES256"), _) => {
            return bad("key is of invalid type: ECDSA verify expects *ecdsa.PublicKey");
        }
        _ => return bad("signing method is unavailable"),
    };
    verified.or_else(|_| bad("crypto/rsa: verification error"))
}

/// What the embedded provider signs with.
#[derive(Debug)]
pub(crate) struct Signer {
    pair: RsaKeyPair,
}

impl Signer {
    pub(crate) fn new() -> Self {
        let body: String = KEY.lines().filter(|line| !line.starts_with('-')).collect();
        let der = STANDARD.decode(body).expect("the key beside this file is base64");
        Self { pair: RsaKeyPair::from_pkcs8(&der).expect("the key beside this file is RSA") }
    }

    /// The key as it is published.
    pub(crate) fn jwk(&self, kid: &str) -> Value {
        let parts = PublicKeyComponents::<Vec<u8>>::from(self.pair.public_key());
        json!({
            "use": "sig", "kty": "RSA", "kid": kid, "alg": "RS256",
            "n": URL_SAFE_NO_PAD.encode(parts.n), "e": URL_SAFE_NO_PAD.encode(parts.e),
        })
    }

    /// A signed token.
    pub(crate) fn sign(&self, kid: &str, claims: &Value) -> String {
        let header = json!({"alg": "RS256", "kid": kid}).to_string();
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let text = format!("{}.{}", encode(&header), encode(&claims.to_string()));
        let mut signature = vec![0; self.pair.public().modulus_len()];
        let random = SystemRandom::new();
        self.pair
            .sign(&RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut signature)
            .expect("a key signs");
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_signed_verifies_and_what_was_changed_does_not() {
        let signer = Signer::new();
        let text = signer.sign("a", &json!({"sub": "x"}));
        let token = parse(&text).expect("a token");
        assert_eq!(verify(&token, &signer.jwk("a")), Ok(()));
        let other = signer.sign("a", &json!({"sub": "y"}));
        let (head, _) = text.rsplit_once('.').expect("parts");
        let (_, signature) = other.rsplit_once('.').expect("parts");
        let forged = parse(&format!("{head}.{signature}")).expect("a token");
        assert!(verify(&forged, &signer.jwk("a")).is_err());
        assert!(parse("a.b").is_err_and(|e| e.contains("number of segments")));
    }
}
