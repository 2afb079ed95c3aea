//! Identifiers: fixed ones for the default objects, so that two servers of one profile agree, and random ones for the rest.

use ring::digest::{SHA256, digest};

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The SHA-256 of a text, in hexadecimal.
#[must_use]
pub fn sha256_hex(text: &str) -> String {
    hex(digest(&SHA256, text.as_bytes()).as_ref())
}

fn uuid_from(bytes: &[u8]) -> String {
    let mut head = [0_u8; 16];
    head.copy_from_slice(&bytes[..16]);
    head[6] = (head[6] & 0x0f) | 0x40;
    head[8] = (head[8] & 0x3f) | 0x80;
    let text = hex(&head);
    format!("{}-{}-{}-{}-{}", &text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..])
}

/// The UUID that a default object of this name always has.
#[must_use]
pub fn fixed_uuid(name: &str) -> String {
    uuid_from(digest(&SHA256, name.as_bytes()).as_ref())
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0_u8; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// A random UUID.
#[must_use]
pub fn uuid() -> String {
    uuid_from(&random::<16>())
}

/// A random text of letters and digits, as keys and codes are.
#[must_use]
pub fn key(length: usize) -> String {
    of(LETTERS, length)
}

/// A random text in which signs abound that must be encoded wherever they go, as device codes are.
#[must_use]
pub fn noise(length: usize) -> String {
    let signs = [LETTERS, b"!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"].concat();
    of(&signs, length)
}

const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

fn of(letters: &[u8], length: usize) -> String {
    let mut text = String::with_capacity(length);
    while text.len() < length {
        let [byte] = random::<1>();
        text.push(char::from(letters[usize::from(byte) % letters.len()]));
    }
    text
}

/// Nine random digits, as a user code is.
#[must_use]
pub fn digits() -> String {
    let number = u32::from_be_bytes(random::<4>()) % 1_000_000_000;
    format!("{number:09}")
}

/// Whether the text has the form of a UUID.
#[must_use]
pub fn is_uuid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
