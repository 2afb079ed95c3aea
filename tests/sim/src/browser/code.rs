//! The login by code: discovery, authorize, consent, token, keys, userinfo, refresh.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};
use serde_json::Value;

use crate::browser::ask::form;
use crate::browser::verify::verified;
use crate::browser::{Browser, Client, Failure, Login, failure};
use crate::call::pairs;
use crate::ids;

impl Browser {
    /// Logs the person of this browser in to the client: from discovery to userinfo.
    ///
    /// # Errors
    /// The first step that fails.
    pub fn log_in_to(&mut self, client: &Client) -> Result<Login, Failure> {
        let document = self.discover(client)?;
        let verifier = ids::key(64);
        let code = self.authorize(&document, client, &verifier)?;
        let answer = self.token(
            "token",
            &document,
            client,
            &[
                ("grant_type", "authorization_code"),
                ("code", &code),
                ("redirect_uri", &client.redirect_uri),
                ("code_verifier", &verifier),
            ],
        )?;
        let mut login = self.complete(document, client, &answer)?;
        login.userinfo = self.userinfo(&login, client)?;
        Ok(login)
    }

    /// A new login from a login's refresh token, which is spent by it.
    ///
    /// # Errors
    /// If there is none, or it is not accepted.
    pub fn refresh(&mut self, client: &Client, login: &Login) -> Result<Login, Failure> {
        let Some(refresh) = &login.refresh_token else {
            return failure("refresh", "the login brought no refresh token");
        };
        let pairs = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
        let answer = self.token("refresh", &login.document, client, &pairs)?;
        self.complete(login.document.clone(), client, &answer)
    }

    /// The discovery document, as far as a client can use it.
    ///
    /// # Errors
    /// If it is not there, or not for this page, or lacks an endpoint.
    pub fn discover(&mut self, client: &Client) -> Result<Value, Failure> {
        let url =
            format!("{}/.well-known/openid-configuration", client.authority.trim_end_matches('/'));
        let seen = self.ask("discovery", "GET", &url, &origin(client), vec![])?;
        if seen.status != 200 {
            return failure("discovery", seen.shown());
        }
        seen.readable("discovery", client)?;
        let document = seen.json();
        for key in ["issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"] {
            if !document[key].is_string() {
                return failure("discovery", format!("the document has no {key}"));
            }
        }
        Ok(document)
    }

    /// The code that the authorization endpoint gives to the person of this browser.
    fn authorize(
        &mut self,
        document: &Value,
        client: &Client,
        verifier: &str,
    ) -> Result<String, Failure> {
        const STEP: &str = "authorize";
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
        let state = ids::key(16);
        let query = form(&[
            ("client_id", &client.client_id),
            ("redirect_uri", &client.redirect_uri),
            ("response_type", "code"),
            ("scope", &client.scope),
            ("state", &state),
            ("nonce", &ids::key(16)),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]);
        let endpoint = document["authorization_endpoint"].as_str().unwrap_or_default();
        let seen = self.ask(STEP, "GET", &format!("{endpoint}?{query}"), &[], vec![])?;
        let Some(location) = seen.header("location").map(str::to_owned) else {
            return failure(STEP, seen.shown());
        };
        let location = if location.contains("/if/flow/") {
            let last = self.walk("consent", &location)?;
            match last["to"].as_str() {
                Some(to) => to.to_owned(),
                None => return failure("consent", format!("the flow ends with {last}")),
            }
        } else {
            location
        };
        let back = location.strip_prefix(&client.redirect_uri);
        let Some(query) = back.and_then(|rest| rest.strip_prefix(['?', '&'])) else {
            return failure(STEP, format!("sent to {location} instead of the redirect URI"));
        };
        let told = pairs(query);
        let get = |name: &str| told.iter().find(|(key, _)| key == name).map(|(_, value)| value);
        if let Some(error) = get("error") {
            let why = get("error_description").map_or("", String::as_str);
            return failure(STEP, format!("{error}: {why}"));
        }
        if get("state") != Some(&state) {
            return failure(STEP, "the state did not come back");
        }
        match get("code") {
            Some(code) => Ok(code.clone()),
            None => failure(STEP, "no code came back"),
        }
    }

    /// The answer of the token endpoint.
    pub(crate) fn token(
        &mut self,
        step: &'static str,
        document: &Value,
        client: &Client,
        pairs: &[(&str, &str)],
    ) -> Result<Value, Failure> {
        let seen = self.token_answer(step, document, client, pairs)?;
        seen.readable(step, client)?;
        if seen.status != 200 {
            return failure(step, seen.shown());
        }
        Ok(seen.json())
    }

    /// The same, whatever it is.
    pub(crate) fn token_answer(
        &mut self,
        step: &'static str,
        document: &Value,
        client: &Client,
        pairs: &[(&str, &str)],
    ) -> Result<crate::browser::ask::Seen, Failure> {
        let endpoint = document["token_endpoint"].as_str().unwrap_or_default().to_owned();
        let basic = client.client_secret.as_ref().map(|secret| {
            format!("Basic {}", STANDARD.encode(format!("{}:{secret}", client.client_id)))
        });
        let mut headers = origin(client);
        headers.extend(basic.iter().map(|basic| ("authorization", basic.as_str())));
        let pairs: Vec<(&str, &str)> =
            pairs.iter().copied().chain([("client_id", client.client_id.as_str())]).collect();
        self.post(step, &endpoint, &headers, &pairs)
    }

    /// The login that a token answer makes, verified.
    pub(crate) fn complete(
        &mut self,
        document: Value,
        client: &Client,
        answer: &Value,
    ) -> Result<Login, Failure> {
        let text = |key: &str| answer[key].as_str().map(str::to_owned);
        let (Some(access_token), Some(id_token)) = (text("access_token"), text("id_token")) else {
            return failure("token", "the answer lacks a token");
        };
        let keys = self.keys(&document, client)?;
        let now = self.shared.front.now();
        Ok(Login {
            access: verified(&access_token, &keys, &document, client, now)?,
            id: verified(&id_token, &keys, &document, client, now)?,
            refresh_token: text("refresh_token"),
            userinfo: Value::Null,
            access_token,
            id_token,
            document,
        })
    }

    fn userinfo(&mut self, login: &Login, client: &Client) -> Result<Value, Failure> {
        const STEP: &str = "userinfo";
        let endpoint = login.document["userinfo_endpoint"].as_str().unwrap_or_default().to_owned();
        let bearer = format!("Bearer {}", login.access_token);
        let mut headers = origin(client);
        headers.push(("authorization", &bearer));
        let seen = self.ask(STEP, "GET", &endpoint, &headers, vec![])?;
        if seen.status != 200 {
            return failure(STEP, seen.shown());
        }
        seen.readable(STEP, client)?;
        let told = seen.json();
        if told["sub"] != login.id["sub"] {
            return failure(STEP, format!("it tells of {}, not {}", told["sub"], login.id["sub"]));
        }
        Ok(told)
    }
}

fn origin(client: &Client) -> Vec<(&str, &str)> {
    client.origin.iter().map(|origin| ("origin", origin.as_str())).collect()
}
