//! How single values are read: each parser takes the text and answers with the value, or with what
//! would have been right. None of them sees a name; the caller adds it, and what was found.

use std::time::Duration;

use url::{Host, Url};

use super::wishes::RedirectWish;
use crate::http::BaseUrl;

/// What a parser answers when the text is wrong: what would be right.
pub type Wanted = String;

/// `true/false/1/0/yes/no`, any case.
pub fn boolean(text: &str) -> Result<bool, Wanted> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" => Ok(true),
        "false" | "0" | "no" => Ok(false),
        _ => Err("true or false".into()),
    }
}

/// One word out of a few, any case, and what each stands for.
pub fn choice<T: Copy>(choices: &[(&str, T)]) -> impl Fn(&str) -> Result<T, Wanted> {
    move |text| {
        let chosen = choices.iter().find(|(word, _)| word.eq_ignore_ascii_case(text));
        let words = || choices.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
        chosen.map(|(_, value)| *value).ok_or_else(|| format!("one of: {}", words()))
    }
}

/// One word out of a few, as it is written there.
pub fn word(words: &[&'static str]) -> impl Fn(&str) -> Result<String, Wanted> {
    let choices: Vec<(&str, &'static str)> = words.iter().map(|word| (*word, *word)).collect();
    move |text| choice(&choices)(text).map(str::to_owned)
}

/// A path. Whether anything is there shows when it is used.
pub fn path(text: &str) -> Result<std::path::PathBuf, Wanted> {
    Ok(text.into())
}

/// `90s`, `15m`, `1h30m`, `500ms`: numbers, each with a unit.
pub fn duration(text: &str) -> Result<Duration, Wanted> {
    let wanted = || "a number with a unit, such as 90s, 15m or 1h".to_owned();
    let mut rest = text;
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let number: u64 = rest[..digits].parse().map_err(|_| wanted())?;
        rest = &rest[digits..];
        let letters = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
        let (unit, after) = rest.split_at(letters);
        rest = after;
        let millis = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(wanted()),
        };
        let part = number.checked_mul(millis).map(Duration::from_millis).ok_or_else(wanted)?;
        total = total.checked_add(part).ok_or_else(wanted)?;
    }
    // A year is more than anyone means, and keeps all later sums far from overflow.
    if total > Duration::from_secs(366 * 86_400) || text.is_empty() {
        Err(wanted())
    } else {
        Ok(total)
    }
}

/// A duration that must not be zero.
pub fn positive_duration(text: &str) -> Result<Duration, Wanted> {
    match duration(text)? {
        Duration::ZERO => Err("longer than zero".into()),
        d => Ok(d),
    }
}

/// Items separated by commas, trimmed; empty ones do not count.
pub fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|s| !s.is_empty()).map(str::to_owned).collect()
}

/// An http or https URL without user, query and fragment; a sub-path is welcome.
pub fn base_url(text: &str) -> Result<BaseUrl, Wanted> {
    let url = Url::parse(text)
        .ok()
        .filter(|u| matches!(u.scheme(), "http" | "https"))
        .ok_or("a URL that begins with http:// or https://, such as https://auth.example.com")?;
    if url.host().is_none_or(|h| matches!(h, Host::Domain(""))) {
        return Err("a URL with a host name".into());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a URL without user name and password".into());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("a URL without ? and #".into());
    }
    if url.path().trim_end_matches('/').ends_with("/api/v3") {
        return Err("Authentik's base URL, without /api/v3".into());
    }
    Ok(BaseUrl::new(url))
}

/// A base URL for Authentik: its host name must not have an underscore, since Authentik's own check of
/// the Host header refuses such names and answers 404 (400 before 2024.2) to everything.
pub fn authentik_url(text: &str) -> Result<BaseUrl, Wanted> {
    let base = base_url(text)?;
    if base.host().contains('_') {
        return Err(
            "a host name without underscore: Authentik answers 404 to a host name that has one; \
                    give the service a network alias such as authentik-server"
                .into(),
        );
    }
    Ok(base)
}

/// NetBird's public URL: scheme, host and port only.
pub fn origin(text: &str) -> Result<BaseUrl, Wanted> {
    let base = base_url(text)?;
    if base.path() != "/" { Err("a URL without a path".into()) } else { Ok(base) }
}

/// A domain name or an IPv4 address, without scheme, port and path.
pub fn domain(text: &str) -> Result<String, Wanted> {
    let wanted = || "a name such as netbird.example.com, without scheme, port and path".to_owned();
    if text.contains(['/', ':', '@', '?', '#', '_', '%', ' ', ',']) {
        return Err(wanted());
    }
    match Host::parse(text).map_err(|_| wanted())? {
        Host::Domain(name) if domain_labels_are_sound(&name) => Ok(name),
        Host::Ipv4(ip) => Ok(ip.to_string()),
        _ => Err(wanted()),
    }
}

/// RFC 1123: labels of 1 to 63 letters, digits and inner hyphens, 253 characters in all.
fn domain_labels_are_sound(name: &str) -> bool {
    name.len() <= 253
        && name.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        })
}

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

/// A token as it can stand in a header: visible ASCII.
pub fn token(text: &str) -> Result<crate::text::Secret, Wanted> {
    if text.bytes().all(|b| b.is_ascii_graphic()) {
        Ok(crate::text::Secret::new(text))
    } else {
        Err("one word of visible ASCII characters, without spaces and line breaks".into())
    }
}

/// A secret that is written into files which NetBird's services source or parse.
pub fn shared_secret(text: &str) -> Result<crate::text::Secret, Wanted> {
    if text.bytes().all(|b| b.is_ascii_graphic() && !b"\"\\'`${}".contains(&b)) {
        Ok(crate::text::Secret::new(text))
    } else {
        Err("visible ASCII characters without spaces, quotes, backslash, $ and braces".into())
    }
}

/// NetBird's data store key: standard base64 of exactly 32 bytes (`util/crypt`), else management ends.
pub fn datastore_key(text: &str) -> Result<crate::text::Secret, Wanted> {
    use base64::Engine;
    match base64::engine::general_purpose::STANDARD.decode(text) {
        Ok(bytes) if bytes.len() == 32 => Ok(crate::text::Secret::new(text)),
        _ => Err("base64 of exactly 32 bytes, as `openssl rand -base64 32` prints".into()),
    }
}

/// Octal permission bits; the owner must be able to read and write, since the next run does.
pub fn mode(text: &str) -> Result<u32, Wanted> {
    let digits = text.strip_prefix("0o").unwrap_or(text);
    u32::from_str_radix(digits, 8)
        .ok()
        .filter(|m| *m <= 0o777 && m & 0o600 == 0o600 && digits.bytes().all(|b| b.is_ascii_digit()))
        .ok_or_else(|| "octal permissions that let the owner read and write, such as 0640".into())
}

/// A numeric user or group.
pub fn id(text: &str) -> Result<u32, Wanted> {
    text.parse().ok().filter(|id| *id != u32::MAX).ok_or_else(|| "a number".into())
}

/// Where `watch` listens: `:9100`, `0.0.0.0:9100` or `[::]:9100`.
pub fn listen(text: &str) -> Result<std::net::SocketAddr, Wanted> {
    let full = if text.starts_with(':') { format!("0.0.0.0{text}") } else { text.to_owned() };
    full.parse().map_err(|_| "an address and port such as :9100 or 127.0.0.1:9100".into())
}

/// The ports of a `NETBIRD_AUTH_PKCE_REDIRECT_URL_PORTS`.
pub fn ports(text: &str) -> Result<Vec<u16>, Wanted> {
    let ports: Option<Vec<u16>> =
        list(text).iter().map(|p| p.parse().ok().filter(|p| *p > 0)).collect();
    ports
        .filter(|p| !p.is_empty())
        .ok_or_else(|| "ports separated by commas, such as 53000,54000".into())
}

/// One further redirect URI; `regex:` before it makes it a pattern.
///
/// White space cannot be part of either: releases up to 2024.8 keep all of them in one text and split
/// it there.
pub fn redirect(text: &str) -> Result<RedirectWish, Wanted> {
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("redirect URIs without white space, separated by commas".into());
    }
    if let Some(pattern) = text.strip_prefix("regex:") {
        return if pattern.is_empty() {
            Err("a pattern after regex:".into())
        } else {
            Ok(RedirectWish { url: pattern.into(), pattern: true })
        };
    }
    match Url::parse(text) {
        Ok(url) if url.fragment().is_none() => {
            Ok(RedirectWish { url: text.into(), pattern: false })
        }
        _ => Err("absolute URIs without #, such as https://netbird.example.com/extra; \
                  a pattern begins with regex:"
            .into()),
    }
}

/// A level, or `module=level` pairs. `Targets` itself takes any word for a module, and so a typo in silence.
pub fn log_filter(text: &str) -> Result<String, Wanted> {
    let is_level = |word: &str| word.parse::<tracing_subscriber::filter::LevelFilter>().is_ok();
    let sound = list(text).iter().all(|part| match part.split_once('=') {
        Some((module, level)) => !module.is_empty() && is_level(level),
        None => is_level(part),
    });
    match sound && text.parse::<tracing_subscriber::filter::Targets>().is_ok() {
        true => Ok(text.to_owned()),
        false => Err("a level (error, warn, info, debug, trace), or module=level pairs".into()),
    }
}
