//! Digests, for remembering what a value was without keeping it.

use std::fmt::Write;

use ring::digest::{SHA256, digest};

/// SHA-256 of the text, in hexadecimal.
pub fn of(text: &str) -> String {
    let mut hex = String::with_capacity(64);
    for byte in digest(&SHA256, text.as_bytes()).as_ref() {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_known_digest() {
        // FIPS 180-4, of the empty message.
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(super::of(""), empty);
    }
}
