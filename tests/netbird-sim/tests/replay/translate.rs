//! From the ids, codes and tokens of a recording to those of the simulator, learned from answers to the same requests.

use std::collections::BTreeMap;

use authentik_sim::plumbing::{encode, sha256_hex};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// What was learned so far. All of it is random and long, so that it can be replaced wherever it stands.
#[derive(Default)]
pub struct Ids(BTreeMap<String, String>);

impl Ids {
    /// Remembers what a recorded text is called here. One that is known already is not learned again.
    pub fn learn(&mut self, recorded: &str, given: &str) {
        if recorded.len() < 9 || recorded == given || self.0.contains_key(recorded) {
            return;
        }
        self.0.insert(recorded.to_owned(), given.to_owned());
        // Errors name a token by its hash.
        if recorded.starts_with("nbp_") {
            self.0.insert(hashed(recorded), hashed(given));
        }
        if encode(recorded) != recorded {
            self.0.insert(encode(recorded), encode(given));
        }
    }

    /// Whether the recorded text was learned.
    pub fn knows(&self, recorded: &str) -> bool {
        self.0.contains_key(recorded)
    }

    /// The text with everything replaced that was learned.
    pub fn text(&self, recorded: &str) -> String {
        if let Some(known) = self.0.get(recorded) {
            return known.clone();
        }
        let mut text = recorded.to_owned();
        for (old, new) in self.0.iter().rev() {
            if text.contains(old.as_str()) {
                text = text.replace(old.as_str(), new);
            }
        }
        text
    }

    /// The same where everything was put into lower case, as messages are.
    pub fn message(&self, recorded: &str) -> String {
        let mut text = recorded.to_owned();
        for (old, new) in self.0.iter().rev() {
            text = text.replace(&old.to_lowercase(), &new.to_lowercase());
        }
        text
    }

    /// A body of JSON.
    pub fn value(&self, recorded: &Value) -> Value {
        match recorded {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            Value::Object(fields) => {
                let fields = fields.iter().map(|(key, value)| (key.clone(), self.value(value)));
                Value::Object(fields.collect())
            }
            other => other.clone(),
        }
    }
}

fn hashed(token: &str) -> String {
    let hex = sha256_hex(token);
    let digits: Vec<char> = hex.chars().collect();
    let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16);
    let bytes: Result<Vec<u8>, _> = digits.chunks(2).map(byte).collect();
    STANDARD.encode(bytes.expect("hexadecimal"))
}
