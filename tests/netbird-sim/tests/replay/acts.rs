//! What was done to the servers between the exchanges.

use authentik_sim::Stage as Readiness;
use netbird_sim::browser::{Dashboard, Person, send};
use netbird_sim::{NetBird, State};
use serde_json::{Value, json};

use crate::common::{self, AUTHENTIK, COMBINED, NETBIRD, browser};
use crate::scenes::{INSIDE, ROTATED, Stage, file, known, started};

impl Stage {
    fn provider(&self, change: impl FnOnce(&mut Value)) {
        let mut state = self.authentik.state();
        change(state.provider_mut("netbird-embedded").expect("the provider"));
    }

    /// The embedded server with another file and the same volumes.
    fn refile(&self, file: &Value) {
        self.netbird.set_config(&file.to_string());
        self.netbird.restart().expect("it starts");
    }

    /// What was done before this exchange.
    pub fn before(&mut self, name: &str) {
        let plain = || file("netbird-embedded", &json!({}));
        match name {
            "c-secret-rotated-in-authentik-authorize" => {
                self.provider(|provider| provider["client_secret"] = json!(ROTATED));
            }
            "c-after-restart-authorize" => self.netbird.restart().expect("it starts"),
            "c-client-step1" if !self.ids.knows("TFVR-ZNHD") => self.ask_for_device(),
            "c-setup-pat-instance" => {
                let builder = NetBird::combined(COMBINED).env("NB_SETUP_PAT_ENABLED", "true");
                self.netbird = known(builder, &self.authentik).start().expect("it starts");
            }
            "b-noowner-nolocal-instance" => {
                let mut file = plain();
                file["EmbeddedIdP"]["Owner"] = Value::Null;
                file["EmbeddedIdP"]["LocalAuthDisabled"] = json!(true);
                self.netbird = started(&file, &self.authentik, State::default());
            }
            "b-instance" => {
                self.netbird =
                    started(&file("netbird", &json!({})), &self.authentik, State::default());
            }
            "b-2-accounts" | "b-3-accounts" => self.netbird.restart().expect("it starts"),
            "b-4-accounts" => {
                let mut file = file("netbird", &json!({}));
                file["EmbeddedIdP"]["StaticConnectors"] = json!([]);
                self.refile(&file);
            }
            "b-5-accounts" => self.refile(&file("netbird", &json!({"redirectURI": ""}))),
            "b-down-instance" => {
                self.authentik.set_stage(Readiness::Refused);
                self.netbird = started(&plain(), &self.authentik, State::default());
            }
            "b-alice-first-authorize" => self.authentik.set_stage(Readiness::Ready),
            "b-owner-authorize" if self.netbird.state().users.len() > 1 => {
                self.netbird = started(&plain(), &self.authentik, State::default());
            }
            "b-nolocal-instance" => {
                let mut file = plain();
                file["EmbeddedIdP"]["LocalAuthDisabled"] = json!(true);
                self.refile(&file);
            }
            "b-noslash-authorize" => {
                let issuer = format!("{AUTHENTIK}/application/o/netbird-embedded");
                self.refile(&file("netbird-embedded", &json!({"issuer": issuer})));
            }
            "b-hair0-authorize" | "b-hair-authorize" => {
                let mut options = json!({
                    "issuer": format!("{INSIDE}/application/o/netbird-embedded/"), "pkceChallenge": "S256",
                });
                if name == "b-hair-authorize" {
                    options["providerDiscoveryOverrides"] = json!({
                        "authURL": format!("{AUTHENTIK}/application/o/authorize/"),
                        "endSessionURL": format!("{AUTHENTIK}/application/o/netbird-embedded/end-session/"),
                    });
                }
                self.refile(&file("netbird-embedded", &options));
            }
            "b-logout-authorize" => {
                let end = format!("{NETBIRD}/oauth2/logout/callback");
                let options = json!({
                    "pkceChallenge": "S256", "providerDiscoveryOverrides": {"endSessionURL": end},
                });
                self.refile(&file("netbird-embedded", &options));
            }
            "b-claims-not-in-id-token-authorize" => {
                self.refile(&plain());
                self.provider(|provider| provider["include_claims_in_id_token"] = json!(false));
            }
            "b-claims-no-email-mapping-authorize" => self.provider(|provider| {
                provider["include_claims_in_id_token"] = json!(true);
                let mappings = provider["property_mappings"].as_array_mut().expect("mappings");
                mappings.pop();
            }),
            "b-claims-hs256-authorize" => {
                let mapped = common::scope(&self.authentik.state(), "email");
                self.provider(|provider| {
                    provider["property_mappings"].as_array_mut().expect("mappings").push(mapped);
                    provider["signing_key"] = Value::Null;
                });
            }
            "b-claims-redirect-not-registered-authorize" => {
                let key = self
                    .authentik
                    .state()
                    .key_pair(authentik_sim::SELF_SIGNED)
                    .expect("a key")["pk"]
                    .clone();
                self.provider(|provider| provider["signing_key"] = key);
            }
            "a-instance" => self.standalone(),
            "d-alice-authorize" => {
                let mut state = self.left.clone();
                assert_eq!(state.migrate_ids("authentik"), 2, "alice and bob");
                for (old, new) in [("6", "CgE2EglhdXRoZW50aWs"), ("7", "CgE3EglhdXRoZW50aWs")] {
                    assert_eq!(netbird_sim::user_id(old, "authentik"), new);
                }
                let mut file = plain();
                file["EmbeddedIdP"]["Owner"] = Value::Null;
                self.netbird = started(&file, &self.authentik, state);
            }
            _ => {}
        }
    }

    /// The client's own request for a code was not recorded.
    fn ask_for_device(&mut self) {
        let kind = ("Content-Type".to_owned(), "application/x-www-form-urlencoded".to_owned());
        let body = "client_id=netbird-cli&scope=openid+profile+email+groups";
        let answer = send(&self.netbird.url(), "POST", "/oauth2/device/code", &[kind], body);
        let given = answer.expect("an answer").json();
        self.ids.learn("TFVR-ZNHD", given["user_code"].as_str().expect("a code"));
    }

    /// The server that takes Authentik's tokens, and people's tokens in the place of the recorded ones.
    fn standalone(&mut self) {
        let file = common::standalone();
        self.netbird = started(&file, &self.authentik, State::default());
        let env = common::dashboard_env();
        for line in include_str!("../../fixtures/netbird-0.77.1.jsonl").lines() {
            let exchange: Value = serde_json::from_str(line).expect("a line of JSON");
            let name = exchange["name"].as_str().unwrap_or_default();
            let header =
                exchange["request"]["headers"]["Authorization"].as_str().unwrap_or_default();
            let Some(token) = header.strip_prefix("Bearer ").filter(|_| name.starts_with("a-"))
            else {
                continue;
            };
            if self.ids.knows(token) {
                continue;
            }
            let claims = common::claims(token);
            let person = if claims["sub"] == "7" { "bob" } else { "alice" };
            let scopes = if claims["email"].is_null() { "openid" } else { "openid profile email" };
            let mut dashboard = Dashboard::from_env(&env, NETBIRD);
            dashboard.scopes = scopes.to_owned();
            dashboard.uses_id_token = name == "a-id-token";
            // A server beside it, so that this one is not asked before the recording says so.
            let beside = started(&file, &self.authentik, State::default());
            let login =
                browser(&beside, &self.authentik).log_in(&dashboard, Person::Authentik(person));
            self.ids.learn(token, &login.expect("a login").token);
        }
    }
}
