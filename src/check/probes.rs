//! What only `check` asks: whether browsers may read Authentik's answers, and whether a device code is given.

use reqwest::{Method, header};

use super::drift::remedy;
use crate::authentik::answer::text_header;
use crate::authentik::oidc::Oidc;
use crate::authentik::transport::{Transport, Via};
use crate::authentik::trouble::Trouble;
use crate::verify::Check;

/// CORS, from the dashboard's origin, for what its script fetches.
///
/// # Errors
/// Any [`Trouble`] without an answer.
pub async fn cors(transport: &Transport, slug: &str, origin: &str) -> Result<Check, Trouble> {
    let discovery = Oidc::discovery_path(slug);
    let asked = [
        ("discovery", Method::GET, discovery.as_str()),
        ("token", Method::OPTIONS, "application/o/token/"),
        ("userinfo", Method::OPTIONS, "application/o/userinfo/"),
    ];
    let mut refused = Vec::new();
    for (name, method, path) in asked {
        let answer = transport.from_origin(method, Via::InternalAsPublic, path, origin).await?;
        let allowed = text_header(&answer.headers, header::ACCESS_CONTROL_ALLOW_ORIGIN);
        if !matches!(allowed, Some(allowed) if allowed == origin || allowed == "*") {
            refused.push(name);
        }
    }
    Ok(match refused.is_empty() {
        true => Check::pass("cors", format!("{origin} may read discovery, token and userinfo")),
        false => Check::fail(
            "cors",
            format!("{origin} may not read {}", refused.join(", ")),
            remedy("cors"),
        ),
    })
}

/// A device code, once: Authentik gives an address twenty an hour.
///
/// # Errors
/// Any [`Trouble`] without an answer.
pub async fn device(transport: &Transport, client_id: &str) -> Result<Check, Trouble> {
    const NAME: &str = "device-endpoint";
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", client_id)
        .append_pair("scope", "openid profile email offline_access")
        .finish();
    let answer = transport.form("application/o/device/", form).await?;
    Ok(match answer.status {
        200 => Check::pass(NAME, "gives device codes"),
        429 => {
            Check::skipped(NAME, "Authentik gives an address twenty codes an hour; try again later")
        }
        status => {
            let words = transport.words(&answer);
            Check::fail(NAME, format!("no device code, but {status}: {words}"), remedy(NAME))
        }
    })
}
