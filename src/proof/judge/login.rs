//! Whether a login gets through: what pages may read, what the authorize, token and device endpoints say.

use super::super::evidence::Readable;
use super::super::{Check, CheckId, Evidence, Subject};
use super::because;
use crate::authentik::oidc::{ClientVerdict, DeviceVerdict, Verdict};
use crate::http::Trouble;

const HEADER_DROPPED: &str = "Authentik allows it, and the proxy in front of it drops or changes the header \
    Access-Control-Allow-Origin: let it pass on Authentik's answers below /application/o/ as they are";

/// What scripts of a page may read.
pub fn cors(readable: &Readable) -> Check {
    const ID: CheckId = CheckId::Cors;
    let Readable { origin, discovery, beside, token } = readable;
    let may = |allowed: &Option<String>| {
        allowed.as_ref().is_some_and(|allowed| allowed == origin || allowed == "*")
    };
    if let Some(Err(trouble)) = token {
        return Check::unanswered(ID, trouble);
    }
    let token = token.as_ref().and_then(|answer| answer.as_ref().ok());
    let asked = [("discovery", discovery.as_ref()), ("token", token)];
    let asked: Vec<_> = asked.iter().filter_map(|(name, seen)| Some((*name, (*seen)?))).collect();
    let names = |of: Vec<&str>| of.join(" and ");
    let refused: Vec<&str> =
        asked.iter().filter(|(_, seen)| !may(seen)).map(|(name, _)| *name).collect();
    if asked.is_empty() {
        return Check::skipped(ID, format!("nothing was asked from {origin}"));
    }
    match refused.is_empty() {
        true => {
            let read = names(asked.iter().map(|(name, _)| *name).collect());
            Check::pass(ID, format!("{origin} may read {read}"))
        }
        false => {
            let detail = format!("{origin} may not read {}", names(refused.clone()));
            // Authentik judges both by the same list: what allows one and not the other stands in front of it.
            let allowed = refused.len() < asked.len() || beside.as_ref().is_some_and(may);
            match allowed {
                true => Check::fail(ID, detail, HEADER_DROPPED),
                false => Check::failed(ID, detail),
            }
        }
    }
}

/// What the authorize endpoint says.
pub fn authorize(uri: &str, verdict: &Result<Verdict, Trouble>) -> Check {
    const ID: CheckId = CheckId::Authorize;
    match verdict {
        Ok(Verdict::LoginRequired) => Check::pass(ID, format!("{uri} is accepted")),
        Ok(Verdict::Rejected) => Check::fail(
            ID,
            format!("the authorize endpoint refuses redirect URI {uri}"),
            "see the provider's redirect URIs in Authentik, and that NETBIRD_MGMT_API_ENDPOINT is the URL at \
             which people reach NetBird's dashboard",
        ),
        Ok(Verdict::Error(text)) => Check::fail(
            ID,
            format!("the authorize endpoint refuses a login from {uri}: {text}"),
            "see the provider's grant types and flows in Authentik, and Authentik's event log",
        ),
        Err(trouble) => Check::unanswered(ID, trouble),
    }
}

/// What the token endpoint says to a client that has a secret.
pub fn client_secret(verdict: &Result<ClientVerdict, Trouble>) -> Check {
    const ID: CheckId = CheckId::ClientSecret;
    match verdict {
        Ok(ClientVerdict::Known) => {
            Check::pass(ID, "the token endpoint knows the client by its secret")
        }
        Ok(ClientVerdict::Unknown) => Check::fail(
            ID,
            "the token endpoint refuses the client's secret or its redirect URI (invalid_client)",
            "see whether somebody changes the provider in Authentik at the same time, and run init again",
        ),
        Ok(ClientVerdict::Error(error)) => Check::fail(
            ID,
            format!("the token endpoint refuses the client: {error}"),
            "see that the provider in Authentik has the grant type authorization_code",
        ),
        Err(trouble) => Check::unanswered(ID, trouble),
    }
}

/// What the device endpoint says.
pub fn device(evidence: &Evidence, expected: &Subject<'_>) -> Check {
    const ID: CheckId = CheckId::DeviceEndpoint;
    if !expected.client.has_device_login() {
        return Check::skipped(ID, "device codes are given by NetBird's own provider");
    }
    match &evidence.device {
        None if evidence.wrong_public().is_some() => {
            Check::skipped(ID, because(CheckId::PublicUrl))
        }
        None if !evidence.nowhere.is_empty() => Check::skipped(ID, because(CheckId::Endpoints)),
        None if evidence.discovery().is_none() => Check::skipped(ID, because(CheckId::Discovery)),
        None => Check::skipped(ID, "nothing that it depends on has changed"),
        Some(Ok(DeviceVerdict::Granted)) => Check::pass(ID, "gives device codes"),
        Some(Ok(DeviceVerdict::Throttled)) => {
            Check::skipped(ID, "Authentik gives an address twenty codes an hour; try again later")
        }
        Some(Ok(DeviceVerdict::Refused(said))) => {
            Check::failed(ID, format!("no device code, but {said}"))
        }
        Some(Err(trouble)) => Check::unanswered(ID, trouble),
    }
}
