//! Secrets: what they must be made of, for the headers and files that they go into.

use super::Wanted;
use super::shape::is_unexpanded;
use crate::text::Secret;

/// A token as it can stand in a header: visible ASCII.
pub fn token(text: &str) -> Result<Secret, Wanted> {
    if ["Bearer ", "Token "].iter().any(|scheme| text.starts_with(scheme)) {
        return Err("the token alone: the scheme in front of it is added by this program".into());
    }
    if is_unexpanded(text) || text.starts_with('`') {
        return Err("the token itself: a $ or a command in it was not expanded".into());
    }
    if text.bytes().all(|b| b.is_ascii_graphic()) {
        Ok(Secret::new(text))
    } else {
        Err("one word of visible ASCII characters, without spaces and line breaks".into())
    }
}

/// A secret that is written into files which NetBird's services source or parse.
pub fn shared_secret(text: &str) -> Result<Secret, Wanted> {
    if text.bytes().all(|b| b.is_ascii_graphic() && !b"\"\\'`${}".contains(&b)) {
        Ok(Secret::new(text))
    } else {
        Err("visible ASCII characters without spaces, quotes, backslash, $ and braces".into())
    }
}

/// NetBird's data store key: standard base64 of exactly 32 bytes (`util/crypt`), else management ends.
pub fn datastore_key(text: &str) -> Result<Secret, Wanted> {
    use base64::Engine;
    match base64::engine::general_purpose::STANDARD.decode(text) {
        Ok(bytes) if bytes.len() == 32 => Ok(Secret::new(text)),
        _ => Err("base64 of exactly 32 bytes, as `openssl rand -base64 32` prints".into()),
    }
}

/// The owner's password: as long as NetBird takes it, and not longer than bcrypt reads.
pub fn owner_password(text: &str) -> Result<Secret, Wanted> {
    let sound = (8..=72).contains(&text.len()) && !text.chars().any(char::is_control);
    if sound { Ok(Secret::new(text)) } else { Err("one line of 8 to 72 bytes".into()) }
}
