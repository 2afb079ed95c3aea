//! What only `check` asks: whether browsers may read Authentik's answers, and whether a device code is given.

use reqwest::{Method, header};

use crate::authentik::oidc::Oidc;
use crate::authentik::{Server, Via};
use crate::http::Trouble;
use crate::http::answer::text_header;
use crate::proof::{Check, CheckId};

/// CORS, from the dashboard's origin, for what its script fetches.
///
/// # Errors
/// Any [`Trouble`] without an answer.
pub async fn cors(server: &Server, slug: &str, origin: &str) -> Result<Check, Trouble> {
    let discovery = Oidc::discovery_path(slug);
    let asked = [
        ("discovery", Method::GET, discovery.as_str()),
        ("token", Method::OPTIONS, "application/o/token/"),
        ("userinfo", Method::OPTIONS, "application/o/userinfo/"),
    ];
    let mut refused = Vec::new();
    for (name, method, path) in asked {
        let answer = server.from_origin(method, Via::InternalAsPublic, path, origin).await?;
        let allowed = text_header(&answer.headers, header::ACCESS_CONTROL_ALLOW_ORIGIN);
        if !matches!(allowed, Some(allowed) if allowed == origin || allowed == "*") {
            refused.push(name);
        }
    }
    Ok(match refused.is_empty() {
        true => {
            Check::pass(CheckId::Cors, format!("{origin} may read discovery, token and userinfo"))
        }
        false => {
            Check::failed(CheckId::Cors, format!("{origin} may not read {}", refused.join(", ")))
        }
    })
}

/// A device code, once: Authentik gives an address twenty an hour.
///
/// # Errors
/// Any [`Trouble`] without an answer.
pub async fn device(server: &Server, client_id: &str, scope: &str) -> Result<Check, Trouble> {
    const ID: CheckId = CheckId::DeviceEndpoint;
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", client_id)
        .append_pair("scope", scope)
        .finish();
    let answer = server.form("application/o/device/", form).await?;
    Ok(match answer.status {
        200 => Check::pass(ID, "gives device codes"),
        429 => {
            Check::skipped(ID, "Authentik gives an address twenty codes an hour; try again later")
        }
        status => {
            let words = answer.words();
            Check::failed(ID, format!("no device code, but {status}: {words}"))
        }
    })
}
