//! What the configuration must have beyond being readable; without it the server ends.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

use crate::config::{Embedded, Manager};

/// What the provider demands of its configuration.
pub(crate) fn prepare(embedded: &mut Embedded, cookie_key: &str) -> Result<(), String> {
    if embedded.issuer.is_empty() {
        return Err("failed to create embedded IDP service: issuer is required".to_owned());
    }
    match embedded.storage.as_str() {
        "" | "sqlite3" => {}
        "postgres" if !embedded.dsn.is_empty() => {}
        "postgres" => return Err("storage DSN is required for postgres".to_owned()),
        other => return Err(format!("unsupported IdP storage type: {other}")),
    }
    let key = embedded.cookie_key.trim();
    let key = if key.is_empty() { cookie_key.trim() } else { key };
    let fits = |length: usize| matches!(length, 16 | 24 | 32);
    let encoded = [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD]
        .iter()
        .any(|form| form.decode(key).is_ok_and(|key| fits(key.len())));
    if !key.is_empty() && !fits(key.len()) && !encoded {
        return Err(
            "invalid embedded IdP session cookie encryption key: it must be 16, 24, or 32 bytes"
                .to_owned(),
        );
    }
    if embedded.cli_redirects.is_empty() {
        embedded.cli_redirects =
            ["http://localhost:53000/", "http://localhost:54000/"].map(str::to_owned).to_vec();
    }
    Ok(())
}

/// What the manager demands of its configuration.
pub(crate) fn complete(manager: &Manager) -> Result<(), String> {
    let known =
        ["auth0", "azure", "keycloak", "zitadel", "okta", "google", "jumpcloud", "pocketid", "dex"];
    match manager.kind.as_str() {
        "authentik" => {}
        kind if known.contains(&kind) => return Ok(()),
        kind => {
            return Err(format!(
                "failed retrieving a new idp manager with err: invalid manager type: {kind}"
            ));
        }
    }
    for (value, name) in [
        (&manager.client_id, "clientID"),
        (&manager.username, "Username"),
        (&manager.password, "Password"),
        (&manager.token_endpoint, "TokenEndpoint"),
        (&manager.issuer, "Issuer"),
        (&manager.grant_type, "GrantType"),
    ] {
        if value.is_empty() {
            return Err(format!(
                "failed retrieving a new idp manager with err: authentik IdP configuration is incomplete, {name} is missing"
            ));
        }
    }
    Ok(())
}
