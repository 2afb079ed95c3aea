//! One request of the browser, carried out in the process, with its cookies and the headers of the reverse proxy.

use serde_json::Value;

use crate::browser::{Browser, Client, Failure, failure};
use crate::call::{Call, encode};
use crate::oidc::cors::origin;

/// An answer as the browser sees it.
pub(crate) struct Seen {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// Status and the beginning of the body, for failures.
    pub(crate) fn shown(&self) -> String {
        let body = String::from_utf8_lossy(&self.body);
        let title = body.split("<title>").nth(1).and_then(|rest| rest.split("</title>").next());
        let text: String = title.unwrap_or(&body).chars().take(200).collect();
        format!("status {}: {text}", self.status)
    }

    /// Refuses unless a page of this origin may read the answer.
    pub(crate) fn readable(&self, step: &'static str, client: &Client) -> Result<(), Failure> {
        let Some(origin) = &client.origin else { return Ok(()) };
        match self.header("access-control-allow-origin") {
            Some(allowed) if allowed == origin || allowed == "*" => Ok(()),
            other => failure(
                step,
                format!(
                    "Access-Control-Allow-Origin is {other:?}, so the page at {origin} is not let in"
                ),
            ),
        }
    }
}

/// Pairs as a form or a query.
pub(crate) fn form(pairs: &[(&str, &str)]) -> String {
    let parts: Vec<String> =
        pairs.iter().map(|(key, value)| format!("{key}={}", encode(value))).collect();
    parts.join("&")
}

impl Browser {
    /// A form sent to one of the endpoints.
    pub(crate) fn post(
        &mut self,
        step: &'static str,
        url: &str,
        headers: &[(&str, &str)],
        pairs: &[(&str, &str)],
    ) -> Result<Seen, Failure> {
        let kind = ("content-type", "application/x-www-form-urlencoded");
        let headers: Vec<(&str, &str)> = headers.iter().copied().chain([kind]).collect();
        self.ask(step, "POST", url, &headers, form(pairs).into_bytes())
    }

    /// A request to this server; any other address is a failure.
    pub(crate) fn ask(
        &mut self,
        step: &'static str,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<Seen, Failure> {
        let base = self.base.clone();
        let home = origin(&base).unwrap_or_default();
        // The server sends some addresses without its origin.
        let path = match url.strip_prefix(home) {
            Some(path) => path,
            None if url.starts_with('/') => url,
            None => return failure(step, format!("{url} is not an address of {base}")),
        };
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let (scheme, host) = home.split_once("://").unwrap_or(("http", ""));
        let mut all: Vec<(String, String)> = headers
            .iter()
            .chain(&[("host", host), ("x-forwarded-proto", scheme)])
            .map(|(name, value)| (name.to_ascii_lowercase(), (*value).to_owned()))
            .collect();
        if let Some(key) = &self.cookie {
            all.push(("cookie".to_owned(), format!("authentik_session={key}")));
        }
        let call = Call {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: all,
            body,
            base: String::new(),
            now: self.shared.front.now(),
        };
        let reply = self.shared.handle(call, false).reply;
        let seen = Seen { status: reply.status, headers: reply.headers, body: reply.body };
        if let Some(key) = seen
            .header("set-cookie")
            .and_then(|cookie| cookie.strip_prefix("authentik_session="))
            .and_then(|cookie| cookie.split(';').next())
        {
            self.cookie = Some(key.to_owned());
        }
        Ok(seen)
    }

    /// Goes through the flow whose page the browser was sent to, and agrees to everything. Ends with the last challenge.
    pub(crate) fn walk(&mut self, step: &'static str, page: &str) -> Result<Value, Failure> {
        let executor = executor(&self.base, page);
        let Some(executor) = executor else {
            return failure(step, format!("sent to {page}, which is no page of a flow"));
        };
        // A flow of so many pages goes in circles.
        for _ in 0..8 {
            let seen = self.ask(step, "GET", &executor, &[], vec![])?;
            let challenge = seen.json();
            match challenge["component"].as_str() {
                Some("ak-stage-consent") => {
                    let kind = [("content-type", "application/json")];
                    let answer = br#"{"component":"ak-stage-consent","token":"consent"}"#.to_vec();
                    self.ask(step, "POST", &executor, &kind, answer)?;
                }
                Some("ak-stage-identification") => {
                    return failure(step, "nobody is logged in");
                }
                Some("ak-stage-access-denied") => {
                    let text = challenge["error_message"].as_str().unwrap_or("access denied");
                    return failure(step, text);
                }
                Some(_) => return Ok(challenge),
                None => return failure(step, seen.shown()),
            }
        }
        failure(step, "the flow does not end")
    }
}

/// The executor's address for the page of a flow.
pub(crate) fn executor(base: &str, page: &str) -> Option<String> {
    let slug = page.split("/if/flow/").nth(1)?.split(['/', '?']).next()?;
    Some(format!("{base}/api/v3/flows/executor/{slug}/?query="))
}
