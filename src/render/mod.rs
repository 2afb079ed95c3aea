//! From what was proven to the files that NetBird starts from. Pure: no file is touched here.

pub mod endpoints;
pub mod management;
pub mod services;
pub mod setup_env;
pub mod shell;

use serde_json::{Map, Value};

use crate::config::{Config, Output};
use crate::secrets::Secrets;

/// What was proven about the provider: the files say this and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The issuer of every token.
    pub issuer: String,
    /// The client id, which is also the audience: Authentik puts the client id into `aud`.
    pub client_id: String,
    /// Where discovery is, at the public URL.
    pub discovery_url: String,
    /// Where browsers log in.
    pub authorization_endpoint: String,
    /// Where codes become tokens.
    pub token_endpoint: String,
    /// Where headless clients begin.
    pub device_endpoint: String,
    /// Where management gets the keys from.
    pub keys_location: String,
    /// Whether management fetches discovery at each start.
    pub discovery_at_start: bool,
    /// Whether management fetches keys again when they have aged.
    pub refresh_keys: bool,
    /// Whether the keys at the public URL come with a max-age.
    pub public_keys_have_max_age: bool,
    /// The scopes that a login asks for.
    pub scopes: String,
}

/// Every file of `SETUP_OUTPUTS` with its text, `setup.env` last: whoever waits for it finds the others.
pub fn files(
    config: &Config,
    facts: &Facts,
    secrets: &Secrets,
    management: Option<Map<String, Value>>,
) -> Vec<(Output, String)> {
    let mut outputs = config.files.outputs.clone();
    outputs.sort_by_key(|output| *output == Output::SetupEnv);
    let mut management = Some(management);
    let mut files = Vec::new();
    for output in outputs {
        let text = match output {
            Output::SetupEnv => Some(setup_env::render(config, facts, secrets)),
            Output::ManagementJson => {
                Some(management::render(config, facts, secrets, management.take().flatten()))
            }
            Output::DashboardEnv => Some(services::dashboard(config, facts)),
            Output::RelayEnv => Some(services::relay(config, secrets)),
            Output::TurnserverConf => services::turnserver(config, secrets),
        };
        files.extend(text.map(|text| (output, text)));
    }
    files
}
