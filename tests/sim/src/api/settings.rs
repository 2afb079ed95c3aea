//! The system settings as far as they decide who may open what, and the question whether somebody may.

use serde_json::{Map, Value, json};

use crate::api::auth::forbidden;
use crate::api::list::absent;
use crate::api::{Answer, Env, body};
use crate::features::Feature as F;
use crate::http::reply::Reply;
use crate::model::Model;
use crate::release::{NEVER, Range, Release, between, since};

/// Flags that only the settings tell; some releases tell them to everybody.
pub(crate) const KEPT: [&str; 2] =
    ["core_default_app_access", "enterprise_audit_include_expanded_diff"];

/// The settings.
pub(crate) fn show(env: &Env<'_>) -> Answer {
    need(env, "view")?;
    Ok(Reply::json(200, &settings(env)))
}

/// Changes the flag that this server obeys; whatever else is sent is taken and forgotten.
pub(crate) fn change(env: &mut Env<'_>) -> Answer {
    need(env, "edit")?;
    let body = body::object(env)?;
    if let Some(flags) = body.get("flags") {
        let Some(flags) = flags.as_object() else {
            return Err(Reply::json(400, &json!({"flags": ["Value must be valid JSON."]})));
        };
        if let Some(open) = flags.get(KEPT[0]).and_then(Value::as_bool)
            && env.profile.has(F::DefaultAccess)
        {
            env.state.default_app_access = open;
        }
    }
    Ok(Reply::json(200, &settings(env)))
}

fn need(env: &Env<'_>, action: &str) -> Result<(), Reply> {
    let permission = format!("authentik_rbac.{action}_system_settings");
    if env.caller.may(&permission) { Ok(()) } else { Err(forbidden()) }
}

fn settings(env: &Env<'_>) -> Value {
    let mut shown = json!({
        "avatars": "gravatar,initials", "default_user_change_name": true,
        "default_user_change_email": false, "default_user_change_username": false,
        "event_retention": "days=365", "footer_links": [], "gdpr_compliance": true,
        "impersonation": true, "impersonation_require_reason": true,
        "default_token_length": 60,
    });
    let duration = if env.profile.has(F::DayLongTokens) { "days=1" } else { "minutes=30" };
    shown["default_token_duration"] = json!(duration);
    if env.profile.has(F::Flags) {
        for (key, limit) in [("reputation_lower_limit", -5), ("reputation_upper_limit", 5)] {
            shown[key] = json!(limit);
        }
        shown["flags"] = flags(env);
    }
    if env.profile.has(F::SmallPages) {
        shown["pagination_default_page_size"] = json!(20);
        shown["pagination_max_page_size"] = json!(env.state.largest_page);
    }
    if env.profile.within(since(2026, 8)) {
        shown["base_url"] = json!("");
    }
    shown
}

/// All flags of this release.
pub(crate) fn flags(env: &Env<'_>) -> Value {
    let known = [
        ("policies_buffered_access_view", between((2025, 8), (2026, 5)), false),
        ("flows_refresh_others", since(2025, 10), false),
        ("flows_continuous_login", since(2026, 2), false),
        (KEPT[0], Range(Release(2026, 5, 0), NEVER), env.state.default_app_access),
        (KEPT[1], Range(Release(2026, 5, 0), NEVER), false),
    ];
    let shown = known.into_iter().filter(|(_, range, _)| env.profile.within(*range));
    shown.map(|(name, _, value)| (name.to_owned(), json!(value))).collect::<Map<_, _>>().into()
}

/// Whether the caller may open an application, or, for superusers, whoever they ask for.
pub(crate) fn check_access(env: &Env<'_>, slug: &str) -> Answer {
    let application = env.state.application(slug).ok_or_else(|| absent(env, Model::Application))?;
    let asked = env.call.query("for_user").filter(|_| env.caller.superuser);
    let pk = match asked {
        Some(text) => match text.parse::<i64>() {
            Ok(pk) => pk,
            Err(_) => {
                let text = "for_user must be numerical";
                return Err(Reply::json(400, &json!({"for_user": text})));
            }
        },
        None => env.caller.user,
    };
    let Some(user) = Model::User.by_pk(env.state, &json!(pk)) else {
        return Err(Reply::json(400, &json!({"for_user": "User not found"})));
    };
    let passing = env.state.may_open(application, user, env.call.now);
    let mut shown = Map::new();
    shown.insert("passing".to_owned(), json!(passing));
    shown.insert("messages".to_owned(), json!([]));
    shown.insert("log_messages".to_owned(), json!([]));
    Ok(Reply::json(200, &Value::Object(shown)))
}
