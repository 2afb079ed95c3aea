//! Checks of a request body, collected as the API reports them: field by field, all at once.

use serde_json::{Map, Value, json};

use crate::http::reply::Reply;
use crate::ids::is_uuid;
use crate::model::Model;
use crate::state::State;

/// A body under examination.
pub(crate) struct Form<'a> {
    body: &'a Map<String, Value>,
    /// In a partial update nothing is required.
    partial: bool,
    errors: Map<String, Value>,
}

impl<'a> Form<'a> {
    pub(crate) fn new(body: &'a Map<String, Value>, partial: bool) -> Self {
        Self { body, partial, errors: Map::new() }
    }

    pub(crate) fn error(&mut self, field: &str, text: &str) {
        self.errors.insert(field.to_owned(), json!([text]));
    }

    pub(crate) fn error_value(&mut self, field: &str, value: Value) {
        self.errors.insert(field.to_owned(), value);
    }

    pub(crate) fn has_error(&self, field: &str) -> bool {
        self.errors.contains_key(field)
    }

    /// The value sent, if any.
    pub(crate) fn sent(&self, field: &str) -> Option<&'a Value> {
        self.body.get(field)
    }

    /// Whether a value was sent, or may be absent; otherwise it is reported.
    pub(crate) fn require(&mut self, field: &str) -> bool {
        let present = self.body.contains_key(field);
        if !present && !self.partial {
            self.error(field, "This field is required.");
        }
        present
    }

    /// A text that is neither null nor empty.
    pub(crate) fn text(&mut self, field: &str) -> Option<&'a str> {
        match self.sent(field)? {
            Value::String(text) if text.trim().is_empty() => {
                self.error(field, "This field may not be blank.")
            }
            Value::String(text) => return Some(text),
            Value::Null => self.error(field, "This field may not be null."),
            _ => self.error(field, "Not a valid string."),
        }
        None
    }

    /// A text that may be empty.
    pub(crate) fn loose_text(&mut self, field: &str) {
        match self.sent(field) {
            None | Some(Value::String(_)) => {}
            Some(Value::Null) => self.error(field, "This field may not be null."),
            Some(_) => self.error(field, "Not a valid string."),
        }
    }

    /// One of the choices.
    pub(crate) fn choice(&mut self, field: &str, choices: &[&str]) {
        match self.sent(field) {
            None => {}
            Some(Value::String(text)) if choices.contains(&text.as_str()) => {}
            Some(other) => {
                let shown = other.as_str().map_or_else(|| other.to_string(), str::to_owned);
                self.error(field, &format!("\"{shown}\" is not a valid choice."));
            }
        }
    }

    /// A boolean.
    pub(crate) fn boolean(&mut self, field: &str) {
        if self.sent(field).is_some_and(|value| !value.is_boolean()) {
            self.error(field, "Must be a valid boolean.");
        }
    }

    /// The key of an existing object.
    pub(crate) fn related(&mut self, field: &str, model: Model, state: &State, nullable: bool) {
        match self.sent(field) {
            None => {}
            Some(Value::Null) if nullable => {}
            Some(Value::Null) => self.error(field, "This field may not be null."),
            Some(pk) => {
                if let Some(text) = missing(pk, model, state) {
                    self.error(field, &text);
                }
            }
        }
    }

    /// The keys of existing objects.
    pub(crate) fn related_list(&mut self, field: &str, model: Model, state: &State) {
        match self.sent(field) {
            None => {}
            Some(Value::Array(items)) => {
                if let Some(text) = items.iter().find_map(|pk| missing(pk, model, state)) {
                    self.error(field, &text);
                }
            }
            Some(other) => {
                let text =
                    format!("Expected a list of items but got type \"{}\".", python_type(other));
                self.error(field, &text);
            }
        }
    }

    /// The number of a provider of any kind, or none.
    pub(crate) fn related_provider(&mut self, field: &str, state: &State) {
        let Some(pk) = self.sent(field).filter(|pk| !pk.is_null()) else { return };
        if let Some(text) = no_provider(pk, state) {
            self.error(field, &text);
        }
    }

    /// The numbers of providers of any kind.
    pub(crate) fn related_providers(&mut self, field: &str, state: &State) {
        let items = self.sent(field).and_then(Value::as_array).into_iter().flatten();
        if let Some(text) = items.into_iter().find_map(|pk| no_provider(pk, state)) {
            self.error(field, &text);
        }
    }

    /// A slug: letters, digits, `_` and `-`.
    pub(crate) fn slug(&mut self, field: &str, curly: bool) {
        let Some(text) = self.text(field) else { return };
        let valid =
            text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if !valid {
            let (open, close) = if curly { ('\u{201c}', '\u{201d}') } else { ('"', '"') };
            self.error(
                field,
                &format!("Enter a valid {open}slug{close} consisting of letters, numbers, underscores or hyphens."),
            );
        }
    }

    /// Reports a value that another object has already.
    pub(crate) fn unique(
        &mut self,
        field: &str,
        model: Model,
        state: &State,
        own: Option<&Value>,
        text: &str,
    ) {
        let Some(value) = self.sent(field) else { return };
        let taken = model.table(state).iter().any(|object| {
            object[field] == *value && own.is_none_or(|own| object[model.primary()] != *own)
        });
        if taken && !value.is_null() && !self.has_error(field) {
            self.error(field, text);
        }
    }

    /// The 400 if anything was reported.
    pub(crate) fn done(self) -> Result<(), Reply> {
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(Reply::json(400, &Value::Object(self.errors)))
        }
    }
}

/// The complaint about a number, if it is no provider's.
fn no_provider(pk: &Value, state: &State) -> Option<String> {
    let number = pk.as_i64().or_else(|| pk.as_str()?.parse().ok());
    match number.and_then(|number| state.any_provider(&json!(number))) {
        Some(_) => None,
        None => missing(pk, Model::Provider, state),
    }
}

/// The complaint about a key, if it is no object's.
fn missing(pk: &Value, model: Model, state: &State) -> Option<String> {
    let by_number = model == Model::User || Model::PROVIDERS.contains(&model);
    if by_number {
        if !(pk.is_i64() || pk.as_str().is_some_and(|text| text.parse::<i64>().is_ok())) {
            return Some(format!(
                "Incorrect type. Expected pk value, received {}.",
                python_type(pk)
            ));
        }
    } else if !pk.as_str().is_some_and(is_uuid) {
        let shown = pk.as_str().map_or_else(|| pk.to_string(), str::to_owned);
        return Some(format!("\u{201c}{shown}\u{201d} is not a valid UUID."));
    }
    let shown = pk.as_str().map_or_else(|| pk.to_string(), str::to_owned);
    match model.position(state, model.primary(), &shown) {
        Some(_) => None,
        None => Some(format!("Invalid pk \"{shown}\" - object does not exist.")),
    }
}

/// The name the server's language has for a JSON type.
pub(crate) fn python_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    }
}
