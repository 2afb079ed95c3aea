//! What Authentik is to hold.

use super::access::{Access, access};
use super::parse::{self, RedirectWish};
use super::reader::Reader;
use super::setting::Setting;
use super::variables::Raw;

/// What Authentik is to hold.
#[derive(Clone, Debug)]
pub struct Wishes {
    /// `AUTHENTIK_APPLICATION_SLUG`.
    pub slug: String,
    /// `AUTHENTIK_APPLICATION_NAME`.
    pub application_name: Setting<String>,
    /// `AUTHENTIK_PROVIDER_NAME`.
    pub provider_name: Setting<String>,
    /// `NETBIRD_AUTH_CLIENT_ID`.
    pub client_id: Setting<String>,
    /// `AUTHENTIK_AUTHORIZATION_FLOW`.
    pub authorization_flow: Setting<String>,
    /// `AUTHENTIK_INVALIDATION_FLOW`.
    pub invalidation_flow: Setting<String>,
    /// `AUTHENTIK_SIGNING_KEY`.
    pub signing_key: Setting<String>,
    /// `AUTHENTIK_SUB_MODE`.
    pub sub_mode: Setting<String>,
    /// `AUTHENTIK_REDIRECT_URIS`.
    pub redirect_uris: Vec<RedirectWish>,
    /// `AUTHENTIK_ACCESS_GROUPS`.
    pub access: Access,
    /// `AUTHENTIK_DEVICE_CODE_FLOW`; nothing when it is `none`.
    pub device_code_flow: Option<String>,
    /// Whether that was set.
    pub names_device_code_flow: bool,
    /// `SETUP_ALLOW_IDENTITY_CHANGE`.
    pub allow_identity_change: bool,
}

/// What `AUTHENTIK_SUB_MODE` can be.
const SUB_MODES: [&str; 6] =
    ["user_id", "user_uuid", "user_username", "user_email", "user_upn", "hashed_user_id"];

impl Wishes {
    pub(super) fn read(raw: &Raw, r: &mut Reader) -> Option<Self> {
        let slug = r.value(raw.authentik_application_slug(), parse::application_slug);
        let application_name = r.setting(raw.authentik_application_name(), parse::name);
        let provider_name = r.setting(raw.authentik_provider_name(), parse::name);
        let client_id = r.opt(raw.netbird_auth_client_id(), parse::client_id);
        let authorization_flow = r.setting(raw.authentik_authorization_flow(), parse::slug);
        let invalidation_flow = r.setting(raw.authentik_invalidation_flow(), parse::slug);
        let signing_key = r.setting(raw.authentik_signing_key(), parse::name);
        let sub_mode = r.setting(raw.authentik_sub_mode(), parse::word(&SUB_MODES));
        let redirect_uris = r.opt(raw.authentik_redirect_uris(), parse::redirects);
        let redirect_uris = redirect_uris.unwrap_or_default();
        for wish in redirect_uris.iter().filter(|wish| wish.looks_like_a_pattern()) {
            r.warnings.push(format!(
                "AUTHENTIK_REDIRECT_URIS: {} looks like a pattern and is compared letter by letter: put regex: in \
                 front of it",
                wish.url.escape_debug()
            ));
        }
        let access = r.opt(raw.authentik_access_groups(), access);
        let device_code_flow = r.setting(raw.authentik_device_code_flow(), parse::slug);
        let allow_identity_change = r.value(raw.setup_allow_identity_change(), parse::boolean);
        let (slug, device_code_flow) = (slug?, device_code_flow?);
        Some(Self {
            client_id: Setting::or(client_id, slug.clone()),
            slug,
            application_name: application_name?,
            provider_name: provider_name?,
            authorization_flow: authorization_flow?,
            invalidation_flow: invalidation_flow?,
            signing_key: signing_key?,
            sub_mode: sub_mode?,
            redirect_uris,
            access: access.unwrap_or(Access::Unset),
            names_device_code_flow: device_code_flow.chosen,
            device_code_flow: Some(device_code_flow.value).filter(|flow| flow != "none"),
            allow_identity_change: allow_identity_change?,
        })
    }
}
