//! `turnserver.conf`, for coturn: its name, and the password that it shares with management.

use super::endpoints::{self, Services};
use super::sourced;
use crate::config::Config;
use crate::error::{Error, Exit};
use crate::state::evidence::{Found, InUse, Kind};
use crate::state::secrets::Secrets;
use crate::text::Secret;

/// The file's text; nothing without `NETBIRD_TURN_DOMAIN`, or while the password is known to NetBird's environment only.
pub fn render(config: &Config, services: &Services, secrets: &Secrets) -> Option<String> {
    let domain = services.turn_domain.as_deref()?;
    let password = secrets.turn.as_ref()?;
    let mut lines = vec![
        format!("listening-port={}", endpoints::STUN_PORT),
        "fingerprint".to_owned(),
        "lt-cred-mech".to_owned(),
        format!("user={}:{}", endpoints::TURN_USER, password.expose()),
        format!("realm={domain}"),
        "log-file=stdout".to_owned(),
        "no-software-attribute".to_owned(),
        "no-cli".to_owned(),
        "no-tls".to_owned(),
        "no-dtls".to_owned(),
    ];
    if let Some(value) = config.netbird.passed.get("NETBIRD_TURN_EXTERNAL_IP") {
        lines.push(format!("external-ip={value}"));
    }
    Some(format!("{}{}\n", sourced::HEADER, lines.join("\n")))
}

/// The password that the file holds.
pub fn secrets_in(text: &str, place: &str) -> InUse {
    let mut in_use = InUse::default();
    let user = format!("{}:", endpoints::TURN_USER);
    let mut passwords = text.lines().filter_map(|line| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == "user").then(|| value.trim().strip_prefix(&user))?
    });
    if let Some(password) = passwords.next_back().filter(|password| !password.is_empty()) {
        let found = Found::Text(Secret::new(password));
        in_use.add(Kind::Turn, format!("{place}, user,"), found);
    }
    in_use
}

/// coturn reads a value to the end of its line, without quotes and escapes.
///
/// # Errors
/// [`Exit::Refused`] for a password that would not arrive there.
pub fn check(password: &Secret) -> Result<(), Error> {
    let sound = password.expose().bytes().all(|b| b.is_ascii_graphic() && !b"#\"'".contains(&b));
    if sound {
        return Ok(());
    }
    Err(Error::new(Exit::Refused, "the TURN password that is in use cannot be written into turnserver.conf")
        .because("coturn knows no quotes for blanks, quotation marks and #")
        .remedy("set TURN_PASSWORD to another one and restart management and coturn together, or leave turnserver.conf out of SETUP_OUTPUTS"))
}
