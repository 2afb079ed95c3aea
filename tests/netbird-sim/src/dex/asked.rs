//! What an authorization request asks for, and whether its client may ask it.

use authentik_sim::plumbing::{Reply, encode, pairs};

use crate::dex::pages::{error, redirect};
use crate::dex::{CLIENTS, Ctx};
use crate::provider::Request;

/// The parameters, sorted by name as Go writes them.
#[derive(Clone, Debug)]
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Of a query, or of a form.
    pub(crate) fn read(ctx: &Ctx<'_>) -> Self {
        let mut all = pairs(&ctx.call.query);
        if ctx.call.method == "POST" {
            all.extend(pairs(&String::from_utf8_lossy(&ctx.call.body)));
        }
        all.sort_by(|one, other| one.0.cmp(&other.0));
        Self(all)
    }

    /// The first value of a parameter, or nothing.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// The same without one.
    pub(crate) fn without(&self, name: &str) -> Self {
        Self(self.0.iter().filter(|(key, _)| key != name).cloned().collect())
    }

    /// The same with one set.
    pub(crate) fn with(&self, name: &str, value: &str) -> Self {
        let mut all = self.without(name).0;
        all.push((name.to_owned(), value.to_owned()));
        all.sort_by(|one, other| one.0.cmp(&other.0));
        Self(all)
    }

    /// As a query.
    pub(crate) fn query(&self) -> String {
        let pairs = self.0.iter().map(|(key, value)| format!("{}={}", encode(key), encode(value)));
        pairs.collect::<Vec<String>>().join("&")
    }
}

/// Where a client may be sent back to.
fn registered(ctx: &Ctx<'_>, uri: &str) -> bool {
    let embedded = ctx.embedded;
    let own = embedded.cli_redirects.iter().chain(&embedded.dashboard_redirects);
    let base = embedded.issuer.strip_suffix("/oauth2").unwrap_or(&embedded.issuer);
    let more = [
        "/device/callback".to_owned(),
        ctx.path("/device/callback"),
        ctx.url("/device/callback"),
        format!("{base}/api/reverse-proxy/callback"),
    ];
    own.chain(&more).any(|known| known == uri)
}

/// The request, or the page or redirection that refuses it.
pub(crate) fn request(ctx: &Ctx<'_>, parameters: &Parameters) -> Result<Request, Reply> {
    let get = |name: &str| parameters.get(name).to_owned();
    if !CLIENTS.contains(&parameters.get("client_id")) {
        return Err(error(400, "Invalid client_id provided."));
    }
    if !registered(ctx, parameters.get("redirect_uri")) {
        return Err(error(400, "Unregistered redirect_uri."));
    }
    let method = match parameters.get("code_challenge_method") {
        "" => "plain",
        other => other,
    };
    let challenge =
        (!get("code_challenge").is_empty()).then(|| (get("code_challenge"), method.to_owned()));
    let request = Request {
        client_id: get("client_id"),
        redirect_uri: get("redirect_uri"),
        scopes: get("scope").split_whitespace().map(str::to_owned).collect(),
        state: get("state"),
        nonce: get("nonce"),
        challenge,
        connector: String::new(),
        verifier: String::new(),
    };
    if parameters.get("response_type") != "code" {
        return Err(refusal(
            ctx,
            &request,
            "unsupported_response_type",
            "Unsupported response type",
        ));
    }
    if !matches!(method, "plain" | "S256") {
        let what = "Unsupported PKCE challenge method";
        return Err(refusal(ctx, &request, "invalid_request", what));
    }
    if !request.scopes.iter().any(|scope| scope == "openid") {
        let what = "Missing required scope(s) [\"openid\"].";
        return Err(refusal(ctx, &request, "invalid_scope", what));
    }
    Ok(request)
}

/// Back to the client, with what it is to know.
pub(crate) fn back(ctx: &Ctx<'_>, request: &Request, fields: &[(&str, &str)]) -> Reply {
    let joint = if request.redirect_uri.contains('?') { '&' } else { '?' };
    let fields = fields.iter().copied().chain([("state", request.state.as_str())]);
    let pairs: Vec<String> =
        fields.map(|(key, value)| format!("{key}={}", encode(value))).collect();
    let location = format!("{}{joint}{}", request.redirect_uri, pairs.join("&"));
    redirect(&ctx.call.method, 303, &location)
}

/// Back to the client with an error.
pub(crate) fn refusal(ctx: &Ctx<'_>, request: &Request, error: &str, text: &str) -> Reply {
    back(ctx, request, &[("error", error), ("error_description", text)])
}
