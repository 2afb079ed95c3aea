//! Scope mappings, and the list of mappings of all kinds.

use serde_json::{Map, Value, json};

use crate::api::filter::selected;
use crate::api::form::Form;
use crate::api::list::paginated;
use crate::api::write::{Fields, pick};
use crate::api::{Answer, Env, serve};
use crate::features::Feature as F;
use crate::model::Model;
use crate::release::Release;

const WRITABLE: &[&str] = &["managed", "name", "expression", "scope_name", "description"];

pub(crate) fn check(
    env: &Env<'_>,
    body: &Map<String, Value>,
    own: Option<&Value>,
    partial: bool,
) -> Fields {
    let mut form = Form::new(body, partial);
    let own_pk = own.map(|own| &own["pk"]);
    for field in ["name", "expression", "scope_name"] {
        if form.require(field) {
            form.text(field);
        }
    }
    form.unique(
        "name",
        Model::ScopeMapping,
        env.state,
        own_pk,
        "property mapping with this name already exists.",
    );
    form.unique(
        "managed",
        Model::ScopeMapping,
        env.state,
        own_pk,
        "Property Mapping with this Managed by authentik already exists.",
    );
    form.done()?;
    Ok(pick(body, WRITABLE))
}

/// Mappings of all kinds; the simulator knows scope mappings only, and pads the list with others so that its length is
/// that of a real installation.
pub(crate) fn all(env: &Env<'_>) -> Answer {
    env.need("view", Model::ScopeMapping)?;
    let mut objects = selected(env, Model::ScopeMapping)?;
    let wanted = match env.profile.release {
        release if release < Release(2023, 5, 0) => 19,
        release if release < Release(2024, 2, 0) => 22,
        _ => 36,
    };
    let filtered = ["managed", "name", "search"].iter().any(|name| env.call.query(name).is_some());
    let missing = if filtered { 0 } else { wanted - objects.len().min(wanted) };
    let others = (0..missing).map(|number| {
        json!({
            "pk": crate::ids::fixed_uuid(&format!("other mapping {number}")),
            "managed": format!("goauthentik.io/sources/ldap/other-{number}"),
            "name": format!("authentik default LDAP Mapping: other {number}"), "expression": "return {}",
        })
    });
    objects.splice(0..0, others);
    paginated(env, &objects, Model::ScopeMapping, |object| shown(env, object))
}

/// A mapping in the form all kinds have in common.
fn shown(env: &Env<'_>, object: &Value) -> Value {
    let mut shown = serve::object(env, Model::ScopeMapping, object);
    if object.get("scope_name").is_none() {
        let moved = env.profile.has(F::MappingsMoved);
        let component = if moved {
            "ak-property-mapping-source-ldap-form"
        } else {
            "ak-property-mapping-ldap-form"
        };
        shown["component"] = json!(component);
    }
    if let Some(fields) = shown.as_object_mut() {
        fields.shift_remove("scope_name");
        fields.shift_remove("description");
    }
    shown
}
