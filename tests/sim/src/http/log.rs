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
    /// Its place among all arrivals and answers, as it came and as it was answered.
    pub(crate) came: usize,
    pub(crate) left: Option<usize>,
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

/// The requests in rounds: those of one round were in flight side by side, and each round began after some request of the
/// one before it had been answered. Found greedily, as the longest chain is: take the request that was answered first,
/// gather those that came before that, repeat. By the order of arrivals and answers alone; no clock is read.
#[must_use]
pub fn rounds(requests: &[Request]) -> Vec<Vec<&Request>> {
    let mut rest: Vec<&Request> = requests.iter().collect();
    rest.sort_by_key(|request| request.came);
    let mut rounds = Vec::new();
    while let Some(first) = rest.iter().map(|request| request.left.unwrap_or(request.came)).min() {
        let later = rest.split_off(rest.partition_point(|request| request.came <= first));
        rounds.push(std::mem::replace(&mut rest, later));
    }
    rounds
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(came: usize, left: usize) -> Request {
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
            started: Instant::now(),
            came,
            left: Some(left),
        }
    }

    fn sizes(log: &[Request]) -> Vec<usize> {
        rounds(log).iter().map(Vec::len).collect()
    }

    #[test]
    fn overlapping_requests_are_one_round() {
        assert_eq!(sizes(&[span(0, 4), span(1, 5), span(2, 3), span(6, 7)]), [3, 1]);
    }

    #[test]
    fn a_chain_beside_a_long_request_counts_its_links() {
        assert_eq!(sizes(&[span(0, 7), span(1, 2), span(3, 4), span(5, 6)]), [2, 1, 1]);
        assert!(sizes(&[]).is_empty());
    }
}
