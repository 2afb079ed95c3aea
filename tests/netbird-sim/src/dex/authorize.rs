//! The authorization endpoint: which connector, and the way into it.

use authentik_sim::plumbing::{Reply, encode};

use crate::config::Connector;
use crate::dex::asked::{Parameters, refusal, request};
use crate::dex::connector::{Opened, opened};
use crate::dex::pages::{choice, error, redirect};
use crate::dex::{Ctx, session};
use crate::ids;
use crate::provider::Request;
use crate::world::lock;

/// Without a connector in the path: the one that was asked for, the only one, the one of the session, or a page.
pub(crate) fn choose(ctx: &Ctx<'_>) -> Reply {
    let parameters = Parameters::read(ctx);
    if let Err(reply) = request(ctx, &parameters) {
        return reply;
    }
    let wanted = parameters.get("connector_id").to_owned();
    let parameters = parameters.without("connector_id");
    let way = |id: &str| ctx.path(&format!("/auth/{}?{}", encode(id), parameters.query()));
    let go = |id: &str| redirect(&ctx.call.method, 302, &way(id));
    let connectors = lock(&ctx.world.state).idp.connectors.clone();
    let known = |id: &str| connectors.iter().any(|connector| connector.id == id);
    if !wanted.is_empty() {
        return if known(&wanted) {
            go(&wanted)
        } else {
            error(400, "Connector ID does not match a valid Connector")
        };
    }
    if let [only] = connectors.as_slice() {
        return go(&only.id);
    }
    let asks = parameters.get("prompt").split(' ').any(|p| matches!(p, "login" | "select_account"));
    if let Some(session) =
        session::current(ctx).filter(|session| !asks && known(&session.connector))
    {
        return go(&session.connector);
    }
    let button = |connector: &Connector| (connector.name.clone(), way(&connector.id));
    choice(&connectors.iter().map(button).collect::<Vec<_>>())
}

/// Into a connector.
pub(crate) async fn enter(ctx: &Ctx<'_>, id: &str) -> Reply {
    let parameters = Parameters::read(ctx);
    let mut asked = match request(ctx, &parameters) {
        Ok(asked) => asked,
        Err(reply) => return reply,
    };
    let (connector, count) = {
        let state = lock(&ctx.world.state);
        (state.idp.connector(id).cloned(), state.idp.connectors.len())
    };
    let Some(connector) = connector else {
        ctx.world.log("ERRO", format!("server: Failed to get connector: connector {id} not found"));
        return error(400, "Connector failed to initialize");
    };
    asked.connector.clone_from(&connector.id);
    let prompts: Vec<&str> = parameters.get("prompt").split(' ').collect();
    let session = session::current(ctx).filter(|session| session.connector == id);
    let opened = if connector.kind == "local" {
        None
    } else {
        match opened(ctx.world, ctx.process, &connector).await {
            Ok(opened) => Some(opened),
            Err(why) => {
                ctx.world.log("ERRO", format!("server: Failed to get connector: {why}"));
                return error(400, "Connector failed to initialize");
            }
        }
    };
    match session {
        Some(session) if !prompts.contains(&"login") && !prompts.contains(&"select_account") => {
            return session::grant(ctx, asked, session.identity, session.at);
        }
        None if prompts.contains(&"none") => {
            return refusal(ctx, &asked, "login_required", "User not authenticated");
        }
        _ => {}
    }
    match opened {
        None => to_form(ctx, asked, &parameters, count),
        Some(opened) => to_issuer(ctx, asked, &opened),
    }
}

fn remember(ctx: &Ctx<'_>, request: Request) -> String {
    let id = ids::grant();
    lock(&ctx.world.state).idp.requests.insert(id.clone(), request);
    id
}

fn to_form(ctx: &Ctx<'_>, asked: Request, parameters: &Parameters, count: usize) -> Reply {
    // The way back to the page with the buttons, where there is one.
    let back = if count > 1 {
        ctx.path(&format!("/auth?{}", parameters.with("prompt", "select_account").query()))
    } else {
        String::new()
    };
    let id = remember(ctx, asked);
    let location = format!("/auth/local/login?back={}&state={id}", encode(&back));
    redirect(&ctx.call.method, 302, &ctx.path(&location))
}

fn to_issuer(ctx: &Ctx<'_>, mut asked: Request, opened: &Opened) -> Reply {
    let redirect_uri = opened.text("redirectURI");
    if redirect_uri != ctx.callback() {
        ctx.world.log(
            "ERRO",
            format!(
                "server: Failed to create authorization URL: expected callback URL {:?} did not match the URL in the config {redirect_uri:?}",
                ctx.callback()
            ),
        );
        return error(500, "Login error.");
    }
    let mut pairs = vec![
        ("client_id", opened.text("clientID").to_owned()),
        ("redirect_uri", redirect_uri.to_owned()),
        ("response_type", "code".to_owned()),
        ("scope", format!("openid {}", opened.scopes().join(" "))),
    ];
    if asked.scopes.iter().any(|scope| scope == "offline_access") {
        pairs.push(("access_type", "offline".to_owned()));
        pairs.push(("prompt", opened.prompt().to_owned()));
    }
    if let Some(method) = &opened.pkce {
        asked.verifier = ids::secret(43);
        let challenge =
            if method == "S256" { ids::challenge(&asked.verifier) } else { asked.verifier.clone() };
        pairs.push(("code_challenge", challenge));
        pairs.push(("code_challenge_method", method.clone()));
    }
    pairs.push(("state", remember(ctx, asked)));
    pairs.sort();
    let query: Vec<String> =
        pairs.iter().map(|(key, value)| format!("{key}={}", encode(value))).collect();
    let joint = if opened.authorization.contains('?') { '&' } else { '?' };
    let location = format!("{}{joint}{}", opened.authorization, query.join("&"));
    redirect(&ctx.call.method, 302, &location)
}
