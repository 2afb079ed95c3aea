//! Authentik's side of a login: its pages are run by scripts, which ask its flow executor what to show and tell it what a
//! person answers. So does this, and agrees to everything.

use serde_json::{Value, json};
use url::Url;

use crate::browser::page::stuck;
use crate::browser::visit::parsed;
use crate::browser::wire::Answer;
use crate::browser::{Browser, Stuck};

/// What a page shows when a device was let in.
const FINISHED: &str = "ak-provider-oauth2-device-code-finish";

/// What the page of a flow comes to.
pub(crate) enum Flow {
    /// The browser is sent on.
    On(Url),
    /// The page stays, and shows this.
    Stays(Answer),
}

impl Browser<'_> {
    /// Whether Authentik is behind an address.
    pub(crate) fn is_authentik(&self, url: &str) -> bool {
        let origin = Url::parse(url).map(|url| url.origin().ascii_serialization());
        let server = origin.ok().and_then(|origin| self.places.get(&origin));
        server.is_some() && server == self.authentik.map(authentik_sim::Sim::url).as_ref()
    }

    /// Types name and password into Authentik's login page.
    ///
    /// # Panics
    /// If there is no such person.
    pub fn sign_in(&mut self, username: &str) {
        let Some(authentik) = self.authentik else { return };
        let cookie = authentik.session_cookie(username);
        let Some((key, value)) = cookie.split_once('=') else { return };
        let server = authentik.url();
        let origins: Vec<String> =
            self.places.iter().filter(|(_, at)| **at == server).map(|(of, _)| of.clone()).collect();
        for origin in origins {
            self.cookies.entry(origin).or_default().insert(key.to_owned(), value.to_owned());
        }
    }

    /// What becomes of the browser at an address: it is sent on or kept if that is the page of a flow.
    pub(crate) fn through_flow(&mut self, page: Url) -> Result<Flow, Stuck> {
        if !self.is_authentik(page.as_str()) || !page.path().contains("/if/flow/") {
            return Ok(Flow::On(page));
        }
        let last = self.walk(&page)?;
        match last["to"].as_str() {
            Some(to) => page.join(to).map(Flow::On).map_err(|_| unexpected(&page, &last)),
            None => Ok(Flow::Stays(shown(&last))),
        }
    }

    /// Opens Authentik's page for devices, types the code, and agrees.
    pub(crate) fn let_device_in(&mut self, page: &str, code: &str) -> Result<(), Stuck> {
        let url = parsed(page)?;
        let answer = self.ask("GET", &url, &[], "")?;
        let flow = answer.header("location").and_then(|location| url.join(location).ok());
        let Some(flow) = flow else { return Err(stuck(&url, &answer)) };
        let asked = self.walk(&flow)?;
        // An address with the code in it leaves nothing to type.
        if asked["component"] == FINISHED {
            return Ok(());
        }
        let component = "ak-provider-oauth2-device-code";
        if asked["component"] != component {
            return Err(unexpected(&flow, &asked));
        }
        let typed = json!({"component": component, "code": code});
        let next = self.tell(&flow, &typed)?.unwrap_or(flow);
        let last = self.walk(&next)?;
        if last["component"] == FINISHED {
            return Ok(());
        }
        Err(unexpected(&next, &last))
    }

    /// Goes through the flow of a page, and answers its last challenge.
    fn walk(&mut self, page: &Url) -> Result<Value, Stuck> {
        let url = executor(page)?;
        let mut last = Value::Null;
        // A flow of so many pages goes in circles.
        for _ in 0..8 {
            let answer = self.ask("GET", &url, &[("Accept", "application/json")], "")?;
            last = answer.json();
            match last["component"].as_str() {
                Some("ak-stage-consent") => {
                    self.tell(page, &json!({"component": "ak-stage-consent", "token": "consent"}))?;
                }
                Some(_) => return Ok(last),
                None => return Err(stuck(page, &answer)),
            }
        }
        Err(unexpected(page, &last))
    }

    /// Answers a challenge; where the browser is sent then, if it is.
    fn tell(&mut self, page: &Url, what: &Value) -> Result<Option<Url>, Stuck> {
        let url = executor(page)?;
        let kind = [("Content-Type", "application/json")];
        let answer = self.ask("POST", &url, &kind, &what.to_string())?;
        let location = answer.header("location").and_then(|location| url.join(location).ok());
        // The executor sends to itself; its page has the same name.
        Ok(location.and_then(|to| {
            let slug = to.path().trim_end_matches('/').rsplit('/').next()?.to_owned();
            to.join(&format!("/if/flow/{slug}/")).ok()
        }))
    }
}

/// The executor's address for the page of a flow.
fn executor(page: &Url) -> Result<Url, Stuck> {
    let slug = page.path().split("/if/flow/").nth(1).and_then(|rest| rest.split('/').next());
    let at = format!("/api/v3/flows/executor/{}/?query=", slug.unwrap_or_default());
    page.join(&at).map_err(|_| unexpected(page, &Value::Null))
}

/// A page that shows a challenge.
fn shown(challenge: &Value) -> Answer {
    let text = match challenge["component"].as_str() {
        Some("ak-stage-session-end") => "You have logged out",
        Some("ak-stage-identification") => "Log in to continue",
        other => challenge["error_message"].as_str().or(other).unwrap_or_default(),
    };
    Answer { status: 200, headers: vec![], body: format!("<body>{text}</body>") }
}

fn unexpected(page: &Url, challenge: &Value) -> Stuck {
    stuck(page, &shown(challenge))
}
