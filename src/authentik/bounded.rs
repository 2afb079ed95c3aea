//! How much of an answer is taken in: a server that sends four megabytes in one field, or a hundred thousand objects, gets
//! an answer that does not fit instead of this container's memory. And what stands in paths is held to what it can be: a
//! primary key with a slash in it would lead elsewhere.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use serde_json::Value;

use super::anything::anything;
use crate::text::Secret;

/// The longest text that is kept, in bytes. Names are hundreds, an issuer and a validity less.
const TEXT: usize = 4 * 1024;

/// The most objects of one list in one answer. Pages of a hundred are asked for.
const OBJECTS: usize = 1_000;

/// The longest text that is read over, in bytes: style sheets of brands have pictures in them. Where another type is
/// wanted, the error that is made of it repeats it.
const PASSED_OVER: usize = 512 * 1024;

/// Whether JSON has a text in it that is too long even to be read over.
pub(super) fn has_endless_text(json: &[u8]) -> bool {
    let (mut inside, mut escaped, mut length) = (false, false, 0);
    for byte in json {
        match (inside, byte) {
            (false, b'"') => (inside, length) = (true, 0),
            (false, _) => {}
            (true, b'"') if !escaped => inside = false,
            (true, _) => {
                escaped = *byte == b'\\' && !escaped;
                length += 1;
                if length > PASSED_OVER {
                    return true;
                }
            }
        }
    }
    false
}

/// Whether this can be a primary key: a UUID or a number.
pub fn is_key(text: &str) -> bool {
    let digits = !text.is_empty() && text.len() <= 20 && text.bytes().all(|b| b.is_ascii_digit());
    let places = [8, 13, 18, 23];
    let uuid = text.len() == 36
        && text.bytes().enumerate().all(|(at, b)| match places.contains(&at) {
            true => b == b'-',
            false => b.is_ascii_hexdigit(),
        });
    digits || uuid
}

/// A primary key.
pub(super) fn key<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let key = text(deserializer)?;
    if is_key(&key) { Ok(key) } else { Err(D::Error::custom("a primary key that is none")) }
}

/// A primary key, or null; an empty text counts as null, as recorded answers have it.
pub(super) fn key_or_none<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    match text_or_none(deserializer)?.filter(|key| !key.is_empty()) {
        Some(key) if !is_key(&key) => Err(D::Error::custom("a primary key that is none")),
        key => Ok(key),
    }
}

/// Primary keys; null is none.
pub(super) fn keys<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(serde::Deserialize)]
    struct Key(#[serde(deserialize_with = "key")] String);
    let keys: Vec<Key> = many_or_none(deserializer)?;
    Ok(keys.into_iter().map(|key| key.0).collect())
}

/// A text.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    struct Text;
    impl Visitor<'_> for Text {
        type Value = String;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
            match text.len() {
                0..=TEXT => Ok(text.to_owned()),
                _ => Err(E::custom("a text longer than 4 KiB")),
            }
        }
    }
    deserializer.deserialize_str(Text)
}

/// A text, or null.
pub(super) fn text_or_none<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    #[derive(serde::Deserialize)]
    struct Text(#[serde(deserialize_with = "text")] String);
    Ok(Option::<Text>::deserialize(deserializer)?.map(|text| text.0))
}

/// A text; null is an empty one.
pub(super) fn text_or_empty<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<String, D::Error> {
    text_or_none(deserializer).map(Option::unwrap_or_default)
}

/// A text that nothing may show. Anything else counts as absent: from 2026.11 on it may be a reference to a secret that
/// is kept elsewhere.
pub(super) fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    match anything(deserializer)? {
        Value::String(secret) => Ok(Secret::new(secret)),
        _ => Ok(Secret::default()),
    }
}

/// Texts, or null.
pub(super) fn texts_or_none<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<String>>, D::Error> {
    #[derive(serde::Deserialize)]
    struct Text(#[serde(deserialize_with = "text")] String);
    #[derive(serde::Deserialize)]
    struct Texts(#[serde(deserialize_with = "many")] Vec<Text>);
    let texts = Option::<Texts>::deserialize(deserializer)?;
    Ok(texts.map(|texts| texts.0.into_iter().map(|text| text.0).collect()))
}

/// Objects of a list.
pub(super) fn many<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    struct Many<T>(std::marker::PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for Many<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<T>, A::Error> {
            let mut all = Vec::new();
            while let Some(item) = items.next_element()? {
                if all.len() == OBJECTS {
                    return Err(A::Error::custom("more than a thousand objects in a list"));
                }
                all.push(item);
            }
            Ok(all)
        }
    }
    deserializer.deserialize_seq(Many(std::marker::PhantomData))
}

/// Objects of a list; null is none.
pub(super) fn many_or_none<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    #[derive(serde::Deserialize)]
    #[serde(bound = "T: Deserialize<'de>")]
    struct Some<T>(#[serde(deserialize_with = "many")] Vec<T>);
    Ok(Option::<Some<T>>::deserialize(deserializer)?.map(|some| some.0).unwrap_or_default())
}

/// Null like absent: releases differ in which of the two they send.
pub(super) fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_primary_key_is_a_number_or_a_uuid() {
        for right in
            ["7", "01234567-89ab-cdef-0123-456789abcdef", "01234567-89AB-cdef-0123-456789abcdef"]
        {
            assert!(is_key(right), "{right}");
        }
        for wrong in [
            "",
            "-1",
            "../../users",
            "7/../8",
            "7?x",
            "\u{0}7",
            "0123456789ab-cdef-0123-456789abcdef-0000",
            "123456789012345678901",
        ] {
            assert!(!is_key(wrong), "{wrong}");
        }
    }

    #[test]
    fn an_endless_text_is_found_and_quotation_marks_in_texts_end_none() {
        let long = "x".repeat(PASSED_OVER + 1);
        assert!(has_endless_text(format!(r#"{{"a": 1, "b": "{long}"}}"#).as_bytes()));
        assert!(has_endless_text(format!(r#"["\\\"{long}"]"#).as_bytes()));
        let short = vec![r#""\\""#; PASSED_OVER / 4].join(",");
        assert!(!has_endless_text(format!("[{short}]").as_bytes()));
        assert!(!has_endless_text(" ".repeat(PASSED_OVER * 2).as_bytes()));
    }

    #[test]
    fn nothing_is_taken_in_without_an_end() {
        #[derive(Debug, serde::Deserialize)]
        struct Fields {
            #[serde(default, deserialize_with = "text_or_empty")]
            name: String,
            #[serde(default, deserialize_with = "keys")]
            keys: Vec<String>,
        }
        let read = |text: &str| serde_json::from_str::<Fields>(text);
        let sound = read(r#"{"name": null, "keys": ["7"]}"#).unwrap();
        assert_eq!((sound.name.as_str(), sound.keys), ("", vec!["7".to_owned()]));
        assert!(read("{}").is_ok());
        let long = "x".repeat(TEXT + 1);
        let many = vec!["\"7\""; OBJECTS + 1].join(",");
        for wrong in [
            format!(r#"{{"name": "{long}"}}"#),
            format!(r#"{{"keys": [{many}]}}"#),
            r#"{"keys": ["../7"]}"#.to_owned(),
        ] {
            let said = read(&wrong).unwrap_err().to_string();
            assert!(said.len() < 100, "an error repeats nothing: {said}");
        }
    }
}
