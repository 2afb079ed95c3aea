//! From the ids of a recording to those of the simulator, learned by walking both answers to the same question.

use std::collections::HashMap;

use authentik_sim::Sim;
use serde_json::Value;

use crate::common::{Answer, percent, send};

/// Keys whose differing texts are ids.
const TEXTS: &[&str] = &[
    "pk",
    "brand_uuid",
    "tenant_uuid",
    "group_pk",
    "token",
    "key",
    "device_code",
    "user_code",
    "access_token",
    "refresh_token",
    "id_token",
    "uuid",
];

/// The keys by which the same object is found in both lists.
const NAMES: &[&str] = &["slug", "managed", "username", "identifier", "domain", "name"];

/// What was learned so far.
#[derive(Default)]
pub struct Ids {
    texts: HashMap<String, String>,
    users: HashMap<i64, i64>,
    providers: HashMap<i64, i64>,
    /// The last authorization request, for codes that were given out in steps that were not recorded.
    authorize: String,
}

impl Ids {
    /// Sends a recorded request with the simulator's ids.
    pub fn ask(&mut self, sim: &Sim, exchange: &Value) -> Answer {
        let name = exchange["name"].as_str().unwrap_or_default();
        let request = &exchange["request"];
        let method = request["method"].as_str().unwrap_or_default();
        let path = self.path(request["path"].as_str().unwrap_or_default());
        if path.starts_with("/application/o/authorize/") {
            self.authorize.clone_from(&path);
        }
        let mut headers: Vec<(String, String)> = request["headers"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(key, value)| (key.clone(), self.header(value.as_str().unwrap_or_default())))
            .collect();
        // The recordings left the cookies out.
        let in_session = name.ends_with("me-session")
            || (name.starts_with("login") && name.ends_with("authorize"))
            || name == "device2-page";
        if in_session {
            headers.push(("Cookie".to_owned(), sim.session_cookie("akadmin")));
        }
        if name == "device2-token" {
            let mut state = sim.state();
            let waiting = state.grants.waiting_user_codes();
            let code = waiting.last().cloned().unwrap_or_default();
            assert!(state.approve_device(&code, "akadmin"), "no device waits");
        }
        let form = headers.iter().any(|(_, value)| value == "application/x-www-form-urlencoded");
        let body = match &request["body"] {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            Value::Object(fields) if form => {
                let pairs: Vec<String> = fields
                    .iter()
                    .map(|(key, value)| {
                        let value = self.form_value(sim, key, value.as_str().unwrap_or_default());
                        format!("{}={}", percent(key), percent(&value))
                    })
                    .collect();
                pairs.join("&")
            }
            other => self.body("", other).to_string(),
        };
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        send(&sim.url(), method, &path, &headers, &body).expect("an answer")
    }

    fn form_value(&self, sim: &Sim, key: &str, value: &str) -> String {
        match self.texts.get(value) {
            Some(known) => known.clone(),
            // Given out by the flow executor, whose steps were not recorded.
            None if key == "code" && value.len() == 32 => {
                let url = sim.login_code("akadmin", &format!("{}{}", sim.url(), self.authorize));
                let code = url.split(['?', '&']).find_map(|pair| pair.strip_prefix("code="));
                code.unwrap_or_default().to_owned()
            }
            None => value.to_owned(),
        }
    }

    fn header(&self, value: &str) -> String {
        match value.split_once(' ').and_then(|(scheme, key)| Some((scheme, self.texts.get(key)?))) {
            Some((scheme, known)) => format!("{scheme} {known}"),
            None => value.to_owned(),
        }
    }

    fn path(&self, path: &str) -> String {
        let (route, query) =
            path.split_once('?').map_or((path, None), |(route, query)| (route, Some(query)));
        let numbers = if route.contains("/core/users/") { &self.users } else { &self.providers };
        let parts: Vec<String> = route
            .split('/')
            .map(|part| match part.parse::<i64>() {
                Ok(number) => numbers.get(&number).copied().unwrap_or(number).to_string(),
                Err(_) => self.texts.get(part).cloned().unwrap_or_else(|| part.to_owned()),
            })
            .collect();
        let route = parts.join("/");
        let query = query.map(|query| {
            let pairs: Vec<String> = query
                .split('&')
                .map(|pair| {
                    match pair
                        .split_once('=')
                        .and_then(|(key, value)| Some((key, self.texts.get(value)?)))
                    {
                        Some((key, known)) => format!("{key}={known}"),
                        None => pair.to_owned(),
                    }
                })
                .collect();
            pairs.join("&")
        });
        query.map_or(route.clone(), |query| format!("{route}?{query}"))
    }

    fn body(&self, key: &str, value: &Value) -> Value {
        match value {
            Value::String(text) => {
                self.texts.get(text).cloned().map_or_else(|| value.clone(), Value::String)
            }
            Value::Number(number) => {
                let numbers = if key == "provider" { &self.providers } else { &self.users };
                let wanted = matches!(key, "provider" | "user" | "pk");
                let known =
                    number.as_i64().filter(|_| wanted).and_then(|number| numbers.get(&number));
                known.map_or_else(|| value.clone(), |known| Value::from(*known))
            }
            Value::Array(items) => items.iter().map(|item| self.body(key, item)).collect(),
            Value::Object(fields) => {
                let fields = fields.iter().map(|(key, value)| (key.clone(), self.body(key, value)));
                Value::Object(fields.collect())
            }
            other => other.clone(),
        }
    }

    /// Learns ids from an answer.
    pub fn learn(&mut self, exchange: &Value, answer: &Answer) {
        let recorded = &exchange["response"];
        if let (Some(old), Some(new)) =
            (recorded["headers"]["Location"].as_str(), answer.header("Location"))
        {
            let code = |url: &str| {
                let found = url
                    .split(['?', '&'])
                    .find_map(|pair| pair.strip_prefix("code=").map(str::to_owned));
                found.unwrap_or_default()
            };
            if !code(old).is_empty() && !code(new).is_empty() {
                self.texts.insert(code(old), code(new));
            }
        }
        self.pair("", &recorded["body"], &answer.json());
    }

    fn pair(&mut self, key: &str, recorded: &Value, given: &Value) {
        match (recorded, given) {
            (Value::Object(old), Value::Object(new)) => {
                let of = |key: &str| (recorded[key].as_i64(), given[key].as_i64());
                if let (Some(old), Some(new)) = of("pk") {
                    let numbers =
                        if old_is_user(recorded) { &mut self.users } else { &mut self.providers };
                    numbers.insert(old, new);
                }
                if let (Some(old), Some(new)) = of("user_pk") {
                    self.users.insert(old, new);
                }
                for (key, value) in old {
                    if let Some(other) = new.get(key) {
                        self.pair(key, value, other);
                    }
                }
            }
            (Value::Array(old), Value::Array(new)) => {
                for (index, item) in old.iter().enumerate() {
                    let name = NAMES.iter().find(|name| item[**name].is_string());
                    let same = match name {
                        Some(name) => new.iter().find(|other| other[*name] == item[*name]),
                        None => new.get(index).filter(|_| item.is_object()),
                    };
                    if let Some(same) = same {
                        self.pair(key, item, same);
                    }
                }
            }
            (Value::String(old), Value::String(new)) if TEXTS.contains(&key) && !old.is_empty() => {
                self.texts.insert(old.clone(), new.clone());
            }
            _ => {}
        }
    }
}

fn old_is_user(object: &Value) -> bool {
    object.get("username").is_some()
}
