//! Scripted misbehaviour: which requests are treated badly, and how.

use std::time::Duration;

use regex::Regex;

/// What happens instead of, or to, the answer. Unless the name says so, a request that would change something changes
/// nothing; one that only reads is answered for real before its answer is spoilt.
#[derive(Clone, Debug)]
pub enum Fault {
    /// This status, these headers, this body; the server does not look at the request.
    Status(u16, Vec<(String, String)>, String),
    /// A page for people with this status.
    Html(u16),
    /// The connection is closed before anything is done.
    Reset,
    /// The request is carried out, and the connection closed without an answer.
    ResetAfter,
    /// Nothing for so long, then the connection is closed. `Duration::MAX` is until the other side gives up.
    Hang(Duration),
    /// Half of the body that Content-Length promises.
    TruncatedBody,
    /// A JSON body of at least this many bytes.
    HugeBody(usize),
    /// The real answer, carried out, in small pieces with this pause between them.
    Trickle(Duration),
    /// The right body as `text/plain`.
    WrongContentType,
    /// A JSON content type and no JSON.
    InvalidJson,
    /// Valid JSON of another shape.
    WrongShape,
    /// A 302 to this address.
    Redirect(String),
    /// Somebody else makes the same object a moment before: the request is carried out for them, and answered as the
    /// release answers a lost race. Where names are not unique there are two objects then.
    LostRace,
}

/// Which requests a rule is for.
#[derive(Clone, Debug)]
pub enum Match {
    /// Every one.
    Any,
    /// The nth since the rule was added, counted from 1; with more `times`, the ones after it too.
    Nth(usize),
    /// Those of this method (empty for any) whose path begins so.
    Path(String, String),
    /// Those of this method (empty for any) whose path and query the expression finds.
    Regex(String, String),
}

impl Match {
    /// Requests of a method (empty for any) whose path begins so.
    #[must_use]
    pub fn path(method: &str, prefix: &str) -> Self {
        Self::Path(method.to_owned(), prefix.to_owned())
    }

    /// Requests of a method (empty for any) whose path and query the expression finds.
    #[must_use]
    pub fn regex(method: &str, pattern: &str) -> Self {
        Self::Regex(method.to_owned(), pattern.to_owned())
    }
}

/// A line of the fault script.
#[derive(Clone, Debug)]
pub struct FaultRule {
    /// Which requests.
    pub when: Match,
    /// What happens to them.
    pub fault: Fault,
    /// To how many of them; `usize::MAX` for all.
    pub times: usize,
}

impl FaultRule {
    /// A rule for the first request that matches.
    #[must_use]
    pub fn once(when: Match, fault: Fault) -> Self {
        Self { when, fault, times: 1 }
    }

    /// A rule for all requests that match.
    #[must_use]
    pub fn always(when: Match, fault: Fault) -> Self {
        Self { when, fault, times: usize::MAX }
    }
}

/// A rule in force, with what it has seen.
#[derive(Debug)]
struct Line {
    rule: FaultRule,
    /// Its expression, built once: that takes far longer than a request that it is held against.
    regex: Option<Regex>,
    seen: usize,
}

/// The rules in force.
#[derive(Debug, Default)]
pub(crate) struct Script(Vec<Line>);

impl Script {
    pub(crate) fn add(&mut self, rule: FaultRule) {
        let regex = match &rule.when {
            Match::Regex(_, pattern) => Regex::new(pattern).ok(),
            _ => None,
        };
        self.0.push(Line { rule, regex, seen: 0 });
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The fault for this request, from the first rule that matches it. Every rule counts every request.
    pub(crate) fn pick(&mut self, method: &str, path: &str, query: &str) -> Option<Fault> {
        let mut picked = None;
        for Line { rule, regex, seen } in &mut self.0 {
            *seen += 1;
            let wanted = |wanted: &str| wanted.is_empty() || wanted.eq_ignore_ascii_case(method);
            let matches = match &rule.when {
                Match::Any => true,
                Match::Nth(nth) => *seen >= *nth,
                Match::Path(of, prefix) => wanted(of) && path.starts_with(prefix.as_str()),
                Match::Regex(of, _) => {
                    let found = |regex: &Regex| regex.is_match(&format!("{path}?{query}"));
                    wanted(of) && regex.as_ref().is_some_and(found)
                }
            };
            if matches && rule.times > 0 && picked.is_none() {
                rule.times = rule.times.saturating_sub(usize::from(rule.times != usize::MAX));
                picked = Some(rule.fault.clone());
            }
        }
        picked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(script: &mut Script, method: &str, path: &str) -> bool {
        script.pick(method, path, "").is_some()
    }

    #[test]
    fn the_nth_request_since_the_rule_is_hit_and_no_other() {
        let mut script = Script::default();
        script.add(FaultRule::once(Match::Nth(2), Fault::Html(500)));
        let hits: Vec<bool> = (0..4).map(|_| html(&mut script, "GET", "/")).collect();
        assert_eq!(hits, [false, true, false, false]);
    }

    #[test]
    fn a_path_rule_is_used_up() {
        let mut script = Script::default();
        script.add(FaultRule { when: Match::path("POST", "/api"), fault: Fault::Reset, times: 2 });
        assert!(!html(&mut script, "GET", "/api/x"));
        assert!(html(&mut script, "POST", "/api/x"));
        assert!(html(&mut script, "POST", "/api/y"));
        assert!(!html(&mut script, "POST", "/api/y"));
        script.add(FaultRule::always(Match::regex("", "^/b/[0-9]+\\?"), Fault::Reset));
        assert!(html(&mut script, "GET", "/b/12"));
        assert!(html(&mut script, "GET", "/b/12"));
        assert!(!html(&mut script, "GET", "/b/x"));
    }
}
