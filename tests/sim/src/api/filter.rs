//! Which objects a list's query selects, and in which order.

use serde_json::{Value, json};

use crate::api::Env;
use crate::api::users::TYPES;
use crate::features::Feature as F;
use crate::http::reply::Reply;
use crate::model::Model;

/// How a query parameter selects.
#[derive(Clone, Copy)]
enum Filter {
    /// The key equals the value.
    Exact(&'static str),
    /// The key is this boolean.
    Bool(&'static str),
    /// The key equals one of the values, each of which some object must have.
    AnyKnown(&'static str),
    /// As `Exact`, with a fixed set of values.
    Choice(&'static str, &'static [&'static str]),
}

const DESIGNATIONS: &[&str] = &[
    "authentication",
    "authorization",
    "invalidation",
    "enrollment",
    "unenrollment",
    "recovery",
    "stage_configuration",
];

fn filters(model: Model) -> &'static [Filter] {
    use Filter::{AnyKnown, Bool, Choice, Exact};
    match model {
        Model::Provider => &[
            Exact("name"),
            Exact("client_id"),
            Exact("client_type"),
            Exact("issuer_mode"),
            Exact("sub_mode"),
            Exact("signing_key"),
            Exact("authorization_flow"),
        ],
        Model::Proxy | Model::Ldap | Model::Saml => &[Exact("name"), Exact("authorization_flow")],
        Model::Application => {
            &[Exact("name"), Exact("slug"), Exact("group"), Exact("meta_launch_url")]
        }
        Model::Flow => &[Exact("name"), Exact("slug"), Choice("designation", DESIGNATIONS)],
        Model::ScopeMapping => &[Exact("name"), Exact("scope_name"), AnyKnown("managed")],
        Model::Brand => {
            &[Exact("domain"), Bool("default"), Exact("brand_uuid"), Exact("branding_title")]
        }
        Model::KeyPair => &[Exact("name"), Exact("managed")],
        Model::User => &[
            Exact("username"),
            Exact("name"),
            Exact("email"),
            Exact("uuid"),
            Exact("path"),
            Bool("is_active"),
        ],
        Model::Group => &[Exact("name"), Bool("is_superuser")],
        Model::Token => {
            &[Exact("identifier"), Exact("intent"), Exact("description"), Bool("expiring")]
        }
        Model::Binding => &[Exact("target"), Exact("policy"), Exact("order"), Bool("enabled")],
        Model::Role => &[Exact("name")],
    }
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn bad_choice(field: &str, value: &str) -> Reply {
    let text = format!("Select a valid choice. {value} is not one of the available choices.");
    Reply::json(400, &json!({ field: [text] }))
}

/// The complaint about a query that names a type which users cannot have.
fn bad_type(env: &Env<'_>, model: Model) -> Option<Reply> {
    if model != Model::User || !env.profile.has(F::UserTypes) {
        return None;
    }
    let types = env.call.queries("type");
    types.iter().find(|kind| !TYPES.contains(&kind.as_str())).map(|kind| bad_choice("type", kind))
}

/// The objects the query selects, in the order it or the kind asks for.
pub(crate) fn selected(env: &Env<'_>, model: Model) -> Result<Vec<Value>, Reply> {
    if let Some(complaint) = bad_type(env, model) {
        return Err(complaint);
    }
    let held = model.table(env.state).iter().filter(|object| model.holds(object));
    let mut objects: Vec<Value> = held.cloned().collect();
    for filter in filters(model) {
        match *filter {
            Filter::Exact(key) => {
                if let Some(wanted) = env.call.query(key).filter(|wanted| !wanted.is_empty()) {
                    objects.retain(|object| shown(&object[key]) == wanted);
                }
            }
            Filter::Bool(key) => match env.call.query(key).as_deref() {
                Some("true" | "True" | "1") => objects.retain(|object| object[key] == true),
                Some("false" | "False" | "0") => objects.retain(|object| object[key] == false),
                _ => {}
            },
            Filter::Choice(key, choices) => {
                if let Some(wanted) = env.call.query(key).filter(|wanted| !wanted.is_empty()) {
                    if !choices.contains(&wanted.as_str()) {
                        return Err(bad_choice(key, &wanted));
                    }
                    objects.retain(|object| shown(&object[key]) == wanted);
                }
            }
            Filter::AnyKnown(key) => {
                let wanted = env.call.queries(key);
                for value in &wanted {
                    if model.position(env.state, key, value).is_none() {
                        return Err(bad_choice(key, value));
                    }
                }
                if !wanted.is_empty() {
                    objects.retain(|object| wanted.contains(&shown(&object[key])));
                }
            }
        }
    }
    special(env, model, &mut objects);
    order(env, model, &mut objects);
    Ok(objects)
}

/// Filters that are more than a comparison with one key.
fn special(env: &Env<'_>, model: Model, objects: &mut Vec<Value>) {
    let query = |name: &str| env.call.query(name).filter(|value| !value.is_empty());
    if let Some(search) = query("search") {
        let search = search.to_lowercase();
        objects.retain(|object| {
            ["name", "slug", "username", "identifier", "domain", "title"].iter().any(|key| {
                object[*key].as_str().is_some_and(|text| text.to_lowercase().contains(&search))
            })
        });
    }
    match model {
        Model::KeyPair => {
            if let Some(wanted) = query("has_key") {
                objects.retain(|object| (object["key_data"] != "") == (wanted == "true"));
            }
        }
        Model::Token => {
            if let Some(username) = query("user__username") {
                let pk = env.state.user(&username).map_or(Value::Null, |user| user["pk"].clone());
                objects.retain(|object| object["user"] == pk);
            }
            if !env.caller.superuser && !env.may("view", Model::Token) {
                objects.retain(|object| object["user"] == env.caller.user);
            }
        }
        Model::User => {
            let types = env.call.queries("type");
            if env.profile.has(F::UserTypes) && !types.is_empty() {
                objects.retain(|object| types.contains(&shown(&object["type"])));
            }
            for (name, key) in [("groups_by_name", "name"), ("groups_by_pk", "pk")] {
                let wanted = env.call.queries(name);
                if !wanted.is_empty() {
                    objects.retain(|user| {
                        let groups = env.state.groups_of(user);
                        groups.iter().any(|group| wanted.contains(&shown(&group[key])))
                    });
                }
            }
            if let Some(start) = query("path_startswith") {
                objects.retain(|user| shown(&user["path"]).starts_with(&start));
            }
            if let Some(superuser) = query("is_superuser") {
                objects.retain(|user| env.state.is_superuser(user) == (superuser == "true"));
            }
        }
        Model::Provider => {
            if let Some(application) = query("application") {
                objects.retain(|provider| {
                    env.state
                        .application_of(provider)
                        .is_some_and(|found| found["pk"] == application.as_str())
                });
            }
        }
        _ => {}
    }
}

fn order(env: &Env<'_>, model: Model, objects: &mut [Value]) {
    let default = match model {
        Model::User => "username",
        Model::ScopeMapping => "scope_name",
        Model::Flow | Model::Application => "slug",
        Model::Binding => "order",
        Model::Token => "expires",
        _ => "name",
    };
    let wanted = env.call.query("ordering").unwrap_or_else(|| default.to_owned());
    let (key, descending) =
        wanted.strip_prefix('-').map_or((wanted.as_str(), false), |key| (key, true));
    objects.sort_by(|a, b| {
        let ordering = match (a[key].as_i64(), b[key].as_i64()) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => shown(&a[key]).cmp(&shown(&b[key])),
        };
        if descending { ordering.reverse() } else { ordering }
    });
}
