//! Lists with their pages, and single objects.

use serde_json::{Map, Value, json};

use crate::api::auth::forbidden;
use crate::api::filter::selected;
use crate::api::{Answer, Env, serve};
use crate::features::Feature as F;
use crate::http::reply::Reply;
use crate::model::Model;

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
    let most = env.state.largest_page;
    let default = if env.profile.has(F::SmallPages) { 20.min(most) } else { 100 };
    let number = |name: &str| env.call.query(name).and_then(|text| text.parse::<usize>().ok());
    let mut size = number("page_size").filter(|size| *size > 0).unwrap_or(default);
    if env.profile.has(F::SmallPages) {
        size = size.min(most);
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
        // Outposts expect an empty list when nothing is assigned to them.
        return if env.caller.outpost { page(env, model, &[]) } else { Err(forbidden()) };
    }
    let objects = selected(env, model)?;
    if objects.is_empty() && !env.may("view", model) {
        return Err(forbidden());
    }
    page(env, model, &objects)
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
    let by_uuid = !matches!(model, Model::User | Model::Application | Model::Flow | Model::Token)
        && !Model::PROVIDERS.contains(&model);
    if by_uuid && !crate::ids::is_uuid(&id) {
        return Err(Reply::detail(404, "Not found."));
    }
    model.position(env.state, model.lookup(), &id).ok_or_else(|| absent(env, model))
}

/// A single object.
pub(crate) fn detail(env: &Env<'_>, model: Model, id: &str) -> Answer {
    if !env.may("view", model) && !env.owns(model, id) {
        return Err(forbidden());
    }
    let position = find(env, model, id)?;
    Ok(Reply::json(200, &serve::object(env, model, &model.table(env.state)[position])))
}
