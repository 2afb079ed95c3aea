//! Which web pages may call: those of the provider's redirect URIs. Preflights are answered to everybody.

use serde_json::Value;

use crate::call::Call;
use crate::http::reply::Reply;

/// Scheme, host and port of a URL.
pub(crate) fn origin(url: &str) -> Option<&str> {
    let start = url.find("://")? + 3;
    let end = url[start..].find('/').map_or(url.len(), |slash| start + slash);
    Some(&url[..end])
}

/// The answer with the headers this origin gets.
pub(crate) fn allow(reply: Reply, call: &Call, provider: Option<&Value>) -> Reply {
    let Some(asked) = call.header("origin") else {
        return reply;
    };
    let preflight = call.method == "OPTIONS";
    let entries = provider
        .and_then(|provider| provider["redirect_uris"].as_array())
        .cloned()
        .unwrap_or_default();
    let registered =
        entries.iter().any(|entry| entry["url"].as_str().and_then(origin) == Some(asked));
    if !registered && !preflight {
        return reply;
    }
    let reply = reply
        .with("Access-Control-Allow-Origin", asked)
        .with("Access-Control-Allow-Credentials", "true");
    if preflight { reply.with("Access-Control-Allow-Methods", "GET, POST, OPTIONS") } else { reply }
}
