//! Keys of providers that are no OAuth2 providers of their own. Proxy and LDAP providers show what the published schemas
//! say; a SAML provider shows too little to be used, since here it only is in the way of a name.

use crate::release::{before, since};
use crate::shapes::{Key, all};

pub(crate) static PROXY_TAIL: &[Key] = &[
    all("client_id"),
    all("internal_host"),
    all("external_host"),
    all("internal_host_ssl_validation"),
    all("certificate"),
    all("skip_path_regex"),
    all("basic_auth_enabled"),
    all("basic_auth_password_attribute"),
    all("basic_auth_user_attribute"),
    all("mode"),
    ("intercept_header_auth", since(2023, 4)),
    all("redirect_uris"),
    all("cookie_domain"),
    ("jwks_sources", before(2024, 12)),
    ("jwt_federation_sources", since(2024, 12)),
    ("jwt_federation_providers", since(2024, 12)),
    ("access_token_validity", since(2023, 2)),
    ("refresh_token_validity", since(2023, 2)),
    all("outpost_set"),
];

pub(crate) static LDAP_TAIL: &[Key] = &[
    all("base_dn"),
    all("certificate"),
    all("tls_server_name"),
    all("uid_start_number"),
    all("gid_start_number"),
    all("outpost_set"),
    all("search_mode"),
    all("bind_mode"),
    ("mfa_support", since(2023, 5)),
];

pub(crate) static SAML_TAIL: &[Key] = &[all("acs_url"), all("audience")];
