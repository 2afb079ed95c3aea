//! The authorization endpoint, with a session or without, and the codes it gives.

use serde_json::{Value, json};

use crate::call::{Call, encode, pairs};
use crate::clock;
use crate::features::Feature as F;
use crate::http::reply::Reply;
use crate::ids;
use crate::model::Model;
use crate::oidc::claims::effective;
use crate::oidc::errors::description;
use crate::oidc::flow::{Aim, Plan, applies, begin, denied};
use crate::oidc::grants::{Code, Login, session_key};
use crate::oidc::{Ctx, redirect};

/// What a browser asks for.
struct Asked {
    client_id: String,
    redirect_uri: String,
    response_type: String,
    scope: String,
    state: Option<String>,
    nonce: Option<String>,
    prompt: String,
    challenge: Option<(String, String)>,
}

fn asked(call: &Call) -> Asked {
    let all = pairs(&if call.method == "POST" {
        String::from_utf8_lossy(&call.body).into_owned()
    } else {
        call.query.clone()
    });
    let get = |name: &str| all.iter().rfind(|(key, _)| key == name).map(|(_, value)| value.clone());
    let method = get("code_challenge_method").unwrap_or_else(|| "plain".to_owned());
    Asked {
        client_id: get("client_id").unwrap_or_default(),
        redirect_uri: get("redirect_uri").unwrap_or_default(),
        response_type: get("response_type").unwrap_or_default(),
        scope: get("scope").unwrap_or_default(),
        state: get("state"),
        nonce: get("nonce"),
        prompt: get("prompt").unwrap_or_default(),
        challenge: get("code_challenge").map(|challenge| (challenge, method)),
    }
}

/// The redirect URI with more parameters.
fn back(asked: &Asked, fields: &[(&str, &str)]) -> Reply {
    let mut location = asked.redirect_uri.clone();
    let state = asked.state.as_deref().map(|state| ("state", state));
    for (index, (key, value)) in fields.iter().copied().chain(state).enumerate() {
        let first = index == 0 && !location.contains('?');
        location.push(if first { '?' } else { '&' });
        location.push_str(&format!("{key}={}", encode(value)));
    }
    Reply::redirect(302, &location)
}

fn refusal(asked: &Asked, error: &str) -> Reply {
    back(asked, &[("error", error), ("error_description", description(error))])
}

pub(crate) fn answer(ctx: &mut Ctx<'_>) -> Reply {
    match ctx.call.method.as_str() {
        "GET" | "HEAD" | "POST" => {}
        _ => return Reply::html(405, ""),
    }
    let cookies = ctx.call.header("cookie").unwrap_or_default().to_owned();
    let user = ctx.state.session_user(&cookies).and_then(|user| user["pk"].as_i64());
    let session = session_key(&cookies).map(str::to_owned);
    decide(ctx, user.zip(session), false)
}

/// Decides for a user with a session, or for nobody. `consented` skips the consent page.
pub(crate) fn decide(ctx: &mut Ctx<'_>, user: Option<(i64, String)>, consented: bool) -> Reply {
    let asked = asked(ctx.call);
    let Some(index) = ctx
        .state
        .providers
        .iter()
        .position(|provider| provider["client_id"] == asked.client_id.as_str())
    else {
        return Reply::html(400, "The client identifier (client_id) is missing or invalid.");
    };
    let legacy = !ctx.profile.has(F::RedirectList);
    if asked.redirect_uri.is_empty() {
        return Reply::html(400, "Missing redirect URI");
    }
    let empty = ctx.state.providers[index]["redirect_uris"].as_array().is_none_or(Vec::is_empty);
    if empty {
        // A provider without redirect URIs takes the first that comes along for its own.
        ctx.state.providers[index]["redirect_uris"] = json!([{"matching_mode": if legacy { "regex" } else { "strict" }, "url": asked.redirect_uri}]);
    }
    let provider = ctx.state.providers[index].clone();
    if !redirect::matches(&provider["redirect_uris"], &asked.redirect_uri, legacy) {
        return Reply::html(
            400,
            "The request fails due to a missing, invalid, or mismatching redirection URI",
        );
    }
    let Some(application) = ctx.state.application_of(&provider).cloned() else {
        return Reply::html(404, "Not Found");
    };
    if !matches!(asked.response_type.as_str(), "code" | "id_token" | "code token" | "code id_token")
    {
        return refusal(&asked, "unsupported_response_type");
    }
    if ctx.profile.has(F::GrantTypes)
        && !crate::state::contains(&provider["grant_types"], &json!("authorization_code"))
    {
        return refusal(&asked, "invalid_request");
    }
    let bad_method = |(_, method): &(String, String)| !matches!(method.as_str(), "plain" | "S256");
    if asked.challenge.as_ref().is_some_and(bad_method) {
        return refusal(&asked, "invalid_request");
    }
    let silent = asked.prompt.split(' ').any(|prompt| prompt == "none");
    let must_log_in = asked.prompt.split(' ').any(|prompt| prompt == "login") && !consented;
    let Some((user, session)) = user.filter(|_| !must_log_in) else {
        return if silent { refusal(&asked, "login_required") } else { to_login(ctx) };
    };
    grant(ctx, &asked, &provider, &application, (user, session), consented, silent)
}

pub(crate) fn to_login(ctx: &Ctx<'_>) -> Reply {
    let next = encode(&format!("{}?{}", ctx.call.path, ctx.call.query));
    let flow = if ctx.profile.has(F::LoginAtFlow) {
        "/if/flow/default-authentication-flow/"
    } else {
        "/flows/-/default/authentication/"
    };
    Reply::redirect(302, &format!("{flow}?next={next}"))
}

fn grant(
    ctx: &mut Ctx<'_>,
    asked: &Asked,
    provider: &Value,
    application: &Value,
    (user, session): (i64, String),
    consented: bool,
    silent: bool,
) -> Reply {
    let Some(person) = Model::User.by_pk(ctx.state, &json!(user)) else {
        return to_login(ctx);
    };
    let opens = ctx.state.may_open(application, person, ctx.call.now);
    if !opens || !applies(ctx, &provider["authorization_flow"], person) {
        return denied();
    }
    let scopes = effective(ctx, provider, &asked.scope);
    let flow = Model::Flow.by_pk(ctx.state, &provider["authorization_flow"]);
    let slug = flow.and_then(|flow| flow["slug"].as_str()).unwrap_or_default().to_owned();
    let explicit =
        flow.and_then(|flow| flow["stages"].as_array()).is_some_and(|stages| !stages.is_empty());
    let offline = ctx.profile.has(F::ConsentForOffline)
        && scopes.iter().any(|scope| scope == "offline_access");
    if !consented && (explicit || offline || ctx.profile.has(F::ConsentPage)) {
        if silent && explicit {
            return refusal(asked, "consent_required");
        }
        let aim = Aim::Authorize(ctx.call.query.clone());
        let query = ctx.call.query.clone();
        return begin(ctx, Plan { flow: slug, aim, asks: explicit || offline }, &query);
    }
    let code = ids::uuid().replace('-', "");
    let lifetime = clock::lifetime(provider["access_code_validity"].as_str().unwrap_or_default());
    ctx.state.grants.codes.insert(
        code.clone(),
        Code {
            login: Login {
                provider: provider["pk"].as_i64().unwrap_or_default(),
                user,
                scopes,
                nonce: asked.nonce.clone(),
                at: ctx.call.now,
                session: Some(session),
            },
            challenge: asked.challenge.clone(),
            expires: ctx.call.now + lifetime,
        },
    );
    back(asked, &[("code", &code)])
}
