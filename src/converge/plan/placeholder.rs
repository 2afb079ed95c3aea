//! Primary keys and secrets that a plan does not know: they stand in it as placeholders, and become values
//! only when a step is sent. So a plan can be printed, compared and logged without a secret in it.

use std::collections::HashMap;

use serde_json::Value;

/// No text from the environment or from Authentik's JSON names can begin like this.
const MARK: char = '\0';

/// The primary key that an object will have which this plan creates.
pub fn key_of(kind: &str, name: &str) -> String {
    format!("{MARK}{kind}:{name}")
}

/// The app password of the service account.
pub fn app_password() -> String {
    key_of("secret", "app password")
}

/// The secret of a confidential client that has none.
pub fn client_secret() -> String {
    key_of("secret", "client secret")
}

/// What tells an account that is being made from others of its name.
pub fn account_mark() -> String {
    key_of("secret", "mark of an account")
}

/// Whether this is a placeholder.
pub fn is(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.starts_with(MARK))
}

/// What is known of the placeholders by now.
#[derive(Default)]
pub struct Known(HashMap<String, Value>);

impl Known {
    /// From now on, this placeholder is this value.
    pub fn learn(&mut self, placeholder: String, value: Value) {
        self.0.insert(placeholder, value);
    }

    /// The value with every placeholder in it replaced.
    ///
    /// # Errors
    /// The first placeholder that nothing is known of.
    pub fn fill(&self, value: &Value) -> Result<Value, String> {
        Ok(match value {
            Value::String(text) if text.starts_with(MARK) => {
                self.0.get(text).cloned().ok_or_else(|| text.replace(MARK, ""))?
            }
            Value::Array(items) => items.iter().map(|i| self.fill(i)).collect::<Result<_, _>>()?,
            other => other.clone(),
        })
    }

    /// The same for a part of a path.
    ///
    /// # Errors
    /// See [`Known::fill`].
    pub fn fill_text(&self, text: &str) -> Result<String, String> {
        Ok(match self.fill(&Value::from(text))? {
            Value::String(text) => text,
            other => other.to_string(),
        })
    }
}
