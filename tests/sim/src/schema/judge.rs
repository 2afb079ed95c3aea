//! One value against what a table says of it.

use serde_json::{Map, Value};

use super::Verdict;
use super::known::{Difference, KNOWN, Known, PENDING};
use super::table::{Kind, Table};

/// Which way the value went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Request,
    Answer,
}

/// A judge at work on one exchange.
#[derive(Debug)]
pub(super) struct Judge<'a> {
    table: &'a Table,
    side: Side,
    pub(super) verdict: Verdict,
}

impl<'a> Judge<'a> {
    pub(super) fn new(table: &'a Table, side: Side) -> Self {
        Self { table, side, verdict: Verdict::default() }
    }

    pub(super) fn complain(&mut self, at: &str, what: &str) {
        self.verdict.complaints.push(format!("{}: {at} {what}", self.table.release));
    }

    /// A complaint about a field, unless it is a known one.
    fn object(&mut self, at: &str, model: &str, field: &str, difference: Difference) {
        let excuse = |known: &&Known| {
            known.model == model
                && (known.field == field || known.field == "*")
                && known.difference == difference
                && known.range.holds(self.table.number)
        };
        match KNOWN.iter().chain(PENDING).find(excuse) {
            Some(known) => self.verdict.excused.push(known),
            None => self.complain(at, &format!("({model}): {field} {}", difference.words())),
        }
    }

    /// A query parameter, whose value is a text whatever its type.
    pub(super) fn parameter(&mut self, at: &str, kind: &Kind, value: &str) {
        let fits = match kind {
            // One parameter for each item of a list.
            Kind::List(item) => return self.parameter(at, item, value),
            Kind::Bool => matches!(value, "true" | "false"),
            Kind::Int => value.parse::<i64>().is_ok(),
            _ => return self.value(at, kind, &Value::from(value)),
        };
        if !fits {
            self.complain(at, &format!("is {value:?}, {kind:?} is expected"));
        }
    }

    /// A value where one of this kind is expected.
    pub(super) fn value(&mut self, at: &str, kind: &Kind, value: &Value) {
        let text = value.as_str();
        let fits = match kind {
            Kind::Any => true,
            Kind::Bool => value.is_boolean(),
            Kind::Int => value.is_i64() || value.is_u64(),
            Kind::Number => value.is_number(),
            Kind::Text => value.is_string(),
            Kind::Uuid => text.is_some_and(is_uuid),
            Kind::Time => text.is_some_and(is_time),
            Kind::Object => value.is_object(),
            Kind::List(item) => {
                for value in value.as_array().into_iter().flatten() {
                    self.value(&format!("{at}[]"), item, value);
                }
                value.is_array()
            }
            Kind::Named(name) => match (self.table.enums.get(name), value.as_object()) {
                (Some(values), _) => values.contains(value),
                (None, Some(object)) => return self.model(at, name, object),
                (None, None) => false,
            },
        };
        if !fits {
            self.complain(at, &format!("is {}, {kind:?} is expected", short(value)));
        }
    }

    fn model(&mut self, at: &str, name: &str, object: &Map<String, Value>) {
        let table = self.table;
        let Some(model) = table.models.get(name) else {
            return self.complain(at, &format!("is of the unknown model {name}"));
        };
        for field in object.keys().filter(|field| !model.contains_key(*field)) {
            self.object(at, name, field, Difference::Unknown);
        }
        for (field, expected) in model {
            match object.get(field) {
                None if expected.required || self.side == Side::Answer => {
                    self.object(at, name, field, Difference::Absent);
                }
                None => {}
                Some(Value::Null) if expected.nullable || matches!(expected.kind, Kind::Any) => {}
                Some(Value::Null) => self.object(at, name, field, Difference::Null),
                Some(value) => self.value(&format!("{at}.{field}"), &expected.kind, value),
            }
        }
    }

    /// A refusal: `detail`, or texts for each field, to any depth.
    pub(super) fn refusal(&mut self, at: &str, body: &Value) {
        fn texts(value: &Value) -> bool {
            match value {
                Value::String(_) => true,
                Value::Array(items) => items.iter().all(texts),
                Value::Object(fields) => fields.values().all(texts),
                _ => false,
            }
        }
        let fits = body.is_null() || body.is_object() && texts(body);
        if !fits {
            self.complain(at, &format!("is refused by {}", short(body)));
        }
    }
}

/// A value that fits a line.
fn short(value: &Value) -> String {
    value.to_string().chars().take(80).collect()
}

/// Hexadecimal in groups of 8, 4, 4, 4 and 12.
fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Date, `T`, time and zone.
fn is_time(text: &str) -> bool {
    let shape: String =
        text.chars().map(|char| if char.is_ascii_digit() { '0' } else { char }).collect();
    let Some(rest) = shape.strip_prefix("0000-00-00T00:00:00") else { return false };
    let zone = rest.strip_prefix('.').map_or(rest, |rest| rest.trim_start_matches('0'));
    matches!(zone, "Z" | "+00:00" | "-00:00")
}
