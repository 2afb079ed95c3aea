//! The smallest HTTP client that will do, so that no library's rules stand between a test and a server.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

/// An answer.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Answer {
    /// The first header of this name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The body as JSON; null if it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }

    /// What a person sees of a page.
    #[must_use]
    pub fn visible(&self) -> String {
        let start = self.body.find("<body").unwrap_or(0);
        let mut text = String::new();
        let mut inside = false;
        for sign in self.body[start..].chars() {
            match sign {
                '<' => inside = true,
                '>' => {
                    inside = false;
                    text.push(' ');
                }
                _ if !inside => text.push(sign),
                _ => {}
            }
        }
        let words: Vec<&str> = text.split_whitespace().collect();
        unescaped(&words.join(" "))
    }
}

/// HTML's signs as they are meant.
pub(crate) fn unescaped(text: &str) -> String {
    text.replace("&#34;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// One request on a connection of its own, to a server at `http://HOST:PORT`.
///
/// # Errors
/// If there is no such server, or no whole answer.
pub fn send(
    server: &str,
    method: &str,
    target: &str,
    headers: &[(String, String)],
    body: &str,
) -> io::Result<Answer> {
    let authority = server.trim_start_matches("http://").split('/').next().unwrap_or_default();
    let mut stream = TcpStream::connect(authority)?;
    // Only keeps a broken server from blocking a test for ever.
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    let mut request = format!("{method} {target} HTTP/1.1\r\nConnection: close\r\n");
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        request.push_str(&format!("Host: {authority}\r\n"));
    }
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() || matches!(method, "POST" | "PUT") {
        request.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    stream.write_all(format!("{request}\r\n{body}").as_bytes())?;
    let mut bytes = vec![];
    stream.read_to_end(&mut bytes)?;
    parse(&bytes).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

fn parse(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .collect();
    let body = bytes.get(end + 4..)?;
    let answer = Answer { status, headers, body: String::from_utf8_lossy(body).into_owned() };
    let promised = answer.header("content-length").and_then(|length| length.parse().ok());
    promised.is_none_or(|promised: usize| body.len() >= promised).then_some(answer)
}
