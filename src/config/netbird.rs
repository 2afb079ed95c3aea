//! What is known about NetBird: where it is, what its services share, and what is passed on to it.

use std::collections::BTreeMap;

use super::kind::Kind;
use super::parse;
use super::passed;
use super::reader::Reader;
use super::services::Services;
use super::variables::Raw;
use crate::http::BaseUrl;
use crate::text::Secret;

/// What NetBird's service account in Authentik may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountRole {
    /// Everything: it is an administrator.
    Admin,
    /// View users, and nothing else.
    Viewer,
}

/// What is known about NetBird.
#[derive(Clone, Debug)]
pub struct NetBird {
    /// `NETBIRD_DOMAIN`.
    pub domain: String,
    /// `NETBIRD_MGMT_API_ENDPOINT`.
    pub endpoint: BaseUrl,
    /// Where its other services are.
    pub services: Services,
    /// `NETBIRD_MGMT_IDP`: whether NetBird lists Authentik's users; nothing where it is not set, and what is there stays.
    pub user_list: Option<bool>,
    /// `NETBIRD_IDP_MGMT_EXTRA_USERNAME`.
    pub service_account: String,
    /// `AUTHENTIK_SERVICE_ACCOUNT_ROLE`; nothing where it is not set.
    pub service_account_role: Option<AccountRole>,
    /// `NETBIRD_IDP_MGMT_EXTRA_PASSWORD`.
    pub service_account_password: Option<Secret>,
    /// `NETBIRD_DATASTORE_ENC_KEY`.
    pub datastore_key: Option<Secret>,
    /// `NETBIRD_RELAY_AUTH_SECRET`.
    pub relay_secret: Option<Secret>,
    /// `TURN_PASSWORD`.
    pub turn_password: Option<Secret>,
    /// Ports of `NETBIRD_AUTH_PKCE_REDIRECT_URL_PORTS`, on which clients wait for a login.
    pub pkce_ports: Vec<u16>,
    /// `SETUP_TRUSTED_PROXIES`: networks, each with the length of its prefix.
    pub trusted_proxies: Vec<String>,
    /// Every `NETBIRD_*` variable that is not declared, as it is, and the services' that `configure.sh` knows.
    pub passed: BTreeMap<String, String>,
}

impl NetBird {
    /// Whether NetBird lists Authentik's users.
    pub fn lists_users(&self) -> bool {
        self.user_list == Some(true)
    }

    pub(super) fn read(
        raw: &Raw,
        mut passed: BTreeMap<String, String>,
        kind: Kind,
        r: &mut Reader,
    ) -> Option<Self> {
        let domain = r.required(raw.netbird_domain(), parse::domain);
        let endpoint = r.opt(raw.netbird_mgmt_api_endpoint(), parse::origin);
        let of_domain = |domain: &String| parse::origin(&format!("https://{domain}")).ok();
        let endpoint = endpoint.or_else(|| of_domain(domain.as_ref()?));
        let idp = parse::choice(&[("none", false), ("authentik", true)]);
        let user_list = r.opt(raw.netbird_mgmt_idp(), idp);
        let role = parse::choice(&[("admin", AccountRole::Admin), ("viewer", AccountRole::Viewer)]);
        let service_account_role = r.opt(raw.authentik_service_account_role(), role);
        let service_account = r.value(raw.netbird_idp_mgmt_extra_username(), parse::name);
        let service_account_password =
            r.opt(raw.netbird_idp_mgmt_extra_password(), parse::shared_secret);
        let datastore_key = r.opt(raw.netbird_datastore_enc_key(), parse::datastore_key);
        let relay_secret = r.opt(raw.netbird_relay_auth_secret(), parse::shared_secret);
        let turn_password = r.opt(raw.turn_password(), parse::shared_secret);
        let trusted_proxies = r.opt(raw.setup_trusted_proxies(), parse::each(parse::network));
        let pkce_ports = passed::pkce_ports(&passed, r);
        passed::examine(raw, &passed, user_list == Some(true), r);
        let services = Services::read(raw, &passed, endpoint.as_ref(), kind, r);
        if let Some(services) = &services {
            pass_on_services(raw, services, &mut passed);
        }
        Some(Self {
            domain: domain?,
            endpoint: endpoint?,
            services: services?,
            user_list,
            service_account: service_account?,
            service_account_role,
            service_account_password,
            datastore_key,
            relay_secret,
            turn_password,
            pkce_ports: pkce_ports?,
            trusted_proxies: trusted_proxies.unwrap_or_default(),
            passed,
        })
    }
}

/// `configure.sh` knows these too. It has one relay.
fn pass_on_services(raw: &Raw, services: &Services, passed: &mut BTreeMap<String, String>) {
    let given = [
        (raw.netbird_signal_endpoint(), raw.netbird_signal_endpoint().text),
        (raw.netbird_relay_endpoint(), services.relays.value.first().map(|r| r.address.as_str())),
        (raw.netbird_turn_domain(), services.turn_domain.as_deref()),
    ];
    for (variable, value) in given.into_iter().filter(|(variable, _)| variable.text.is_some()) {
        let name = variable.variable.name.to_owned();
        passed.extend(value.map(|value| (name, value.to_owned())));
    }
}
