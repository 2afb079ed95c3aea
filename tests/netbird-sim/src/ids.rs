//! Identifiers and secrets in the forms that NetBird and its provider give them.

use authentik_sim::plumbing;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom as _, SystemRandom};

const BASE62: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

fn random(length: usize, letters: &[u8]) -> String {
    let mut bytes = vec![0; length];
    SystemRandom::new().fill(&mut bytes).expect("the operating system gives random bytes");
    bytes.iter().map(|byte| char::from(letters[usize::from(*byte) % letters.len()])).collect()
}

/// The id of an account, group, token or connector.
pub(crate) fn object() -> String {
    random(20, b"0123456789abcdefghijklmnopqrstuv")
}

/// What the provider calls its requests, codes and sessions by.
pub(crate) fn grant() -> String {
    random(25, b"abcdefghijklmnopqrstuvwxyz234567")
}

/// What a person types at the device page.
pub(crate) fn user_code() -> String {
    let code = random(8, b"BCDFGHJKLMNPQRSTVWXZ");
    format!("{}-{}", &code[..4], &code[4..])
}

/// A random secret of letters and digits.
pub(crate) fn secret(length: usize) -> String {
    plumbing::key(length)
}

/// A key for the data store.
pub(crate) fn store_key() -> String {
    STANDARD.encode(secret(32))
}

/// SHA-256 in standard base64: how a token is stored.
pub(crate) fn hashed(text: &str) -> String {
    STANDARD.encode(digest(&SHA256, text.as_bytes()))
}

/// The first half of a SHA-256, as `at_hash` and `c_hash` have it.
pub(crate) fn half_hash(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(&digest(&SHA256, text.as_bytes()).as_ref()[..16])
}

/// The challenge of a PKCE verifier.
pub(crate) fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()))
}

/// The id of a user of the embedded provider: subject and connector in one.
#[must_use]
pub fn user_id(subject: &str, connector: &str) -> String {
    let mut message = vec![];
    for (tag, text) in [(0x0a, subject), (0x12, connector)] {
        message.push(tag);
        let mut length = text.len();
        while length >= 0x80 {
            message.push((length & 0x7f) as u8 | 0x80);
            length >>= 7;
        }
        message.push(length as u8);
        message.extend(text.as_bytes());
    }
    URL_SAFE_NO_PAD.encode(message)
}

/// Subject and connector of a user's id; nothing if it is not made of them.
#[must_use]
pub fn subject_and_connector(id: &str) -> Option<(String, String)> {
    let message = URL_SAFE_NO_PAD.decode(id).ok()?;
    let mut rest = message.as_slice();
    let mut take = |wanted: u8| {
        let (tag, after) = rest.split_first()?;
        let (mut length, mut shift, mut at) = (0_usize, 0, 0);
        loop {
            let byte = *after.get(at)?;
            length |= usize::from(byte & 0x7f) << shift;
            (shift, at) = (shift + 7, at + 1);
            if byte < 0x80 || shift > 21 {
                break;
            }
        }
        let text = after.get(at..at + length)?;
        rest = &after[at + length..];
        (*tag == wanted).then(|| String::from_utf8(text.to_vec()).ok())?
    };
    let found = (take(0x0a)?, take(0x12)?);
    rest.is_empty().then_some(found)
}

/// A personal access token: prefix, secret, and a checksum of the secret.
pub(crate) fn access_token() -> String {
    let secret = random(30, BASE62);
    format!("nbp_{secret}{}", checksum(&secret))
}

/// Whether a token has the form of one; unknown ones are told from malformed ones by it.
pub(crate) fn is_access_token(token: &str) -> bool {
    token.len() == 40
        && token.is_ascii()
        && token.strip_prefix("nbp_").is_some_and(|rest| checksum(&rest[..30]) == rest[30..])
}

fn checksum(secret: &str) -> String {
    let mut number = !secret.bytes().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 }
        })
    });
    let mut digits = vec![b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[number as usize % 62];
        number /= 62;
    }
    String::from_utf8_lossy(&digits).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_ids_are_those_of_a_real_server() {
        assert_eq!(user_id("6", "authentik"), "CgE2EglhdXRoZW50aWs");
        assert_eq!(user_id("12", "authentik"), "CgIxMhIJYXV0aGVudGlr");
        let long = "x".repeat(300);
        let back = subject_and_connector(&user_id(&long, "local"));
        assert_eq!(back, Some((long, "local".to_owned())));
        for other in ["6", "alice", "5f2b", "", "CgE2", "CgE2EglhdXRoZW50aWsA"] {
            assert_eq!(subject_and_connector(other), None, "{other}");
        }
    }

    #[test]
    fn tokens_of_a_real_server_have_the_checksum() {
        assert!(is_access_token("nbp_sCoBz2paPzgOn39CaIIrefrCN5mz2f453qxg"));
        assert!(!is_access_token("nbp_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
        assert!(is_access_token(&access_token()));
        let hash = hashed("nbp_sCoBz2paPzgOn39CaIIrefrCN5mz2f453qxg");
        assert_eq!(hash.to_lowercase(), "w5hiqda8jlwpn12kwgste2whj94wvhyxbg/vlouniam=");
    }
}
