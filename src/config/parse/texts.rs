//! Names and other short texts.

use super::{Wanted, domain, list};

/// A slug as Authentik takes it (`^[-a-zA-Z0-9_]+$`, at most 50 characters up to 2025.10).
pub fn slug(text: &str) -> Result<String, Wanted> {
    let sound = text.len() <= 50
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if sound { Ok(text.to_owned()) } else { Err("at most 50 letters, digits, - and _".into()) }
}

/// The application's slug: Authentik 2025.8 and later reserve the names of its own OAuth2 endpoints.
pub fn application_slug(text: &str) -> Result<String, Wanted> {
    const RESERVED: &[&str] = &["authorize", "token", "device", "userinfo", "introspect", "revoke"];
    if RESERVED.contains(&text) {
        return Err("a slug other than those that Authentik reserves".into());
    }
    slug(text)
}

/// An object's name: one line, not blank, not longer than Authentik's columns.
pub fn name(text: &str) -> Result<String, Wanted> {
    if text.chars().any(char::is_control) || text.trim() != text || text.chars().count() > 255 {
        return Err("one line of at most 255 characters, without spaces around it".into());
    }
    Ok(text.to_owned())
}

/// An OAuth2 client id: visible ASCII without what would break the files it is written to.
pub fn client_id(text: &str) -> Result<String, Wanted> {
    let sound = text.len() <= 255
        && text.bytes().all(|b| b.is_ascii_graphic() && !b"\"\\'`${}<>".contains(&b));
    if sound {
        Ok(text.to_owned())
    } else {
        Err("at most 255 letters, digits and signs, without spaces and quotes".into())
    }
}

/// An e-mail address that identifies a login: nothing is ever sent to it.
pub fn email(text: &str) -> Result<String, Wanted> {
    let sound = |local: &str, host: &str| {
        let local_is_sound = !local.is_empty()
            && local.bytes().all(|b| b.is_ascii_graphic() && !b"\"\\'`${}<>,;:@()[]".contains(&b));
        local_is_sound && domain(host).is_ok()
    };
    match text.rsplit_once('@') {
        Some((local, host)) if text.len() <= 254 && sound(local, host) => Ok(text.to_owned()),
        _ => Err("an e-mail address such as owner@netbird.example.com".into()),
    }
}

/// A level, or `module=level` pairs. `Targets` itself takes any word for a module, and so a typo in silence.
pub fn log_filter(text: &str) -> Result<String, Wanted> {
    let is_level = |word: &str| word.parse::<tracing_subscriber::filter::LevelFilter>().is_ok();
    let sound = list(text)?.iter().all(|part| match part.split_once('=') {
        Some((module, level)) => !module.is_empty() && is_level(level),
        None => is_level(part),
    });
    match sound && text.parse::<tracing_subscriber::filter::Targets>().is_ok() {
        true => Ok(text.to_owned()),
        false => Err("a level (error, warn, info, debug, trace), or module=level pairs".into()),
    }
}
