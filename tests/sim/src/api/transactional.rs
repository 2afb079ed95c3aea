//! Provider and application in one request: both or neither, and never a second time.

use serde_json::{Map, Value, json};

use crate::api::auth::forbidden;
use crate::api::form::Form;
use crate::api::{Answer, Env, body, write};
use crate::features::Feature as F;
use crate::http::reply::Reply;
use crate::model::Model;

pub(crate) fn create(env: &mut Env<'_>) -> Answer {
    if env.profile.has(F::TransactionalSuperuser) && !env.caller.superuser {
        return Err(forbidden());
    }
    env.need("add", Model::Application)?;
    env.need("add", Model::Provider)?;
    let body = body::object(env)?;
    let mut form = Form::new(&body, false);
    for field in ["app", "provider_model", "provider"] {
        form.require(field);
    }
    form.choice("provider_model", &["authentik_providers_oauth2.oauth2provider"]);
    form.done()?;
    let part = |key: &str| body.get(key).and_then(Value::as_object).cloned().unwrap_or_default();
    let (mut application, provider) = (part("app"), part("provider"));
    application.shift_remove("provider");

    let mut errors = Map::new();
    let mut collect = |key: &str, outcome: write::Fields| match outcome {
        Ok(fields) => fields,
        Err(reply) => {
            errors
                .insert(key.to_owned(), serde_json::from_slice(&reply.body).unwrap_or(Value::Null));
            Map::new()
        }
    };
    let mut application =
        collect("app", write::check(env, Model::Application, &application, None, false));
    let provider = match errors_in(&application) {
        // Objects are checked in order, and the first that fails is the only one reported.
        true => Map::new(),
        false => collect("provider", write::check(env, Model::Provider, &provider, None, false)),
    };
    if !errors.is_empty() {
        return Err(Reply::json(400, &Value::Object(errors)));
    }
    let made = write::insert(env, Model::Provider, provider);
    application.insert("provider".to_owned(), made["pk"].clone());
    let application = write::insert(env, Model::Application, application);
    for binding in
        body.get("policy_bindings").and_then(Value::as_array).cloned().unwrap_or_default()
    {
        let mut binding = binding.as_object().cloned().unwrap_or_default();
        binding.insert("target".to_owned(), application["pk"].clone());
        write::insert(env, Model::Binding, binding);
    }
    Ok(Reply::json(200, &json!({"applied": true, "logs": []})))
}

fn errors_in(checked: &Map<String, Value>) -> bool {
    checked.is_empty()
}
