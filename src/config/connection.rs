//! How Authentik is reached.

use std::path::Path;

use super::parse;
use super::reader::Reader;
use super::variables::Raw;
use crate::files::read;
use crate::http::{BaseUrl, tls};
use crate::text::Secret;

/// How to reach Authentik.
#[derive(Clone, Debug)]
pub struct Connection {
    /// `AUTHENTIK_HOST`.
    pub internal: BaseUrl,
    /// `AUTHENTIK_HOST_BROWSER`.
    pub public: BaseUrl,
    /// Whether that was set.
    pub public_is_chosen: bool,
    /// `SETUP_AUTHENTIK_INTERNAL`: NetBird reaches Authentik at the former, browsers at the latter.
    pub is_inside: bool,
    /// `AUTHENTIK_TOKEN`.
    pub token: Secret,
    /// `AUTHENTIK_CA_FILE`, `AUTHENTIK_INSECURE`, `SETUP_PROXY` and `SETUP_REQUEST_TIMEOUT`.
    pub tls: tls::Settings,
}

impl Connection {
    /// Whether certificates are accepted that NetBird's containers would not accept.
    pub fn is_lenient(&self) -> bool {
        self.tls.extra_roots.is_some() || self.tls.insecure
    }

    pub(super) fn read(raw: &Raw, r: &mut Reader) -> Option<Self> {
        let internal = r.required(raw.authentik_host(), parse::authentik_url);
        let public = r.opt(raw.authentik_host_browser(), parse::authentik_url);
        let token = r.required(raw.authentik_token(), parse::token);
        let insecure = r.value(raw.authentik_insecure(), parse::boolean);
        let extra_roots = r.opt(raw.authentik_ca_file(), ca_file);
        let proxy_from_env = r.opt(raw.setup_proxy(), parse::choice(&[("env", true)]));
        let request_timeout = r.value(raw.setup_request_timeout(), parse::positive_duration);
        let is_inside = r.value(raw.setup_authentik_internal(), parse::boolean);
        let internal = internal?;
        Some(Self {
            public_is_chosen: public.is_some(),
            is_inside: is_inside?,
            public: public.unwrap_or_else(|| internal.clone()),
            internal,
            token: token?,
            tls: tls::Settings {
                insecure: insecure?,
                extra_roots,
                proxy_from_env: proxy_from_env.unwrap_or(false),
                request_timeout: request_timeout?,
            },
        })
    }
}

fn ca_file(path: &str) -> Result<Vec<u8>, parse::Wanted> {
    let wanted = |why| format!("the path of a readable PEM file ({why})");
    let pem = read::given(Path::new(path)).map_err(wanted)?;
    tls::check_pem(&pem).map_err(|e| format!("a PEM file with certificates ({e})"))?;
    Ok(pem)
}
