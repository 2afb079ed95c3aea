//! Flows.

use serde_json::{Map, Value};

use crate::api::Env;
use crate::api::form::Form;
use crate::api::write::{Fields, pick};
use crate::features::Feature as F;
use crate::model::Model;
use crate::release::{ALL, NEVER, Range, Release, since};
use crate::state::State;

const WRITABLE: &[&str] = &[
    "name",
    "slug",
    "title",
    "designation",
    "background",
    "policy_engine_mode",
    "compatibility_mode",
    "layout",
    "denied_action",
    "authentication",
];

/// Who may use a flow.
const AUTHENTICATION: &[(&str, Range)] = &[
    ("none", ALL),
    ("require_authenticated", ALL),
    ("require_unauthenticated", ALL),
    ("require_superuser", ALL),
    ("require_outpost", since(2024, 2)),
    ("require_redirect", since(2024, 12)),
    ("require_token", Range(Release(2026, 5, 0), NEVER)),
];

/// Whether a flow is for this user, or for nobody who is logged in.
pub(crate) fn applicable(state: &State, flow: &Value, user: Option<&Value>) -> bool {
    match flow["authentication"].as_str() {
        Some("require_authenticated") => user.is_some(),
        Some("require_unauthenticated") => user.is_none(),
        Some("require_superuser") => user.is_some_and(|user| state.is_superuser(user)),
        Some("require_outpost" | "require_redirect" | "require_token") => false,
        _ => true,
    }
}

pub(crate) fn check(
    env: &Env<'_>,
    body: &Map<String, Value>,
    own: Option<&Value>,
    partial: bool,
) -> Fields {
    let mut form = Form::new(body, partial);
    let own_pk = own.map(|own| &own["pk"]);
    for field in ["name", "title"] {
        if form.require(field) {
            form.text(field);
        }
    }
    if form.require("slug") {
        form.slug("slug", env.profile.has(F::CurlyQuotes));
    }
    form.unique("slug", Model::Flow, env.state, own_pk, "Flow with this slug already exists.");
    form.require("designation");
    form.choice(
        "designation",
        &[
            "authentication",
            "authorization",
            "invalidation",
            "enrollment",
            "unenrollment",
            "recovery",
            "stage_configuration",
        ],
    );
    let known: Vec<&str> = AUTHENTICATION
        .iter()
        .filter(|(_, range)| env.profile.within(*range))
        .map(|(name, _)| *name)
        .collect();
    form.choice("authentication", &known);
    form.choice("policy_engine_mode", &["all", "any"]);
    form.boolean("compatibility_mode");
    form.done()?;
    Ok(pick(body, WRITABLE))
}
