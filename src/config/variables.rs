//! The declaration of every variable: its name in lower case, what applies without it, an example and the meaning. `help`,
//! the README, `.env.example` and suggestions are made of it or held against it.

use super::declare::{Default::*, Given, Group::*, Variable, declare};
use super::kind::Kind::*;

/// What NetBird's API is asked for; `plan` and `check` look and change nothing.
const CONNECT: &str = "connect, watch; plan and check look only";

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
        "further redirect URIs, separated by commas; `regex:` before one makes it a pattern, `logout:` a logout URI (2026.5 and later)");
    authentik_access_groups: Variable::new(Authentik, Unset, "vpn,staff",
        "groups that may use NetBird, separated by commas; they are created and bound; `*` alone: everyone");
    authentik_device_code_flow: Variable::new(Authentik, Value("default-device-code-flow"), "none",
        "slug of the device code flow to create and to set on the brand; `none`: leave the brand alone")
        .only(&[Standalone]).but("none");
    authentik_service_account_role: Variable::new(Authentik, Words("`viewer` where the release has roles, else `admin`"), "admin",
        "what the account that lists users may do; `viewer`: view users and nothing else").only(&[Standalone]);

    netbird_domain: Variable::new(NetBird, Required, "netbird.example.com",
        "public name of NetBird, without a scheme");
    setup_netbird: Variable::new(NetBird, Value("standalone"), "embedded",
        "which NetBird it is: `standalone` takes its tokens from Authentik, `embedded` and `combined` issue their own");
    netbird_auth_client_id: Variable::new(NetBird, Words("the application slug"), "netbird",
        "client id to create the provider with");
    netbird_mgmt_api_endpoint: Variable::new(NetBird, Words("`https://` and the domain"), "https://netbird.example.com:8443",
        "NetBird's public API URL; the dashboard is redirected to from this origin and from `NETBIRD_DOMAIN`'s");
    netbird_mgmt_idp: Variable::new(NetBird, Words("`none`, but a manager of type authentik stays"), "authentik",
        "`authentik`: NetBird also lists users, through a service account")
        .only(&[Standalone]).but("none");
    netbird_idp_mgmt_extra_username: Variable::new(NetBird, Value("Netbird"), "netbird-user-list",
        "name of that service account").only(&[Standalone]);
    netbird_idp_mgmt_extra_password: Variable::new(NetBird, Words("generated once"), "letters and digits",
        "app password of that service account").secret().only(&[Standalone]);
    netbird_datastore_enc_key: Variable::new(NetBird, Words("generated once"), "the output of openssl rand -base64 32",
        "key that NetBird encrypts its users with: base64 of 32 bytes").secret();
    netbird_relay_auth_secret: Variable::new(NetBird, Words("generated once"), "letters and digits",
        "secret that NetBird's management and relay share").secret();
    turn_password: Variable::new(NetBird, Words("generated once"), "letters and digits",
        "password that NetBird's management and the TURN server share").secret().only(&[Standalone, Embedded]);
    netbird_signal_endpoint: Variable::new(NetBird, Words("`NETBIRD_MGMT_API_ENDPOINT`"), "https://signal.example.com:443",
        "where NetBird's signal is");
    netbird_relay_endpoint: Variable::new(NetBird, Words("`NETBIRD_MGMT_API_ENDPOINT`"), "rels://relay.example.com:443",
        "where NetBird's relays are, separated by commas; `relay.env` and `setup.env` take the first");
    netbird_stun_endpoints: Variable::new(NetBird, Words("the TURN server, else NetBird's host"), "stun:stun.example.com:3478",
        "where STUN servers are, separated by commas");
    netbird_turn_domain: Variable::new(NetBird, Unset, "turn.example.com",
        "name of a TURN server; without it there is none").only(&[Standalone, Embedded]);
    setup_trusted_proxies: Variable::new(NetBird, Unset, "172.18.0.0/16",
        "networks of the reverse proxy, separated by commas, for `config.yaml`").only(&[Combined]);
    setup_owner_email: Variable::new(NetBird, Words("`owner@` and the domain"), "owner@example.com",
        "the local login of NetBird's owner").only(&[Embedded, Combined]);
    setup_owner_password: Variable::new(NetBird, Words("generated once"), "8 to 72 bytes",
        "password of that login").secret().only(&[Embedded, Combined]);
    setup_local_auth: Variable::new(NetBird, Value("true"), "false",
        "`false`: Authentik is the only way in").only(&[Embedded, Combined]);
    setup_authentik_internal: Variable::new(NetBird, Value("false"), "true",
        "NetBird reaches Authentik at `AUTHENTIK_HOST`, browsers at the public URL").only(&[Embedded]);
    setup_role_groups: Variable::new(NetBird, Unset, "netbird-admins:admin,staff:user",
        "`GROUP:ROLE`, separated by commas, first match wins: members of these Authentik groups are approved and get this NetBird role (`admin`, `network_admin`, `auditor`, `user`) by `connect`").by(CONNECT);
    setup_user_approval: Variable::new(NetBird, Words("left alone"), "false",
        "whether new users wait for approval; NetBird's setting, enforced by `connect`").by(CONNECT);
    setup_jwt_groups: Variable::new(NetBird, Words("left alone"), "true",
        "whether NetBird takes groups from tokens; NetBird's setting, enforced by `connect`").by(CONNECT);
    setup_jwt_allow_groups: Variable::new(NetBird, Words("left alone"), "vpn,staff",
        "groups of tokens that may log in, separated by commas; NetBird's setting, enforced by `connect`").by(CONNECT);
    nb_management_url: Variable::new(NetBird, Words("`http://netbird-management`; `combined`: `http://netbird-server`"), "http://netbird-management:80",
        "where `connect` reaches NetBird's API").by(CONNECT);
    nb_pat: Variable::new(NetBird, Unset, "nbp_…",
        "personal access token with which `connect` works on a NetBird that has an owner already").secret().by(CONNECT);

    setup_dir: Variable::new(Files, Value("/setup"), "/setup",
        "where the files go: the shared volume");
    setup_state_dir: Variable::new(Files, Words("`SETUP_DIR`"), "/state",
        "where `secrets.json` and `state.json` are kept; `embedded`, `combined`: must be set, and to another directory");
    setup_outputs: Variable::new(Files, Words("`setup.env,management.json,dashboard.env,relay.env`; `combined`: `config.yaml,dashboard.env`"),
        "management.json,dashboard.env=/dashboard",
        "which files to write, also `turnserver.conf` and `idp-seed-info`; `NAME=DIRECTORY` puts one into a directory of its own; `none`: none");
    setup_file_mode: Variable::new(Files, Value("0640"), "0644",
        "mode of every file written");
    setup_file_uid: Variable::new(Files, Unset, "1000",
        "numeric owner of every file written");
    setup_file_gid: Variable::new(Files, Unset, "1000",
        "numeric group of every file written");
    setup_management_discovery: Variable::new(Files, Value("auto"), "true",
        "`true`: NetBird's management fetches discovery at each start; `false`: it finds the endpoints in its file; `auto`: true if the public URL answers from here with a trusted certificate")
        .only(&[Standalone]).by("init, plan, check, watch");

    setup_timeout: Variable::new(Running, Value("15m"), "5m",
        "for the whole of `init`, `plan`, `connect`, and one cycle of `watch`; `check` takes at most 60 s");
    setup_auth_grace: Variable::new(Running, Value("5m"), "90s",
        "how long a rejected token is tried again after Authentik first answered");
    setup_request_timeout: Variable::new(Running, Value("30s"), "10s",
        "for one request");
    setup_allow_identity_change: Variable::new(Running, Value("false"), "true",
        "lets the sub mode or client id of an existing provider change, or a different Authentik take over: every NetBird user becomes a new user");
    setup_interval: Variable::new(Running, Value("5m"), "15m",
        "how often `watch` looks, a tenth more or less; at least 10 s").by("watch");
    setup_listen: Variable::new(Running, Unset, ":9191",
        "address on which `watch` serves a status page, `/healthz`, `/readyz` and `/metrics`").by("watch");
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
