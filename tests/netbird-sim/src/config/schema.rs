//! Decoding as Go's encoding/json does: keys without regard to case, the last spelling wins, unknown keys ignored, null
//! changes nothing, and a value of the wrong kind is an error.

use serde_json::{Map, Value, json};

use crate::config::json::Json;

/// The fields of a struct.
pub(crate) type Fields = &'static [(&'static str, Shape)];

/// What a field may hold.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    Text,
    Flag,
    Whole,
    /// A whole number or nothing.
    MaybeWhole,
    /// A number of nanoseconds, or a text such as `12h`.
    Duration,
    /// An address with the length of its network.
    Prefix,
    /// Anything, as it stands.
    Free,
    List(&'static Shape),
    Object(Fields),
    /// An object or nothing.
    Maybe(Fields),
    /// Keys of the user's choice, all values of one shape.
    Map(&'static Shape),
}

/// What a field holds before anything was read.
pub(crate) fn zero(shape: Shape) -> Value {
    match shape {
        Shape::Text => json!(""),
        Shape::Flag => json!(false),
        Shape::Whole => json!(0),
        Shape::Duration => json!("0s"),
        Shape::Prefix => json!(""),
        Shape::Object(fields) => {
            let pairs = fields.iter().map(|(name, shape)| ((*name).to_owned(), zero(*shape)));
            Value::Object(pairs.collect::<Map<String, Value>>())
        }
        Shape::Free | Shape::MaybeWhole | Shape::List(_) | Shape::Maybe(_) | Shape::Map(_) => {
            Value::Null
        }
    }
}

/// Reads `json` into what is there already; a key that comes again overlays what came before.
pub(crate) fn decode(
    shape: Shape,
    into: &mut Value,
    json: &Json,
    path: &str,
) -> Result<(), String> {
    let misfit = |wanted: &str| {
        Err(format!(
            "json: cannot unmarshal {} into Go struct field {path} of type {wanted}",
            json.kind()
        ))
    };
    if *json == Json::Null {
        let nothing = zero(shape);
        if nothing.is_null() {
            *into = nothing;
        }
        return Ok(());
    }
    match (shape, json) {
        (Shape::Free, _) => *into = json.free(),
        (Shape::Text, Json::Text(text)) => *into = json!(text),
        (Shape::Text, _) => return misfit("string"),
        (Shape::Flag, Json::Flag(flag)) => *into = json!(flag),
        (Shape::Flag, _) => return misfit("bool"),
        (Shape::Whole | Shape::MaybeWhole, Json::Number(number)) if number.is_i64() => {
            *into = json!(number);
        }
        (Shape::Whole | Shape::MaybeWhole, _) => return misfit("int"),
        (Shape::Duration, Json::Number(number)) => {
            *into = json!(format!("{}ns", number.as_f64().unwrap_or_default()));
        }
        (Shape::Duration, Json::Text(text)) if is_duration(text) => *into = json!(text),
        (Shape::Duration, Json::Text(text)) => {
            return Err(format!("time: invalid duration {text:?}"));
        }
        (Shape::Duration, _) => return Err("invalid duration".to_owned()),
        (Shape::Prefix, Json::Text(text)) if is_prefix(text) => *into = json!(text),
        (Shape::Prefix, Json::Text(text)) => {
            return Err(format!("netip.ParsePrefix({text:?}): no '/'"));
        }
        (Shape::Prefix, _) => return misfit("netip.Prefix"),
        (Shape::List(item), Json::List(items)) => {
            let mut list = vec![];
            for one in items {
                let mut value = zero(*item);
                decode(*item, &mut value, one, path)?;
                list.push(value);
            }
            *into = Value::Array(list);
        }
        (Shape::List(_), _) => return misfit("[]"),
        (Shape::Map(item), Json::Object(pairs)) => {
            if !into.is_object() {
                *into = json!({});
            }
            for (key, one) in pairs {
                let mut value = zero(*item);
                decode(*item, &mut value, one, &format!("{path}.{key}"))?;
                into[key.as_str()] = value;
            }
        }
        (Shape::Map(_), _) => return misfit("map"),
        (Shape::Object(fields) | Shape::Maybe(fields), Json::Object(pairs)) => {
            if !into.is_object() {
                *into = zero(Shape::Object(fields));
            }
            for (key, one) in pairs {
                if let Some((name, shape)) = field(fields, key) {
                    decode(shape, &mut into[name], one, &format!("{path}.{name}"))?;
                }
            }
        }
        (Shape::Object(_) | Shape::Maybe(_), _) => return misfit("struct"),
    }
    Ok(())
}

/// The field a key means: the exact one, else the one that differs in case only.
fn field(fields: Fields, key: &str) -> Option<(&'static str, Shape)> {
    let exact = fields.iter().find(|(name, _)| *name == key);
    exact.or_else(|| fields.iter().find(|(name, _)| folded(name) == folded(key))).copied()
}

/// Simple folding: besides the case of letters, the Kelvin sign and the long s.
fn folded(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\u{212a}' => 'k',
            '\u{17f}' => 's',
            other => other.to_ascii_lowercase(),
        })
        .collect()
}

/// Whether Go's time.ParseDuration takes it.
pub(crate) fn is_duration(text: &str) -> bool {
    let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    if rest == "0" {
        return true;
    }
    if rest.is_empty() {
        return false;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let number = &rest[..digits];
        let units = ["ns", "us", "µs", "ms", "s", "m", "h"];
        let unit = units.iter().find(|unit| {
            let after = rest[digits..].strip_prefix(**unit);
            after.is_some_and(|after| !after.starts_with(char::is_alphabetic))
        });
        let (Some(unit), Ok(_)) = (unit, number.parse::<f64>()) else { return false };
        rest = &rest[digits + unit.len()..];
    }
    true
}

fn is_prefix(text: &str) -> bool {
    text.split_once('/').is_some_and(|(address, bits)| {
        let most =
            address.parse::<std::net::IpAddr>().map(|ip| if ip.is_ipv4() { 32 } else { 128 });
        most.is_ok_and(|most| bits.parse::<u8>().is_ok_and(|bits| bits <= most))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const INNER: Fields = &[("Key", Shape::Text), ("Flag", Shape::Flag)];
    const OUTER: Fields = &[("Inner", Shape::Maybe(INNER)), ("Ttl", Shape::Duration)];

    fn read(text: &str) -> Result<Value, String> {
        let mut into = zero(Shape::Object(OUTER));
        decode(Shape::Object(OUTER), &mut into, &Json::parse(text)?, "Config").map(|()| into)
    }

    #[test]
    fn the_last_spelling_wins_and_objects_are_overlaid() {
        let read = read(r#"{"Inner": {"Key": "a", "flag": true}, "INNER": {"key": "b"}, "x": 1}"#);
        assert_eq!(read, Ok(json!({"Inner": {"Key": "b", "Flag": true}, "Ttl": "0s"})));
    }

    #[test]
    fn null_empties_what_can_be_empty_and_leaves_the_rest() {
        let read = read(r#"{"Inner": {"Key": "a"}, "inner": null, "Ttl": "12h", "ttl": null}"#);
        assert_eq!(read, Ok(json!({"Inner": null, "Ttl": "12h"})));
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_named() {
        let error = read(r#"{"Inner": {"Flag": "yes"}}"#).unwrap_err();
        assert!(error.contains("string into Go struct field Config.Inner.Flag of type bool"));
        assert!(read(r#"{"Ttl": "12 hours"}"#).is_err() && read(r#"{"Ttl": "1h30m"}"#).is_ok());
    }
}
