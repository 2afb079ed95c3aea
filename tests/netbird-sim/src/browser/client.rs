//! NetBird's client: it asks management how to log in, and does it by a browser or on another device.

use serde_json::Value;

use crate::browser::dashboard::code_of;
use crate::browser::page::{fields, stuck};
use crate::browser::visit::{address, parsed};
use crate::browser::{Browser, Login, Person, Stuck};
use crate::ids;

const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

fn text<'a>(flow: &'a Value, key: &str) -> &'a str {
    flow[key].as_str().unwrap_or_default()
}

fn at_management(text: &str) -> Stuck {
    Stuck { at: "management".to_owned(), status: 0, text: text.to_owned() }
}

/// What the client demands of what management told it.
fn complete(flow: Option<Value>, keys: &[&str]) -> Result<Value, Stuck> {
    let flow = flow.ok_or_else(|| at_management("no SSO provider returned from management"))?;
    for key in keys {
        if text(&flow, key).is_empty() && flow[*key].as_array().is_none_or(Vec::is_empty) {
            return Err(at_management(&format!(
                "invalid provider configuration received from management: {key} value is empty"
            )));
        }
    }
    Ok(flow)
}

impl Browser<'_> {
    /// `netbird up` where there is a desktop: by code with PKCE, to a port of the machine itself.
    ///
    /// # Errors
    /// Where the person, or the client, got stuck.
    pub fn client_log_in(&mut self, person: Person<'_>) -> Result<Login, Stuck> {
        if let Person::Authentik(name) = person {
            self.sign_in(name);
        }
        self.way.clear();
        let keys = ["ClientID", "TokenEndpoint", "AuthorizationEndpoint", "Scope", "RedirectURLs"];
        let flow = complete(self.netbird.pkce_flow(), &keys)?;
        let redirect_uri = flow["RedirectURLs"][0].as_str().unwrap_or_default().to_owned();
        let (verifier, state) = (ids::secret(64), ids::secret(24));
        let challenge = ids::challenge(&verifier);
        let mut query = vec![
            ("client_id", text(&flow, "ClientID")),
            ("redirect_uri", &redirect_uri),
            ("response_type", "code"),
            ("scope", text(&flow, "Scope")),
            ("state", &state),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
            ("audience", text(&flow, "Audience")),
        ];
        if flow["DisablePromptLogin"] != true {
            match flow["LoginFlag"].as_i64() {
                Some(1) => query.push(("max_age", "0")),
                Some(2) => {}
                _ => query.push(("prompt", "login")),
            }
        }
        let url = format!("{}?{}", text(&flow, "AuthorizationEndpoint"), fields(&query));
        let arrived = self.go(&url, &redirect_uri)?;
        let back = self.get_through(arrived, person, &redirect_uri)?;
        let code = code_of(&back, &state)?;
        let mut body = vec![
            ("grant_type", "authorization_code"),
            ("client_id", text(&flow, "ClientID")),
            ("code", &code),
            ("redirect_uri", &redirect_uri),
            ("code_verifier", &verifier),
        ];
        if !text(&flow, "ClientSecret").is_empty() {
            body.push(("client_secret", text(&flow, "ClientSecret")));
        }
        let tokens = self.exchange(&flow, &body)?;
        self.accepted(&flow, tokens)
    }

    /// `netbird up` where there is no desktop: the code is typed elsewhere, in this browser.
    ///
    /// # Errors
    /// Where the person, or the client, got stuck.
    pub fn device_log_in(&mut self, person: Person<'_>) -> Result<Login, Stuck> {
        if let Person::Authentik(name) = person {
            self.sign_in(name);
        }
        self.way.clear();
        let keys = ["Audience", "ClientID", "TokenEndpoint", "DeviceAuthEndpoint", "Scope"];
        let flow = complete(self.netbird.device_flow(), &keys)?;
        let body = fields(&[
            ("client_id", text(&flow, "ClientID")),
            ("audience", text(&flow, "Audience")),
            ("scope", text(&flow, "Scope")),
        ]);
        let given = self.post(text(&flow, "DeviceAuthEndpoint"), &body)?;
        let device_code = text(&given, "device_code").to_owned();
        let ask = [
            ("grant_type", DEVICE),
            ("device_code", device_code.as_str()),
            ("client_id", text(&flow, "ClientID")),
        ];
        match self.exchange(&flow, &ask) {
            Err(stuck) if stuck.text.contains("authorization_pending") => {}
            Err(stuck) => return Err(stuck),
            Ok(_) => return Err(at_management("a device was let in before anybody agreed")),
        }
        self.at_the_page(&given, person)?;
        let tokens = self.exchange(&flow, &ask)?;
        self.accepted(&flow, tokens)
    }

    /// What the person does with the code.
    fn at_the_page(&mut self, given: &Value, person: Person<'_>) -> Result<(), Stuck> {
        let code = text(given, "user_code").to_owned();
        let page = match text(given, "verification_uri_complete") {
            "" => text(given, "verification_uri"),
            complete => complete,
        };
        if self.is_authentik(page) {
            return self.let_device_in(page, &code);
        }
        let end = format!("{}/callback", text(given, "verification_uri"));
        let arrived = self.enter_code(page, &code)?;
        // The last page is served, so the walk does not stop before it.
        let (url, answer) = match self.get_through(arrived, person, "") {
            Ok(url) => (url, None),
            Err(stuck) => (parsed(&stuck.at)?, Some(stuck)),
        };
        match answer {
            Some(page) if address(&url) == end && page.status == 200 => Ok(()),
            Some(page) => Err(page),
            None => Err(at_management("the page for devices was left")),
        }
    }

    fn post(&mut self, url: &str, body: &str) -> Result<Value, Stuck> {
        let url = parsed(url)?;
        let kind = [("Content-Type", "application/x-www-form-urlencoded")];
        let answer = self.ask("POST", &url, &kind, body)?;
        if answer.status == 200 { Ok(answer.json()) } else { Err(stuck_body(&url, &answer)) }
    }

    fn exchange(&mut self, flow: &Value, pairs: &[(&str, &str)]) -> Result<Value, Stuck> {
        self.post(text(flow, "TokenEndpoint"), &fields(pairs))
    }

    /// The client looks at the audience before it brings the token to management.
    fn accepted(&self, flow: &Value, tokens: Value) -> Result<Login, Stuck> {
        let source = if flow["UseIDToken"] == true { "id_token" } else { "access_token" };
        let login = self.let_in(tokens, source);
        let wanted = match text(flow, "Audience") {
            "" => text(flow, "ClientID"),
            audience => audience,
        };
        let aud = &login.claims()["aud"];
        let meant =
            aud == wanted || aud.as_array().is_some_and(|all| all.iter().any(|a| a == wanted));
        if meant { Ok(login) } else { Err(at_management("invalid JWT token audience field")) }
    }
}

/// An answer for programs.
fn stuck_body(url: &url::Url, answer: &crate::browser::Answer) -> Stuck {
    Stuck { text: answer.body.clone(), ..stuck(url, answer) }
}
