//! From the newest form of an object to the form a release serves.

use serde_json::{Map, Value, json};

use crate::api::{Env, kinds, redirects};
use crate::features::Feature as F;
use crate::model::Model;
use crate::release::{before, between};
use crate::shapes::{self, cut};
use crate::state::contains;

/// The object as this release answers with it.
pub(crate) fn object(env: &Env<'_>, model: Model, stored: &Value) -> Value {
    let mut full = stored.as_object().cloned().unwrap_or_default();
    match model {
        Model::Provider | Model::Proxy | Model::Ldap | Model::Saml => {
            provider(env, model, stored, &mut full);
        }
        Model::Application => application(env, stored, &mut full),
        Model::Flow => flow(env, stored, &mut full),
        Model::ScopeMapping => mapping(env, &mut full),
        Model::Brand => put(&mut full, "tenant_uuid", stored["brand_uuid"].clone()),
        Model::KeyPair => key_pair(env, stored, &mut full),
        Model::User => user(env, stored, &mut full),
        Model::Group => group(env, stored, &mut full),
        Model::Token => {
            let owner = Model::User.by_pk(env.state, &stored["user"]);
            put(
                &mut full,
                "user_obj",
                owner.map_or(Value::Null, |owner| object(env, Model::User, owner)),
            );
        }
        Model::Binding => binding(env, stored, &mut full),
        Model::Role => {}
    }
    let mut shown = cut(&full, &shapes::keys(model), env.profile);
    if model == Model::Provider && env.state.issuer_override {
        put(&mut shown, "issuer_override", stored["issuer_override"].clone());
    }
    Value::Object(shown)
}

fn put(full: &mut Map<String, Value>, key: &str, value: Value) {
    full.insert(key.to_owned(), value);
}

/// What a provider of this kind shows that is not stored.
pub(crate) fn provider(env: &Env<'_>, model: Model, stored: &Value, full: &mut Map<String, Value>) {
    let application = env.state.application_of(stored);
    let of = |key: &str| application.map_or(Value::Null, |application| application[key].clone());
    let backchannel = env
        .state
        .applications
        .iter()
        .find(|application| contains(&application["backchannel_providers"], &stored["pk"]));
    let behind =
        |key: &str| backchannel.map_or(Value::Null, |application| application[key].clone());
    put(full, "assigned_application_slug", of("slug"));
    put(full, "assigned_application_name", of("name"));
    put(full, "assigned_backchannel_application_slug", behind("slug"));
    put(full, "assigned_backchannel_application_name", behind("name"));
    let kind = kinds::kind(model);
    put(full, "component", json!(format!("ak-provider-{}-form", kind.component)));
    put(full, "verbose_name", json!(kind.verbose));
    put(full, "verbose_name_plural", json!(format!("{}s", kind.verbose)));
    put(full, "meta_model_name", json!(kind.meta));
    put(full, "token_validity", stored["refresh_token_validity"].clone());
    put(full, "redirect_uris", redirects::shown(&stored["redirect_uris"], env.profile));
}

fn application(env: &Env<'_>, stored: &Value, full: &mut Map<String, Value>) {
    let brief = |pk: &Value| {
        env.state
            .any_provider(pk)
            .map_or(Value::Null, |(model, found)| kinds::head(env, model, found))
    };
    let backchannel = stored["backchannel_providers"].as_array().cloned().unwrap_or_default();
    put(full, "provider_obj", brief(&stored["provider"]));
    put(full, "backchannel_providers_obj", backchannel.iter().map(brief).collect());
    let redirects = Model::Provider
        .by_pk(env.state, &stored["provider"])
        .map(|provider| &provider["redirect_uris"]);
    let first = redirects
        .and_then(|entries| entries[0]["url"].as_str())
        .and_then(crate::oidc::cors::origin);
    let launch = match stored["meta_launch_url"].as_str() {
        Some("") | None => json!(first),
        Some(url) => json!(url),
    };
    put(full, "launch_url", launch);
    put(full, "pbm_uuid", stored["pk"].clone());
    if stored["meta_icon"] == "" && !env.profile.has(F::SmallPages) {
        put(full, "meta_icon", Value::Null);
    }
}

fn flow(env: &Env<'_>, stored: &Value, full: &mut Map<String, Value>) {
    let slug = stored["slug"].as_str().unwrap_or_default();
    if env.profile.has(F::SmallPages) && stored["background"] == stored["background_url"] {
        put(full, "background", json!(""));
    }
    put(full, "export_url", json!(format!("/api/v3/flows/instances/{slug}/export/")));
}

fn mapping(env: &Env<'_>, full: &mut Map<String, Value>) {
    let component = if env.profile.has(F::MappingsMoved) {
        "ak-property-mapping-provider-scope-form"
    } else {
        "ak-property-mapping-scope-form"
    };
    put(full, "component", json!(component));
    put(full, "verbose_name", json!("Scope Mapping"));
    put(full, "verbose_name_plural", json!("Scope Mappings"));
    put(full, "meta_model_name", json!("authentik_providers_oauth2.scopemapping"));
}

fn key_pair(env: &Env<'_>, stored: &Value, full: &mut Map<String, Value>) {
    let pk = stored["pk"].as_str().unwrap_or_default();
    let url =
        |what: &str| json!(format!("/api/v3/crypto/certificatekeypairs/{pk}/{what}/?download"));
    put(full, "certificate_download_url", url("view_certificate"));
    put(full, "private_key_download_url", url("view_private_key"));
    let has_key = stored["key_data"] != "";
    put(full, "private_key_available", json!(has_key));
    let spared = env.call.query("include_details").as_deref() == Some("false");
    // The newer releases have no such parameter any more.
    let details = !spared || env.profile.has(F::TokenId);
    for key in ["fingerprint_sha256", "fingerprint_sha1", "cert_expiry", "cert_subject", "key_type"]
    {
        if !details || (key == "key_type" && !has_key) {
            put(full, key, Value::Null);
        }
    }
    let kind = full.get("key_type").cloned().unwrap_or(Value::Null);
    put(full, "private_key_type", kind);
}

fn user(env: &Env<'_>, stored: &Value, full: &mut Map<String, Value>) {
    let groups = env.state.groups_of(stored);
    put(full, "uid", json!(env.state.uid_of(stored)));
    put(full, "is_superuser", json!(env.state.is_superuser(stored)));
    put(full, "groups", groups.iter().map(|group| group["pk"].clone()).collect());
    put(full, "groups_obj", groups.iter().map(|group| brief_group(env, group)).collect());
    put(full, "roles_obj", roles(env, &stored["roles"]));
    put(full, "avatar", json!("data:image/svg+xml;base64,"));
}

/// A group as a user shows it, and from 2025.10 on a binding.
fn brief_group(env: &Env<'_>, group: &Value) -> Value {
    let mut brief = Map::new();
    for key in ["pk", "num_pk", "name", "is_superuser"] {
        put(&mut brief, key, group[key].clone());
    }
    if !env.profile.has(F::SmallPages) {
        put(&mut brief, "parent", Value::Null);
    }
    if env.profile.within(between((2024, 8), (2025, 12))) {
        put(&mut brief, "parent_name", Value::Null);
    }
    put(&mut brief, "attributes", group["attributes"].clone());
    Value::Object(brief)
}

fn roles(env: &Env<'_>, pks: &Value) -> Value {
    env.state
        .roles
        .iter()
        .filter(|role| contains(pks, &role["pk"]))
        .map(|role| json!({"pk": role["pk"], "name": role["name"]}))
        .collect()
}

fn group(env: &Env<'_>, stored: &Value, full: &mut Map<String, Value>) {
    let asked = env.call.query("include_users").as_deref() != Some("false");
    let include = asked || env.profile.within(before(2024, 4));
    let members: Vec<Value> = env
        .state
        .users
        .iter()
        .filter(|user| contains(&stored["users"], &user["pk"]))
        .map(|user| brief_user(env, user))
        .collect();
    put(full, "users_obj", if include { Value::Array(members) } else { Value::Null });
    put(full, "roles_obj", roles(env, &stored["roles"]));
    let parent = &stored["parents"][0];
    put(full, "parent", parent.clone());
    let name = Model::Group.by_pk(env.state, parent).map(|parent| parent["name"].clone());
    put(full, "parent_name", name.unwrap_or(Value::Null));
    let children: Vec<&Value> = env
        .state
        .groups
        .iter()
        .filter(|group| contains(&group["parents"], &stored["pk"]))
        .collect();
    put(full, "children", children.iter().map(|group| group["pk"].clone()).collect());
}

/// A user as a group shows it, and from 2025.10 on a binding.
fn brief_user(env: &Env<'_>, user: &Value) -> Value {
    let mut brief = Map::new();
    for key in ["pk", "username", "name", "is_active", "last_login", "email"] {
        put(&mut brief, key, user[key].clone());
    }
    if env.profile.within(before(2023, 8)) {
        put(&mut brief, "avatar", json!(""));
    }
    put(&mut brief, "attributes", user["attributes"].clone());
    put(&mut brief, "uid", json!(env.state.uid_of(user)));
    Value::Object(brief)
}

fn binding(env: &Env<'_>, stored: &Value, full: &mut Map<String, Value>) {
    let whole = |model: Model, key: &str| {
        Model::by_pk(model, env.state, &stored[key])
            .map_or(Value::Null, |found| object(env, model, found))
    };
    let (group, user) = if env.profile.within(before(2025, 10)) {
        (whole(Model::Group, "group"), whole(Model::User, "user"))
    } else {
        let found = |model: Model, key: &str| Model::by_pk(model, env.state, &stored[key]);
        let group = found(Model::Group, "group").map(|group| brief_group(env, group));
        let user = found(Model::User, "user").map(|user| brief_user(env, user));
        (group.unwrap_or_default(), user.unwrap_or_default())
    };
    put(full, "group_obj", group);
    put(full, "user_obj", user);
    put(full, "policy_obj", Value::Null);
}

/// What lists tell about their search fields.
pub(crate) fn autocomplete(model: Model) -> Value {
    let field = |kind: &str, options: Value| json!({"type": kind, "nullable": kind == "bool", "options": options});
    let attributes = |name: &str| json!({"type": "relation", "nullable": false, "options": null, "relation": name});
    match model {
        Model::User => json!({
            "current_model": "authentik_core.user",
            "models": {"authentik_core.user": {
                "username": field("str", Value::Null), "name": field("str", Value::Null),
                "email": field("str", Value::Null), "path": field("str", Value::Null),
                "is_active": field("bool", Value::Null),
                "type": field("str", json!(["internal", "external", "service_account", "internal_service_account"])),
                "attributes": attributes("authentik_core.user_attributes"),
            }},
        }),
        Model::Group => json!({
            "current_model": "authentik_core.group",
            "models": {"authentik_core.group": {
                "name": field("str", Value::Null), "is_superuser": field("bool", Value::Null),
                "attributes": attributes("authentik_core.group_attributes"),
            }},
        }),
        _ => json!({}),
    }
}
