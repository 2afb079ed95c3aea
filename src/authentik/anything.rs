//! Values whose form is not known: attributes that people add, and lists that releases shape differently. A tree of JSON is
//! many times as large as its text, so only as much is taken in as such a value can be.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// The most that is kept of something whose form is not known, in bytes. All redirect URIs of a provider are a tenth.
const ANYTHING: usize = 64 * 1024;

/// Something whose form is not known.
pub(super) fn anything<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
    let mut left = ANYTHING;
    DeserializeSeed::deserialize(Anything(&mut left), deserializer)
}

/// An object whose keys are not known; null is an empty one.
pub(super) fn object_or_empty<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Map<String, Value>, D::Error> {
    match anything(deserializer)? {
        Value::Object(object) => Ok(object),
        Value::Null => Ok(Map::new()),
        _ => Err(D::Error::custom("no object")),
    }
}

/// With how much may be kept still.
struct Anything<'a>(&'a mut usize);

/// What a value costs beside its text, in bytes.
const NODE: usize = 32;

impl Anything<'_> {
    fn take<E: Error>(&mut self, bytes: usize) -> Result<(), E> {
        let left = self.0.checked_sub(bytes + NODE);
        *self.0 = left.ok_or_else(|| E::custom("a field larger than 64 KiB"))?;
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Anything<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Anything<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(mut self, text: &str) -> Result<Value, E> {
        self.take(text.len())?;
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Value, A::Error> {
        self.take(0)?;
        let mut all = Vec::new();
        while let Some(item) = items.next_element_seed(Anything(self.0))? {
            self.take(0)?;
            all.push(item);
        }
        Ok(all.into())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<Value, A::Error> {
        self.take(0)?;
        let mut map = Map::new();
        while let Some(key) = entries.next_key_seed(Anything(self.0))? {
            let Value::String(key) = key else {
                return Err(A::Error::custom("a key that is no text"));
            };
            let value = entries.next_value_seed(Anything(self.0))?;
            map.insert(key, value);
        }
        Ok(map.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_much_is_taken_in_as_such_a_value_can_be() {
        #[derive(Debug, serde::Deserialize)]
        struct Fields {
            #[serde(default, deserialize_with = "object_or_empty")]
            other: Map<String, Value>,
        }
        let read = |text: &str| serde_json::from_str::<Fields>(text);
        let sound = read(r#"{"other": {"a": [1, {"b": null}]}}"#).unwrap();
        assert_eq!(sound.other["a"], serde_json::json!([1, {"b": null}]));
        assert!(read("{}").is_ok() && read(r#"{"other": null}"#).is_ok());
        let many = "[],".repeat(ANYTHING / NODE);
        for wrong in [
            format!(r#"{{"other": {{"a": [{many}0]}}}}"#),
            format!(r#"{{"other": {{"{}": 1}}}}"#, "x".repeat(ANYTHING)),
            r#"{"other": [1]}"#.to_owned(),
        ] {
            let said = read(&wrong).unwrap_err().to_string();
            assert!(said.len() < 100, "an error repeats nothing: {said}");
        }
    }
}
