//! Policy bindings: who may open an application. Never unique.

use serde_json::{Map, Value, json};

use crate::api::Env;
use crate::api::form::Form;
use crate::api::write::{Fields, pick};
use crate::model::Model;

const WRITABLE: &[&str] = &[
    "policy",
    "group",
    "user",
    "target",
    "negate",
    "enabled",
    "order",
    "timeout",
    "failure_result",
];

pub(crate) fn check(env: &Env<'_>, body: &Map<String, Value>, partial: bool) -> Fields {
    let mut form = Form::new(body, partial);
    if form.require("target") {
        form.related("target", Model::Application, env.state, false);
    }
    if form.require("order") && form.sent("order").is_some_and(|order| !order.is_i64()) {
        form.error("order", "A valid integer is required.");
    }
    form.related("group", Model::Group, env.state, true);
    form.related("user", Model::User, env.state, true);
    for field in ["negate", "enabled", "failure_result"] {
        form.boolean(field);
    }
    let given = ["policy", "group", "user"]
        .iter()
        .filter(|field| body.get(**field).is_some_and(|v| !v.is_null()))
        .count();
    if !partial && given == 0 {
        form.error("non_field_errors", "One of 'policy', 'group' or 'user' must be set.");
    } else if given > 1 {
        form.error("non_field_errors", "Only one of 'policy', 'group' or 'user' can be set.");
    }
    form.done()?;
    Ok(pick(body, WRITABLE))
}

/// A binding as the model's defaults make it.
pub(crate) fn blank(pk: &str) -> Value {
    json!({
        "pk": pk, "policy": null, "group": null, "user": null, "target": null, "negate": false, "enabled": true,
        "order": 0, "timeout": 30, "failure_result": false, "expires": null, "expiring": false,
    })
}
