//! The declaration of every variable: its name in lower case, what applies without it, an example and the meaning. `help`,
//! the README, `.env.example` and suggestions are made of it or held against it.

use super::declare::{Default::*, Given, Group::*, Variable, declare};

declare! {
    authentik_host: Variable::new(Authentik, Required, "http://authentik-server:9000",
        "URL at which this container reaches Authentik; may have a sub-path");
    authentik_token: Variable::new(Authentik, Required, "the value of AUTHENTIK_BOOTSTRAP_TOKEN",
        "API token of an administrator, for example the bootstrap token").secret();
    authentik_host_browser: Variable::new(Authentik, Words("`AUTHENTIK_HOST`"), "https://auth.example.com",
        "URL at which people and NetBird reach Authentik: the issuer is made from this");
    authentik_insecure: Variable::new(Authentik, Value("false"), "true",
        "do not verify the certificate of `AUTHENTIK_HOST`");
    authentik_ca_file: Variable::new(Authentik, Unset, "/certs/ca.pem",
        "PEM bundle that is trusted in addition to the public roots");
    authentik_application_slug: Variable::new(Authentik, Value("netbird"), "vpn",
        "identifies the application; part of the issuer, so never change it later");
    authentik_application_name: Variable::new(Authentik, Value("NetBird"), "VPN",
        "name of the application");
    authentik_provider_name: Variable::new(Authentik, Value("NetBird"), "VPN",
        "name of the OAuth2 provider");
    authentik_authorization_flow: Variable::new(Authentik, Value("default-provider-authorization-explicit-consent"),
        "default-provider-authorization-implicit-consent", "slug of the authorization flow");
    authentik_invalidation_flow: Variable::new(Authentik, Value("default-provider-invalidation-flow"),
        "default-invalidation-flow",
        "slug of the invalidation flow; `default-invalidation-flow` on releases without it");
    authentik_signing_key: Variable::new(Authentik, Value("authentik Self-signed Certificate"), "NetBird tokens",
        "name of the RSA key pair that signs tokens");
    authentik_sub_mode: Variable::new(Authentik, Value("user_id"), "user_uuid",
        "what identifies a user in a token: `user_id`, `user_uuid`, `user_username`, `user_email`, `user_upn` or `hashed_user_id`");
    authentik_redirect_uris: Variable::new(Authentik, Unset, "https://netbird.example.com/extra,regex:https://.*\\.example\\.com/auth",
        "further redirect URIs, separated by commas; `regex:` before one makes it a pattern");
    authentik_access_groups: Variable::new(Authentik, Unset, "vpn,staff",
        "groups that may use NetBird, separated by commas; empty: everyone");
    authentik_device_code_flow: Variable::new(Authentik, Value("default-device-code-flow"), "none",
        "slug of the device code flow to create and to set on the brand; `none`: leave the brand alone");
    authentik_service_account_role: Variable::new(Authentik, Value("admin"), "viewer",
        "`viewer`: a role that can only view users, on releases that have roles");

    netbird_domain: Variable::new(NetBird, Required, "netbird.example.com",
        "public name of NetBird, without a scheme");
    netbird_auth_client_id: Variable::new(NetBird, Words("the application slug"), "netbird",
        "client id to create the provider with");
    netbird_mgmt_api_endpoint: Variable::new(NetBird, Words("`https://` and the domain"), "https://netbird.example.com:8443",
        "NetBird's public URL, dashboard and API");
    netbird_mgmt_idp: Variable::new(NetBird, Value("none"), "authentik",
        "`authentik`: NetBird also lists users through a service account");
    netbird_idp_mgmt_extra_username: Variable::new(NetBird, Value("Netbird"), "netbird-user-list",
        "name of that service account");
    netbird_idp_mgmt_extra_password: Variable::new(NetBird, Words("generated once"), "letters and digits",
        "app password of that service account").secret();
    netbird_datastore_enc_key: Variable::new(NetBird, Words("generated once"), "the output of openssl rand -base64 32",
        "key that NetBird encrypts its users with: base64 of 32 bytes").secret();
    netbird_relay_auth_secret: Variable::new(NetBird, Words("generated once"), "letters and digits",
        "secret that NetBird's management and relay share").secret();
    turn_password: Variable::new(NetBird, Words("generated once"), "letters and digits",
        "password that NetBird's management and the TURN server share").secret();

    setup_dir: Variable::new(Files, Value("/setup"), "/setup",
        "where the files go: the shared volume");
    setup_state_dir: Variable::new(Files, Words("`SETUP_DIR`"), "/state",
        "where `secrets.json` and `state.json` are kept");
    setup_outputs: Variable::new(Files, Value("setup.env,management.json,dashboard.env,relay.env"), "management.json,dashboard.env",
        "which files to write");
    setup_file_mode: Variable::new(Files, Value("0640"), "0644",
        "mode of every file written");
    setup_file_uid: Variable::new(Files, Unset, "1000",
        "numeric owner of every file written");
    setup_file_gid: Variable::new(Files, Unset, "1000",
        "numeric group of every file written");
    setup_management_discovery: Variable::new(Files, Value("auto"), "true",
        "`true`: NetBird's management fetches discovery at each start; `false`: it finds the endpoints in its file; `auto`: true if the public URL answers from here with a trusted certificate");

    setup_timeout: Variable::new(Running, Value("15m"), "5m",
        "for the whole run");
    setup_auth_grace: Variable::new(Running, Value("5m"), "90s",
        "how long a rejected token is tried again after Authentik first answered");
    setup_request_timeout: Variable::new(Running, Value("30s"), "10s",
        "for one request");
    setup_allow_identity_change: Variable::new(Running, Value("false"), "true",
        "lets `AUTHENTIK_SUB_MODE` or the client id of an existing provider change: every NetBird user becomes a new user");
    setup_interval: Variable::new(Running, Value("5m"), "15m",
        "how often `watch` looks, a tenth more or less");
    setup_listen: Variable::new(Running, Unset, ":9100",
        "address on which `watch` serves `/healthz`, `/readyz` and `/metrics`");
    setup_log_format: Variable::new(Running, Value("text"), "json",
        "`json`: one JSON object a line");
    setup_log: Variable::new(Running, Value("info"), "warn,netbird_authentik_init::http=debug",
        "log level: `error`, `warn`, `info`, `debug` or `trace`; or levels by module");
    setup_proxy: Variable::new(Running, Unset, "env",
        "`env`: honour HTTP_PROXY, HTTPS_PROXY and NO_PROXY");
}

/// The variable of that name.
pub fn find(name: &str) -> Option<&'static Variable> {
    VARIABLES.iter().find(|v| v.name == name)
}

/// Whether this is the `_FILE` form of a secret, and of which.
pub fn file_form(name: &str) -> Option<&'static Variable> {
    find(name.strip_suffix("_FILE")?).filter(|v| v.secret)
}

#[cfg(test)]
mod tests {
    use super::super::declare::{Default, Group};
    use super::*;

    #[test]
    fn groups_are_together_and_what_is_required_comes_first() {
        let place = |v: &Variable| {
            let group = Group::ALL.iter().position(|group| *group == v.group);
            (group, v.default != Default::Required)
        };
        assert!(VARIABLES.is_sorted_by_key(place));
    }

    #[test]
    fn envy_fills_the_field_of_the_name() {
        for variable in VARIABLES {
            let raw: Raw = envy::from_iter([(variable.name.to_owned(), "x".to_owned())]).unwrap();
            let shown = format!("{raw:?}");
            let field = format!("{}: Some(\"x\")", variable.name.to_ascii_lowercase());
            assert!(shown.contains(&field), "{shown}");
        }
    }
}
