//! Lists with their filters and pages, and single objects.

use serde_json::{Map, Value, json};

use crate::api::auth::forbidden;
use crate::api::{Answer, Env, serve};
use crate::features::Feature as F;
use crate::http::reply::Reply;
use crate::model::Model;
use crate::state::contains;

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
            Exact("type"),
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

/// The objects the query selects, in the order it or the kind asks for.
pub(crate) fn selected(env: &Env<'_>, model: Model) -> Result<Vec<Value>, Reply> {
    let mut objects = model.table(env.state).clone();
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
            if let Some(group) = query("groups_by_name") {
                let members =
                    env.state.group(&group).map_or(Value::Null, |group| group["users"].clone());
                objects.retain(|object| contains(&members, &object["pk"]));
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

/// One page of the objects, in the form this release serves them.
pub(crate) fn page(env: &Env<'_>, model: Model, objects: &[Value]) -> Answer {
    let shown = |object: &Value| serve::object(env, model, object);
    paginated(env, objects, model, shown)
}

/// One page of anything.
pub(crate) fn paginated(
    env: &Env<'_>,
    objects: &[Value],
    model: Model,
    show: impl Fn(&Value) -> Value,
) -> Answer {
    let default = if env.profile.has(F::SmallPages) { 20 } else { 100 };
    let number = |name: &str| env.call.query(name).and_then(|text| text.parse::<usize>().ok());
    let mut size = number("page_size").filter(|size| *size > 0).unwrap_or(default);
    if env.profile.has(F::SmallPages) {
        size = size.min(100);
    }
    let current = match env.call.query("page") {
        None => 1,
        Some(text) => text.parse().unwrap_or(0),
    };
    let count = objects.len();
    let pages = count.div_ceil(size).max(1);
    if current < 1 || current > pages {
        return Err(Reply::detail(404, "Invalid page."));
    }
    let first = (current - 1) * size;
    let last = (first + size).min(count);
    let results: Vec<Value> = objects[first..last].iter().map(show).collect();
    let mut body = Map::new();
    body.insert(
        "pagination".to_owned(),
        json!({
            "next": if current < pages { current + 1 } else { 0 }, "previous": current - 1,
            "count": count, "current": current, "total_pages": pages,
            "start_index": if count == 0 { 0 } else { first + 1 }, "end_index": last,
        }),
    );
    body.insert("results".to_owned(), Value::Array(results));
    if env.profile.has(F::Autocomplete) {
        body.insert("autocomplete".to_owned(), serve::autocomplete(model));
    }
    Ok(Reply::json(200, &Value::Object(body)))
}

/// The list of a kind of object. Without the permission to see them an empty answer is a refusal.
pub(crate) fn list(env: &Env<'_>, model: Model) -> Answer {
    if !env.may("view", model) && model != Model::Token {
        return Err(forbidden());
    }
    page(env, model, &selected(env, model)?)
}

/// The answer for an object that is not there.
pub(crate) fn absent(env: &Env<'_>, model: Model) -> Reply {
    if env.profile.has(F::Autocomplete) {
        Reply::detail(404, &format!("No {} matches the given query.", model.class()))
    } else {
        Reply::detail(404, "Not found.")
    }
}

/// The position of the object that the URL names.
pub(crate) fn find(env: &Env<'_>, model: Model, id: &str) -> Result<usize, Reply> {
    let id = crate::call::pairs(&format!("id={}", id.replace('+', "%2B")))
        .pop()
        .map_or_else(String::new, |(_, id)| id);
    let by_uuid = !matches!(
        model,
        Model::Provider | Model::User | Model::Application | Model::Flow | Model::Token
    );
    if by_uuid && !crate::ids::is_uuid(&id) {
        return Err(Reply::detail(404, "Not found."));
    }
    model.position(env.state, model.lookup(), &id).ok_or_else(|| absent(env, model))
}

/// A single object.
pub(crate) fn detail(env: &Env<'_>, model: Model, id: &str) -> Answer {
    if !env.may("view", model) {
        return Err(forbidden());
    }
    let position = find(env, model, id)?;
    Ok(Reply::json(200, &serve::object(env, model, &model.table(env.state)[position])))
}
