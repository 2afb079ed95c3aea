//! Configuration from the environment alone: all errors at once, each by its variable's name, with what
//! was found and what would be right, and never with a secret's value.

mod netbird;
pub mod parse;
mod problem;
mod source;
mod types;
pub mod variables;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

pub use problem::{Problem, tell};
pub use types::*;

use crate::http::tls;
use crate::log;
use parse::Wanted;
use problem::Reader;

/// What reading the environment comes to.
#[derive(Debug)]
pub struct Loaded {
    /// How to log, usable even if the rest is wrong.
    pub log: log::Settings,
    /// The configuration, or everything that is wrong with it.
    pub config: Result<Config, Vec<Problem>>,
    /// Remarks that do not stop the run: names that nobody knows.
    pub warnings: Vec<String>,
}

/// Reads the configuration from environment variables (`std::env::vars_os()`, or a test's own).
pub fn load(vars: impl IntoIterator<Item = (OsString, OsString)>) -> Loaded {
    let source::Prepared { raw, passed, unknown, problems } = source::prepare(vars);
    let mut r = Reader { problems };

    let warnings = unknown
        .iter()
        .map(|name| match variables::nearest(name) {
            Some(known) => {
                format!("{name} is not a variable of this program; did you mean {known}?")
            }
            None => format!("{name} is not a variable of this program"),
        })
        .collect();

    let json =
        r.choice("SETUP_LOG_FORMAT", raw.setup_log_format, &[("text", false), ("json", true)]);
    let filter = r.opt("SETUP_LOG", raw.setup_log, parse::log_filter);
    let log = log::Settings {
        json: json.unwrap_or(false),
        filter: filter.unwrap_or_else(|| "info".to_owned()),
    };

    let internal = r.required(
        "AUTHENTIK_HOST",
        raw.authentik_host,
        parse::authentik_url,
        "Authentik's URL as seen from this container, such as http://authentik-server:9000",
    );
    let public = r.opt("AUTHENTIK_HOST_BROWSER", raw.authentik_host_browser, parse::authentik_url);
    let token = r.required(
        "AUTHENTIK_TOKEN",
        raw.authentik_token,
        parse::token,
        "an API token (or AUTHENTIK_TOKEN_FILE, a path), such as the value of AUTHENTIK_BOOTSTRAP_TOKEN",
    );
    let domain = r.required(
        "NETBIRD_DOMAIN",
        raw.netbird_domain,
        parse::domain,
        "NetBird's public name, such as netbird.example.com",
    );
    let ca_pem = r.opt("AUTHENTIK_CA_FILE", raw.authentik_ca_file, |path| {
        let pem =
            std::fs::read(path).map_err(|e| format!("the path of a readable PEM file ({e})"))?;
        tls::check_pem(&pem).map_err(|e| format!("a PEM file with certificates ({e})"))?;
        Ok(pem)
    });
    let insecure = r.opt("AUTHENTIK_INSECURE", raw.authentik_insecure, parse::boolean);
    let proxy_from_env = r.choice("SETUP_PROXY", raw.setup_proxy, &[("env", true)]);
    let request_timeout =
        r.opt("SETUP_REQUEST_TIMEOUT", raw.setup_request_timeout, parse::positive_duration);

    let slug = r
        .opt("AUTHENTIK_APPLICATION_SLUG", raw.authentik_application_slug, parse::application_slug)
        .unwrap_or_else(|| "netbird".to_owned());
    let client_id = r.opt("NETBIRD_AUTH_CLIENT_ID", raw.netbird_auth_client_id, parse::client_id);
    let sub_modes =
        ["user_id", "user_uuid", "user_username", "user_email", "user_upn", "hashed_user_id"];
    let wishes = Wishes {
        application_name: Setting::or(
            r.opt("AUTHENTIK_APPLICATION_NAME", raw.authentik_application_name, parse::name),
            "NetBird".to_owned(),
        ),
        provider_name: Setting::or(
            r.opt("AUTHENTIK_PROVIDER_NAME", raw.authentik_provider_name, parse::name),
            "NetBird".to_owned(),
        ),
        client_id: Setting::or(client_id, slug.clone()),
        authorization_flow: Setting::or(
            r.opt("AUTHENTIK_AUTHORIZATION_FLOW", raw.authentik_authorization_flow, parse::slug),
            "default-provider-authorization-explicit-consent".to_owned(),
        ),
        invalidation_flow: Setting::or(
            r.opt("AUTHENTIK_INVALIDATION_FLOW", raw.authentik_invalidation_flow, parse::slug),
            "default-provider-invalidation-flow".to_owned(),
        ),
        signing_key: Setting::or(
            r.opt("AUTHENTIK_SIGNING_KEY", raw.authentik_signing_key, parse::name),
            "authentik Self-signed Certificate".to_owned(),
        ),
        sub_mode: Setting::or(
            r.choice("AUTHENTIK_SUB_MODE", raw.authentik_sub_mode, &sub_modes.map(|m| (m, m)))
                .map(str::to_owned),
            "user_id".to_owned(),
        ),
        redirect_uris: r
            .opt("AUTHENTIK_REDIRECT_URIS", raw.authentik_redirect_uris, |text| {
                parse::list(text).iter().map(|uri| parse::redirect(uri)).collect()
            })
            .unwrap_or_default(),
        access_groups: r
            .opt("AUTHENTIK_ACCESS_GROUPS", raw.authentik_access_groups, |text| {
                parse::list(text).iter().map(|group| parse::name(group)).collect()
            })
            .unwrap_or_default(),
        device_code_flow: match r.opt(
            "AUTHENTIK_DEVICE_CODE_FLOW",
            raw.authentik_device_code_flow,
            parse::slug,
        ) {
            Some(flow) if flow == "none" => None,
            Some(flow) => Some(flow),
            None => Some("default-device-code-flow".to_owned()),
        },
        allow_identity_change: r
            .opt("SETUP_ALLOW_IDENTITY_CHANGE", raw.setup_allow_identity_change, parse::boolean)
            .unwrap_or(false),
        slug,
    };

    let endpoint = r.opt("NETBIRD_MGMT_API_ENDPOINT", raw.netbird_mgmt_api_endpoint, parse::origin);
    let endpoint =
        endpoint.or_else(|| parse::origin(&format!("https://{}", domain.as_deref()?)).ok());
    let idp =
        r.choice("NETBIRD_MGMT_IDP", raw.netbird_mgmt_idp, &[("none", false), ("authentik", true)]);
    if idp == Some(true)
        && let Some(mode) = wishes.sub_mode.wish().filter(|mode| *mode != "user_id")
    {
        let wanted =
            "user_id with NETBIRD_MGMT_IDP=authentik: NetBird looks users up by their number";
        r.problems.push(Problem::new("AUTHENTIK_SUB_MODE", Some(mode), wanted));
    }
    let role = r.choice(
        "AUTHENTIK_SERVICE_ACCOUNT_ROLE",
        raw.authentik_service_account_role,
        &[("admin", false), ("viewer", true)],
    );
    let username =
        r.opt("NETBIRD_IDP_MGMT_EXTRA_USERNAME", raw.netbird_idp_mgmt_extra_username, parse::name);
    let password = r.opt(
        "NETBIRD_IDP_MGMT_EXTRA_PASSWORD",
        raw.netbird_idp_mgmt_extra_password,
        parse::shared_secret,
    );
    let datastore_key =
        r.opt("NETBIRD_DATASTORE_ENC_KEY", raw.netbird_datastore_enc_key, parse::datastore_key);
    let relay_secret =
        r.opt("NETBIRD_RELAY_AUTH_SECRET", raw.netbird_relay_auth_secret, parse::shared_secret);
    let turn_password = r.opt("TURN_PASSWORD", raw.turn_password, parse::shared_secret);
    let pkce_ports = passed
        .get("NETBIRD_AUTH_PKCE_REDIRECT_URL_PORTS")
        .cloned()
        .and_then(|text| r.opt("NETBIRD_AUTH_PKCE_REDIRECT_URL_PORTS", Some(text), parse::ports))
        .unwrap_or_else(|| vec![netbird::DEFAULT_PKCE_PORT]);
    r.problems.extend(netbird::problems(&passed));

    let dir = raw.setup_dir.map_or_else(|| PathBuf::from(DEFAULT_DIR), PathBuf::from);
    let files = Files {
        state_dir: raw.setup_state_dir.map_or_else(|| dir.clone(), PathBuf::from),
        outputs: r
            .opt("SETUP_OUTPUTS", raw.setup_outputs, outputs)
            .unwrap_or_else(|| Output::ALL[..4].to_vec()),
        mode: r.opt("SETUP_FILE_MODE", raw.setup_file_mode, parse::mode).unwrap_or(0o640),
        uid: r.opt("SETUP_FILE_UID", raw.setup_file_uid, parse::id),
        gid: r.opt("SETUP_FILE_GID", raw.setup_file_gid, parse::id),
        management_discovery: r
            .choice(
                "SETUP_MANAGEMENT_DISCOVERY",
                raw.setup_management_discovery,
                &[
                    ("auto", ManagementDiscovery::Auto),
                    ("true", ManagementDiscovery::Always),
                    ("false", ManagementDiscovery::Never),
                ],
            )
            .unwrap_or(ManagementDiscovery::Auto),
        dir,
    };

    let minutes = |m: u64| Duration::from_secs(m * 60);
    let timing = Timing {
        timeout: r
            .opt("SETUP_TIMEOUT", raw.setup_timeout, parse::positive_duration)
            .unwrap_or(DEFAULT_TIMEOUT),
        auth_grace: r
            .opt("SETUP_AUTH_GRACE", raw.setup_auth_grace, parse::duration)
            .unwrap_or(minutes(5)),
        interval: r
            .opt("SETUP_INTERVAL", raw.setup_interval, parse::positive_duration)
            .unwrap_or(minutes(5)),
    };
    let listen = r.opt("SETUP_LISTEN", raw.setup_listen, parse::listen);

    let config = match (internal, token, domain, endpoint) {
        (Some(internal), Some(token), Some(domain), Some(endpoint)) if r.problems.is_empty() => {
            Ok(Config {
                connection: Connection {
                    public: public.unwrap_or_else(|| internal.clone()),
                    internal,
                    token,
                    tls: tls::Settings {
                        insecure: insecure.unwrap_or(false),
                        extra_roots: ca_pem,
                        proxy_from_env: proxy_from_env.unwrap_or(false),
                        request_timeout: request_timeout.unwrap_or(Duration::from_secs(30)),
                    },
                },
                wishes,
                netbird: NetBird {
                    endpoint,
                    domain,
                    manage_users: idp.unwrap_or(false),
                    service_account: username.unwrap_or_else(|| "Netbird".to_owned()),
                    service_account_views_only: role,
                    service_account_password: password,
                    datastore_key,
                    relay_secret,
                    turn_password,
                    pkce_ports,
                    passed,
                },
                files,
                timing,
                listen,
            })
        }
        _ => Err(r.problems),
    };
    Loaded { log, config, warnings }
}

/// `SETUP_STATE_DIR`, or `SETUP_DIR` in its place: all that a health check needs to know.
pub fn state_dir(vars: impl IntoIterator<Item = (OsString, OsString)>) -> PathBuf {
    // Not by reading everything: the health check must answer while a secret's disk hangs.
    let set = vars.into_iter().filter(|(_, value)| !value.is_empty());
    let set: BTreeMap<OsString, OsString> = set.collect();
    let find = |name: &str| set.get(OsStr::new(name));
    find("SETUP_STATE_DIR").or_else(|| find("SETUP_DIR")).map_or(DEFAULT_DIR.into(), PathBuf::from)
}

/// `SETUP_TIMEOUT` alone, read before everything else: it bounds the reading of the rest. A wrong value is reported
/// with the other problems.
pub fn timeout(vars: &[(OsString, OsString)]) -> Duration {
    let set = vars.iter().find(|(name, value)| name == "SETUP_TIMEOUT" && !value.is_empty());
    let parsed = set.and_then(|(_, value)| parse::positive_duration(value.to_str()?).ok());
    parsed.unwrap_or(DEFAULT_TIMEOUT)
}

/// Of `SETUP_TIMEOUT`.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(15 * 60);

/// Where the image has a directory for it.
const DEFAULT_DIR: &str = "/setup";

/// The files of `SETUP_OUTPUTS`, each once, `setup.env` last: it is published when all others are there.
fn outputs(text: &str) -> Result<Vec<Output>, Wanted> {
    let mut outputs: Vec<Output> = Vec::new();
    for name in parse::list(text) {
        match Output::ALL.into_iter().find(|o| o.file_name() == name) {
            Some(output) if !outputs.contains(&output) => outputs.push(output),
            Some(_) => {}
            None => {
                let known: Vec<&str> = Output::ALL.iter().map(|o| o.file_name()).collect();
                return Err(format!("file names out of: {}", known.join(", ")));
            }
        }
    }
    if outputs.is_empty() {
        return Err("at least one file name".into());
    }
    Ok(outputs)
}
