//! Certificate key pairs. Whatever a client brings or has generated, signing is done with the throw-away keys.

use serde_json::{Map, Value, json};

use crate::api::form::Form;
use crate::api::write::Fields;
use crate::api::{Answer, Env, body, serve};
use crate::defaults::{EC_CERT, EC_KEY, RSA_CERT, RSA_KEY};
use crate::http::reply::Reply;
use crate::model::Model;
use crate::records::key_pair_record;

pub(crate) fn check(
    env: &Env<'_>,
    body: &Map<String, Value>,
    own: Option<&Value>,
    partial: bool,
) -> Fields {
    let mut form = Form::new(body, partial);
    let own_pk = own.map(|own| &own["pk"]);
    if form.require("name") {
        form.text("name");
    }
    form.unique(
        "name",
        Model::KeyPair,
        env.state,
        own_pk,
        "Certificate-Key Pair with this name already exists.",
    );
    if form.require("certificate_data")
        && let Some(text) = form.text("certificate_data")
        && !text.contains("BEGIN CERTIFICATE")
    {
        form.error("certificate_data", "Unable to load certificate.");
    }
    form.loose_text("key_data");
    form.done()?;
    Ok(super::write::pick(body, &["name", "certificate_data", "key_data"]))
}

/// A key pair from checked fields: the kind of key is told by its label.
pub(crate) fn record(pk: &str, fields: &Value) -> Value {
    let text = |key: &str| fields[key].as_str().unwrap_or_default().to_owned();
    let kind = if fields["key_type"] == "ec" || text("key_data").contains("BEGIN EC") {
        "ec"
    } else {
        "rsa"
    };
    let (cert, key) = if kind == "ec" { (EC_CERT, EC_KEY) } else { (RSA_CERT, RSA_KEY) };
    let key = if text("key_data").is_empty() { "" } else { key };
    key_pair_record(pk, &text("name"), kind, cert, key)
}

/// Makes a certificate with a key.
pub(crate) fn generate(env: &mut Env<'_>) -> Answer {
    env.need("add", Model::KeyPair)?;
    let body = body::object(env)?;
    let mut form = Form::new(&body, false);
    for field in ["common_name", "validity_days"] {
        form.require(field);
    }
    form.text("common_name");
    form.choice("alg", &["rsa", "ecdsa", "ed25519", "ed448"]);
    let name = body.get("common_name").cloned().unwrap_or(Value::Null);
    if env.state.certificate_key_pairs.iter().any(|pair| pair["name"] == name) {
        form.error("common_name", "This field must be unique.");
    }
    form.done()?;
    let kind = if body.get("alg") == Some(&json!("ecdsa")) { "ec" } else { "rsa" };
    let pair = record(
        &crate::ids::uuid(),
        &json!({"name": name, "key_type": kind, "key_data": "generated"}),
    );
    env.state.certificate_key_pairs.push(pair.clone());
    Ok(Reply::json(200, &serve::object(env, Model::KeyPair, &pair)))
}
