//! The scenes of the recording: which servers were asked, what was done to them in between, and who sat at the browser.

use authentik_sim::Sim;
use netbird_sim::browser::{Answer, Dashboard, Person, send};
use netbird_sim::{NetBird, State};
use serde_json::{Value, json};

use crate::common::{self, AUTHENTIK, COMBINED, OWNER, PASSWORD, authentik, browser};
use crate::compare::Comparison;
use crate::translate::Ids;

pub const INSIDE: &str = "http://authentik-server:9000";
pub const ROTATED: &str = "throwaway-rotated-secret";

/// The servers of the present scene.
pub struct Stage {
    pub authentik: Sim,
    pub netbird: NetBird,
    pub ids: Ids,
    /// Where the last authorization request was sent on to.
    pub way: String,
    /// What the standalone server leaves for the migrated one.
    pub left: State,
}

/// A closed port in the place of the recording's.
fn nobody() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    format!("http://{}", listener.local_addr().expect("an address"))
}

pub fn known(builder: netbird_sim::Builder, authentik: &Sim) -> netbird_sim::Builder {
    common::knows(builder, authentik)
        .resolve(INSIDE, &authentik.url())
        .resolve("http://192.0.2.7:9", &nobody())
        .domain("netbird.example.com")
}

/// A file of the split image whose connector has these options on top.
pub fn file(slug: &str, options: &Value) -> Value {
    let mut file = common::embedded();
    let config = &mut file["EmbeddedIdP"]["StaticConnectors"][0]["config"];
    config["issuer"] = json!(format!("{AUTHENTIK}/application/o/{slug}/"));
    config["clientSecret"] = json!(ROTATED);
    for (key, value) in options.as_object().into_iter().flatten() {
        config[key.as_str()] = value.clone();
    }
    file
}

pub fn started(file: &Value, authentik: &Sim, state: State) -> NetBird {
    let builder = NetBird::management(&file.to_string()).state(state);
    known(builder, authentik).start().expect("it starts")
}

impl Stage {
    pub fn new() -> Self {
        let authentik = authentik("2026.2");
        let builder = known(NetBird::combined(COMBINED), &authentik).domain("netbird.selfhosted");
        let netbird = builder.start().expect("it starts");
        Self { authentik, netbird, ids: Ids::default(), way: String::new(), left: State::default() }
    }

    /// Plays one exchange; returns what differed.
    pub fn play(&mut self, exchange: &Value) -> Vec<String> {
        let name = exchange["name"].as_str().unwrap_or_default();
        self.before(name);
        if name == "c-idp-post-untrusted-ca" {
            return self.aside(exchange);
        }
        self.get_code(name, exchange["request"]["path"].as_str().unwrap_or_default());
        let answer = self.ask(&self.netbird, exchange, None);
        let Some(answer) = answer else {
            let dies = name == "c-oauth2-healthz-panics-behind-a-proxy";
            return if dies { vec![] } else { vec!["no answer".to_owned()] };
        };
        if name.starts_with("a-") {
            self.left = self.netbird.state().clone();
        }
        if let Some(location) = answer.header("location").filter(|to| to.contains("/authorize/")) {
            self.way = location.to_owned();
        }
        let mut comparison = Comparison { ids: &mut self.ids, found: vec![] };
        comparison.answers(exchange, &answer);
        comparison.found
    }

    fn ask(&self, netbird: &NetBird, exchange: &Value, token: Option<&str>) -> Option<Answer> {
        let request = &exchange["request"];
        let fields = request["headers"].as_object().into_iter().flatten();
        let headers: Vec<(String, String)> = fields
            .map(|(name, value)| {
                let value = value.as_str().unwrap_or_default();
                let own = token.filter(|_| name == "Authorization").map(|t| format!("Bearer {t}"));
                (name.clone(), own.unwrap_or_else(|| self.ids.text(value)))
            })
            .collect();
        let body = match &request["body"] {
            Value::Null => String::new(),
            Value::String(text) => self.ids.text(text),
            other => self.ids.value(other).to_string(),
        };
        let path = self.ids.text(request["path"].as_str().unwrap_or_default());
        let method = request["method"].as_str().unwrap_or_default();
        send(&netbird.url(), method, &path, &headers, &body).ok()
    }

    /// Another server that does not trust Authentik's certificate.
    fn aside(&mut self, exchange: &Value) -> Vec<String> {
        let builder = NetBird::combined(COMBINED).resolve(AUTHENTIK, &self.authentik.https_url());
        let netbird = builder.start().expect("it starts");
        netbird.state().idp.set_password(OWNER, common::HASH.trim(), "Owner");
        let local = Person::Local { email: OWNER, password: PASSWORD };
        let login = browser(&netbird, &self.authentik).log_in(&Dashboard::of(&netbird), local);
        let token = login.expect("a login").token;
        let answer = self.ask(&netbird, exchange, Some(&token)).expect("an answer");
        let mut comparison = Comparison { ids: &mut self.ids, found: vec![] };
        comparison.answers(exchange, &answer);
        comparison.found
    }

    /// Authentik's part of a login was not recorded: the person of the exchange logs in there now.
    fn get_code(&mut self, name: &str, path: &str) {
        let Some((_, query)) = path.split_once("/oauth2/callback?code=") else { return };
        let code = query.split('&').next().unwrap_or_default();
        let person = ["bob", "carol"].into_iter().find(|person| name.contains(person));
        let url = self.authentik.login_code(person.unwrap_or("alice"), &self.way);
        let (_, given) = url.split_once("code=").expect("a code");
        self.ids.learn(code, given.split('&').next().unwrap_or_default());
    }
}
