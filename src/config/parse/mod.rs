//! How single values are read: each parser takes the text and answers with the value, or with what
//! would have been right. None of them sees a name; the caller adds it, and what was found.

mod redirects;
mod roles;
mod secrets;
pub(super) mod shape;
mod texts;
mod urls;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

pub use redirects::{RedirectWish, redirects};
pub use roles::{NetBirdRole, RoleGroup, role_groups};
pub use secrets::{datastore_key, owner_password, shared_secret, token};
use shape::misshapen;
pub use texts::{application_slug, client_id, email, log_filter, name, slug};
pub use urls::{Relay, authentik_url, base_url, domain, origin, relay, signal, stun};

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
pub fn path(text: &str) -> Result<PathBuf, Wanted> {
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

/// Items separated by commas, trimmed, each once; empty ones do not count. A list that holds only separators is a
/// mistake, never "nothing".
pub fn list(text: &str) -> Result<Vec<String>, Wanted> {
    let inside = text.trim().strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    // An IPv6 address has brackets too.
    if inside.is_some_and(|inside| !inside.contains(':')) {
        return Err("entries separated by commas, without brackets and quotation marks".into());
    }
    let mut items: Vec<String> = Vec::new();
    for item in text.split(',').map(str::trim).filter(|item| !item.is_empty()) {
        if let Some(wrong) = misshapen(item) {
            return Err(wrong.to_owned());
        }
        if !items.iter().any(|known| known == item) {
            items.push(item.to_owned());
        }
    }
    if items.is_empty() { Err("at least one entry between the commas".into()) } else { Ok(items) }
}

/// A list of what this parser reads.
pub fn each<T>(
    parse: impl Fn(&str) -> Result<T, Wanted>,
) -> impl Fn(&str) -> Result<Vec<T>, Wanted> {
    move |text| list(text)?.iter().map(|item| parse(item)).collect()
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

/// Where `watch` listens: `:9191`, `0.0.0.0:9191` or `[::]:9191`. A port alone means IPv6 and IPv4.
pub fn listen(text: &str) -> Result<SocketAddr, Wanted> {
    let full = if text.starts_with(':') { format!("[::]{text}") } else { text.to_owned() };
    full.parse().map_err(|_| "an address and port such as :9191 or 127.0.0.1:9191".into())
}

/// A port.
pub fn port(text: &str) -> Result<u16, Wanted> {
    let plain = text.bytes().all(|b| b.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|port| plain && *port > 0)
        .ok_or_else(|| "a port, from 1 to 65535".into())
}

/// A network: an address, or one with the length of its prefix.
pub fn network(text: &str) -> Result<String, Wanted> {
    let wanted = || "networks such as 172.18.0.0/16, separated by commas".to_owned();
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().map_err(|_| wanted())?;
    let longest = if address.is_ipv4() { 32 } else { 128 };
    let length = match length {
        Some(length) => length.parse().ok().filter(|l| *l <= longest).ok_or_else(wanted)?,
        None => longest,
    };
    Ok(format!("{address}/{length}"))
}
