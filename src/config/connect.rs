//! What `connect` is to do in NetBird, and how it reaches it.

use super::kind::Kind;
use super::parse::{self, RoleGroup};
use super::reader::Reader;
use super::variables::Raw;
use crate::http::BaseUrl;
use crate::text::Secret;

/// How NetBird's API is reached and what is to be enforced there. What is nothing is left alone.
#[derive(Clone, Debug)]
pub struct Connect {
    /// `NB_MANAGEMENT_URL`.
    pub url: BaseUrl,
    /// `NB_PAT`.
    pub token: Option<Secret>,
    /// `SETUP_ROLE_GROUPS`; the first match wins.
    pub role_groups: Vec<RoleGroup>,
    /// `SETUP_USER_APPROVAL`.
    pub user_approval: Option<bool>,
    /// `SETUP_JWT_GROUPS`.
    pub jwt_groups: Option<bool>,
    /// `SETUP_JWT_ALLOW_GROUPS`.
    pub jwt_allow_groups: Option<Vec<String>>,
}

impl Connect {
    pub(super) fn read(raw: &Raw, kind: Kind, r: &mut Reader) -> Option<Self> {
        let url = r.opt(raw.nb_management_url(), parse::base_url);
        let token = r.opt(raw.nb_pat(), parse::token);
        let role_groups = r.opt(raw.setup_role_groups(), parse::role_groups);
        let user_approval = r.opt(raw.setup_user_approval(), parse::boolean);
        let jwt_groups = r.opt(raw.setup_jwt_groups(), parse::boolean);
        let jwt_allow_groups = r.opt(raw.setup_jwt_allow_groups(), parse::each(parse::name));
        let default = match kind {
            Kind::Standalone | Kind::Embedded => "http://netbird-management",
            Kind::Combined => "http://netbird-server",
        };
        Some(Self {
            url: url.or_else(|| parse::base_url(default).ok())?,
            token,
            role_groups: role_groups.unwrap_or_default(),
            user_approval,
            jwt_groups,
            jwt_allow_groups,
        })
    }
}
