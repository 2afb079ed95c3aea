//! The published schema as a second judge. The simulator shares the program's beliefs wherever nothing was recorded;
//! these tables were made from something else, the published API client of each release (`schema/make.py`).
//!
//! Requests are judged by what the release documents. Answers are judged more strictly than a client would: a model that
//! is served has all of its keys, whether the schema requires them or not, as recorded servers do.

mod judge;
mod known;
#[cfg(test)]
mod share;
mod table;

use serde_json::Value;

pub use known::{Difference, KNOWN, Known, PENDING};
pub use table::{compared_by_name, judged_by, tables};

use crate::call::{self, Call};
use crate::http::log::Request;
use judge::{Judge, Side};
use table::{Table, table};

/// What the judge found.
#[derive(Debug, Default)]
pub struct Verdict {
    /// What is wrong, a sentence each.
    pub complaints: Vec<String>,
    /// What would have been wrong without an entry in [`KNOWN`] or [`PENDING`].
    pub excused: Vec<&'static Known>,
}

/// What is wrong with a request to the API of `release`: unknown path, query parameter or field, wrong type, missing
/// field, a value that an enumeration does not have. `body` is null where there is none. A request to anything but the
/// API has no schema; a release without a table is a complaint.
#[must_use]
pub fn validate_request(
    release: &str,
    method: &str,
    path: &str,
    query: &str,
    body: &Value,
) -> Vec<String> {
    judge_request(release, method, path, query, body).complaints
}

/// [`validate_request`] with what was excused.
#[must_use]
pub fn judge_request(
    release: &str,
    method: &str,
    path: &str,
    query: &str,
    body: &Value,
) -> Verdict {
    with_table(release, path, Side::Request, |judge, table, route| {
        let Some(operation) = table.operation(method, route) else {
            return judge.complain(&format!("{method} {route}"), "is not in the schema");
        };
        let at = format!("{method} {}", operation.path);
        for (name, value) in call::pairs(query) {
            match operation.query.get(&name) {
                Some(kind) => judge.parameter(&format!("{at}?{name}"), kind, &value),
                None => judge.complain(&at, &format!("unknown query parameter {name}")),
            }
        }
        match &operation.body {
            Some(field) if !body.is_null() => judge.value(&at, &field.kind, body),
            Some(field) if field.required => judge.complain(&at, "the body is missing"),
            None if !body.is_null() => judge.complain(&at, "a body where none is expected"),
            _ => {}
        }
    })
}

/// What is wrong with the JSON that a server of `release` answered, null where the answer has no body: status, missing
/// and unknown keys, wrong types, null where it may not be, values that an enumeration does not have.
#[must_use]
pub fn validate_answer(
    release: &str,
    method: &str,
    path: &str,
    status: u16,
    body: &Value,
) -> Vec<String> {
    judge_answer(release, method, path, status, body).complaints
}

/// [`validate_answer`] with what was excused.
#[must_use]
pub fn judge_answer(release: &str, method: &str, path: &str, status: u16, body: &Value) -> Verdict {
    // Redirections and failures of the server are not the API's answers.
    if matches!(method, "HEAD" | "OPTIONS") || (300..400).contains(&status) || status >= 500 {
        return Verdict::default();
    }
    with_table(release, path, Side::Answer, |judge, table, route| {
        if status >= 400 {
            return judge.refusal(&format!("{method} {route} {status}"), body);
        }
        let Some(operation) = table.operation(method, route) else {
            return judge.complain(&format!("{method} {route}"), "is not in the schema");
        };
        let at = format!("{method} {}", operation.path);
        match operation.answers.get(&status.to_string()) {
            None => judge.complain(&at, &format!("status {status} is not in the schema")),
            Some(Some(kind)) => judge.value(&at, kind, body),
            Some(None) if !body.is_null() => judge.complain(&at, "a body where none is expected"),
            Some(None) => {}
        }
    })
}

fn with_table(
    release: &str,
    path: &str,
    side: Side,
    judge: impl FnOnce(&mut Judge<'static>, &'static Table, &str),
) -> Verdict {
    let Some((_, route)) = path.split_once("/api/v3") else { return Verdict::default() };
    let Some(table) = table(release) else {
        return Verdict { complaints: vec![format!("no table for {release}")], excused: vec![] };
    };
    let mut at_work = Judge::new(table, side);
    judge(&mut at_work, table, route);
    at_work.verdict
}

/// The verdict on every request of a log and on its answer.
#[must_use]
pub fn judge_log(release: &str, log: &[Request]) -> Verdict {
    let mut all = Verdict::default();
    for request in log.iter().filter(|request| request.status != 0) {
        let (method, path) = (request.method.as_str(), request.path.as_str());
        let answer = Call::logged_body(&request.answer);
        for verdict in [
            judge_request(release, method, path, &request.query, &request.body),
            judge_answer(release, method, path, request.status, &answer),
        ] {
            all.complaints.extend(verdict.complaints);
            all.excused.extend(verdict.excused);
        }
    }
    all.complaints.sort();
    all.complaints.dedup();
    all
}
