//! One request as the handlers see it.

use serde_json::Value;

/// A request with its body read, and the scheme and host it was meant for.
#[derive(Clone, Debug)]
pub struct Call {
    /// The method.
    pub method: String,
    /// The path without the sub-path of the installation and without the query.
    pub path: String,
    /// The query as sent.
    pub query: String,
    /// Headers in order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// `https://auth.example.com` and the sub-path if any, without a trailing slash: what issuers are made of.
    pub base: String,
    /// The server's time.
    pub now: i64,
}

impl Call {
    /// The first header of this name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// All values of one query parameter.
    #[must_use]
    pub fn queries(&self, name: &str) -> Vec<String> {
        pairs(&self.query)
            .into_iter()
            .filter(|(key, _)| key == name)
            .map(|(_, value)| value)
            .collect()
    }

    /// The last value of a query parameter, as Django takes it.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<String> {
        self.queries(name).pop()
    }

    /// A field of a form body.
    #[must_use]
    pub fn form(&self, name: &str) -> Option<String> {
        pairs(&String::from_utf8_lossy(&self.body))
            .into_iter()
            .filter(|(key, _)| key == name)
            .map(|(_, value)| value)
            .next_back()
    }

    /// The host this request was meant for, with its port if it names one.
    #[must_use]
    pub fn host(&self) -> &str {
        let after = self.base.split_once("://").map_or("", |(_, rest)| rest);
        after.split('/').next().unwrap_or_default()
    }

    /// Whether the method only reads.
    #[must_use]
    pub fn reads(&self) -> bool {
        matches!(self.method.as_str(), "GET" | "HEAD" | "OPTIONS")
    }

    /// The body for the log: JSON if it is some, a text if not, null if empty.
    #[must_use]
    pub fn logged_body(body: &[u8]) -> Value {
        if body.is_empty() {
            return Value::Null;
        }
        serde_json::from_slice(body)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(body).into_owned()))
    }
}

/// The pairs of a query or form, decoded.
#[must_use]
pub fn pairs(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            (decode(key), decode(value))
        })
        .collect()
}

fn decode(text: &str) -> String {
    let mut out = vec![];
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let pair: Vec<u8> = bytes.by_ref().take(2).collect();
                let number = std::str::from_utf8(&pair)
                    .ok()
                    .and_then(|hex| u8::from_str_radix(hex, 16).ok());
                match number {
                    Some(number) => out.push(number),
                    None => {
                        out.push(b'%');
                        out.extend(pair);
                    }
                }
            }
            other => out.push(other),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Percent-encodes for a query, as a form does.
#[must_use]
pub fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            b' ' => "+".to_owned(),
            other => format!("%{other:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_survive_encoding() {
        let text = "a b&c=d%é+/";
        assert_eq!(pairs(&format!("k={}", encode(text))), vec![("k".to_owned(), text.to_owned())]);
        assert_eq!(decode("100%"), "100%");
    }
}
