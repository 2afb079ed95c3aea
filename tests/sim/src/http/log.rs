//! What was asked, in order, and what it cost.

use std::time::Instant;

use serde_json::Value;

/// One request and the status it was answered with (0 for no answer).
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The path without the query.
    pub path: String,
    /// The query without the question mark.
    pub query: String,
    /// The Host header.
    pub host: String,
    /// All headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body: JSON where it parses, text where not, null where there is none.
    pub body: Value,
    /// The status answered; 0 if the connection was closed without an answer.
    pub status: u16,
    /// The body answered, empty where there was none. Faults that pad it or cut it short do so later.
    pub answer: Vec<u8>,
    /// Whether the API accepted the credentials.
    pub authenticated: bool,
    /// Whether it came over TLS.
    pub tls: bool,
    /// Its number, counted from 0 since the server started.
    pub seq: usize,
    pub(crate) dear: bool,
    pub(crate) started: Instant,
    pub(crate) ended: Option<Instant>,
}

impl Request {
    /// The first header of this name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// When it arrived, for benchmarks.
    #[must_use]
    pub fn arrived(&self) -> Instant {
        self.started
    }

    /// Whether it is an authenticated change through the API.
    #[must_use]
    pub fn is_write(&self) -> bool {
        self.authenticated
            && self.path.contains("/api/v3/")
            && matches!(self.method.as_str(), "POST" | "PUT" | "PATCH" | "DELETE")
    }
}

/// The length of the longest chain of requests of which each began after the one before it had been answered. Found
/// greedily: take the request that ends first, drop those that overlap it, repeat.
#[must_use]
pub fn rounds(requests: &[Request]) -> usize {
    let mut spans: Vec<(Instant, Instant)> = requests
        .iter()
        .map(|request| (request.started, request.ended.unwrap_or(request.started)))
        .collect();
    spans.sort_by_key(|(_, end)| *end);
    let mut last: Option<Instant> = None;
    let mut count = 0;
    for (start, end) in spans {
        if last.is_none_or(|last| start >= last) {
            count += 1;
            last = Some(end);
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn span(zero: Instant, from: u64, to: u64) -> Request {
        Request {
            method: String::new(),
            path: String::new(),
            query: String::new(),
            host: String::new(),
            headers: vec![],
            body: Value::Null,
            status: 200,
            answer: vec![],
            authenticated: false,
            tls: false,
            seq: 0,
            dear: false,
            started: zero + Duration::from_millis(from),
            ended: Some(zero + Duration::from_millis(to)),
        }
    }

    #[test]
    fn overlapping_requests_are_one_round() {
        let zero = Instant::now();
        let log = [span(zero, 0, 10), span(zero, 1, 11), span(zero, 2, 9), span(zero, 12, 20)];
        assert_eq!(rounds(&log), 2);
    }

    #[test]
    fn a_chain_beside_a_long_request_counts_its_links() {
        let zero = Instant::now();
        let log = [span(zero, 0, 100), span(zero, 0, 10), span(zero, 10, 20), span(zero, 21, 30)];
        assert_eq!(rounds(&log), 3);
        assert_eq!(rounds(&[]), 0);
    }
}
