//! What counts as the same answer: status, headers that steer clients, and every value of a body but those that a server
//! makes up, which are learned instead.

use authentik_sim::plumbing::pairs;
use netbird_sim::browser::Answer;
use serde_json::Value;

use crate::common::part_of;
use crate::translate::Ids;

/// Headers that must be there or not, with the same value.
const HEADERS: &[&str] = &[
    "Content-Type",
    "Cache-Control",
    "Access-Control-Allow-Origin",
    "Access-Control-Allow-Methods",
    "Access-Control-Allow-Headers",
];

/// Keys whose texts servers make up.
const MADE_UP: &[&str] = &[
    "id",
    "user_id",
    "created_by",
    "sub",
    "kid",
    "key",
    "password",
    "plain_token",
    "refresh_token",
    "personal_access_token",
    "auto_groups",
    "ipv6_enabled_groups",
];

/// Keys whose values depend on time or chance.
const BY_CHANCE: &[&str] = &[
    "created_at",
    "expiration_date",
    "expires",
    "updated_at",
    "last_used",
    "last_login",
    "network_range",
    "network_range_v6",
    "n",
    "exp",
    "iat",
    "auth_time",
    "jti",
    "at_hash",
    "c_hash",
];

/// Parameters of redirections that servers make up.
const MADE_UP_PARAMETERS: &[&str] = &["code", "state", "code_challenge", "id_token_hint"];

pub struct Comparison<'a> {
    pub ids: &'a mut Ids,
    pub found: Vec<String>,
}

impl Comparison<'_> {
    fn differs(&mut self, what: impl Into<String>) {
        self.found.push(what.into());
    }

    pub fn answers(&mut self, exchange: &Value, answer: &Answer) {
        let recorded = &exchange["response"];
        let status = recorded["status"].as_u64().unwrap_or_default();
        if status != u64::from(answer.status) {
            return self
                .differs(format!("status {status}, simulated {} {}", answer.status, answer.body));
        }
        for name in HEADERS {
            let wanted = recorded["headers"][name].as_str();
            if wanted != answer.header(name) {
                self.differs(format!("{name} {wanted:?}, simulated {:?}", answer.header(name)));
            }
        }
        self.cookie(recorded["headers"]["Set-Cookie"].as_str(), answer.header("set-cookie"));
        self.location(recorded["headers"]["Location"].as_str(), answer.header("location"));
        match &recorded["body"] {
            Value::String(text) if text.starts_with("(html page)") => self.page(text, answer),
            Value::String(text) if *text == answer.body => {}
            Value::String(text) => {
                self.differs(format!("body {text:?}, simulated {:?}", answer.body))
            }
            body => self.walk("", body, &answer.json(), status >= 400),
        }
    }

    fn cookie(&mut self, recorded: Option<&str>, given: Option<&str>) {
        let part = |cookie: Option<&str>| {
            let (pair, rest) = cookie?.split_once(';')?;
            let (name, value) = pair.split_once('=')?;
            Some((format!("{name};{rest}"), value.to_owned()))
        };
        match (part(recorded), part(given)) {
            (None, None) => {}
            (Some((wanted, old)), Some((form, new))) if wanted == form => {
                self.ids.learn(&old, &new)
            }
            (wanted, form) => self.differs(format!("Set-Cookie {wanted:?}, simulated {form:?}")),
        }
    }

    fn location(&mut self, recorded: Option<&str>, given: Option<&str>) {
        let (Some(recorded), Some(given)) = (recorded, given) else {
            if recorded != given {
                self.differs(format!("Location {recorded:?}, simulated {given:?}"));
            }
            return;
        };
        let (base, query) = recorded.split_once('?').unwrap_or((recorded, ""));
        let (other, given_query) = given.split_once('?').unwrap_or((given, ""));
        let (wanted, got) = (pairs(query), pairs(given_query));
        let names = |pairs: &[(String, String)]| {
            pairs.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>()
        };
        if self.ids.text(base) != other || names(&wanted) != names(&got) {
            return self.differs(format!("Location {recorded}, simulated {given}"));
        }
        for ((key, old), (_, new)) in wanted.iter().zip(&got) {
            if MADE_UP_PARAMETERS.contains(&key.as_str()) && !self.ids.knows(old) {
                self.ids.learn(old, new);
            } else if self.ids.text(old) != *new {
                self.differs(format!("Location has {key} {old}, simulated {new}"));
            }
        }
    }

    /// A page: its form as it stands, and what a person sees.
    fn page(&mut self, recorded: &str, answer: &Answer) {
        let rest = recorded.trim_start_matches("(html page)").trim();
        let (form, text) = match rest.split_once("text: ") {
            Some((form, text)) => (form.trim(), Some(text)),
            None => (rest, None),
        };
        let wanted = tags(&self.ids.text(form));
        let given = tags(&answer.body);
        if wanted != given {
            self.differs(format!("form {wanted:?}, simulated {given:?}"));
        }
        if let Some(text) = text
            && text != answer.visible()
        {
            self.differs(format!("page {text:?}, simulated {:?}", answer.visible()));
        }
    }

    fn walk(&mut self, path: &str, recorded: &Value, given: &Value, error: bool) {
        let key = path.rsplit('.').next().unwrap_or_default().trim_end_matches("[]").to_owned();
        match (recorded, given) {
            (Value::Object(fields), Value::Object(others)) => {
                let mut names: Vec<&String> = fields.keys().collect();
                let mut other_names: Vec<&String> = others.keys().collect();
                names.sort();
                other_names.sort();
                if names != other_names {
                    self.differs(format!("{path} has {names:?}, simulated {other_names:?}"));
                }
                for (name, value) in fields {
                    if let Some(other) = others.get(name) {
                        self.walk(&format!("{path}.{name}"), value, other, error);
                    }
                }
            }
            (Value::Array(items), Value::Array(others)) => self.lists(path, items, others, error),
            (Value::String(_) | Value::Number(_), _) if BY_CHANCE.contains(&key.as_str()) => {
                if recorded.is_string() != given.is_string() {
                    self.differs(format!("{path} is {recorded}, simulated {given}"));
                }
            }
            (Value::String(old), Value::String(new)) if key == "message" && error => {
                let wanted = message(&self.ids.message(old));
                if wanted != message(new) {
                    self.differs(format!("says {wanted:?}, simulated {new:?}"));
                }
            }
            (Value::String(old), Value::String(new))
                if key.ends_with("_token") && old.starts_with("ey") =>
            {
                self.ids.learn(old, new);
                for part in 0..2 {
                    self.walk("", &part_of(old, part), &part_of(new, part), false);
                }
            }
            (Value::String(old), Value::String(new)) => {
                if MADE_UP.contains(&key.as_str()) && !self.ids.knows(old) {
                    self.ids.learn(old, new);
                }
                if self.ids.text(old) != *new {
                    self.differs(format!("{path} is {old:?}, simulated {new:?}"));
                }
            }
            (one, other) if one == other => {}
            _ => self.differs(format!("{path} is {recorded}, simulated {given}")),
        }
    }

    /// Lists are compared without regard to order, which real servers do not keep.
    fn lists(&mut self, path: &str, items: &[Value], others: &[Value], error: bool) {
        if items.len() != others.len() {
            let (items, others) = (Value::from(items), Value::from(others));
            return self.differs(format!("{path} is {items}, simulated {others}"));
        }
        let mut left: Vec<&Value> = others.iter().collect();
        for item in items {
            let same = |other: &&Value| match item {
                Value::Object(_) => {
                    let id = item["id"].as_str().unwrap_or_default();
                    if self.ids.knows(id) {
                        other["id"] == self.ids.text(id).as_str()
                    } else {
                        ["email", "name", "kid"]
                            .iter()
                            .all(|key| other[*key] == item[*key] || *key == "kid")
                    }
                }
                other_item => **other == self.ids.value(other_item),
            };
            let at = left.iter().position(same).unwrap_or(0);
            let other = left.remove(at);
            let name = format!("{path}[]");
            self.walk(&name, item, other, error);
        }
    }
}

/// Forms and inputs as they stand, without the blanks between.
fn tags(html: &str) -> Vec<String> {
    let parts = html.split('<').skip(1).filter_map(|part| part.split_once('>'));
    let wanted = parts.filter(|(tag, _)| tag.starts_with("form ") || tag.starts_with("input "));
    wanted.map(|(tag, _)| tag.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

/// The first line of a message, without the address of a name server.
fn message(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    // What follows is the page that the issuer's server answered.
    let line = line.find("404 not found: ").map_or(line, |at| &line[..at]);
    match (line.find(" on "), line.find(": no such host")) {
        (Some(start), Some(end)) => format!("{}{}", &line[..start], &line[end..]),
        _ => line.to_owned(),
    }
}
