//! The `NETBIRD_*` names of NetBird's own set-up, so that a mistake in one is told instead of passed on in silence.
//! From `infrastructure_files/` of every release since 0.8.0: `setup.env.example`, `base.setup.env` and `configure.sh`.

use super::names::edit_distance;
use super::variables::VARIABLES;

/// Names that `configure.sh` reads, sets or once read.
#[rustfmt::skip]
const KNOWN: &[&str] = &[
    "NETBIRD_AUTH0_AUDIENCE", "NETBIRD_AUTH0_CLIENT_ID", "NETBIRD_AUTH0_DOMAIN",
    "NETBIRD_AUTH_AUDIENCE", "NETBIRD_AUTH_AUTHORITY", "NETBIRD_AUTH_CLIENT_SECRET",
    "NETBIRD_AUTH_DEVICE_AUTH_AUDIENCE", "NETBIRD_AUTH_DEVICE_AUTH_CLIENT_ID", "NETBIRD_AUTH_DEVICE_AUTH_ENDPOINT",
    "NETBIRD_AUTH_DEVICE_AUTH_PROVIDER", "NETBIRD_AUTH_DEVICE_AUTH_SCOPE", "NETBIRD_AUTH_DEVICE_AUTH_USE_ID_TOKEN",
    "NETBIRD_AUTH_JWT_CERTS", "NETBIRD_AUTH_OIDC_CONFIGURATION_ENDPOINT", "NETBIRD_AUTH_PKCE_AUDIENCE",
    "NETBIRD_AUTH_PKCE_AUTHORIZATION_ENDPOINT", "NETBIRD_AUTH_PKCE_DISABLE_PROMPT_LOGIN",
    "NETBIRD_AUTH_PKCE_LOGIN_FLAG", "NETBIRD_AUTH_PKCE_REDIRECT_URL_PORTS", "NETBIRD_AUTH_PKCE_REDIRECT_URLS",
    "NETBIRD_AUTH_PKCE_USE_ID_TOKEN", "NETBIRD_AUTH_REDIRECT_URI", "NETBIRD_AUTH_SILENT_REDIRECT_URI",
    "NETBIRD_AUTH_SUPPORTED_SCOPES", "NETBIRD_AUTH_TOKEN_ENDPOINT", "NETBIRD_AUTH_USER_ID_CLAIM",
    "NETBIRD_DASH_AUTH_AUDIENCE", "NETBIRD_DASH_AUTH_USE_AUDIENCE", "NETBIRD_DISABLE_ANONYMOUS_METRICS",
    "NETBIRD_DISABLE_LETSENCRYPT", "NETBIRD_IDP_MGMT_CLIENT_ID", "NETBIRD_IDP_MGMT_CLIENT_SECRET",
    "NETBIRD_LETSENCRYPT_DOMAIN", "NETBIRD_LETSENCRYPT_EMAIL", "NETBIRD_MGMT_API_CERT_FILE",
    "NETBIRD_MGMT_API_CERT_KEY_FILE", "NETBIRD_MGMT_API_PORT", "NETBIRD_MGMT_DISABLE_DEFAULT_POLICY",
    "NETBIRD_MGMT_DNS_DOMAIN", "NETBIRD_MGMT_GRPC_API_ENDPOINT", "NETBIRD_MGMT_GRPC_API_PORT",
    "NETBIRD_MGMT_IDP_SIGNKEY_REFRESH", "NETBIRD_MGMT_SINGLE_ACCOUNT_MODE_DOMAIN", "NETBIRD_RELAY_DOMAIN",
    "NETBIRD_RELAY_PORT", "NETBIRD_SIGNAL_PORT", "NETBIRD_SIGNAL_PROTOCOL", "NETBIRD_STORE_CONFIG_ENGINE",
    "NETBIRD_STORE_ENGINE_MYSQL_DSN", "NETBIRD_STORE_ENGINE_POSTGRES_DSN", "NETBIRD_TOKEN_SOURCE",
    "NETBIRD_TURN_EXTERNAL_IP", "NETBIRD_USE_AUTH0",
];

/// Families of names: options of an identity provider that NetBird lists users of, and versions of images, those of the
/// examples among them.
const FAMILIES: &[(&str, &str)] =
    &[("NETBIRD_IDP_MGMT_EXTRA_", ""), ("NETBIRD_", "_TAG"), ("NETBIRD_", "_IMAGE")];

/// What to say about a name that is passed on; nothing where it is known.
pub(super) fn remark(name: &str) -> Option<String> {
    let in_family = FAMILIES.iter().any(|(start, end)| {
        name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
    });
    if KNOWN.contains(&name) || in_family || name == "NETBIRD_TAG" {
        return None;
    }
    let declared = VARIABLES.iter().map(|v| v.name).filter(|known| known.starts_with("NETBIRD_"));
    let near =
        KNOWN.iter().copied().chain(declared).map(|known| (edit_distance(name, known), known));
    let near = near.min_by_key(|(distance, _)| *distance);
    let passed = format!(
        "{name} is passed on, but neither this program nor NetBird's configure.sh knows it"
    );
    Some(match near {
        // A third of the name wrong is still a typo; more is another word.
        Some((distance, known)) if distance * 3 <= name.len() => {
            format!("{passed}; did you mean {known}?")
        }
        _ => passed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typo_is_told_with_the_name_that_was_meant() {
        for (name, meant) in [
            ("NETBIRD_MGMT_IPD", "NETBIRD_MGMT_IDP"),
            ("NETBIRD_AUTH_AUDIANCE", "NETBIRD_AUTH_AUDIENCE"),
            ("NETBIRD_TURN_DOMAN", "NETBIRD_TURN_DOMAIN"),
        ] {
            let remark = remark(name).unwrap();
            assert!(remark.contains(&format!("did you mean {meant}?")), "{remark}");
        }
        assert!(!remark("NETBIRD_XYZZY_PLUGH_QUUX").unwrap().contains("did you mean"));
        for name in ["NETBIRD_IDP_MGMT_EXTRA_NOTE", "NETBIRD_RELAY_TAG", "NETBIRD_TAG", KNOWN[0]] {
            assert_eq!(remark(name), None, "{name}");
        }
    }
}
