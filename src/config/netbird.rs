//! What is known about NetBird: where it is, what its services share, and what is passed on to it.

use std::collections::BTreeMap;

use super::parse;
use super::passed;
use super::reader::Reader;
use super::variables::Raw;
use crate::http::BaseUrl;
use crate::text::Secret;

/// What is known about NetBird.
#[derive(Clone, Debug)]
pub struct NetBird {
    /// `NETBIRD_DOMAIN`.
    pub domain: String,
    /// `NETBIRD_MGMT_API_ENDPOINT`.
    pub endpoint: BaseUrl,
    /// `NETBIRD_MGMT_IDP` is `authentik`.
    pub manage_users: bool,
    /// `NETBIRD_IDP_MGMT_EXTRA_USERNAME`.
    pub service_account: String,
    /// `AUTHENTIK_SERVICE_ACCOUNT_ROLE` is `viewer`.
    pub service_account_views_only: bool,
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
    /// Every other `NETBIRD_*` variable, as it is.
    pub passed: BTreeMap<String, String>,
}

impl NetBird {
    pub(super) fn read(
        raw: &Raw,
        passed: BTreeMap<String, String>,
        r: &mut Reader,
    ) -> Option<Self> {
        let domain = r.required(raw.netbird_domain(), parse::domain);
        let endpoint = r.opt(raw.netbird_mgmt_api_endpoint(), parse::origin);
        let of_domain = |domain: &String| parse::origin(&format!("https://{domain}")).ok();
        let endpoint = endpoint.or_else(|| of_domain(domain.as_ref()?));
        let idp = parse::choice(&[("none", false), ("authentik", true)]);
        let manage_users = r.value(raw.netbird_mgmt_idp(), idp);
        let role = parse::choice(&[("admin", false), ("viewer", true)]);
        let service_account_views_only = r.value(raw.authentik_service_account_role(), role);
        let service_account = r.value(raw.netbird_idp_mgmt_extra_username(), parse::name);
        let service_account_password =
            r.opt(raw.netbird_idp_mgmt_extra_password(), parse::shared_secret);
        let datastore_key = r.opt(raw.netbird_datastore_enc_key(), parse::datastore_key);
        let relay_secret = r.opt(raw.netbird_relay_auth_secret(), parse::shared_secret);
        let turn_password = r.opt(raw.turn_password(), parse::shared_secret);
        let pkce_ports = passed::pkce_ports(&passed, r);
        r.problems.extend(passed::problems(&passed));
        Some(Self {
            domain: domain?,
            endpoint: endpoint?,
            manage_users: manage_users?,
            service_account: service_account?,
            service_account_views_only: service_account_views_only?,
            service_account_password,
            datastore_key,
            relay_secret,
            turn_password,
            pkce_ports: pkce_ports?,
            passed,
        })
    }
}
