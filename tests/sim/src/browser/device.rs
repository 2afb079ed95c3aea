//! The login of a device: a code is asked for, typed at the page for it by the person of this browser, and redeemed.

use serde_json::{Value, json};

use crate::browser::ask::executor;
use crate::browser::{Browser, Client, Failure, Login, failure};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
const PAGE: &str = "device page";

impl Browser {
    /// Lets a device in for the person of this browser.
    ///
    /// # Errors
    /// The first step that fails.
    pub fn device_log_in(&mut self, client: &Client) -> Result<Login, Failure> {
        let document = self.discover(client)?;
        let Some(endpoint) = document["device_authorization_endpoint"].as_str() else {
            return failure("device", "the document has no device_authorization_endpoint");
        };
        let pairs = [("client_id", client.client_id.as_str()), ("scope", &client.scope)];
        let seen = self.post("device", endpoint, &[], &pairs)?;
        let begun = seen.json();
        let text = |key: &str| begun[key].as_str().unwrap_or_default().to_owned();
        if seen.status != 200 || text("device_code").is_empty() {
            return failure("device", seen.shown());
        }
        let redeem = text("device_code");
        let redeem = [("grant_type", GRANT), ("device_code", redeem.as_str())];
        let early = self.token_answer("device", &document, client, &redeem)?.json();
        if early["error"] != "authorization_pending" {
            return failure("device", format!("before anybody agreed: {early}"));
        }
        self.type_code(&text("verification_uri"), &text("user_code"))?;
        let answer = self.token("token", &document, client, &redeem)?;
        self.complete(document, client, &answer)
    }

    /// What somebody does at the page for codes.
    fn type_code(&mut self, page: &str, user_code: &str) -> Result<(), Failure> {
        let seen = self.ask(PAGE, "GET", page, &[], vec![])?;
        let Some(location) = seen.header("location").map(str::to_owned) else {
            return failure(PAGE, format!("{page} answers with {}", seen.shown()));
        };
        let asked = self.walk(PAGE, &location)?;
        let Some(entry) = executor(&self.base, &location)
            .filter(|_| asked["component"] == "ak-provider-oauth2-device-code")
        else {
            return failure(PAGE, format!("it asks for no code but shows {asked}"));
        };
        let body = json!({"component": "ak-provider-oauth2-device-code", "code": user_code});
        let kind = [("content-type", "application/json")];
        let seen = self.ask(PAGE, "POST", &entry, &kind, body.to_string().into_bytes())?;
        let Some(location) = seen.header("location").map(str::to_owned) else {
            return failure(PAGE, seen.shown());
        };
        let last: Value = self.walk("consent", &location)?;
        if last["component"] != "ak-provider-oauth2-device-code-finish" {
            return failure(PAGE, format!("it ends with {last}"));
        }
        Ok(())
    }
}
