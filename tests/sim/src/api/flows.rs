//! Flows.

use serde_json::{Map, Value};

use crate::api::Env;
use crate::api::form::Form;
use crate::api::write::{Fields, pick};
use crate::features::Feature as F;
use crate::model::Model;

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
    form.choice(
        "authentication",
        &[
            "none",
            "require_authenticated",
            "require_unauthenticated",
            "require_superuser",
            "require_redirect",
            "require_outpost",
            "require_token",
        ],
    );
    form.choice("policy_engine_mode", &["all", "any"]);
    form.boolean("compatibility_mode");
    form.done()?;
    Ok(pick(body, WRITABLE))
}
