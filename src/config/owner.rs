//! The local login of NetBird's owner, where NetBird issues its own tokens.

use super::parse;
use super::reader::Reader;
use super::setting::Setting;
use super::variables::Raw;
use crate::text::Secret;

/// The owner's login, and who else may log in without Authentik.
#[derive(Clone, Debug)]
pub struct Owner {
    /// `SETUP_OWNER_EMAIL`.
    pub email: Setting<String>,
    /// `SETUP_OWNER_PASSWORD`.
    pub password: Option<Secret>,
    /// `SETUP_LOCAL_AUTH`.
    pub local_auth: Setting<bool>,
}

impl Owner {
    pub(super) fn read(raw: &Raw, domain: Option<&str>, r: &mut Reader) -> Option<Self> {
        let email = r.opt(raw.setup_owner_email(), parse::email);
        let password = r.opt(raw.setup_owner_password(), parse::owner_password);
        let local_auth = r.setting(raw.setup_local_auth(), parse::boolean);
        let email = Setting::or(email, format!("owner@{}", domain?));
        Some(Self { email, password, local_auth: local_auth? })
    }
}
